namespace OnnxFunctional.Export.Emit;

/// <summary>The shape rules of a graph, run again for other shapes of its inputs.</summary>
internal static class ShapeInference
{
    /// <summary>The spec of every value.</summary>
    /// <exception cref="ModelException">The shapes do not fit an operator.</exception>
    public static Dictionary<Value, TensorSpec> Run(Graph graph, IReadOnlyList<Shape> inputs)
    {
        var specs = new Dictionary<Value, TensorSpec>();
        for (var i = 0; i < inputs.Count; i++) specs[graph.Inputs[i]] = graph.Inputs[i].Spec with { Shape = inputs[i] };
        foreach (var node in graph.Nodes)
        {
            var results = node.Op.Infer([.. node.Inputs.Select(input => specs[input])]);
            for (var i = 0; i < results.Length; i++) specs[node.Outputs[i]] = results[i];
        }

        return specs;
    }
}
