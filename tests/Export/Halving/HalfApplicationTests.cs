using OnnxFunctional.Export;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Halving;

/// <summary>A network of keras.applications in float16.</summary>
[TestClass]
public sealed class HalfApplicationTests
{
    /// <summary>Features, since ten classes of random weights hardly differ.</summary>
    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void Features_of_fifty_convolutions_lose_little_and_are_verified()
    {
        using var folder = new TemporaryFolder();
        var whole = KerasApplication.Weighted("MobileNetV2");
        var model = new Model(whole.Inputs, whole.Layers[^2].Output);
        var random = new Random(1);
        var pixels = new float[2 * 96 * 96 * 3];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = 255 * random.NextSingle();
        var half = model.ToHalf(NDArray.Create(pixels, [2, 96, 96, 3]));
        Assert.IsTrue(half.Layers.All(layer => layer.IsHalf), half.ToString());
        Assert.IsLessThan(1e-5, half.Error!.Value);
        var report = half.ExportOnnx(folder.File("half.onnx"), new() { BatchSizes = [1] });
        Assert.IsTrue(report.Passed);
        Assert.IsLessThan(2.2 * half.Layers.Sum(layer => layer.Weights), report.FileBytes);
    }
}
