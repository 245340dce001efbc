using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Serving;

/// <summary>Files that give more or other outputs than the model.</summary>
[TestClass]
public sealed class ServedOutputTests
{
    [TestMethod]
    public void Logits_are_what_probabilities_are_computed_from()
    {
        var (x, scores) = Network();
        var (softmax, sigmoid) = (new ActivationLayer(Activation.Softmax, name: "p").Call(scores), new Dense(1, Activation.Sigmoid, name: "q").Call(x));
        var model = new Model(x, [softmax, sigmoid]);
        using var folder = new TemporaryFolder();
        var report = model.ExportOnnx(folder.File("m.onnx"), new() { Logits = true });
        Assert.IsTrue(report.Passed);
        Assert.IsFalse(report.Graph!.Nodes.Keys.Any(op => op is "Softmax" or "Sigmoid"));
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        CollectionAssert.AreEqual(new[] { "p", "q" }, onnx.Outputs.Select(output => output.Name).ToArray());
        var data = EmittedRun.Random(3, 4);
        Near.Equal(EmittedRun.Data(new Model(x, scores).Predict(data)), Run(onnx, data)["p"], 1e-5f, "logits");
    }

    [TestMethod]
    public void Any_layer_is_an_output_by_its_path()
    {
        var (x, scores) = Network();
        var inner = Model.Input([3]);
        var nested = new Model(inner, inner.Apply(new Dense(2, Activation.Tanh, name: "hidden"), new Dense(2, name: "last")), name: "block");
        var model = new Model(x, nested.Call(scores));
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { ExtraOutputs = ["scores", "block/hidden"] }).Passed);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        CollectionAssert.AreEqual(new[] { "block", "scores", "block/hidden" }, onnx.Outputs.Select(output => output.Name).ToArray());
        var data = EmittedRun.Random(3, 4);
        Near.Equal(EmittedRun.Data(new Model(x, scores).Predict(data)), Run(onnx, data)["scores"], 1e-5f, "scores");
        Assert.HasCount(6, Run(onnx, data)["block/hidden"]);
    }

    [TestMethod]
    public void The_class_its_score_and_its_name_are_outputs()
    {
        var (x, scores) = Network();
        var model = new Model(x, new ActivationLayer(Activation.Softmax, name: "p").Call(scores));
        using var folder = new TemporaryFolder();
        string[] labels = ["crane", "müsli, \"b\"", "crane"];
        var options = new ExportOptions { Classes = new ClassOutput { Labels = labels, AsText = true }, Logits = true };
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), options).Passed);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        var data = EmittedRun.Random(5, 4);
        var p = EmittedRun.Data(model.Predict(data)).Chunk(3).ToArray();
        var results = onnx.Run(new Dictionary<string, OnnxValue> { ["x"] = data });
        var index = EmittedRun.Floats(results["class"]).Select(value => (int)value).ToArray();
        CollectionAssert.AreEqual(p.Select(row => Array.IndexOf(row, row.Max())).ToArray(), index);
        Near.Equal([.. p.Select(row => row.Max())], EmittedRun.Floats(results["score"]), 1e-5f, "score");
        var names = new string[5];
        results["label"].As<string>().FlattenTo(names);
        CollectionAssert.AreEqual(index.Select(i => labels[i]).ToArray(), names);
        Assert.AreEqual("""["crane","müsli, \"b\"","crane"]""", OnnxFile.ReadMetadata(folder.File("m.onnx"))["labels"]);
    }

    [TestMethod]
    public void One_probability_has_two_classes()
    {
        var x = Model.Input([4], name: "x");
        var model = new Model(x, new Dense(1, Activation.Sigmoid, name: "p").Call(x));
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { Classes = new ClassOutput { Labels = ["no", "yes"] } }).Passed);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        var data = EmittedRun.Random(9, 4);
        var p = EmittedRun.Data(model.Predict(data));
        var results = Run(onnx, data);
        CollectionAssert.AreEqual(p.Select(value => value >= 0.5f ? 1f : 0f).ToArray(), results["class"]);
        Near.Equal([.. p.Select(value => MathF.Max(value, 1 - value))], results["score"], 1e-5f, "score");
    }

    [TestMethod]
    public void Outputs_that_cannot_be_classes_and_names_that_are_taken_are_refused()
    {
        var x = Model.Input([4], name: "x");
        var both = new Model(x, [new Dense(2, name: "a").Call(x), new Dense(3, name: "class").Call(x)]);
        StringAssert.Contains(Refused(both, new()), "the model gives 'a' (None, 2), 'class' (None, 3). Name one in ClassOutput.Output.");
        StringAssert.Contains(Refused(both, new() { Output = "a" }), "ExportOptions.Classes: the model has an input or output 'class' already");
        StringAssert.Contains(
            Refused(new Model(x, new Dense(2, name: "a").Call(x)), new() { Labels = ["no", "yes"] }, new Dictionary<string, string> { ["labels"] = "no,yes" }),
            "ExportOptions.Metadata and ClassOutput.Labels both give the entry 'labels'");

        static string Refused(Model model, ClassOutput classes, Dictionary<string, string>? metadata = null) => Assert.ThrowsExactly<ExportException>(
            () => model.ToOnnx(new() { Classes = classes, Metadata = metadata ?? [] })).Message;
    }

    private static Dictionary<string, float[]> Run(OnnxModel onnx, OnnxValue x) =>
        onnx.Run(new Dictionary<string, OnnxValue> { ["x"] = x }).ToDictionary(entry => entry.Key, entry => EmittedRun.Floats(entry.Value));

    private static (SymbolicTensor X, SymbolicTensor Scores) Network()
    {
        var x = Model.Input([4], name: "x");
        return (x, x.Apply(new Dense(5, Activation.Relu), new Dense(3, name: "scores")));
    }
}
