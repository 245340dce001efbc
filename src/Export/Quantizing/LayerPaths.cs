namespace OnnxFunctional.Export.Quantizing;

/// <summary>The paths of the layers to which the nodes of a rewritten graph belong; of an operator that no layer made, its name in the model.</summary>
internal sealed class LayerPaths
{
    private readonly CallNames _names;
    private readonly Dictionary<Node, string> _operators = [];

    /// <param name="model">The model.</param>
    /// <param name="map">For its values, those of the graph.</param>
    public LayerPaths(Model model, IReadOnlyDictionary<Value, Value> map)
    {
        _names = new CallNames(model);
        foreach (var step in model.Steps.Where(step => step.Node is not null))
        {
            foreach (var output in step.Outputs)
            {
                if (map.TryGetValue(output, out var stands)) _operators.TryAdd(stands.Producer, step.Name);
            }
        }
    }

    public string Of(Node node) => node.Scope is { } call ? _names.Of(call) : _operators.GetValueOrDefault(node) ?? node.Op.Name;
}
