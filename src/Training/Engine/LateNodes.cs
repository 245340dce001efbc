using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>Moves nodes that only prepare another's operand to right before their first reader, so that both are one chain and the operand never lies in memory; and single numbers to the front.</summary>
/// <remarks>
/// Single numbers made of sources alone (Adam's corrected rate) come first: computed later, they would cut the chain that reads them in two.
/// The gradient of a relu is <c>Where(Greater(y, 0), dy, 0)</c>. The comparison can be made as soon as y is there, long before dy; made that early it is a pass over y and a mask in memory until dy comes.
/// Only nodes whose inputs live on anyway or cost nothing are moved: comparisons, repeated numbers, conversions of masks.
/// </remarks>
internal static class LateNodes
{
    public static IReadOnlyList<Node> Order(IReadOnlyList<Node> nodes, IReadOnlyList<Value> kept)
    {
        var waiting = new Dictionary<Value, Node>();
        var keep = new HashSet<Value>(kept);
        var result = new List<Node>(nodes.Count);
        var early = new HashSet<Node>();
        foreach (var node in nodes)
        {
            if (node.Op is SourceOp || (node.Outputs.All(output => output.Spec.Shape.ElementCount == 1) && node.Inputs.All(input => early.Contains(input.Producer)))) early.Add(node);
        }

        result.AddRange(nodes.Where(early.Contains));
        foreach (var node in nodes)
        {
            if (early.Contains(node)) continue;
            if (Waits(node) && !keep.Contains(node.Outputs[0])) waiting[node.Outputs[0]] = node;
            else Emit(node);
        }

        foreach (var node in waiting.Values.ToArray()) Release(node.Outputs[0]);
        return result;

        void Emit(Node node)
        {
            foreach (var input in node.Inputs) Release(input);
            result.Add(node);
        }

        void Release(Value value)
        {
            if (waiting.Remove(value, out var node)) Emit(node);
        }
    }

    private static bool Waits(Node node) => node.Op is ComparisonOp or Not or ExpandLike || (node.Op is Cast && node.Inputs[0].Spec.Type == DType.Bool);
}
