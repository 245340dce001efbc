using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training.Profiling;

/// <summary>Finds whose work the nodes of a step are, and those that the planner makes of them.</summary>
internal sealed class Owners
{
    private readonly Model _model;
    private readonly CallNames _names;
    private readonly Dictionary<Node, Owner> _owners = [];
    private readonly Dictionary<Node, ModelStep> _operators;

    private Owners(Model model, IEnumerable<(ModelStep Step, Value Value)> operators)
    {
        _model = model;
        _names = new CallNames(model);
        _operators = operators.Where(entry => entry.Value.Producer.Op is not SourceOp)
            .DistinctBy(entry => entry.Value.Producer).ToDictionary(entry => entry.Value.Producer, entry => entry.Step);
    }

    /// <summary>Those of a training step that was built to be examined.</summary>
    public static Owners Of(Model model, StepGraph graph)
    {
        var owners = new Owners(model, graph.Operators);
        var learned = graph.Gradients.Select(entry => entry.Weight).ToHashSet();
        var states = graph.Updates.Where(update => update.Weight.Owner is not null && !learned.Contains(update.Weight)).ToList();
        owners.Forward(Graph.Between(graph.Inputs, [graph.Outputs[0], .. states.Select(update => update.Value)]), Owner.Loss);
        owners.Forward(Graph.Between(graph.Inputs, graph.Outputs), Owner.Metrics);
        owners.Backward(graph);
        owners.Update(graph);
        return owners;
    }

    /// <summary>Those of a model's predictions.</summary>
    public static Owners Of(Model model, Graph graph, IEnumerable<(ModelStep Step, Value Value)> operators)
    {
        var owners = new Owners(model, operators);
        owners.Forward(graph, new Owner(model.Name, model.ClassName, ProfilePhase.Forward));
        return owners;
    }

    /// <summary>Whose work each node is that the kernels of a plan compute.</summary>
    public Dictionary<Node, Owner> InPlan(PlanTrace trace)
    {
        // Equal nodes become one: it belongs to the first, in the order forward, backward, update.
        var found = new Dictionary<Node, Owner>();
        var replaced = new List<Node>();
        foreach (var phase in Enum.GetValues<ProfilePhase>())
        {
            foreach (var (node, owner) in _owners.Where(entry => entry.Value.Phase == phase))
            {
                foreach (var output in node.Outputs)
                {
                    if (!trace.Simplified.TryGetValue(output, out var stands) || !found.TryAdd(stands.Producer, owner)) continue;
                    if (stands.Producer.Op.GetType() != node.Op.GetType()) replaced.Add(stands.Producer);
                }
            }
        }

        // A convolution that took in the normalization after it is still the convolution's, and a pooling's gradient the pooling's.
        var originals = found.Keys.Except(replaced).Where(node => node.Inputs.Count > 0)
            .DistinctBy(node => (node.Op, node.Inputs[0])).ToDictionary(node => (node.Op, node.Inputs[0]));
        foreach (var node in replaced)
        {
            if (node.Inputs.Count > 0 && originals.TryGetValue((node.Op, node.Inputs[0]), out var original)) found[node] = found[original];
        }

        // What the planner puts in place of an operator belongs to whoever reads it.
        var readers = new Dictionary<Node, Owner>();
        foreach (var node in trace.Kernels.SelectMany(kernel => kernel.Nodes).Reverse())
        {
            if (!found.TryGetValue(node, out var owner))
                found[node] = owner = node.Scope is { } call ? Of(call) : readers.GetValueOrDefault(node) ?? Owner.Optimizer;
            foreach (var input in node.Inputs) readers.TryAdd(input.Producer, owner);
        }

        return found;
    }

    private void Forward(Graph graph, Owner others)
    {
        foreach (var node in graph.Nodes)
        {
            if (node.Op is SourceOp) continue;
            _owners.TryAdd(node, node.Scope is { } call ? Of(call)
                : _operators.TryGetValue(node, out var step) ? new Owner(step.Name, step.Node!.Op.Name, ProfilePhase.Forward)
                : others);
        }
    }

    private void Backward(StepGraph graph)
    {
        foreach (var (node, differentiated) in graph.Origins!.All)
        {
            if (node.Op is not SourceOp) _owners.TryAdd(node, (_owners.GetValueOrDefault(differentiated) ?? Owner.Loss) with { Phase = ProfilePhase.Backward });
        }
    }

    /// <summary>What computes the next value of one layer's weights belongs to the layer; what several layers' need belongs to the optimizer.</summary>
    private void Update(StepGraph graph)
    {
        var given = _owners.Keys.ToHashSet();
        var weights = _model.WeightPaths().ToDictionary(entry => entry.Path, entry => entry.Weight);
        foreach (var (weight, value) in graph.Updates)
        {
            var owner = LearnedBy(weight) is { } path
                ? new Owner(path[..Math.Max(0, path.LastIndexOf('/'))], weights[path].Owner?.ClassName ?? "", ProfilePhase.Update)
                : Owner.Optimizer;
            var stack = new Stack<Node>([value.Producer]);
            while (stack.TryPop(out var node))
            {
                if (node.Op is SourceOp || given.Contains(node)) continue;
                if (_owners.TryGetValue(node, out var other))
                {
                    if (other == owner || other == Owner.Optimizer) continue;
                    _owners[node] = Owner.Optimizer;
                }
                else
                {
                    _owners[node] = owner;
                }

                foreach (var input in node.Inputs) stack.Push(input.Producer);
            }
        }

        // The name of an optimizer's slot begins with that of its weight.
        string? LearnedBy(Weight weight)
        {
            foreach (var (path, learned, _) in graph.Gradients)
            {
                if (learned == weight || weight.Name.StartsWith(path + "/", StringComparison.Ordinal)) return path;
            }

            return null;
        }
    }

    private Owner Of(LayerCall call) => new(_names.Of(call), call.Layer.ClassName, ProfilePhase.Forward);
}
