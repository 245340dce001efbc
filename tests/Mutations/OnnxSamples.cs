using Google.Protobuf;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Tests.Export.Importers;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using AttributeType = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Small files around operators with much to get wrong, to be changed and run in ONNX Runtime.</summary>
internal static class OnnxSamples
{
    /// <summary>A folder of further .onnx files, searched with its subfolders; for long runs, such as ONNX's own tests of its operators.</summary>
    public const string FolderVariable = "ONNXF_MUTATION_SEEDS";

    private static readonly string[] s_noModels = ["ConstantOfShape", "GatherND", "Loop", "NonMaxSuppression", "OneHot"];

    private const int LargestSeed = 100_000;

    public static IReadOnlyList<byte[]> Handmade() => [Dense().ToByteArray(), AddAndCompare().ToByteArray(), Lookup().ToByteArray(), Loop().ToByteArray()];

    public static IReadOnlyList<byte[]> All()
    {
        var models = new List<byte[]>(Handmade());
        models.AddRange(Operators().Select(model => model.ToByteArray()));
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder)
        {
            var files = Directory.EnumerateFiles(folder, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
            models.AddRange(files.Where(file => new FileInfo(file).Length < LargestSeed).Select(File.ReadAllBytes));
        }

        return models;
    }

    /// <summary>Those that open as models: not what has no inputs, or results whose number only the run decides. Quantized ones too.</summary>
    public static IReadOnlyList<byte[]> OfModels() =>
    [
        .. All().Where(file => !ModelProto.Parser.ParseFrom(file).Graph.Node.Any(node => s_noModels.Contains(node.OpType))),
        .. new[]
        {
            QuantizedFiles.Static(), QuantizedFiles.OfIntegers(), QuantizedFiles.Dynamic(), QuantizedFiles.OfBlocks(DataType.Int8),
            QuantizedFiles.OfBlocks(DataType.Uint4),
        }.Select(file => file.ToByteArray()),
    ];

    private static IEnumerable<ModelProto> Operators()
    {
        yield return Float("Conv", [["n", 2, 5, 5]], [Floats("w", [2, 2, 3, 3], Ramp(36))], Ints("pads", 1, 1, 1, 1), Int("group", 1), Ints("strides", 2, 1));
        yield return Float("ConvTranspose", [["n", 2, 4]], [Floats("w", [2, 1, 3], Ramp(6))], Ints("strides", 2), Ints("pads", 1, 0), Int("group", 2));
        yield return Float("MaxPool", [["n", 1, 6]], [], Ints("kernel_shape", 3), Ints("pads", 1, 1), Ints("strides", 2), Int("ceil_mode", 1));
        yield return Float("AveragePool", [["n", 1, 4, 4]], [], Ints("kernel_shape", 2, 2), Ints("dilations", 1, 2));
        yield return Float("LSTM", [[3, "n", 2]], [Floats("w", [1, 8, 2], Ramp(16)), Floats("r", [1, 8, 2], Ramp(16))], Int("hidden_size", 2));
        yield return Float("GRU", [[3, "n", 2]], [Floats("w", [1, 6, 2], Ramp(12)), Floats("r", [1, 6, 2], Ramp(12))], Int("hidden_size", 2));
        yield return Float("Resize", [[1, 1, 3]], [Floats("roi", [0]), Floats("scales", [3], 1, 1, 2)], Text("mode", "linear"));
        yield return Float("Pad", [["n", 3]], [Longs("pads", [4], 0, 1, 0, 2)], Text("mode", "reflect"));
        yield return Float("Expand", [["n", 1]], [Longs("shape", [2], 1, 3)]);
        yield return Float("Tile", [["n", 2]], [Longs("repeats", [2], 1, 2)]);
        yield return Float("Reshape", [["n", 4]], [Longs("shape", [3], 0, 2, -1)]);
        yield return Float("Slice", [["n", 6]], [Longs("starts", [1], 1), Longs("ends", [1], 5), Longs("axes", [1], 1), Longs("steps", [1], 2)]);
        yield return Float("TopK", [["n", 6]], [Longs("k", [1], 2)], ["y", "indices"]);
        yield return Float("ConstantOfShape", [], [Longs("shape", [2], 2, 3)]);
        yield return Float("GatherND", [["n", 3]], [Longs("indices", [1, 2], 0, 1)]);
        yield return Float("ScatterND", [[4]], [Longs("indices", [2, 1], 0, 3), Floats("updates", [2], 5, 6)]);
        yield return Float("OneHot", [], [Longs("ids", [2], 0, 2), Longs("depth", [], 3), Floats("values", [2], 0, 1)]);
        yield return Float("Split", [["n", 6]], [], Int("axis", 1), Int("num_outputs", 1));
        yield return Float("Concat", [["n", 2], ["n", 3]], [], Int("axis", 1));
        yield return Float("Max", [["n", 2], ["n", 2], ["n", 2]], []);
        yield return Float("Mean", [["n", 2], ["n", 2]], []);
        yield return Float("Einsum", [["n", 2], [2, 3]], [], Text("equation", "ij,jk->ik"));
        yield return Float("ReduceSum", [["n", 2, 3]], [Longs("axes", [1], 1)], Int("keepdims", 0));
        yield return Float("CumSum", [["n", 3]], [Longs("axis", [], 1)]);
        yield return Float("Transpose", [["n", 2, 3]], [], Ints("perm", 2, 0, 1));
        yield return Float(
            "BatchNormalization", [["n", 2, 3]], [Floats("s", [2], 1, 2), Floats("b", [2], 0, 1), Floats("m", [2], 0, 0), Floats("v", [2], 1, 1)]);
        yield return Float("LayerNormalization", [["n", 3]], [Floats("s", [3], 1, 2, 3)], Int("axis", -1));
        yield return Float("Softmax", [["n", 3]], [], Int("axis", -1));
        yield return Float("DepthToSpace", [[1, 4, 2, 2]], [], Int("blocksize", 2));
        yield return Float("LRN", [["n", 3, 2, 2]], [], Int("size", 3));
        yield return Float("GridSample", [[1, 1, 3, 3], [1, 2, 2, 2]], []);
        yield return Float("DFT", [[1, 4, 1]], [Longs("length", [], 4)]);
        yield return Float("NonMaxSuppression", [[1, 3, 4], [1, 1, 3]], [Longs("most", [1], 2)]);
        yield return Float("Upsample", [[1, 1, 2]], [Floats("scales", [3], 1, 1, 2)], ["y"], 9);
    }

    /// <summary>One node over float inputs and constants; its first output is the graph's.</summary>
    private static ModelProto Float(string type, object[][] inputs, TensorProto[] constants, params AttributeProto[] attributes) =>
        Float(type, inputs, constants, ["y"], 21, attributes);

    private static ModelProto Float(
        string type, object[][] inputs, TensorProto[] constants, string[] outputs, long opset = 21, params AttributeProto[] attributes)
    {
        var graph = new GraphProto { Output = { new ValueInfoProto { Name = "y" } } };
        for (var i = 0; i < inputs.Length; i++) graph.Input.Add(Value("x" + i, DataType.Float, inputs[i]));
        graph.Initializer.Add(constants);
        graph.Node.Add(Node(type, [.. graph.Input.Select(input => input.Name), .. constants.Select(constant => constant.Name)], outputs, attributes));
        return Model(graph, opset);
    }

    private static float[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => (i % 7) - 3f)];

    private static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    private static AttributeProto Text(string name, string value) => new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };
}
