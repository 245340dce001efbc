using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>Equalization changes ranges, not results.</summary>
[TestClass]
public sealed class EqualizationTests
{
    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void The_equalized_network_computes_the_same(string name)
    {
        var model = QuantizedNetworks.Create(name);
        var x = QuantizedNetworks.Data(model, 16);
        var options = new QuantizationOptions { Equalize = true, PerChannel = false };
        var folded = new FoldedGraph(model);
        var values = new QuantizedValues(folded, QuantizationKind.StaticInt8);
        var equalized = OnnxFunctional.Export.Quantizing.Equalization.Of(folded, values.Products, x, options);
        var expected = model.PredictAll(x);
        var actual = GraphRun.All(model, equalized.Inputs, equalized.Outputs, x, 5);
        for (var i = 0; i < expected.Count; i++)
            Assert.IsLessThan(1e-4f, expected[i].ToArray().Zip(actual[i].ToArray(), (a, b) => Math.Abs(a - b)).Max());
    }

    public static IEnumerable<object[]> Networks => QuantizedNetworks.Names.Select(name => (object[])[name]);

    [TestMethod]
    [DataRow("relu", true)]
    [DataRow("relu", false)]
    [DataRow("relu6", true)]
    [DataRow("pool", true)]
    public void Channels_of_different_ranges_lose_less(string between, bool perChannel)
    {
        var input = Model.Input([11, 9, 3]);
        var (first, second) = (new Conv2D(8, 3, name: "first"), new Conv2D(5, 3, name: "second"));
        var inner = between switch
        {
            "relu6" => first.Call(input).Apply(new ActivationLayer(Activation.Relu6)),
            "pool" => first.Call(input).Apply(new ActivationLayer(Activation.Relu), new AveragePooling2D(2)),
            _ => first.Call(input).Apply(new ActivationLayer(Activation.Relu)),
        };
        var model = new Model(input, second.Call(inner).Apply(new Flatten(), new Dense(3)), seed: 2);

        // One channel is a hundredth of another, and is weighted a hundred times as much.
        Scale(first, channel => MathF.Pow(10, -channel / 4f), last: true);
        Scale(second, channel => MathF.Pow(10, channel / 4f), last: false);
        var x = QuantizedNetworks.Data(model, 40);
        var plain = model.Quantize(x, new() { PerChannel = perChannel }).Error;
        var equalized = model.Quantize(x, new() { PerChannel = perChannel, Equalize = true });
        Assert.IsLessThan(plain / 5, equalized.Error, $"of {plain}");
        using var folder = new TemporaryFolder();
        Assert.IsTrue(equalized.ExportOnnx(folder.File("q.onnx")).Passed);
    }

    private static void Scale(Conv2D layer, Func<int, float> factor, bool last)
    {
        var weights = layer.GetWeights();
        var (kernel, bias) = (new float[weights[0].FlattenedLength], new float[weights[1].FlattenedLength]);
        weights[0].FlattenTo(kernel);
        weights[1].FlattenTo(bias);
        var (inputs, outputs) = ((int)weights[0].Lengths[2], (int)weights[0].Lengths[3]);
        for (var i = 0; i < kernel.Length; i++) kernel[i] *= factor(last ? i % outputs : i / outputs % inputs);
        if (last) for (var i = 0; i < bias.Length; i++) bias[i] *= factor(i);
        layer.SetWeights([Tensor.Create(kernel, weights[0].Lengths), Tensor.Create(bias, weights[1].Lengths)]);
    }
}
