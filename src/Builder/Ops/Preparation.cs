namespace OnnxFunctional;

/// <summary>What happens to the nodes of a model's graph where it is made ready to run, beside the choice of its phase.</summary>
internal static class Preparation
{
    /// <summary>The values that replace a node's outputs; null if none do.</summary>
    public static IReadOnlyList<Value>? Of(Node node, IReadOnlyList<Value> given) => Adaptation.Of(node, given) ?? SpelledOut.Of(node, given);
}
