using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Ranks: lists with one number per axis are bounded as that of any tensor, and inputs whose axes a kernel reads have them.</summary>
/// <remarks>
/// ONNX Runtime 1.31 spends minutes inferring shapes of 1e8 axes from a Reshape whose shape is an input of that length, and ends the process where the window
/// of an STFT is a scalar. Ranks that a run brings: <see cref="Runtime.FragileOperators"/>.
/// </remarks>
internal static class RankGuard
{
    public static void Check(NodeProto node, KnownConstants constants, GuardContext context)
    {
        if (DomainGuard.Normalize(node.Domain).Length > 0) return;
        (int First, int Last, int PerAxis) lists = node.OpType switch
        {
            "ConstantOfShape" => (0, 0, 1),
            "Reshape" or "Expand" or "Tile" or "Upsample" or "CenterCropPad" or "AffineGrid" or "Squeeze" or "Unsqueeze" or "Col2Im" => (1, 1, 1),
            "Slice" => (1, 4, 1),
            "Pad" => (1, 1, 2),
            "Resize" => (1, 3, 2),
            "MaxUnpool" => (2, 2, 1),
            _ when node.OpType.StartsWith("Reduce", StringComparison.Ordinal) => (1, 1, 1),
            _ => (0, -1, 0),
        };
        for (var input = 0; input < node.Input.Count; input++)
        {
            if (constants.RankOf(node, input) is { } rank && RequiredRank.Of(node, input) is { } required && !required.Allows(rank))
                throw context.Refuse($"input {input} of {GuardContext.Describe(node)} has the rank {rank}, expected {required}");
        }

        for (var input = lists.First; input <= lists.Last; input++)
        {
            var length = constants.LengthOf(node, input);
            if (length > (long)lists.PerAxis * context.Limits.MaxRank)
            {
                throw context.RefuseBeyond(
                    $"{GuardContext.Describe(node)} takes a list of {length} numbers for at most {context.Limits.MaxRank} axes",
                    nameof(OnnxFileLimits.MaxRank));
            }
        }
    }
}
