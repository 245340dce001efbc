namespace OnnxFunctional.Training;

/// <summary>Which node of a graph each node of its gradients belongs to.</summary>
internal sealed class GradientOrigins
{
    private readonly HashSet<Node> _forward = [];
    private readonly Dictionary<Node, Node> _origins = [];

    /// <summary>The nodes of gradients, with the nodes that they differentiate.</summary>
    public IReadOnlyDictionary<Node, Node> All => _origins;

    /// <summary>Takes note of the nodes that are differentiated.</summary>
    public void Differentiate(Graph graph) => _forward.UnionWith(graph.Nodes);

    /// <summary>Takes note that all nodes of a gradient that are new belong to a node.</summary>
    public void Add(Value gradient, Node differentiated)
    {
        var stack = new Stack<Node>([gradient.Producer]);
        while (stack.TryPop(out var node))
        {
            if (_forward.Contains(node) || !_origins.TryAdd(node, differentiated)) continue;
            foreach (var input in node.Inputs) stack.Push(input.Producer);
        }
    }
}
