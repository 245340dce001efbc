using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Verify;

/// <summary>
/// Sums of products of 8-bit integers: on x86 processors without VNNI instructions, ONNX Runtime adds products of uint8 and int8 in pairs that saturate at
/// 2^15.
/// </summary>
internal static class SaturatingSums
{
    private static readonly FrozenSet<string> s_operators = FrozenSet.Create(
        StringComparer.Ordinal, "ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv", "QLinearMatMul", "QuantizeLinear");

    /// <summary>A sentence for the message about a difference; empty if the file has no such sums.</summary>
    public static string RemedyFor(ModelProto file) => file.Graph.Node.Any(node => s_operators.Contains(node.OpType))
        ? " On x86 processors without VNNI instructions, ONNX Runtime's sums of 8-bit products saturate, which is such a difference: quantize weights to 7 "
            + "bits (reduce_range), or compare on another machine."
        : "";
}
