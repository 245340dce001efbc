using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using static OnnxFunctional.Export.Proto.TensorProto.Types;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>What becomes integers: activations of a fixed range, of the range of each run, or weights alone.</summary>
[TestClass]
public sealed class QuantizationKindTests
{
    public static IEnumerable<object[]> Cases =>
        from kind in Enum.GetValues<QuantizationKind>()
        from network in (string[])["depthwise", "sequence", "shared", "recurrent", "tokens"]
        where kind != QuantizationKind.StaticInt8
        select (object[])[kind, network];

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void The_file_equals_the_engine_and_opens_as_the_same_network(QuantizationKind kind, string network)
    {
        using var folder = new TemporaryFolder();
        var model = QuantizedNetworks.Create(network);
        var x = QuantizedNetworks.Data(model, 20);
        var quantized = model.Quantize(x, new() { Kind = kind, BatchSize = 7, BlockSize = 16 });
        Assert.IsGreaterThan(0, quantized.Error);
        Assert.IsLessThan(kind == QuantizationKind.WeightOnlyInt4 ? 0.1 : 0.01, quantized.Error, quantized.ToString());
        Assert.IsTrue(quantized.ExportOnnx(folder.File("q.onnx")).Passed);

        // Opening compares every node with ONNX Runtime; of its constants, the same bytes are written again.
        var again = OnnxFile.LoadModel(folder.File("q.onnx"));
        var (expected, actual) = (quantized.PredictAll(x, batchSize: 3), again.PredictAll(x, batchSize: 3));
        var tolerance = kind == QuantizationKind.DynamicInt8 ? 0.02f : 1e-4f;
        for (var i = 0; i < expected.Count; i++)
            Assert.IsLessThan(tolerance, expected[i].ToArray().Zip(actual[i].ToArray(), (a, b) => Math.Abs(a - b)).Max());
        again.ExportOnnx(folder.File("again.onnx"));
        // What became floats when it was loaded is written as floats.
        if (kind == QuantizationKind.WeightOnlyInt8 || network == "depthwise") return;
        Assert.AreEqual(Bytes(folder.File("q.onnx"), Packed), Bytes(folder.File("again.onnx"), Packed));
    }

    [TestMethod]
    public void Products_of_dynamic_ranges_are_those_that_ONNX_Runtime_has_operators_for()
    {
        using var folder = new TemporaryFolder();
        var model = QuantizedNetworks.Create("sequence");
        model.Quantize(QuantizedNetworks.Data(model, 9), new() { Kind = QuantizationKind.DynamicInt8 }).ExportOnnx(folder.File("q.onnx"));
        var kinds = QuantizedNetworks.Optimized(folder.File("q.onnx")).CountBy(kind => kind).ToDictionary();

        // Query, key and value read the same tensor, whose range is found once.
        Assert.AreEqual(6, kinds["DynamicQuantizeMatMul"] + kinds["MatMulIntegerToFloat"]);
        Assert.AreEqual(1, kinds["DynamicQuantizeLinear"]);
        Assert.AreEqual(2, kinds["MatMul"], "those of the attention, which have no weights");
    }

