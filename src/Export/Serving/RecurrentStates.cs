using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Serving;

/// <summary>The states of recurrent layers as inputs and outputs of a file, in place of zeros or of a state that the model keeps.</summary>
internal sealed class RecurrentStates
{
    private readonly CallNames _scopes;
    private readonly Dictionary<Node, string> _layers = [];
    private readonly List<(string Name, Value Value)> _inputs = [];
    private readonly List<(string Name, Value Value)> _outputs = [];

    /// <param name="model">The model.</param>
    /// <param name="graph">Its graph.</param>
    /// <param name="problems">Receives why states cannot be passed on, a sentence each.</param>
    public RecurrentStates(Model model, Graph graph, List<string> problems)
    {
        _scopes = new CallNames(model);
        var others = problems.Count;
        foreach (var node in graph.Nodes.Where(node => node.Op is RecurrentOp or Scan))
        {
            var path = node.Scope is { } scope ? _scopes.Of(scope) : node.Op.Name;
            var why = node.Op switch
            {
                Scan => "its cells are computed in a loop, whose states stay inside",
                RecurrentOp { Options.Reverse: true } => "it reads a sequence from its end, which a part of it does not have",
                RecurrentOp { Options.Masked: true } => "its steps are masked; pass sequences without masks",
                _ => null,
            };
            if (why is not null) problems.Add($"ExportOptions.RecurrentStates, layer '{path}': {why}.");
            else if (Begins((RecurrentOp)node.Op, node)) _layers[node] = path;
        }

        if (_layers.Count == 0 && problems.Count == others)
            problems.Add("ExportOptions.RecurrentStates: no LSTM, GRU or SimpleRNN begins with zeros or with a state of its own; leave it out.");
    }

    /// <summary>The inputs for states, in the order of layers.</summary>
    public IReadOnlyList<(string Name, Value Value)> Inputs => _inputs;

    /// <summary>The outputs of states, in the same order.</summary>
    public IReadOnlyList<(string Name, Value Value)> Outputs => _outputs;

    /// <summary>Which output each input takes for the next part.</summary>
    public IReadOnlyList<(string Input, string Output)> Names => [.. _inputs.Zip(_outputs, (input, output) => (input.Name, output.Name))];

    /// <summary>Gives recurrent operators their states from inputs.</summary>
    public IReadOnlyList<Value>? Rule(Node node, IReadOnlyList<Value> given)
    {
        if (!_layers.TryGetValue(node, out var path)) return null;
        var op = (RecurrentOp)node.Op;
        var shape = given[0].Spec.Shape;
        var state = Shape.Of(shape.Symbols[0], given[2].Spec.Shape.Dims[0]);
        Value[] states = [.. Enumerable.Range(0, op.States).Select(_ => new InputLayer(state, DType.Float32, null).Tensor.Value)];
        var weights = given.Take(3 + (op.Options.Bias ? 1 : 0));
        var made = Node.Create(op with { Options = op.Options with { InitialState = true } }, [.. weights, .. states], node.Scope);
        for (var i = 0; i < states.Length; i++)
        {
            var cell = i == 0 ? "" : "cell_";
            _inputs.Add(($"{path}/initial_{cell}state", states[i]));
            _outputs.Add(($"{path}/next_{cell}state", made.Outputs[1 + i]));
        }

        return made.Outputs;
    }

    /// <summary>Whether a layer begins with zeros, or with a state that it keeps from run to run.</summary>
    private static bool Begins(RecurrentOp op, Node node)
    {
        if (op.StateInput is not { } first) return true;
        var from = node.Inputs[first].Producer;
        while (from.Op is Identity) from = from.Inputs[0].Producer;
        return from.Op is Variable { Weight.IsState: true };
    }
}
