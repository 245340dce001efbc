using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>The graph of a model in which some products read integers.</summary>
internal sealed class QuantizedGraph
{
    private readonly FoldedGraph _folded;
    private readonly QuantizationKind _kind;
    private readonly IReadOnlyDictionary<Value, Quantum> _quanta;
    private readonly QuantizedValues _values;
    private readonly QuantizedWeights _weights;
    private readonly IReadOnlyDictionary<QuantizedProduct, float[]> _corrected;
    private readonly HashSet<Value> _stored;
    private readonly Dictionary<Node, QuantizedProduct> _products;
    private readonly Dictionary<Node, QuantizedProduct> _biases;
    private readonly Dictionary<Value, Value> _inputs = [];
    private readonly Dictionary<Value, (Value Integers, Value Scale, Value Zero)> _dynamic = [];

    /// <param name="folded">The graph in float32.</param>
    /// <param name="values">What can be stored in 8 bits.</param>
    /// <param name="products">The products that are to read integers.</param>
    /// <param name="quanta">The ranges of activations, by the value that stands for those of one range; empty if they are not stored.</param>
    /// <param name="weights">The integers.</param>
    /// <param name="corrected">Biases that are not those of the model.</param>
    /// <param name="kind">What becomes integers.</param>
    public QuantizedGraph(
        FoldedGraph folded,
        QuantizedValues values,
        IReadOnlyCollection<QuantizedProduct> products,
        IReadOnlyDictionary<Value, Quantum> quanta,
        QuantizedWeights weights,
        IReadOnlyDictionary<QuantizedProduct, float[]> corrected,
        QuantizationKind kind)
    {
        (_folded, _values, _quanta, _weights, _corrected, _kind) = (folded, values, quanta, weights, corrected, kind);
        _products = products.ToDictionary(product => product.Node);
        _biases = products.Where(product => product.Bias is { } bias && !ReferenceEquals(bias.Node, product.Node))
            .ToDictionary(product => product.Bias!.Value.Node);
        _stored = kind == QuantizationKind.StaticInt8 ? values.Stored(products) : [];
        var map = folded.Graph.Rewrite(Rewrite);
        Rewritten = map;
        Map = folded.Map.Where(entry => map.ContainsKey(entry.Value)).ToDictionary(entry => entry.Key, entry => map[entry.Value]);
        Outputs = [.. folded.Outputs.Select(output => map[output])];
    }

    /// <summary>For values of the model, those that stand for them.</summary>
    public IReadOnlyDictionary<Value, Value> Map { get; }

    /// <summary>For values of the graph in float32, those that stand for them.</summary>
    public IReadOnlyDictionary<Value, Value> Rewritten { get; }

    public IReadOnlyList<Value> Outputs { get; }

    private IReadOnlyList<Value>? Rewrite(Node node, IReadOnlyList<Value> given)
    {
        if (node.Op is SourceOp) return null;
        var inputs = given.Select((value, i) => _folded.Inputs.Contains(node.Inputs[i]) ? OfInput(node.Inputs[i]) : value).ToArray();
        if (!_folded.IsStatic(node.Outputs[0])) Fold(node, inputs);
        if (_biases.TryGetValue(node, out var biased)) inputs[biased.Bias!.Value.Input] = IntegerNodes.Vector(Bias(biased)!, node.Scope);
        var results = _products.TryGetValue(node, out var product) ? [Product(node, product, inputs)] : node.WithInputs(inputs).Outputs;
        return [.. node.Outputs.Select((output, i) => _stored.Contains(output) ? Rounded(results[i], output, node.Scope) : results[i])];
    }

    /// <summary>What follows from weights alone, such as a kernel with a normalization, is a constant in the file.</summary>
    private void Fold(Node node, Value[] inputs)
    {
        for (var i = 0; i < inputs.Length; i++)
        {
            var value = node.Inputs[i];
            if (_folded.IsStatic(value) && value.Producer.Op is not (SourceOp or ViewOp or Transpose or Identity) && value.Spec.Type == DType.Float32)
                inputs[i] = IntegerNodes.Floats(_weights.Numbers(value), value.Spec.Shape, node.Scope);
        }
    }

    private Value OfInput(Value input)
    {
        if (!_stored.Contains(input)) return input;
        if (!_inputs.TryGetValue(input, out var rounded)) _inputs.Add(input, rounded = Rounded(input, input, null));
        return rounded;
    }

    private float[]? Bias(QuantizedProduct product) =>
        product.BiasValue is { } value ? _corrected.GetValueOrDefault(product) ?? _weights.Numbers(value) : null;

    private Value Rounded(Value value, Value original, LayerCall? scope)
    {
        var quantum = _quanta[_values.Group(original)];
        if (value.Producer.Op is MaxPool && !_stored.Contains(original.Producer.Inputs[0])) value = IntegerNodes.AtLeast(value, quantum, scope);
        return IntegerNodes.Rounded(value, quantum, scope);
    }

    private Value Product(Node node, QuantizedProduct product, Value[] inputs)
    {
        var (weights, kernel, scope) = (_weights.Of(product), product.Weights.Spec.Shape, node.Scope);
        if (product.IsTable) return IntegerNodes.Rows(weights, kernel, inputs[1], scope);
        var bias = node.Op is Gemm or Conv ? Bias(product) : null;
        switch (_kind)
        {
            case QuantizationKind.StaticInt8:
                if (bias is not null) inputs[2] = IntegerNodes.Bias(bias, weights, _quanta[_values.Group(product.Input)].Scale, scope);
                inputs[1] = IntegerNodes.Kernel(weights, kernel, scope);
                return Node.Create(node.Op, inputs, scope).Outputs[0];
            case QuantizationKind.DynamicInt8:
                if (!_dynamic.TryGetValue(inputs[0], out var x)) _dynamic.Add(inputs[0], x = IntegerNodes.BySpan(inputs[0], scope));
                return Biased(IntegerNodes.Multiplied(x, weights, kernel, scope));
            case QuantizationKind.WeightOnlyInt4 when product.IsMatrix:
                return Biased(Node.Create(new MatMul(), [inputs[0], IntegerNodes.Kernel(weights, kernel, scope)], scope).Outputs[0]);
            default:
                if (bias is not null) inputs[2] = IntegerNodes.Vector(bias, scope);
                inputs[1] = IntegerNodes.Widened(weights, kernel, scope);
                return Node.Create(node.Op, inputs, scope).Outputs[0];
        }

        // ONNX Runtime has operators for integer products whose bias is added after.
        Value Biased(Value result) =>
            node.Op is Gemm ? Node.Create(new Add(), [result, bias is null ? inputs[2] : IntegerNodes.Vector(bias, scope)], scope).Outputs[0] : result;
    }
}
