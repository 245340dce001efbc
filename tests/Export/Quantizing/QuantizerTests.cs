using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>Static quantization to int8: engine and ONNX Runtime compute with the same integers, and only what is asked for changes.</summary>
[TestClass]
public sealed class QuantizerTests
{
    public static IEnumerable<object[]> Networks => QuantizedNetworks.Names.Select(name => (object[])[name]);

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void The_file_equals_the_engine_with_the_same_integers(string name)
    {
        using var folder = new TemporaryFolder();
        var model = QuantizedNetworks.Create(name);
        var x = QuantizedNetworks.Data(model, 20);
        foreach (var perChannel in (bool[])[true, false])
        {
            var options = new QuantizationOptions { PerChannel = perChannel, BatchSize = 7 };
            var quantized = model.Quantize(x, options);
            Assert.IsTrue(quantized.Layers.All(layer => layer.IsQuantized));
            Assert.IsLessThan(0.03, quantized.Error, quantized.ToString());
            Assert.IsGreaterThan(0, quantized.Error);
            var report = quantized.ExportOnnx(folder.File("q.onnx"));
            Assert.IsTrue(report.Passed);

            using var onnx = OnnxModel.Load(folder.File("q.onnx"));
            var expected = quantized.PredictAll(x, batchSize: 3);
            var actual = onnx.Run([.. Enumerable.Range(0, x.Count).Select(i => (OnnxValue)x[i])]);
            for (var i = 0; i < expected.Count; i++)
            {
                var (ours, theirs) = (expected[i].ToArray(), new float[expected[i].ToArray().Length]);
                actual[i].As<float>().FlattenTo(theirs);

                // A step of one integer where a sum is rounded to the other side.
                Assert.IsLessThan(0.05f, ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Max());
            }
        }
    }

