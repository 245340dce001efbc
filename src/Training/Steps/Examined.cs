namespace OnnxFunctional.Training;

/// <summary>A value that a diagnosis examines.</summary>
/// <param name="Call">The call of a layer whose output it is; null if it is part of the loss.</param>
/// <param name="What">What it is, in a message.</param>
/// <param name="Value">The value.</param>
internal sealed record Examined(LayerCall? Call, string What, Value Value)
{
    /// <summary>The outputs of layers that a graph computes, in its order.</summary>
    public static List<Examined> Layers(IReadOnlyList<LayerCall> calls, Graph graph)
    {
        var inside = graph.Nodes.SelectMany(node => node.Outputs).ToHashSet();
        return
        [
            .. from call in calls
               from output in call.Outputs
               where output.DType == DType.Float32 && inside.Contains(output.Value)
               select new Examined(call, $"output of layer '{call.Path}' ({call.Layer.ClassName})", output.Value),
        ];
    }
}
