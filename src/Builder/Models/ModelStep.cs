namespace OnnxFunctional;

/// <summary>One step of a model on its outermost level: an input, a call of a layer, or a bare operator such as a sum.</summary>
internal sealed class ModelStep(LayerBase? layer, LayerCall? call, Node? node, IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs)
{
    public LayerBase? Layer { get; } = layer;

    public LayerCall? Call { get; } = call;

    /// <summary>The node of a bare operator.</summary>
    public Node? Node { get; } = node;

    public IReadOnlyList<Value> Inputs { get; } = inputs;

    public IReadOnlyList<Value> Outputs { get; } = outputs;

    public string Name { get; set; } = "";

    public bool IsInput => Inputs.Count == 0 && Call is null && Node is null;

    public bool Produces(Value value) => Outputs.Contains(value);
}

/// <summary>Finds the steps of a model and puts them in Keras' order.</summary>
internal static class ModelSteps
{
    /// <summary>Keras' map_graph: steps farthest from the outputs come first; at equal distance, the order of a walk from the outputs decides.</summary>
    public static IReadOnlyList<ModelStep> InKerasOrder(Model model)
    {
        var producers = new Dictionary<Value, ModelStep>();
        var boundary = new HashSet<Value>();
        foreach (var input in model.Inputs)
        {
            var value = input.Value;
            if (!boundary.Add(value)) continue;
            var layer = value.Producer.Op is Operators.Placeholder placeholder
                ? placeholder.Layer
                : new InputLayer(value.Spec.Shape, value.Spec.Type, null);
            producers[value] = new ModelStep(layer, null, null, [], [value]);
        }

        foreach (var node in NodesOf(model))
        {
            // Weights and constants belong to their readers.
            if (node.Op is SourceOp) continue;
            ModelStep step;
            if (node.Scope is { } scope)
            {
                var call = scope.Outermost;
                if (call.Outputs.Any(output => producers.ContainsKey(output.Value) && !boundary.Contains(output.Value))) continue;
                step = new ModelStep(call.Layer, call, null, [.. call.Inputs.Select(input => input.Value)], [.. call.Outputs.Select(output => output.Value)]);
            }
            else
            {
                var inputs = node.Inputs.Where(input => input.Producer.Op is not SourceOp || boundary.Contains(input));
                step = new ModelStep(null, null, node, [.. inputs], node.Outputs);
            }

            foreach (var output in step.Outputs) producers.TryAdd(output, step);
        }

        // A layer may return its input unchanged; then the value keeps its first producer, and the later call is still a separate step.
        var order = new List<ModelStep>();
        var firstVisit = new Dictionary<object, int>();
        var finished = new HashSet<ModelStep>();
        foreach (var output in model.Outputs) Visit(output.Value);
        foreach (var input in model.Inputs) Visit(input.Value);

        var depths = new Dictionary<ModelStep, int>();
        var layerDepths = new Dictionary<object, int>();
        for (var i = order.Count - 1; i >= 0; i--)
        {
            var step = order[i];
            var depth = Math.Max(depths.GetValueOrDefault(step), layerDepths.GetValueOrDefault(Identity(step)));
            layerDepths[Identity(step)] = depth;
            depths[step] = depth;
            foreach (var input in step.Inputs)
            {
                if (producers.TryGetValue(input, out var parent) && parent != step) depths[parent] = Math.Max(depth + 1, depths.GetValueOrDefault(parent));
            }
        }

        return [.. order.OrderByDescending(step => layerDepths[Identity(step)]).ThenBy(step => firstVisit[Identity(step)])];

        // Uses an explicit stack, because recursion through a deep model would overflow the thread's.
        void Visit(Value value)
        {
            var stack = new Stack<(ModelStep Step, int Next)>();
            Enter(value);
            while (stack.TryPop(out var top))
            {
                if (top.Next == top.Step.Inputs.Count)
                {
                    order.Add(top.Step);
                    continue;
                }

                stack.Push((top.Step, top.Next + 1));
                Enter(top.Step.Inputs[top.Next]);
            }

            void Enter(Value reached)
            {
                if (!producers.TryGetValue(reached, out var step) || !finished.Add(step)) return;
                firstVisit.TryAdd(Identity(step), firstVisit.Count);
                stack.Push((step, 0));
            }
        }

        static object Identity(ModelStep step) => (object?)step.Layer ?? step;
    }

    /// <summary>
    /// The nodes of the model, and those behind tensors that a layer was called on but does not compute with, such as the mask of a layer that ignores it: in
    /// Keras they are steps as well, and a file refers to them.
    /// </summary>
    private static IReadOnlyList<Node> NodesOf(Model model)
    {
        var graph = model.Graph;
        var known = new HashSet<Value>(graph.Inputs);
        while (true)
        {
            foreach (var node in graph.Nodes) known.UnionWith(node.Outputs);
            var unused = graph.Nodes
                .Select(node => node.Scope?.Outermost)
                .OfType<LayerCall>()
                .Distinct()
                .SelectMany(call => call.Inputs.Select(input => input.Value))
                .Where(value => !known.Contains(value) && !Graph.Between(graph.Inputs, [value]).MissingInputs().Any())
                .ToList();
            if (unused.Count == 0) return graph.Nodes;
            graph = Graph.Between(graph.Inputs, [.. graph.Outputs, .. unused]);
        }
    }
}
