using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>
/// Moves nodes that only prepare an operand to just before their first reader, so that both form one chain and the operand is never stored;
/// moves scalars to the front.
/// </summary>
/// <remarks>
/// Scalars computed from sources alone (Adam's corrected rate) come first: computed later, they would split the chain that reads them.
/// The gradient of a relu is <c>Where(Greater(y, 0), dy, 0)</c>. The comparison could run as soon as y exists, long before dy;
/// that early it takes a pass over y, and a mask in memory until dy is ready.
/// Only nodes whose inputs are kept anyway or cost nothing are moved: comparisons, broadcast scalars, conversions of masks.
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
            var isSingle = node.Outputs.All(output => output.Spec.Shape.ElementCount == 1) && node.Inputs.All(input => early.Contains(input.Producer));
            if (node.Op is SourceOp || isSingle) early.Add(node);
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
