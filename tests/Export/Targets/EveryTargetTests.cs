using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Targets;

/// <summary>Models in the forms of all targets: ONNX Runtime gives the engine's numbers, graph optimizations off and on.</summary>
[TestClass]
public sealed class EveryTargetTests
{
    private static readonly string[] s_applications =
    [
        "ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2", "InceptionV3", "MobileNetV2", "MobileNetV3Small",
        "NASNetMobile", "ResNet50", "ResNet50V2", "VGG16", "Xception",
    ];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Files => ParityFolder.Files("models", "*.keras").Select((file, i) => new object[] { file, i });

    public static IEnumerable<object[]> Layers => ParityFolder.Files("layers", "*.json").Select((file, i) => new object[] { file, i });

    /// <summary>Of the networks of Keras, one is in every run.</summary>
    public static IEnumerable<object[]> Applications =>
        s_applications.Where(name => TargetForms.AreAll || name == "MobileNetV3Small").Select((name, i) => new object[] { name, i });

    [TestMethod]
    public void Every_layer_agrees_in_the_forms_of_a_target()
    {
        foreach (var (number, row) in LayerCases.All.Index())
        {
            foreach (var target in TargetForms.Of(number))
            {
                var options = new ExportOptions { Target = target, BatchSizes = [2], Lengths = [] };
                var emitted = OnnxEmitter.Emit(row.Build(), options.ForEmission());
                Assert.IsNotEmpty(Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), options).Layers, $"{row}, {target}");
            }
        }
    }

    [TestMethod]
    [TestCategory("KerasParity")]
    [DynamicData(nameof(Files))]
    public void A_Keras_file_agrees_in_the_forms_of_a_target(string file, int number)
    {
        var model = ParityModel.Read(ParityFolder.PathOf(file)).Model;
        using var folder = new TemporaryFolder();
        foreach (var target in TargetForms.Of(number))
            Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { Target = target, BatchSizes = [2] }).Passed, target.ToString());
    }

    [TestMethod]
    [TestCategory("KerasParity")]
    [DynamicData(nameof(Layers))]
    public void A_Keras_layer_agrees_in_the_forms_of_a_target(string file, int number)
    {
        var json = ParityFolder.Read(file);
        if ((bool?)json["training"] == true) return;
        var model = Model.FromJson(json["model"]!.ToJsonString());
        var stored = json["weights"]!.AsArray();
        for (var i = 0; i < stored.Count; i++) model.Weights[i].Value = ParityArray.Read(stored[i]!["value"] ?? stored[i]!).ToTensor();
        using var folder = new TemporaryFolder();
        foreach (var target in TargetForms.Of(number))
            Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { Target = target, BatchSizes = [2], Lengths = [] }).Passed, target.ToString());
    }

    /// <summary>
    /// Features only: comparing all layers of a network of hundreds takes minutes per target, and with weights by a formula one class has all the probability.
    /// </summary>
    [TestMethod]
    [TestCategory(DataFolder.Category)]
    [DynamicData(nameof(Applications))]
    public void A_network_of_Keras_agrees_in_the_forms_of_a_target(string name, int number)
    {
        var whole = KerasApplication.Weighted(name);
        var model = new Model(whole.Inputs, whole.Layers[^2].Output);
        var shape = Shape.Create([1, model.Input.Shape[1], model.Input.Shape[2], 3]);
        var random = new Random(number);
        var image = NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => 255 * random.NextSingle())], shape);
        var expected = model.Predict(image).ToArray();
        var largest = expected.Max(Math.Abs);
        Assert.IsGreaterThan(expected.Length / 4, expected.Distinct().Count());
        foreach (var target in TargetForms.Of(number))
        {
            var emitted = OnnxEmitter.Emit(model, new ExportOptions { Target = target }.ForEmission());
            var bytes = emitted.Proto.ToByteArray();
            foreach (var optimization in (GraphOptimization[])[GraphOptimization.None, GraphOptimization.All])
            {
                using var session = OnnxSession.Open(bytes, name, ExecutionProvider.Cpu, new OnnxModelOptions { Optimization = optimization });
                var results = session.Run([emitted.Inputs[0].Name], [ArrayConversion.ToOnnx(image)], null, CancellationToken.None);
                var actual = ArrayConversion.ToArray(results[0])!.AsFloats().ToArray();
                var difference = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() / largest;
                TestContext.WriteLine($"{name}, {model.Layers.Count} layers, {target}, {optimization}: {difference:0.0e+00} of the largest output");
                Assert.IsLessThan(1e-5f, difference);
            }
        }
    }
}
