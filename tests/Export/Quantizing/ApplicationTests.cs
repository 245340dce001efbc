using OnnxFunctional.Export;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>Quantized networks of keras.applications.</summary>
[TestClass]
public sealed class ApplicationTests
{
    public TestContext TestContext { get; set; } = null!;

    /// <summary>53 convolutions one after the other, a third of them depthwise; features, since ten classes of random weights hardly differ.</summary>
    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void Features_of_fifty_convolutions_lose_less_than_a_hundredth_of_their_energy()
    {
        var whole = KerasApplication.Weighted("MobileNetV2");
        var model = new Model(whole.Inputs, whole.Layers[^2].Output);
        var random = new Random(1);
        var (calibration, held) = (Images(8), Images(4));
        var options = new QuantizationOptions { Equalize = true };
        var perChannel = Error(options);
        TestContext.WriteLine($"lost energy: {perChannel:P3} per channel, {Error(options with { PerChannel = false }):P3} per tensor");
        Assert.IsLessThan(0.01, perChannel);

        double Error(QuantizationOptions options)
        {
            var quantized = model.Quantize(calibration, options);
            Assert.HasCount(52, quantized.Layers);
            var (expected, actual) = (model.Predict(held).ToArray(), quantized.PredictAll(held)[0].ToArray());
            return expected.Zip(actual, (a, b) => (a - b) * (double)(a - b)).Sum() / expected.Sum(value => value * (double)value);
        }

        NDArray Images(int count)
        {
            var values = new float[count * 96 * 96 * 3];
            for (var i = 0; i < values.Length; i++) values[i] = 255 * random.NextSingle();
            return NDArray.Create(values, [count, 96, 96, 3]);
        }
    }
}
