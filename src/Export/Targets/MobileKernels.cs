using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Targets;

/// <summary>Nodes that Core ML and NNAPI take, by ONNX Runtime's own lists (coreml_supported_mlprogram_ops.md, nnapi_supported_ops.md).</summary>
internal static class MobileKernels
{
    private static readonly FrozenSet<string> s_coreML = Words(
        "Add ArgMax AveragePool Cast Ceil Clip Concat Conv ConvTranspose Cos DepthToSpace Div Elu Erf Exp GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool "
        + "GridSample HardSigmoid Identity InstanceNormalization LayerNormalization LeakyRelu MatMul Max MaxPool Mul Pow PRelu Range Reciprocal ReduceMax "
        + "ReduceMean ReduceSum Relu Reshape Resize Round Shape Sigmoid Sin Slice Softmax Softplus Split Sqrt Squeeze Sub Tanh Tile Transpose Unsqueeze");

    private static readonly FrozenSet<string> s_nnapi = Words(
        "Abs Add AveragePool Cast Clip Concat Conv DepthToSpace DequantizeLinear Div Elu Exp Flatten Floor Gather Gemm GlobalAveragePool GlobalMaxPool "
        + "Identity Log MatMul Max MaxPool Min Mul Neg Pad Pow PRelu QLinearConv QLinearMatMul QuantizeLinear Relu Reshape Resize Sigmoid Sin "
        + "Slice Softmax Sqrt Squeeze Sub Tanh Transpose Unsqueeze");

    /// <summary>All operators that the lists name.</summary>
    public static IEnumerable<string> Names => s_coreML.Concat(s_nnapi);

    /// <summary>Why Core ML does not take a node; null if it does.</summary>
    public static string? NotOfCoreML(NodeProto node, FileTypes types) =>
        !s_coreML.Contains(node.OpType) ? "is not taken"
        : Other(node, types, DataType.Float, DataType.Float16, DataType.Int32, DataType.Int64) ?? node.OpType switch
        {
            "Conv" when Extents(node) > 2 => "is taken for sequences and images only",
            "AveragePool" or "MaxPool" when Extents(node) != 2 => "is taken for images only",
            "GlobalAveragePool" or "GlobalMaxPool" when types.RankOf(node.Input[0]) is not (null or 4) => "is taken for images only",
            "ConvTranspose" when node.Input.Skip(1).Any(input => !types.IsConstant(input)) => "is taken with a constant kernel only",
            "ConvTranspose" when node.Attribute.Any(attribute => attribute.Name == "output_padding" && attribute.Ints.Any(size => size != 0)) =>
                "is not taken with an output padding",
            "Gemm" when !types.IsConstant(node.Input[1]) => "is taken with a constant kernel only",
            "Pow" when node.Input.Any(input => types.TypeOf(input) != DataType.Float) => "is taken for Float only",
            "Slice" or "Split" when node.Input.Skip(1).Any(input => input.Length > 0 && !types.IsConstant(input)) => "is taken with constant bounds only",
            _ => null,
        };

    /// <summary>Why NNAPI does not take a node; null if it does.</summary>
    public static string? NotOfNnapi(NodeProto node, FileTypes types) =>
        !s_nnapi.Contains(node.OpType) ? "is not taken"
        : Other(node, types, DataType.Float, DataType.Uint8, DataType.Int8, DataType.Int32) ?? node.OpType switch
        {
            "Conv" or "AveragePool" or "MaxPool" when Extents(node) != 2 => "is taken for images only",
            "GlobalAveragePool" or "GlobalMaxPool" or "Resize" when types.RankOf(node.Input[0]) is not (null or 4) => "is taken for images only",
            "Conv" when node.Input.Skip(1).Any(input => !IsStored(input, types)) => "is taken with a constant kernel only",
            "DepthToSpace" when node.Attribute.Any(attribute => attribute.Name == "mode" && attribute.S.ToStringUtf8() != "DCR") => "is taken in mode DCR only",
            "Gather" when types.TypeOf(node.Input[1]) != DataType.Int32 && !types.IsConstant(node.Input[1]) => "is taken with int32 indices only",
            "Pad" when node.Attribute.Any(attribute => attribute.Name == "mode" && attribute.S.ToStringUtf8() != "constant") => "is taken with constants only",
            _ => null,
        };

    /// <summary>Whether a kernel is a constant; one of integers is a constant behind DequantizeLinear.</summary>
    private static bool IsStored(string input, FileTypes types) => types.IsConstant(input)
        || types.Nodes.Any(other => other.OpType == "DequantizeLinear" && other.Output[0] == input && types.IsConstant(other.Input[0]));

    private static string? Other(NodeProto node, FileTypes types, params DataType[] taken) =>
        node.OpType != "Cast" && node.Input.Count > 0 && types.TypeOf(node.Input[0]) is { } type && !taken.Contains(type) ? $"is not taken for {type}" : null;

    private static int Extents(NodeProto node) => node.Attribute.FirstOrDefault(attribute => attribute.Name == "kernel_shape")?.Ints.Count ?? 0;

    private static FrozenSet<string> Words(string text) => text.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
