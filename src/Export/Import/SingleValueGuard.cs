using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Inputs that are one number: a constant there holds exactly one.</summary>
/// <remarks>ONNX Runtime 1.31 reads the first element of such a constant when it infers shapes, and ends the process if there is none.</remarks>
internal static class SingleValueGuard
{
    public static void Check(NodeProto node, KnownConstants constants, GuardContext context)
    {
        if (DomainGuard.Normalize(node.Domain).Length > 0) return;
        ReadOnlySpan<int> inputs = node.OpType switch
        {
            "HannWindow" or "HammingWindow" or "BlackmanWindow" or "If" => [0],
            "Loop" => [0, 1],
            "Range" => [0, 1, 2],
            "MelWeightMatrix" => [0, 1, 2, 3, 4],
            "OneHot" or "TopK" or "CumSum" or "CumProd" or "Trilu" or "SequenceAt" or "SequenceErase" => [1],
            "Clip" or "Dropout" or "DFT" => [1, 2],
            "STFT" => [1, 3],
            "Pad" or "SequenceInsert" => [2],
            "NonMaxSuppression" => [2, 3, 4],
            _ => [],
        };
        foreach (var input in inputs)
        {
            if (constants.DimsOf(node, input) is not { } dims || dims.All(dim => dim == 1)) continue;
            throw context.Refuse($"input {input} of {GuardContext.Describe(node)} has the shape ({string.Join(", ", dims)}), expected one number");
        }
    }
}
