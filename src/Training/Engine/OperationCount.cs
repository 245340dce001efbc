using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>Counts the multiplications and additions of a graph, as <see cref="MultiplyAdds"/> does for a node.</summary>
internal static class OperationCount
{
    public static double Of(Graph graph, IReadOnlyList<TensorSpec> inputs)
    {
        var (stands, map) = new Simplifier(null).Run(graph, inputs);
        return Graph.Between(stands, [.. graph.Outputs.Select(output => map[output])]).Nodes.Sum(node => 2 * MultiplyAdds.Of(node, shape => shape));
    }
}
