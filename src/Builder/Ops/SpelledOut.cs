using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>
/// Finds operators that a graph spells out in arithmetic, as files of other programs do, and computes them as such. The match is made at the last node; nodes
/// before it stay for those who read them.
/// </summary>
internal static class SpelledOut
{
    /// <summary>The values that replace a node's outputs; null if it ends nothing that is known.</summary>
    /// <param name="node">The node.</param>
    /// <param name="given">Its inputs as far as they are replaced.</param>
    public static IReadOnlyList<Value>? Of(Node node, IReadOnlyList<Value> given)
    {
        if (node.Op is not (Add or Sub or Mul or Div) || node.Outputs[0].Spec.Type != DType.Float32) return null;
        if (SpelledLayerNormalization.Extended(node, given) is { } longer) return [longer.Value];
        var reach = Formula.Reach(given);
        if (!reach.Exists(value => SpelledLayerNormalization.IsRoot(value) || SpelledGelu.IsCurve(value))) return null;
        var y = node.WithInputs(given).Outputs[0];
        return (SpelledGelu.Of(y, reach) ?? SpelledLayerNormalization.Of(y, reach)) is { } found ? [found.Value] : null;
    }
}
