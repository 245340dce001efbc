using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Quantized files as models: predicted, verified, written again as they came, not trained.</summary>
[TestClass]
public sealed class QuantizedFileTests
{
    public static IEnumerable<object[]> Forms =>
    [
        ["static"], ["integers"], ["dynamic"], ["blocks of int8"], ["blocks of uint8"], ["blocks of int4"], ["blocks of uint4"],
    ];

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void A_quantized_file_predicts_what_ONNX_Runtime_does_and_is_written_as_it_came(string form)
    {
        using var folder = new TemporaryFolder();
        var file = Of(form);
        var path = Put(folder, file);

        // Verified node by node as it is opened.
        var model = OnnxFile.LoadModel(path);
        var x = Input(form, 5);
        var expected = OnnxModel.Load(path).Predict(x);
        AssertWithinOneStep(expected, model.Predict(x), form);

        var written = folder.File("again.onnx");
        model.ExportOnnx(written);
        AssertWithinOneStep(expected, OnnxModel.Load(written).Predict(x), form);
        var again = ModelProto.Parser.ParseFrom(File.ReadAllBytes(written));
        Assert.AreEqual(file.Graph.Input[0].Type.TensorType.ElemType, again.Graph.Input[0].Type.TensorType.ElemType);
        Assert.AreEqual(file.Graph.Output[0].Type.TensorType.ElemType, again.Graph.Output[0].Type.TensorType.ElemType);
        Assert.AreEqual(0, again.Graph.Node.Count(node => node.OpType == "Transpose"));
        if (form != "integers") Assert.AreEqual(Quantizers(file), Quantizers(again));

        // Weights stay integers.
        foreach (var tensor in again.Graph.Initializer.Where(tensor => tensor.Dims.Count > 1 && !tensor.Name.Contains("scale", StringComparison.Ordinal)))
        {
            var isInteger = (DataType)tensor.DataType is DataType.Int8 or DataType.Uint8 or DataType.Int4 or DataType.Uint4;
            Assert.IsTrue(isInteger || tensor.Dims[0] < 3, $"{tensor.Name}: {tensor.DataType}");
        }
    }

    [TestMethod]
    public void Blocks_of_four_bits_hold_the_numbers_of_the_file()
    {
        using var folder = new TemporaryFolder();
        var file = QuantizedFiles.OfBlocks(DataType.Int4);
        var model = OnnxFile.LoadModel(Put(folder, file));
        var x = new float[1, 16];
        x[0, 9] = 1;
        var packed = file.Graph.Initializer[0].RawData.Span;
        var y = model.Predict(x);
        for (var i = 0; i < 6; i++)
        {
            var nibble = (packed[((9 * 6) + i) / 2] >> (((9 * 6) + i) % 2 * 4)) & 0xF;
            Assert.AreEqual(((nibble > 7 ? nibble - 16 : nibble) * (7 + i) / 50f) + i + 1, y[0, i], 1e-5f);
        }
    }

    [TestMethod]
    public void Pixels_are_given_as_bytes_and_numbers_beyond_them_are_refused()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, QuantizedFiles.OfIntegers()));
        var bytes = (byte[])[.. Enumerable.Range(0, 105).Select(i => (byte)(i * 7))];
        var floats = Array.ConvertAll(bytes, value => (float)value);
        CollectionAssert.AreEqual(
            model.Predict(NDArray.Create(bytes, [1, 3, 5, 7])).ToArray(), model.Predict(NDArray.Create(floats, [1, 3, 5, 7])).ToArray());
        floats[3] = 256;
        var refusal = Assert.ThrowsExactly<ModelException>(() => model.Predict(NDArray.Create(floats, [1, 3, 5, 7])));
        Assert.Contains("0 to 255, but element 3 is 256", refusal.Message);
    }

    [TestMethod]
    public void A_new_head_behind_a_quantized_network_learns()
    {
        using var folder = new TemporaryFolder();
        var quantized = OnnxFile.LoadModel(Put(folder, QuantizedFiles.Static()));
        var model = new Model(quantized.Inputs, new Dense(1, name: "head").Call(new Flatten().Call(quantized.GetLayer("p_node").Output)), seed: 3);
        CollectionAssert.AreEqual(new[] { "head/kernel", "head/bias" }, model.WeightPaths().Select(weight => weight.Path).ToArray());
        var (x, y) = (Input("static", 17), new float[17, 1]);
        for (var i = 0; i < 17; i++) y[i, 0] = i % 3;
        var history = model.Compile(new Adam(0.01), Loss.MeanSquaredError).Fit(x, y, epochs: 30, verbose: Verbosity.Silent);
        Assert.IsLessThan(history["loss"][0] / 2, history["loss"][^1]);
        model.ExportOnnx(folder.File("tuned.onnx"));
    }

    private static ModelProto Of(string form) => form switch
    {
        "static" => QuantizedFiles.Static(),
        "integers" => QuantizedFiles.OfIntegers(),
        "dynamic" => QuantizedFiles.Dynamic(),
        "blocks of int8" => QuantizedFiles.OfBlocks(DataType.Int8),
        "blocks of uint8" => QuantizedFiles.OfBlocks(DataType.Uint8),
        "blocks of int4" => QuantizedFiles.OfBlocks(DataType.Int4),
        _ => QuantizedFiles.OfBlocks(DataType.Uint4),
    };

    private static NDArray Input(string form, int count)
    {
        var shape = form switch
        {
            "static" => Shape.Of(count, 3, 9, 7),
            "integers" => Shape.Of(count, 3, 5, 7),
            "dynamic" => Shape.Of(count, 17),
            _ => Shape.Of(count, 16),
        };
        var random = new Random(3);
        var numbers = new float[shape.ElementCount];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = form == "integers" ? random.Next(256) : (random.NextSingle() * 6) - 3;
        return NDArray.Create(numbers, shape);
    }

    private static int Quantizers(ModelProto file) => file.Graph.Node.Count(node => node.OpType.Contains("Quantize", StringComparison.OrdinalIgnoreCase));

    /// <summary>Sums are rounded in another order, so a result may be the next step of its scale; few are.</summary>
    private static void AssertWithinOneStep(NDArray expected, NDArray actual, string form)
    {
        var step = form switch { "static" => 0.5f, "integers" => 1f, _ => 1e-4f };
        float[] wanted = expected.ToArray(), got = actual.ToArray();
        var others = 0;
        for (var i = 0; i < wanted.Length; i++)
        {
            Assert.AreEqual(wanted[i], got[i], step * 1.01f, $"element {i}");
            if (Math.Abs(wanted[i] - got[i]) > 1e-4f) others++;
        }

        Assert.IsLessThanOrEqualTo(wanted.Length / 10, others);
    }
}
