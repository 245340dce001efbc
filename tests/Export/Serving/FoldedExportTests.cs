using OnnxFunctional.Export;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Serving;

[TestClass]
public sealed class FoldedExportTests
{
    [TestMethod]
    public void Statistics_behind_products_become_part_of_their_weights()
    {
        var x = Model.Input([8, 8, 3], name: "x");
        var y = x.Apply(
            new Conv2D(4, 3, useBias: false, name: "conv"), Norm("norm1"), new DepthwiseConv2D(3, name: "deep"), Norm("norm2"), new Flatten(),
            new Dense(5, name: "dense"), Norm("norm3"), new ActivationLayer(Activation.Relu), Norm("alone"));
        var model = new Model(x, y, seed: 4);
        using var folder = new TemporaryFolder();
        var kept = model.ExportOnnx(folder.File("kept.onnx"));
        var folded = model.ExportOnnx(folder.File("folded.onnx"), new() { FoldBatchNormalization = true });
        Assert.AreEqual(4, kept.Graph!.Nodes["BatchNormalization"]);

        // Behind a relu there is no product that could take it.
        Assert.AreEqual(1, folded.Graph!.Nodes["BatchNormalization"]);
        Assert.IsTrue(folded.Passed);
        Assert.IsFalse(folded.Graph.Nodes.ContainsKey("Mul"));
        Assert.IsTrue(OnnxVerifier.Compare(folder.File("kept.onnx"), folder.File("folded.onnx")).Tensors[^1].IsWithinTolerance);
    }

    /// <summary>The difference is in the weights, not in what is computed beside them.</summary>
    [TestMethod]
    public void Adapters_are_part_of_a_folded_file()
    {
        var x = Model.Input([4], name: "x");
        var dense = new Dense(3, name: "dense");
        var model = new Model(x, x.Apply(dense, Norm("norm"), new Dense(2, name: "last")));
        dense.EnableLora(2);
        foreach (var weight in model.Weights.Where(weight => weight.Name.Contains("lora", StringComparison.Ordinal))) weight.Storage.AsSpan().Fill(0.3f);
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { FoldBatchNormalization = true }).Passed);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        var data = EmittedRun.Random(3, 4);
        Near.Equal(EmittedRun.Data(model.Predict(data)), EmittedRun.Data(onnx.Predict(data)), 1e-5f, "outputs");
    }

    /// <summary>Of a quantized graph the same forms are made, and adapters are in it once.</summary>
    [TestMethod]
    public void A_quantized_file_takes_the_same_forms()
    {
        var image = Model.Input([6, 6, 3], name: "image");
        var last = new Dense(4, name: "last");
        var model = new Model(image, image.Apply(new Conv2D(4, 3), Norm("norm"), new Flatten(), last, new ActivationLayer(Activation.Softmax, name: "p")));
        last.EnableLora(2);
        foreach (var weight in model.Weights.Where(weight => weight.Name.Contains("lora", StringComparison.Ordinal))) weight.Storage.AsSpan().Fill(0.3f);
        var quantized = model.Quantize(EmittedRun.Random(8, 6, 6, 3), new() { KeepFloat = ["last"] });
        using var folder = new TemporaryFolder();
        var options = new ExportOptions
        {
            Images = new ImageInput(),
            ChannelsFirst = true,
            Logits = true,
            Classes = new ClassOutput { Labels = ["a", "b", "c", "d"] },
            Target = ExportTarget.OnnxRuntime("1.17"),
        };
        var report = quantized.ExportOnnx(folder.File("m.onnx"), options);
        Assert.IsTrue(report.Passed);
        Assert.AreEqual(20, report.Opset);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        CollectionAssert.AreEqual(new[] { "p", "class", "score" }, onnx.Outputs.Select(output => output.Name).ToArray());
        Assert.IsTrue(quantized.ExportOnnx(folder.File("plain.onnx")).Passed);
    }

    [TestMethod]
    public void A_file_to_resume_training_from_has_no_other_form()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([4]);
        var trainer = new Model(x, new Dense(2).Call(x)).Compile(new Sgd(0.1), Loss.MeanSquaredError);
        var one = new Dictionary<string, int> { ["batch"] = 1 };
        var error = Assert.ThrowsExactly<ExportException>(() => trainer.Save(folder.File("m.onnx"), new() { Sizes = one }));
        StringAssert.Contains(error.Message, "A file from which training goes on holds the model's own graph. Leave Names");
        Assert.IsTrue(trainer.Save(folder.File("m.onnx"), new() { Target = ExportTarget.OnnxRuntime("1.17") }).Passed);
    }

    private static BatchNormalization Norm(string name) => new(
        betaInitializer: new RandomNormal(0, 1, seed: 1),
        gammaInitializer: new RandomNormal(1, 0.2, seed: 2),
        movingMeanInitializer: new RandomNormal(0, 1, seed: 3),
        movingVarianceInitializer: Initializer.Constant(0.7),
        name: name);
}
