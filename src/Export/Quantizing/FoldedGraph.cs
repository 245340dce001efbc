using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>
/// A model's inference graph in which stored statistics are part of the convolution or product before them, and infinities around an image part of its pool.
/// </summary>
internal sealed class FoldedGraph
{
    private readonly Dictionary<Value, Value> _map;
    private readonly HashSet<Value> _static;

    public FoldedGraph(Model model)
    {
        Model = model;
        Inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var specialized = Specialization.Of(Inputs, outputs, training: false, rule: Adaptation.Of);
        var graph = Graph.Between(Inputs, [.. outputs.Select(output => specialized[output])]);
        var readers = graph.Nodes.SelectMany(node => node.Inputs).Concat(graph.Outputs).CountBy(value => value).ToDictionary();
        var folded = graph.Rewrite((node, given) => Fold(node, given, readers));
        _map = specialized.Where(entry => folded.ContainsKey(entry.Value)).ToDictionary(entry => entry.Key, entry => folded[entry.Value]);
        Outputs = [.. outputs.Select(output => _map[output])];
        Graph = Graph.Between(Inputs, Outputs);
        _static = Static(Graph);
    }

    private FoldedGraph(Model model, Value[] inputs, Value[] outputs, Dictionary<Value, Value> map)
    {
        (Model, Inputs, Outputs, _map) = (model, inputs, outputs, map);
        Graph = Graph.Between(inputs, outputs);
        _static = Static(Graph);
    }

    public Model Model { get; }

    public Value[] Inputs { get; }

    public Value[] Outputs { get; }

    public Graph Graph { get; }

    /// <summary>For values of the model, those of this graph.</summary>
    public IReadOnlyDictionary<Value, Value> Map => _map;

    /// <summary>Whether a value depends on weights and constants alone.</summary>
    public bool IsStatic(Value value) => _static.Contains(value);

    /// <summary>The numbers of all values that depend on weights and constants alone and that others read.</summary>
    public Dictionary<Value, float[]> Numbers()
    {
        Value[] values =
        [
            .. Graph.Nodes.Where(node => !IsStatic(node.Outputs[0])).SelectMany(node => node.Inputs).Concat(Outputs).Distinct()
                .Where(value => IsStatic(value) && value.Spec.Type == DType.Float32),
        ];
        return values.Zip(GraphRun.Static(Model, values)).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    /// <summary>The graph with constants for what is computed from weights alone; a weight itself stays one.</summary>
    public FoldedGraph Computed() => With(Numbers().Where(entry => entry.Key.Producer.Op is not SourceOp).ToDictionary());

    /// <summary>The graph with constants instead of some values that depend on weights alone.</summary>
    public FoldedGraph With(IReadOnlyDictionary<Value, float[]> numbers)
    {
        var changed = Graph.Rewrite((node, _) => node.Outputs.Count == 1 && numbers.TryGetValue(node.Outputs[0], out var data)
            ? Node.Create(new Constant(TensorData.Of(node.Outputs[0].Spec.Shape, data)), [], node.Scope).Outputs : null);
        var map = _map.Where(entry => changed.ContainsKey(entry.Value)).ToDictionary(entry => entry.Key, entry => changed[entry.Value]);
        return new FoldedGraph(Model, Inputs, [.. Outputs.Select(output => changed[output])], map);
    }

    private static HashSet<Value> Static(Graph graph)
    {
        var found = new HashSet<Value>();
        foreach (var node in graph.Nodes.Where(node => node.Op is Constant or Variable || (node.Inputs.Count > 0 && node.Inputs.All(found.Contains))))
            found.UnionWith(node.Outputs);
        return found;
    }

    private static IReadOnlyList<Value>? Fold(Node node, IReadOnlyList<Value> given, Dictionary<Value, int> readers)
    {
        if (node.Inputs.Count == 0 || readers.GetValueOrDefault(node.Inputs[0]) != 1) return null;
        return node.Op switch
        {
            BatchNormalization norm => Fold(norm, node, given),
            MaxPool pool => Fold(pool, node, given),
            _ => null,
        };
    }

    /// <summary>A pool pads with negative infinities itself.</summary>
    private static IReadOnlyList<Value>? Fold(MaxPool pool, Node node, IReadOnlyList<Value> given)
    {
        if (given[0].Producer is not { Op: Pad { Mode: PadMode.Constant, Value: float.NegativeInfinity } pad } padded) return null;
        if (pool.Pads is { IsExplicit: false, Mode: not Padding.Valid } || pad.Begin.Concat(pad.End).Any(count => count < 0)) return null;
        if (pad.Begin[0] + pad.End[0] + pad.Begin[^1] + pad.End[^1] != 0) return null;
        var (begin, end) = (pad.Begin.Skip(1).SkipLast(1), pad.End.Skip(1).SkipLast(1));
        if (pool.Pads.IsExplicit) (begin, end) = (begin.Zip(pool.Pads.Begin, (a, b) => a + b), end.Zip(pool.Pads.End, (a, b) => a + b));
        var pads = Pads.Explicit([.. begin], [.. end]);
        return Node.Create(pool with { Pads = pads }, [padded.Inputs[0]], node.Scope).Outputs;
    }

    /// <summary><c>conv(x, w s) + (b - mean) s + beta</c> with <c>s = gamma / sqrt(variance + epsilon)</c>.</summary>
    private static IReadOnlyList<Value>? Fold(BatchNormalization norm, Node node, IReadOnlyList<Value> given)
    {
        var product = given[0].Producer;
        var rank = given[0].Spec.Shape.Rank;
        if (product.Op is not (Conv or Gemm) || ShapeRules.Axis(norm.Axis, rank, norm.Name) != rank - 1) return null;
        SymbolicTensor Of(Value value) => new(value, node.Scope);
        var scale = Of(given[1]) * Ops.Rsqrt(Of(given[4]) + norm.Epsilon);
        var shift = product.Inputs.Count > 2 ? Of(product.Inputs[2]) - Of(given[3]) : -Of(given[3]);
        var kernel = (Of(product.Inputs[1]) * scale).Value;
        var bias = ((shift * scale) + Of(given[2])).Value;

        // The layer that the result belongs to is the product's.
        return Node.Create(product.Op, [product.Inputs[0], kernel, bias], product.Scope).Outputs;
    }
}
