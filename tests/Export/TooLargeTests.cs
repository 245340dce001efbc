using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>Weights that no file holds are refused before they take memory.</summary>
[TestClass]
public sealed class TooLargeTests
{
    [TestMethod]
    public void A_weight_above_two_gigabytes_is_named()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([30_000], name: "x");
        var model = new Model(x, x.Apply(new Dense(20_000, name: "wide")));
        var refused = Assert.ThrowsExactly<ExportException>(() => model.ExportOnnx(folder.File("wide.onnx"), new ExportOptions { Verify = false }));
        Assert.Contains("'wide/kernel' of shape (30000, 20000)", refused.Message);
        Assert.Contains("2,400,000,000 bytes", refused.Message);
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void A_step_with_such_a_weight_is_refused()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([30_000], name: "x");
        var model = new Model(x, x.Apply(new Dense(20_000, name: "wide")));
        var trainer = model.Compile(new Sgd(0.1), new MeanSquaredError());
        var refused = Assert.ThrowsExactly<ExportException>(() => trainer.ExportTraining(folder.File("step")));
        Assert.Contains("wide/kernel' of shape (30000, 20000)", refused.Message);
        Assert.IsFalse(Directory.Exists(folder.File("step")));
    }
}
