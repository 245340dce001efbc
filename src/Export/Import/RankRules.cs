using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>The ranks of what operators compute, as far as ranks and constants tell them.</summary>
internal static class RankRules
{
    /// <summary>The rank of an output; null if it is not known.</summary>
    public static int? Of(NodeProto node, int output, KnownConstants known)
    {
        if (DomainGuard.Normalize(node.Domain).Length > 0) return null;
        var first = known.RankOf(node, 0);
        return node.OpType switch
        {
            "Split" or "TopK" => first,
            _ when output > 0 => null,
            "Abs" or "Acos" or "Acosh" or "Asin" or "Asinh" or "Atan" or "Atanh" or "Bernoulli" or "BitwiseNot" or "Cast" or "CastLike" or "Ceil" or "Celu"
                or "Clip" or "Concat" or "Cos" or "Cosh" or "CumProd" or "CumSum" or "DequantizeLinear" or "Dropout" or "Elu" or "Erf" or "Exp" or "EyeLike"
                or "Floor" or "Gelu" or "Hardmax" or "HardSigmoid" or "HardSwish" or "Identity" or "IsInf" or "IsNaN" or "LayerNormalization" or "LeakyRelu"
                or "Log" or "LogSoftmax" or "LpNormalization" or "Mish" or "Neg" or "Not" or "Pad" or "PRelu" or "QuantizeLinear" or "RandomNormalLike"
                or "RandomUniformLike" or "Reciprocal" or "Relu" or "ReverseSequence" or "Round" or "ScatterElements" or "ScatterND" or "Selu" or "Shrink"
                or "Sigmoid" or "Sign" or "Sin" or "Sinh" or "Slice" or "Softmax" or "Softplus" or "Softsign" or "Sqrt" or "Tan" or "Tanh" or "ThresholdedRelu"
                or "Tile" or "Transpose" or "Trilu" => first,
            "Add" or "And" or "BitShift" or "BitwiseAnd" or "BitwiseOr" or "BitwiseXor" or "Div" or "Equal" or "Greater" or "GreaterOrEqual" or "Less"
                or "LessOrEqual" or "Max" or "Mean" or "Min" or "Mod" or "Mul" or "Or" or "Pow" or "Sub" or "Sum" or "Where" or "Xor" => Broadcast(node, known),
            "Size" => 0,
            "BlackmanWindow" or "HammingWindow" or "HannWindow" or "Range" or "Shape" => 1,
            "Flatten" or "Gemm" or "NonZero" => 2,
            "ConstantOfShape" => Length(node, 0, known),
            "Reshape" => Length(node, 1, known),
            "Expand" when first is { } rank && Length(node, 1, known) is { } axes => Math.Max(rank, axes),
            "Gather" when first is { } rank && known.RankOf(node, 1) is { } indices => rank + indices - 1,
            "Unsqueeze" when first is { } rank && AxesOf(node, known) is { } axes => rank + axes,
            "Squeeze" when first is { } rank && AxesOf(node, known) is { } axes => rank - axes,
            "ArgMax" or "ArgMin" => Keeps(node) ? first : first - 1,
            _ when node.OpType.StartsWith("Reduce", StringComparison.Ordinal) => Reduced(node, first, known),
            _ => null,
        };
    }

    private static int? Broadcast(NodeProto node, KnownConstants known)
    {
        int? result = 0;
        for (var input = 0; input < node.Input.Count; input++)
        {
            if (known.RankOf(node, input) is not { } rank) return null;
            result = Math.Max(result.Value, rank);
        }

        return result;
    }

    private static int? Reduced(NodeProto node, int? rank, KnownConstants known)
    {
        if (Keeps(node)) return rank;
        if (AxesOf(node, known) is not { } axes) return null;
        if (axes > 0) return rank - axes;
        var isNothing = node.Attribute.Any(attribute => attribute.Name == "noop_with_empty_axes" && attribute.I != 0);
        return isNothing ? rank : 0;
    }

    private static bool Keeps(NodeProto node) => !node.Attribute.Any(attribute => attribute.Name == "keepdims" && attribute.I == 0);

    /// <summary>How many axes a node names, as an attribute or an input; 0 if it names none, null if that is computed.</summary>
    private static int? AxesOf(NodeProto node, KnownConstants known)
    {
        if (node.Attribute.FirstOrDefault(attribute => attribute.Name == "axes") is { } axes) return axes.Ints.Count;
        return node.Input.Count > 1 && node.Input[1].Length > 0 ? Length(node, 1, known) : node.OpType == "Squeeze" ? null : 0;
    }

    /// <summary>How many numbers a list has. In a declared shape 0 stands for an open length.</summary>
    private static int? Length(NodeProto node, int input, KnownConstants known) => known.DimsOf(node, input) is [var stored]
        ? (int)Math.Min(stored, int.MaxValue)
        : known.LengthOf(node, input) is > 0 and var length ? (int)Math.Min(length, int.MaxValue) : null;
}
