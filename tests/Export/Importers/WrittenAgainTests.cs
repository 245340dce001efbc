using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;
using Tensors = System.Numerics.Tensors;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>What is written from a model that was opened from a file.</summary>
[TestClass]
public sealed class WrittenAgainTests
{
    [TestMethod]
    public void A_fixed_input_is_still_one_of_the_written_file_and_need_not_be_given()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, Scaled()), new ImportOptions().Bind("scale", NDArray.Create([3f], [])));
        var written = folder.File("again.onnx");
        model.ExportOnnx(written);

        // A host of the file as it was: it gives all inputs.
        using var host = new InferenceSession(written);
        using var x = OrtValue.CreateTensorValueFromMemory([1f, 2f], [1, 2]);
        using var scale = OrtValue.CreateTensorValueFromMemory([3f], []);
        using var options = new RunOptions();
        using var both = host.Run(options, new Dictionary<string, OrtValue> { ["x"] = x, ["scale"] = scale }, ["y"]);
        using var one = host.Run(options, new Dictionary<string, OrtValue> { ["x"] = x }, ["y"]);
        CollectionAssert.AreEqual(new[] { 3f, 6f }, both[0].GetTensorDataAsSpan<float>().ToArray());
        CollectionAssert.AreEqual(new[] { 3f, 6f }, one[0].GetTensorDataAsSpan<float>().ToArray());

        using var onnx = OnnxModel.Load(written);
        Assert.AreEqual("x", string.Join(" ", onnx.Inputs.Select(input => input.Name)));
        Assert.AreEqual(6f, onnx.Predict(new float[,] { { 1, 2 } })[0, 1]);
        Assert.AreEqual(6f, OnnxFile.LoadModel(written).Predict(new float[,] { { 1, 2 } })[0, 1]);
    }

    [TestMethod]
    public void An_input_that_has_a_value_in_the_file_may_be_given()
    {
        using var folder = new TemporaryFolder();
        var file = Scaled();
        file.Graph.Initializer.Add(Floats("scale", [], 5));
        using var onnx = OnnxModel.Load(Put(folder, file));
        var x = OnnxValue.From(Tensors.Tensor.Create([1f, 2f], [1, 2]));
        Assert.AreEqual(10f, onnx.Run(new Dictionary<string, OnnxValue> { ["x"] = x })["y"].As<float>()[0, 1]);
        var given = new Dictionary<string, OnnxValue> { ["x"] = x, ["scale"] = OnnxValue.Scalar(7f) };
        Assert.AreEqual(14f, onnx.Run(given)["y"].As<float>()[0, 1]);
        given["scale"] = OnnxValue.Scalar(7L);
        Assert.Contains("'scale'", Assert.ThrowsExactly<ArgumentException>(() => onnx.Run(given)).Message);
    }

    [TestMethod]
    public void Why_a_configuration_cannot_hold_nodes_is_said_once_with_what_holds_them()
    {
        using var folder = new TemporaryFolder();
        var opened = OnnxFile.LoadModel(Put(folder, Scaled()), new ImportOptions().Bind("scale", NDArray.Create([3f], [])));
        foreach (var model in new[] { opened, new Model(opened.Inputs, new Dense(1).Call(opened.Output)) })
        {
            var message = Assert.ThrowsExactly<ModelException>(() => model.ToJson()).Message;
            Assert.HasCount(2, message.Split("OnnxFile.LoadModel"), message);
            Assert.DoesNotContain("constructor", message);
            var report = model.ExportOnnx(folder.File("model.onnx"));
            Assert.Contains("OnnxFile.LoadModel opens", report.RebuildProblem!);
        }
    }

    /// <summary>y = x * scale, then z, so that there are several nodes.</summary>
    private static ModelProto Scaled() => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "batch", 2), Value("scale", DataType.Float) },
        Output = { Value("y", DataType.Float, "batch", 2) },
        Node = { Node("Mul", ["x", "scale"], ["z"]), Node("Relu", ["z"], ["y"]) },
    });
}