    [TestMethod]
    public void Weights_of_eight_bits_are_floats_once_the_file_is_loaded()
    {
        using var folder = new TemporaryFolder();
        foreach (var network in (string[])["dense", "depthwise"])
        {
            var model = QuantizedNetworks.Create(network);
            model.Quantize(QuantizedNetworks.Data(model, 9), new() { Kind = QuantizationKind.WeightOnlyInt8 }).ExportOnnx(folder.File("q.onnx"));
            var file = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("q.onnx")));
            var integers = file.Graph.Initializer.Where(tensor => tensor.DataType == (int)DataType.Int8 && tensor.RawData.Length > 1);
            Assert.AreEqual(network == "dense" ? 2 : 3, integers.Count());
            var kinds = QuantizedNetworks.Optimized(folder.File("q.onnx")).ToArray();
            CollectionAssert.DoesNotContain(kinds, "Cast", network);
            CollectionAssert.DoesNotContain(kinds, "Mul", network);
            CollectionAssert.DoesNotContain(kinds, "DequantizeLinear", network);
        }
    }

    [TestMethod]
    public void Weights_in_blocks_compute_in_float32_in_every_host()
    {
        using var folder = new TemporaryFolder();
        var model = QuantizedNetworks.Create("dense");
        var x = QuantizedNetworks.Data(model, 9);
        var quantized = model.Quantize(x, new() { Kind = QuantizationKind.WeightOnlyInt4 });
        quantized.ExportOnnx(folder.File("q.onnx"));
        var nodes = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("q.onnx"))).Graph.Node.Where(node => node.OpType == "MatMulNBits").ToArray();
        Assert.HasCount(2, nodes);
        foreach (var node in nodes)
        {
            Assert.AreEqual(4, node.Attribute.Single(attribute => attribute.Name == "bits").I);
            Assert.AreEqual(1, node.Attribute.Single(attribute => attribute.Name == "accuracy_level").I, "float32");
        }

        // Integers times integers are faster than what computes in float32.
        model.Quantize(x).ExportOnnx(folder.File("i.onnx"));
        Assert.DoesNotContain("MatMulNBits", ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("i.onnx"))).Graph.Node.Select(node => node.OpType));

        // Older versions do not have all of it.
        quantized.ExportOnnx(folder.File("t.onnx"), new() { Target = ExportTarget.OnnxRuntime("1.20") });
        Assert.DoesNotContain("MatMulNBits", ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("t.onnx"))).Graph.Node.Select(node => node.OpType));

        // ONNX's own form, of which ONNX Runtime makes the operator that rounds activations to 8 bits: other numbers, unless the session forbids it.
        quantized.ExportOnnx(folder.File("s.onnx"), new() { StandardOperatorsOnly = true });
        var standard = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("s.onnx")));
        Assert.HasCount(1, standard.OpsetImport);
        Assert.IsTrue(standard.Graph.Initializer.Any(tensor => tensor.DataType == (int)DataType.Int4 && tensor.Dims[0] == 17));
        Assert.IsLessThan(1e-5f, Difference("q.onnx"), "written for ONNX Runtime");
        Assert.IsGreaterThan(1e-4f, Difference("s.onnx"), "if it does not differ any more, ONNX's own operators can be written again");

        float Difference(string file)
        {
            using var onnx = OnnxModel.Load(folder.File(file));
            var theirs = new float[9 * 3];
            onnx.Run([(OnnxValue)x[0]])[0].As<float>().FlattenTo(theirs);
            return quantized.PredictAll(x)[0].ToArray().Zip(theirs, (a, b) => Math.Abs(a - b)).Max();
        }
    }

    [TestMethod]
    public void Zero_points_and_padded_blocks_survive_the_way_through_a_file()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(3);
        foreach (var (bits, rows, columns, block) in ((int, int, int, int)[])[(4, 17, 3, 16), (4, 33, 7, 32), (8, 17, 5, 16), (4, 16, 1, 16), (8, 1, 1, 256)])
        {
            var blocks = (rows + block - 1) / block;
            byte[] Integers(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(1 << bits))];
            float[] scales = [.. Enumerable.Range(0, blocks * columns).Select(_ => random.NextSingle() + 0.1f)];
            var kernel = Ops.Make(
                new DequantizeLinear(0, block, bits),
                Ops.Make(new Constant(TensorData.Create(Shape.Of(rows, columns), DType.UInt8, Integers(rows * columns)))),
                Ops.Make(new Constant(TensorData.Of(Shape.Of(blocks, columns), scales))),
                Ops.Make(new Constant(TensorData.Create(Shape.Of(blocks, columns), DType.UInt8, Integers(blocks * columns)))));
            var input = Model.Input([rows]);
            var model = new Model(input, Ops.MatMul(input, kernel));
            Assert.IsTrue(model.ExportOnnx(folder.File("n.onnx")).Passed);
            var x = QuantizedNetworks.Data(model, 5);
            var again = OnnxFile.LoadModel(folder.File("n.onnx"));
            CollectionAssert.AreEqual(model.Predict(x[0]).ToArray(), again.Predict(x[0]).ToArray());
        }
    }

    [TestMethod]
    public void A_table_keeps_rows_of_different_lengths_apart()
    {
        var embedding = new Embedding(1000, 8, name: "words");
        var ids = Model.Input([3], dtype: DType.Int64);
        var model = new Model(ids, embedding.Call(ids));
        var values = new float[8000];
        var random = new Random(1);
        for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() - 0.5f) * (i / 8 % 2 == 0 ? 1000 : 0.001f);
        embedding.SetWeights([System.Numerics.Tensors.Tensor.Create(values, [1000, 8])]);
        long[,] x = { { 0, 1, 2 }, { 999, 501, 500 } };
        var (expected, actual) = (model.Predict(x).ToArray(), model.Quantize(x, new() { Kind = QuantizationKind.DynamicInt8 }).PredictAll(x)[0].ToArray());
        for (var i = 0; i < expected.Length; i++) Assert.IsLessThan(expected.Skip(i / 8 * 8).Take(8).Max(Math.Abs) / 253, Math.Abs(expected[i] - actual[i]));
    }

    [TestMethod]
    public void Rounding_by_the_data_loses_less_than_to_the_nearest()
    {
        // Inputs that go together, as those of real networks do: errors of one can be made up for by another.
        var input = Model.Input([48]);
        var model = new Model(input, new Dense(31).Call(input), seed: 3);
        var random = new Random(5);
        var x = new float[300, 48];
        for (var i = 0; i < 300; i++)
        {
            float[] sources = [.. Enumerable.Range(0, 6).Select(_ => random.NextSingle() - 0.5f)];
            for (var j = 0; j < 48; j++) x[i, j] = sources[j % 6] + (0.1f * (random.NextSingle() - 0.5f));
        }

        foreach (var kind in (QuantizationKind[])[QuantizationKind.WeightOnlyInt4, QuantizationKind.WeightOnlyInt8])
        {
            var nearest = model.Quantize(x, new() { Kind = kind }).Error;
            Assert.IsLessThan(nearest / 3, model.Quantize(x, new() { Kind = kind, Rounding = WeightRounding.Gptq }).Error, $"{kind}");
        }
    }

    [TestMethod]
    public void Corrected_biases_take_the_mean_error_away()
    {
        foreach (var network in (string[])["dense", "depthwise", "sequence"])
        {
            var model = QuantizedNetworks.Create(network);
            var x = QuantizedNetworks.Data(model, 64);
            var (plain, corrected) = (Means(false), Means(true));
            Assert.IsLessThan(plain / 2, corrected, network);

            double Means(bool corrects)
            {
                var options = new QuantizationOptions { Kind = QuantizationKind.WeightOnlyInt4, CorrectBias = corrects, KeepFloat = [.. Kept(network)] };
                var (expected, actual) = (model.PredictAll(x)[0], model.Quantize(x, options).PredictAll(x)[0].ToArray());
                var units = (int)expected.Shape.Dims[^1];
                return expected.ToArray().Select((value, i) => (Unit: i % units, Error: (double)value - actual[i])).GroupBy(entry => entry.Unit)
                    .Sum(unit => Math.Pow(unit.Average(entry => entry.Error), 2));
            }
        }

        // All but the last layer, whose results are the outputs: of those before, a nonlinearity makes other means.
        static IEnumerable<string> Kept(string network) => network switch
        {
            "dense" => ["dense"],
            "depthwise" => ["depthwise*", "conv*"],
            _ => ["multi*", "dense"],
        };
    }

    /// <summary>Features that are nearly always the same number, as a background is, are all rounded to the same side.</summary>
    [TestMethod]
    public void Corrected_biases_take_away_what_inputs_are_rounded_by()
    {
        var input = Model.Input([9]);
        var model = new Model(input, new Dense(5, name: "scores").Call(input), seed: 3);
        var numbers = new float[200 * 9];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = i < 9 ? (i % 2 * 4) - 1 : 0.1f + (0.037f * (i % 9));
        NDArray x = NDArray.Create(numbers, [200, 9]);
        var expected = model.Predict(x).ToArray();
        var (plain, corrected) = (Error(new()), Error(new() { CorrectBias = true }));
        Assert.IsLessThan(plain / 4, corrected);

        double Error(QuantizationOptions options) =>
            Math.Sqrt(model.Quantize(x, options).PredictAll(x)[0].ToArray().Zip(expected, (a, b) => (double)(a - b) * (a - b)).Average());
    }

    /// <summary>What a layer makes up for by itself leaves the error of those before it, which a deep network adds up.</summary>
    [TestMethod]
    public void Corrected_biases_make_up_for_all_layers_before()
    {
        var input = Model.Input([9]);
        var x = input;
        for (var i = 0; i < 5; i++) x = x + new Dense(9, i % 2 == 0 ? Activation.Relu : null).Call(x);
        var model = new Model(input, new Dense(5).Call(x), seed: 3);

        // Samples that hardly differ, so that nearly all of the error is that of the mean.
        var samples = QuantizedNetworks.Data(model, 100)[0].ToArray();
        for (var i = 9; i < samples.Length; i++) samples[i] = samples[i % 9] + (1e-3f * samples[i]);
        NDArray data = NDArray.Create(samples, [100, 9]);
        var expected = model.Predict(data).ToArray();
        var (plain, corrected) = (Error(new()), Error(new() { CorrectBias = true }));
        Assert.IsLessThan(plain / 4, corrected);

        double Error(QuantizationOptions options) =>
            Math.Sqrt(model.Quantize(data, options).PredictAll(data)[0].ToArray().Zip(expected, (a, b) => (double)(a - b) * (a - b)).Average());
    }

    [TestMethod]
    public void What_does_not_go_together_is_refused()
    {
        var model = QuantizedNetworks.Create("dense");
        var x = QuantizedNetworks.Data(model, 5);
        Refused("BlockSize is 24", () => model.Quantize(x, new() { BlockSize = 24 }));
        Refused("Equalize goes with StaticInt8", () => model.Quantize(x, new() { Kind = QuantizationKind.DynamicInt8, Equalize = true }));
        Refused("Kind is 9; expected one of StaticInt8,", () => model.Quantize(x, new() { Kind = (QuantizationKind)9 }));
        Refused("Rounding is 9", () => model.Quantize(x, new() { Rounding = (WeightRounding)9 }));
        var convolutions = QuantizedNetworks.Create("joined");
        Refused("no product with weights", () => convolutions.Quantize(QuantizedNetworks.Data(convolutions, 2), new() { Kind = QuantizationKind.DynamicInt8 }));
        using var folder = new TemporaryFolder();
        var narrow = model.Quantize(x, new() { Kind = QuantizationKind.WeightOnlyInt4 });
        Refused("Opset 17 has no int4", () => narrow.ExportOnnx(folder.File("q.onnx"), new() { Opset = ExportOptions.OldestOpset }));
        Assert.IsFalse(File.Exists(folder.File("q.onnx")));

        static void Refused(string words, Action act) => Assert.Contains(words, Assert.ThrowsExactly<ExportException>(act).Message);
    }

    private static bool Packed(TensorProto tensor) => (DataType)tensor.DataType is DataType.Int8 or DataType.Uint8 or DataType.Int4 or DataType.Uint4;

    private static long Bytes(string file, Func<TensorProto, bool> chosen) =>
        ModelProto.Parser.ParseFrom(File.ReadAllBytes(file)).Graph.Initializer.Where(chosen).Sum(tensor => (long)tensor.RawData.Length);
}
