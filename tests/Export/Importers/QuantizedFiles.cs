using Google.Protobuf;
using OnnxFunctional.Export.Proto;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Small quantized files, in each form that quantizers write.</summary>
internal static class QuantizedFiles
{
    /// <summary>Convolution, pool and Gemm between QuantizeLinear and DequantizeLinear: int8 kernels with a scale for each channel, int32 biases.</summary>
    public static ModelProto Static()
    {
        var graph = new GraphProto
        {
            Input = { Value("x", DataType.Float, "n", 3, 9, 7) },
            Output = { Value("y", DataType.Float, "n", 5) },
            Initializer =
            {
                Floats("x_scale", [], 0.03f), Bytes("x_zero", DataType.Uint8, [], 121),
                Integers("kernel", DataType.Int8, [5, 3, 3, 3], 1), Floats("kernel_scale", [5], 0.01f, 0.02f, 0.005f, 0.03f, 0.01f),
                Bytes("kernel_zero", DataType.Int8, [5], 0, 0, 0, 0, 0),
                Whole("bias", 100, -50, 0, 7, 300), Floats("bias_scale", [5], 0.0003f, 0.0006f, 0.00015f, 0.0009f, 0.0003f),
                Floats("c_scale", [], 0.05f), Bytes("c_zero", DataType.Uint8, [], 0),
                Integers("weight", DataType.Int8, [5, 60], 2), Floats("weight_scale", [], 0.01f), Bytes("weight_zero", DataType.Int8, [], 3),
                Floats("y_scale", [], 0.5f), Bytes("y_zero", DataType.Uint8, [], 100),
            },
        };
        Quantize(graph, "x", "x");
        Dequantize(graph, "kernel", Attributes.Int("axis", 0));
        graph.Node.Add(Node("DequantizeLinear", ["bias", "bias_scale"], ["bias_dequantized"], Attributes.Int("axis", 0)));
        graph.Node.Add(Node(
            "Conv", ["x_dequantized", "kernel_dequantized", "bias_dequantized"], ["c0"], Ints("pads", 1, 1, 1, 1), Ints("kernel_shape", 3, 3)));
        graph.Node.Add(Node("Relu", ["c0"], ["c"]));
        Quantize(graph, "c", "c");
        graph.Node.Add(Node("MaxPool", ["c_dequantized"], ["p"], Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)));
        graph.Node.Add(Node("Flatten", ["p"], ["f"]));
        Dequantize(graph, "weight");
        graph.Node.Add(Node("Gemm", ["f", "weight_dequantized"], ["y0"], Attributes.Int("transB", 1)));
        graph.Node.Add(Node("QuantizeLinear", ["y0", "y_scale", "y_zero"], ["y_quantized"]));
        graph.Node.Add(Node("DequantizeLinear", ["y_quantized", "y_scale", "y_zero"], ["y"]));
        return Model(graph);
    }

    /// <summary>Operators of integers: quantized in, quantized out.</summary>
    public static ModelProto OfIntegers() => Model(new GraphProto
    {
        Input = { Value("image", DataType.Uint8, "n", 3, 5, 7) },
        Output = { Value("y", DataType.Uint8, "n", 7) },
        Initializer =
        {
            Floats("x_scale", [], 0.02f), Bytes("x_zero", DataType.Uint8, [], 128),
            Integers("kernel", DataType.Int8, [5, 3, 3, 3], 4), Floats("kernel_scale", [5], 0.01f, 0.02f, 0.005f, 0.03f, 0.01f),
            Bytes("kernel_zero", DataType.Int8, [5], 0, 0, 0, 0, 0), Whole("bias", 100, -50, 0, 7, 300),
            Floats("c_scale", [], 0.05f), Bytes("c_zero", DataType.Uint8, [], 17),
            Longs("flat", [2], -1, 75),
            Integers("weight", DataType.Int8, [75, 7], 5), Floats("weight_scale", [], 0.01f), Bytes("weight_zero", DataType.Int8, [], 0),
            Floats("y_scale", [], 0.4f), Bytes("y_zero", DataType.Uint8, [], 130),
        },
        Node =
        {
            Node("QLinearConv", ["image", "x_scale", "x_zero", "kernel", "kernel_scale", "kernel_zero", "c_scale", "c_zero", "bias"], ["c"]),
            Node("Reshape", ["c", "flat"], ["f"]),
            Node("QLinearMatMul", ["f", "c_scale", "c_zero", "weight", "weight_scale", "weight_zero", "y_scale", "y_zero"], ["y"]),
        },
    });

    /// <summary>What onnxruntime.quantization.quantize_dynamic writes for a Dense layer: activations are quantized by their own span.</summary>
    public static ModelProto Dynamic() => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "n", 17) },
        Output = { Value("y", DataType.Float, "n", 3) },
        Initializer =
        {
            Integers("w", DataType.Int8, [17, 3], 6), Floats("w_scale", [3], 0.01f, 0.02f, 0.03f), Bytes("w_zero", DataType.Int8, [3], 0, 0, 0),
            Floats("b", [3], 1, 2, 3),
        },
        Node =
        {
            Node("DynamicQuantizeLinear", ["x"], ["x_quantized", "x_scale", "x_zero"]),
            Node("MatMulInteger", ["x_quantized", "w", "x_zero", "w_zero"], ["whole"]),
            Node("Cast", ["whole"], ["product"], Attributes.Int("to", (int)DataType.Float)),
            Node("Mul", ["x_scale", "w_scale"], ["scale"]),
            Node("Mul", ["product", "scale"], ["scaled"]),
            Node("Add", ["scaled", "b"], ["y"]),
        },
    });

    /// <summary>A kernel of integers with a scale for each block of 8 rows, which is made floats before it is multiplied.</summary>
    public static ModelProto OfBlocks(DataType type) => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "n", 16) },
        Output = { Value("y", DataType.Float, "n", 6) },
        Initializer =
        {
            Integers("w", type, [16, 6], 7),
            Floats("w_scale", [2, 6], [.. Enumerable.Range(1, 12).Select(i => i / 50f)]),
            Floats("b", [6], 1, 2, 3, 4, 5, 6),
        },
        Node =
        {
            Node("DequantizeLinear", ["w", "w_scale"], ["w_floats"], Attributes.Int("axis", 0), Attributes.Int("block_size", 8)),
            Node("MatMul", ["x", "w_floats"], ["z"]),
            Node("Add", ["z", "b"], ["y"]),
        },
    });

    private static void Quantize(GraphProto graph, string tensor, string scale)
    {
        graph.Node.Add(Node("QuantizeLinear", [tensor, scale + "_scale", scale + "_zero"], [tensor + "_quantized"]));
        graph.Node.Add(Node("DequantizeLinear", [tensor + "_quantized", scale + "_scale", scale + "_zero"], [tensor + "_dequantized"]));
    }

    private static void Dequantize(GraphProto graph, string tensor, params AttributeProto[] attributes) =>
        graph.Node.Add(Node("DequantizeLinear", [tensor, tensor + "_scale", tensor + "_zero"], [tensor + "_dequantized"], attributes));

    /// <summary>
    /// Random integers. 8-bit ones are of 7 bits, as quantizers' reduce_range makes them: where processors lack VNNI, ONNX Runtime adds products of larger ones
    /// in pairs that saturate at 2^15.
    /// </summary>
    private static TensorProto Integers(string name, DataType type, long[] dims, int seed)
    {
        var (random, count) = (new Random(seed), (int)dims.Aggregate(1L, (product, dim) => product * dim));
        var bytes = new byte[type is DataType.Int4 or DataType.Uint4 ? (count + 1) / 2 : count];
        random.NextBytes(bytes);
        if (type == DataType.Int8) bytes = Array.ConvertAll(bytes, value => (byte)((sbyte)value / 2));
        return Bytes(name, type, dims, bytes);
    }

    private static TensorProto Bytes(string name, DataType type, long[] dims, params byte[] values) =>
        new() { Name = name, DataType = (int)type, Dims = { dims }, RawData = ByteString.CopyFrom(values) };

    private static TensorProto Whole(string name, params int[] values) =>
        new() { Name = name, DataType = (int)DataType.Int32, Dims = { values.Length }, Int32Data = { values } };
}
