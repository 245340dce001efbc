namespace OnnxFunctional;

/// <summary>The values that replace the outputs of a node whose inputs are replaced by those given; null if none do.</summary>
internal delegate IReadOnlyList<Value>? Rewriting(Node node, IReadOnlyList<Value> given);

/// <summary>The nodes that compute output values from input values, in topological order: each node follows the producers of its inputs.</summary>
internal sealed class Graph
{
    private Graph(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs, IReadOnlyList<Node> nodes)
    {
        Inputs = inputs;
        Outputs = outputs;
        Nodes = nodes;
    }

    /// <summary>The values supplied by the caller; any value may be an input, not only placeholders.</summary>
    public IReadOnlyList<Value> Inputs { get; }

    public IReadOnlyList<Value> Outputs { get; }

    /// <summary>All nodes needed for the outputs, producers first, including sources (weights, constants) but not the producers of the inputs.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>The nodes that read a value, once for each time that they do.</summary>
    public ILookup<Value, Node> Readers =>
        field ??= Nodes.SelectMany(node => node.Inputs.Select(input => (input, node))).ToLookup(entry => entry.input, entry => entry.node);

    /// <summary>Walks back from the outputs to the inputs. The order is that of a depth-first walk, so it depends only on the graph.</summary>
    public static Graph Between(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs)
    {
        var boundary = new HashSet<Value>(inputs);
        var done = new HashSet<Node>();
        var nodes = new List<Node>();
        var stack = new Stack<(Node Node, int Next)>();
        foreach (var output in outputs)
        {
            if (boundary.Contains(output) || !done.Add(output.Producer)) continue;
            stack.Push((output.Producer, 0));
            while (stack.Count > 0)
            {
                var (node, next) = stack.Pop();
                if (next == node.Inputs.Count)
                {
                    nodes.Add(node);
                    continue;
                }

                stack.Push((node, next + 1));
                var input = node.Inputs[next];
                if (!boundary.Contains(input) && done.Add(input.Producer)) stack.Push((input.Producer, 0));
            }
        }

        return new(inputs, outputs, nodes);
    }

    /// <summary>Placeholders that the outputs need but that are not among the inputs.</summary>
    public IEnumerable<Node> MissingInputs() => Nodes.Where(node => node.Op is Operators.Placeholder);

    /// <summary>All layer calls that created nodes of the graph, in graph order.</summary>
    public IReadOnlyList<LayerCall> Calls()
    {
        var calls = new List<LayerCall>();
        var seen = new HashSet<LayerCall>();
        foreach (var node in Nodes)
        {
            for (var call = node.Scope; call is not null; call = call.Parent)
            {
                if (seen.Add(call)) calls.Add(call);
            }
        }

        return calls;
    }

    /// <summary>
    /// Rebuilds the graph node by node: <paramref name="rule"/> returns the values that replace a node's outputs, or null to apply the node's operator
    /// to the new inputs.
    /// </summary>
    /// <returns>The replacement of each value of this graph.</returns>
    public Dictionary<Value, Value> Rewrite(
        Rewriting rule,
        IReadOnlyDictionary<Value, Value>? replacedInputs = null)
    {
        var map = new Dictionary<Value, Value>();
        foreach (var input in Inputs) map[input] = replacedInputs?.GetValueOrDefault(input) ?? input;
        foreach (var node in Nodes)
        {
            var changed = false;
            var inputs = new Value[node.Inputs.Count];
            for (var i = 0; i < inputs.Length; i++)
            {
                inputs[i] = map[node.Inputs[i]];
                changed |= !ReferenceEquals(inputs[i], node.Inputs[i]);
            }

            var outputs = rule(node, inputs) ?? (changed ? node.WithInputs(inputs).Outputs : node.Outputs);
            for (var i = 0; i < node.Outputs.Count; i++) map.TryAdd(node.Outputs[i], outputs[i]);
        }

        return map;
    }
}
