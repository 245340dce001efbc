using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Serving;

/// <summary>Files whose inputs and outputs have other names than the model's.</summary>
[TestClass]
public sealed class ServedNameTests
{
    [TestMethod]
    public void Inputs_and_outputs_have_the_names_that_are_given_also_those_of_layers()
    {
        var x = Model.Input([null, 4], name: "x");
        var model = new Model(x, x.Apply(new Dense(3, name: "hidden"), new Dense(2, Activation.Softmax, name: "p")));
        using var folder = new TemporaryFolder();
        var options = new ExportOptions
        {
            Names = new Dictionary<string, string> { ["x"] = "hidden/output", ["p"] = "hidden", ["class"] = "word" },
            Sizes = new Dictionary<string, int> { ["hidden/output_axis1"] = 5 },
            Classes = new(),
        };
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), options).Passed);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        CollectionAssert.AreEqual(new[] { "hidden/output" }, onnx.Inputs.Select(input => input.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "hidden", "word", "score" }, onnx.Outputs.Select(output => output.Name).ToArray());
        var data = EmittedRun.Random(3, 5, 4);
        var results = onnx.Run(new Dictionary<string, OnnxValue> { ["hidden/output"] = data });
        Near.Equal(EmittedRun.Data(model.Predict(data)), EmittedRun.Floats(results["hidden"]), 1e-5f, "p");
    }

    [TestMethod]
    public void The_name_of_a_weight_is_refused()
    {
        var x = Model.Input([4], name: "x");
        var model = new Model(x, new Dense(3, name: "hidden").Call(x));
        var names = new Dictionary<string, string> { ["x"] = "hidden/kernel" };
        StringAssert.Contains(
            Assert.ThrowsExactly<ExportException>(() => model.ToOnnx(new() { Names = names })).Message,
            "a weight is named 'hidden/kernel', as an input or output is; give that another name by ExportOptions.Names.");
    }

    [TestMethod]
    public void States_have_them_too()
    {
        var x = Model.Input([6, 2], name: "x");
        var model = new Model(x, new Lstm(3, name: "lstm").Call(x));
        var names = new Dictionary<string, string> { ["lstm/initial_state"] = "before", ["lstm/next_state"] = "after" };
        using var onnx = OnnxModel.FromBytes(model.ToOnnx(new() { RecurrentStates = true, Names = names }));
        CollectionAssert.Contains(onnx.Inputs.Select(input => input.Name).ToArray(), "before");
        CollectionAssert.Contains(onnx.Outputs.Select(output => output.Name).ToArray(), "after");
    }

    [TestMethod]
    public void Names_of_nothing_empty_ones_and_those_given_twice_are_refused_at_once()
    {
        var x = Model.Input([4], name: "x");
        var model = new Model(x, [new Dense(2, name: "a").Call(x), new Dense(2, name: "b").Call(x), new Dense(2, name: "c").Call(x)]);
        var names = new Dictionary<string, string> { ["a"] = "x", ["b"] = " ", ["d"] = "e" };
        var message = Assert.ThrowsExactly<ExportException>(() => model.ToOnnx(new() { Names = names })).Message;
        StringAssert.Contains(message, "ExportOptions.Names has 'd'; expected names of inputs and outputs: 'x', 'a', 'b', 'c'.");
        StringAssert.Contains(message, "ExportOptions.Names has an empty name");
        StringAssert.Contains(message, "ExportOptions.Names gives 'x' to more than one input or output");
    }
}
