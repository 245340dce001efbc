namespace OnnxFunctional;

/// <summary>One application of an operator to values. Nodes are immutable; a pass that rewrites a graph creates new ones.</summary>
internal sealed class Node
{
    private Node(Op op, Value[] inputs, LayerCall? scope)
    {
        Op = op;
        Inputs = inputs;
        Scope = scope;
        Outputs = [];
    }

    public Op Op { get; }

    public IReadOnlyList<Value> Inputs { get; }

    public IReadOnlyList<Value> Outputs { get; private init; }

    /// <summary>The layer call whose Forward created the node, for names and messages.</summary>
    public LayerCall? Scope { get; }

    /// <summary>Applies an operator, whose shape rule determines the shapes and types of the outputs.</summary>
    /// <exception cref="ModelException">The inputs do not fit the operator.</exception>
    public static Node Create(Op op, IReadOnlyList<Value> inputs, LayerCall? scope)
    {
        var specs = new TensorSpec[inputs.Count];
        var values = new Value[inputs.Count];
        for (var i = 0; i < specs.Length; i++)
        {
            values[i] = inputs[i];
            specs[i] = inputs[i].Spec;
        }

        var results = Sizes.Checked(op, specs);
        var outputs = new Value[results.Length];
        var node = new Node(op, values, scope) { Outputs = outputs };
        for (var i = 0; i < outputs.Length; i++) outputs[i] = new Value(node, i, results[i] with { Shape = results[i].Shape.WithNewSymbols() });
        return node;
    }

    /// <summary>The same operator applied to other inputs.</summary>
    public Node WithInputs(IReadOnlyList<Value> inputs) => Create(Op, inputs, Scope);

    public override string ToString() => Op.Name + "(" + string.Join(", ", Inputs.Select(input => input.Spec)) + ")";
}

/// <summary>An edge of the graph: one output of one node.</summary>
internal sealed class Value(Node producer, int index, TensorSpec spec)
{
    public Node Producer { get; } = producer;

    public int Index { get; } = index;

    public TensorSpec Spec { get; } = spec;

    /// <summary>The source of the value, for messages.</summary>
    public string Origin => Producer.Op switch
    {
        Operators.Placeholder { Layer: var layer } => $"input '{layer.Name}'",
        Operators.Variable { Weight: var weight } => $"weight '{weight.Name}'",
        _ when Producer.Scope is { } scope => $"layer '{scope.Path}'",
        _ => "operator " + Producer.Op.Name,
    };

    public override string ToString() => $"{Spec} from {Origin}";
}
