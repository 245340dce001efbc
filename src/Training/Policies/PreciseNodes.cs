using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Policies;

/// <summary>
/// Finds the nodes whose values address elements or count something: pixel coordinates, token ids, positions. They compute in float32 under every policy,
/// because the nearest 16-bit number of a coordinate or an id is another pixel or another token: from 257 on in bfloat16, from 2049 on in float16.
/// </summary>
/// <remarks>
/// What a value is for follows from where it comes from and where it goes.
/// 1. Whatever is computed from constants, integers, booleans and random numbers alone is no activation.
/// 2. Whatever becomes an integer or a boolean, or is compared for equality, must arrive there unrounded. This holds for all that it is computed from, back to
///    operators that read weights: their results are activations, which a policy rounds.
/// 3. Whatever is computed from such values alone is of their kind, such as the distance of a coordinate from the pixel to its left.
/// </remarks>
internal static class PreciseNodes
{
    public static HashSet<Node> Of(Graph graph)
    {
        var precise = Addressing(graph);
        var values = new HashSet<Value>();
        foreach (var node in graph.Nodes)
        {
            var isPrecise = precise.Contains(node) || node.Op is Constant || (node.Op is not SourceOp && FloatingInputs(node).All(values.Contains));
            if (!isPrecise) continue;
            precise.Add(node);
            values.UnionWith(node.Outputs);
        }

        return precise;
    }

    /// <summary>The nodes between weights or inputs and the values that must arrive unrounded.</summary>
    private static HashSet<Node> Addressing(Graph graph)
    {
        var wanted = new HashSet<Value>();
        var nodes = new HashSet<Node>();
        foreach (var node in graph.Nodes.Reverse())
        {
            if (node.Op is Equal or Cast && !node.Outputs[0].Spec.Type.IsFloating())
            {
                wanted.UnionWith(FloatingInputs(node));
            }
            else if (node.Outputs.Any(wanted.Contains) && !node.Inputs.Any(input => input.Producer.Op is Variable))
            {
                nodes.Add(node);
                wanted.UnionWith(FloatingInputs(node));
            }
        }

        return nodes;
    }

    private static IEnumerable<Value> FloatingInputs(Node node) =>
        node.Inputs.Where((input, i) => input.Spec.Type.IsFloating() && !node.Op.ReadsOnlyShapeOf(i));
}
