using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Targets;

/// <summary>
/// Nodes that the providers of graphics cards leave to the processor, from ONNX Runtime's table of kernels (docs/OperatorKernels.md): CUDA and DirectML.
/// </summary>
internal static class AcceleratorKernels
{
    private static readonly FrozenSet<string> s_notOfCuda = Words(
        "Acos Acosh Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Celu Col2Im ConvInteger Cosh Det DFT DynamicQuantizeLinear "
        + "GlobalLpPool Hardmax LabelEncoder LpNormalization LpPool MaxUnpool Mean MeanVarianceNormalization QLinearConv QLinearMatMul RegexFullMatch Sinh "
        + "STFT StringConcat StringNormalizer StringSplit Tan TfIdfVectorizer Unique");

    private static readonly FrozenSet<string> s_notOfDirectML = Words(
        "Bernoulli Compress Det Gelu LabelEncoder Loop Multinomial NonMaxSuppression RandomNormal RandomNormalLike RandomUniform RandomUniformLike "
        + "RegexFullMatch Scan StringConcat StringNormalizer StringSplit TfIdfVectorizer Unique");

    // Where CUDA's kernels take fewer element types than files hold; all of them take float and float16.
    private static readonly FrozenDictionary<string, DataType[]> s_typesOfCuda = new Dictionary<string, DataType[]>
    {
        ["ArgMax"] = [DataType.Double],
        ["ArgMin"] = [DataType.Double],
        ["Clip"] = [DataType.Double, DataType.Int64, DataType.Int8, DataType.Uint8],
        ["Equal"] = [DataType.Double, DataType.Bool, DataType.Int32, DataType.Int64],
        ["GatherND"] = [DataType.Double, DataType.Bool, DataType.Int64],
        ["Max"] = [DataType.Double, DataType.Int32, DataType.Int64],
        ["Min"] = [DataType.Double, DataType.Int32, DataType.Int64],
        ["Pad"] = [DataType.Double, DataType.Bool],
        ["ReduceL1"] = [DataType.Double, DataType.Int32],
        ["ReduceL2"] = [DataType.Double, DataType.Int32],
        ["ReduceMax"] = [DataType.Double, DataType.Int32, DataType.Int64],
        ["ReduceMean"] = [DataType.Double, DataType.Int32],
        ["ReduceMin"] = [DataType.Double, DataType.Int32, DataType.Int64, DataType.Int8, DataType.Uint8],
        ["ReduceProd"] = [DataType.Double, DataType.Int32],
        ["ReduceSum"] = [DataType.Double, DataType.Int32, DataType.Int64],
        ["ReduceSumSquare"] = [DataType.Double],
        ["Resize"] = [DataType.Double, DataType.Int32, DataType.Uint8],
        ["Tile"] = [DataType.Double, DataType.Int32, DataType.Int64],
        ["TopK"] = [DataType.Double, DataType.Int32, DataType.Int64],
    }.ToFrozenDictionary();

    /// <summary>All operators that the lists name.</summary>
    public static IEnumerable<string> Names => s_notOfCuda.Concat(s_notOfDirectML).Concat(s_typesOfCuda.Keys);

    /// <summary>Why CUDA has no kernel for a node; null if it has one.</summary>
    public static string? NotOfCuda(NodeProto node, FileTypes types)
    {
        if (s_notOfCuda.Contains(node.OpType)) return "has no kernel";
        if (node.Input.Count > 0 && types.TypeOf(node.Input[0]) is { } type)
        {
            if (s_typesOfCuda.TryGetValue(node.OpType, out var taken) && type is not (DataType.Float or DataType.Float16) && !taken.Contains(type))
                return $"has no kernel for {type}";
            if (node.OpType == "MatMulInteger" && type != DataType.Int8) return $"has no kernel for {type}";
        }

        return node.OpType switch
        {
            "Where" when types.TypeOf(node.Input[1]) is DataType.Bool or DataType.Int8 => $"has no kernel for {types.TypeOf(node.Input[1])}",
            "LSTM" or "GRU" or "RNN" when node.Attribute.Any(attribute => attribute.Name is "activations" or "activation_alpha" or "clip") =>
                "has a kernel for its usual activations only",
            "GRU" when node.Attribute.All(attribute => attribute.Name != "linear_before_reset" || attribute.I == 0) =>
                "has a kernel for resetAfter: true only",
            _ => null,
        };
    }

    /// <summary>Why DirectML has no kernel for a node; null if it has one.</summary>
    public static string? NotOfDirectML(NodeProto node, FileTypes types) =>
        s_notOfDirectML.Contains(node.OpType) ? "has no kernel"
        : node.OpType is not ("Cast" or "Identity" or "Reshape" or "Transpose") && node.Input.Any(input => types.TypeOf(input) == DataType.Double)
            ? "has no kernel for Double"
        : null;

    private static FrozenSet<string> Words(string text) => text.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
