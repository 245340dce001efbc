using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Networks of keras.applications give Keras' numbers, and their files are verified.</summary>
[TestClass]
public sealed class KerasApplicationTests
{
    public static IEnumerable<object[]> Names =>
    [
        ["ConvNeXtTiny"], ["DenseNet121"], ["EfficientNetB0"], ["EfficientNetV2B0"], ["InceptionResNetV2"], ["InceptionV3"], ["MobileNetV2"],
        ["MobileNetV3Small"], ["NASNetMobile"], ["ResNet50"], ["ResNet50V2"], ["VGG16"], ["Xception"],
    ];

    /// <summary>The features before the last layer within a share of their largest, since ten classes of such weights hardly differ.</summary>
    [TestMethod]
    [TestCategory(DataFolder.Category)]
    [DynamicData(nameof(Names))]
    public void A_network_gives_the_numbers_of_Keras(string name)
    {
        using var folder = new TemporaryFolder();
        var model = KerasApplication.Weighted(name);
        var (input, penultimate, output) = KerasApplication.Expected(name);
        Near(penultimate, new Model(model.Inputs, model.Layers[^2].Output).Predict(input).ToArray(), "penultimate");
        Near(output, model.Predict(input).ToArray(), "output");
        Assert.IsTrue(model.ExportOnnx(folder.File("network.onnx"), new() { BatchSizes = [1] }).Passed);

        void Near(float[] expected, float[] actual, string what)
        {
            Assert.HasCount(expected.Length, actual);
            var largest = expected.Max(MathF.Abs);
            var difference = expected.Zip(actual, (one, other) => MathF.Abs(one - other)).Max();
            Assert.IsLessThanOrEqualTo(1e-4f * largest, difference, $"{name}: {what}, largest {largest}");
        }
    }
}