    [TestMethod]
    public void ONNX_Runtime_makes_integer_operators_of_all_of_a_convolutional_network()
    {
        using var folder = new TemporaryFolder();
        var model = QuantizedNetworks.Create("residual");
        model.Quantize(QuantizedNetworks.Data(model, 20)).ExportOnnx(folder.File("q.onnx"));
        var kinds = QuantizedNetworks.Optimized(folder.File("q.onnx")).CountBy(kind => kind).ToDictionary();
        Assert.AreEqual(3, kinds["QLinearConv"]);
        Assert.AreEqual(1, kinds["QLinearAdd"]);
        Assert.AreEqual(2, kinds["QGemm"]);
        CollectionAssert.DoesNotContain(kinds.Keys.ToArray(), "Conv");
        CollectionAssert.DoesNotContain(kinds.Keys.ToArray(), "Relu", "a range from 0 is what Relu does");
        CollectionAssert.DoesNotContain(kinds.Keys.ToArray(), "BatchNormalization");

        // Weights are there once, as bytes.
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("q.onnx")));
        Assert.AreEqual(0, proto.Graph.Initializer.Count(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Float && tensor.Dims.Count > 1));
        Assert.IsEmpty(proto.MetadataProps.Where(entry => entry.Key == "onnxfunctional.architecture"));
        StringAssert.StartsWith(proto.MetadataProps.Single(entry => entry.Key == "onnxfunctional.quantization").Value, "static int8, 5 of 5 layers, MinMax");
    }

    [TestMethod]
    public void A_pool_behind_a_convolution_of_floats_stays_one_of_floats()
    {
        using var folder = new TemporaryFolder();
        var image = Model.Input([9, 7, 3]);
        var model = new Model(image, image.Apply(
            new Conv2D(8, 3, activation: Activation.Relu, name: "kept"), new MaxPooling2D(2), new Conv2D(8, 2, name: "conv"), new GlobalAveragePooling2D()));
        var x = QuantizedNetworks.Data(model, 20);
        foreach (var kept in (string[][])[["kept"], []])
        {
            model.Quantize(x, new() { KeepFloat = kept }).ExportOnnx(folder.File("q.onnx"));
            var nodes = QuantizedNetworks.OptimizedGraph(folder.File("q.onnx")).Node;
            var pool = nodes.Single(node => node.OpType.EndsWith("MaxPool", StringComparison.Ordinal));
            var before = nodes.Single(node => node.Output[0] == pool.Input[0]).OpType;
            Assert.AreEqual(kept.Length > 0, before is "Conv" or "ReorderOutput", before);
        }
    }

    [TestMethod]
    public void A_product_is_that_of_the_integers_by_hand()
    {
        var dense = new Dense(2, name: "d");
        var input = Model.Input([3]);
        var model = new Model(input, dense.Call(input));
        dense.SetWeights([Tensor.Create([1f, -4, 2, 0.5f, -0.25f, 3], [3, 2]), Tensor.Create([0.1f, -0.2f], [2])]);
        float[,] x = { { 0, 1, -1 }, { 2, 0.3f, 0.7f } };
        var actual = model.Quantize(x).PredictAll(x)[0].ToArray();

        // Activations from -1 to 2 in 256 steps; weights in 127 steps of the largest of their column.
        var scale = 3 / 255f;
        var zero = Math.Round(1 / scale);
        double[] steps = [2 / 127.0, 4 / 127.0];
        for (var row = 0; row < 2; row++)
        {
            for (var unit = 0; unit < 2; unit++)
            {
                var sum = Math.Round(new[] { 0.1, -0.2 }[unit] / (steps[unit] * scale)) * steps[unit] * scale;
                for (var i = 0; i < 3; i++)
                {
                    var activation = (Math.Round(x[row, i] / scale) + zero - zero) * scale;
                    var weight = Math.Round(new double[,] { { 1, -4 }, { 2, 0.5 }, { -0.25, 3 } }[i, unit] / steps[unit]) * steps[unit];
                    sum += activation * weight;
                }

                Assert.AreEqual(sum, actual[(2 * row) + unit], 1e-5);
            }
        }
    }

    [TestMethod]
    public void Channels_with_scales_of_their_own_lose_less_and_seven_bits_lose_more()
    {
        var model = QuantizedNetworks.Create("dense");
        var kernel = model.Layers.OfType<Dense>().First();
        var weights = kernel.GetWeights();
        var values = new float[weights[0].FlattenedLength];
        weights[0].FlattenTo(values);
        for (var i = 0; i < values.Length; i++) values[i] *= i % 17 == 0 ? 40 : 1;
        kernel.SetWeights([Tensor.Create(values, weights[0].Lengths), weights[1]]);
        var x = QuantizedNetworks.Data(model, 40);
        var perChannel = model.Quantize(x).Error;
        Assert.IsGreaterThan(2 * perChannel, model.Quantize(x, new() { PerChannel = false }).Error);
        Assert.IsGreaterThan(perChannel, model.Quantize(x, new() { ReduceRange = true }).Error);
    }

    [TestMethod]
    [DataRow(CalibrationMethod.Percentile)]
    [DataRow(CalibrationMethod.Entropy)]
    public void One_number_far_outside_does_not_take_the_range_of_all(CalibrationMethod method)
    {
        var model = QuantizedNetworks.Create("dense");
        var x = (float[,])QuantizedNetworks.Data(model, 20_000)[0];
        var typical = NDArray.Create(x.Cast<float>().ToArray(), [20_000, 9]);
        x[0, 0] = 30;
        var all = Error(CalibrationMethod.MinMax);
        Assert.IsLessThan(all / 2, Error(method), $"of {all} with the whole range");

        double Error(CalibrationMethod kind)
        {
            var quantized = model.Quantize(x, new() { Method = kind, Percentile = 99.99, BatchSize = 1000 });
            var (expected, actual) = (model.Predict(typical).ToArray(), quantized.PredictAll(typical)[0].ToArray());
            return expected.Zip(actual, (a, b) => (a - b) * (double)(a - b)).Sum();
        }
    }

    [TestMethod]
    public void A_gate_keeps_the_layer_that_costs_most_in_float32()
    {
        var input = Model.Input([4]);
        var (fragile, sturdy) = (new Dense(4, name: "fragile"), new Dense(3, name: "sturdy"));
        var model = new Model(input, sturdy.Call(fragile.Call(input)));

        // One input is 10,000 times another and weighted as much less: in 256 steps of it, the other vanishes.
        var (kernel, x) = (new float[16], new float[64, 4]);
        for (var i = 0; i < 4; i++) kernel[5 * i] = i == 0 ? 1e-4f : 1;
        fragile.SetWeights([Tensor.Create(kernel, [4, 4]), Tensor.Create(new float[4], [4])]);
        var random = new Random(1);
        for (var i = 0; i < 64; i++)
        {
            for (var j = 0; j < 4; j++) x[i, j] = random.NextSingle() * (j == 0 ? 1e4f : 1);
        }

        var expected = model.Predict(x).ToArray();
        var gate = new QuantizationGate(x, outputs => -outputs[0].ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Average(), MaxDrop: 0.02);
        var quantized = model.Quantize(x, gate: gate);
        CollectionAssert.AreEqual((bool[])[false, true], quantized.Layers.Select(layer => layer.IsQuantized).ToArray(), quantized.ToString());
        Assert.IsGreaterThan(100 * quantized.Layers[1].Error, quantized.Layers[0].Error);
        Assert.AreEqual(0, quantized.ScoreBefore);
        Assert.IsGreaterThanOrEqualTo(-0.02, quantized.Score!.Value);
        StringAssert.Contains(quantized.ToString(), "1 of 2 layers are quantized");

        // Nothing passes, so the call refuses, with the table.
        var message = Assert.ThrowsExactly<ExportException>(() => model.Quantize(x, gate: gate with { MaxDrop = 0 })).Message;
        StringAssert.Contains(message, "The score falls from 0 to -");
        StringAssert.Contains(message, "fragile");
    }

    [TestMethod]
    public void A_gate_refuses_calibration_on_data_unlike_that_of_the_score()
    {
        var model = QuantizedNetworks.Create("dense");
        var x = QuantizedNetworks.Data(model, 200);
        var expected = model.PredictAll(x)[0].ToArray();
        var gate = new QuantizationGate(x, outputs => -outputs[0].ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Average(), MaxDrop: 0.02);
        Assert.HasCount(2, model.Quantize(x, gate: gate).Layers.Where(layer => layer.IsQuantized));
        NDArray dark = NDArray.Create(Array.ConvertAll(x[0].ToArray(), value => value / 1000), x[0].Shape);
        var message = Assert.ThrowsExactly<ExportException>(() => model.Quantize(dark, gate: gate)).Message;
        StringAssert.Contains(message, "Calibrate on data like that of the score");
        StringAssert.Contains(message, "dense_1");
    }

    [TestMethod]
    public void Layers_that_are_kept_have_the_numbers_of_float32()
    {
        var model = QuantizedNetworks.Create("residual");
        var x = QuantizedNetworks.Data(model, 9);
        var kept = model.Quantize(x, new() { KeepFloat = ["conv*", "dense"] });
        CollectionAssert.AreEqual((bool[])[false, false, false, false, true], kept.Layers.Select(layer => layer.IsQuantized).ToArray());
        Assert.IsLessThan(model.Quantize(x).Error, kept.Error);
    }

    [TestMethod]
    public void Two_exports_have_the_same_bytes_and_the_model_stays_as_it_is()
    {
        using var folder = new TemporaryFolder();
        var model = QuantizedNetworks.Create("residual");
        var x = QuantizedNetworks.Data(model, 9);
        var before = model.PredictAll(x)[0].ToArray();
        model.Quantize(x).ExportOnnx(folder.File("a.onnx"));
        model.Quantize(x).ExportOnnx(folder.File("b.onnx"));
        CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("a.onnx")), File.ReadAllBytes(folder.File("b.onnx")));
        CollectionAssert.AreEqual(before, model.PredictAll(x)[0].ToArray());
    }

    [TestMethod]
    public void A_file_of_another_program_is_quantized_too()
    {
        using var folder = new TemporaryFolder();
        var own = QuantizedNetworks.Create("residual");
        own.ExportOnnx(folder.File("own.onnx"));
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("own.onnx")));
        proto.MetadataProps.Clear();
        foreach (var tensor in proto.Graph.Initializer) tensor.MetadataProps.Clear();
        File.WriteAllBytes(folder.File("others.onnx"), proto.ToByteArray());
        var opened = OnnxFile.LoadModel(folder.File("others.onnx"));
        var quantized = opened.Quantize(QuantizedNetworks.Data(opened, 20));
        Assert.HasCount(5, quantized.Layers);
        Assert.IsTrue(quantized.ExportOnnx(folder.File("q.onnx")).Passed);
        Assert.AreEqual(3, QuantizedNetworks.Optimized(folder.File("q.onnx")).Count(kind => kind == "QLinearConv"));

        // What was written is a file of another program again: it opens, and has nothing more to quantize.
        var again = OnnxFile.LoadModel(folder.File("q.onnx"));
        Assert.IsLessThan(0.05f, Difference(again.PredictAll(QuantizedNetworks.Data(again, 5))[0], quantized.PredictAll(QuantizedNetworks.Data(opened, 5))[0]));
    }

    [TestMethod]
    public void What_cannot_be_quantized_is_refused_with_a_remedy()
    {
        var model = QuantizedNetworks.Create("dense");
        var x = QuantizedNetworks.Data(model, 5);
        Refused("KeepFloat names 'convolution'", () => model.Quantize(x, new() { KeepFloat = ["convolution"] }));
        Refused("KeepFloat keeps all layers", () => model.Quantize(x, new() { KeepFloat = ["*"] }));
        Refused("Percentile is 101", () => model.Quantize(x, new() { Percentile = 101 }));
        Refused("BatchSize is 0", () => model.Quantize(x, new() { BatchSize = 0 }));
        Refused("MaxDrop is -1", () => model.Quantize(x, gate: new(x, _ => 0, -1)));
        Refused("Score returns NaN", () => model.Quantize(x, gate: new(x, _ => double.NaN, 1)));
        var input = Model.Input([3]);
        Refused("there is nothing to quantize", () => new Model(input, new ActivationLayer(Activation.Relu).Call(input)).Quantize(new float[2, 3]));
        Assert.ThrowsExactly<ModelException>(() => model.Quantize(new float[0, 9]));
        Assert.ThrowsExactly<ModelException>(() => model.Quantize(new float[2, 5]));

        static void Refused(string words, Action act) => Assert.Contains(words, Assert.ThrowsExactly<ExportException>(act).Message);
    }

    private static float Difference(NDArray a, NDArray b) => a.ToArray().Zip(b.ToArray(), (x, y) => Math.Abs(x - y)).Max();
}
