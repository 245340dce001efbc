using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>A convolution, a product with weights, or a table of which rows are read.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Layer">The path of the layer.</param>
/// <param name="Result">Its result, after the activation that nobody else reads it before.</param>
/// <param name="Bias">The node that adds one number to each output channel, and which of its inputs these are; null without.</param>
internal sealed record QuantizedProduct(Node Node, string Layer, Value Result, (Node Node, int Input)? Bias)
{
    public bool IsTable => Node.Op is Gather;

    public bool IsMatrix => Node.Op is Gemm or MatMul;

    public Value Weights => Node.Inputs[IsTable ? 0 : 1];

    /// <summary>The activation, or the row numbers, that it reads.</summary>
    public Value Input => Node.Inputs[IsTable ? 1 : 0];

    public Value? BiasValue => Bias is { } bias ? bias.Node.Inputs[bias.Input] : null;
}

/// <summary>Which values of a graph are stored in 8 bits, and which of them share a range.</summary>
internal sealed class QuantizedValues
{
    // Of smaller tables, the scales and operators take what the integers save.
    private const int SmallestTable = 1024;

    private readonly FoldedGraph _folded;
    private readonly Dictionary<Value, Value> _groups = [];

    public QuantizedValues(FoldedGraph folded, QuantizationKind kind)
    {
        _folded = folded;
        Products = [.. Found().Where(product => kind != QuantizationKind.DynamicInt8 || product.IsMatrix || product.IsTable)];
    }

    /// <summary>All that can be quantized, in the order in which it is computed.</summary>
    public IReadOnlyList<QuantizedProduct> Products { get; }

    private ILookup<Value, Node> Readers => _folded.Graph.Readers;

    /// <summary>The value that stands for all with which a value shares its range.</summary>
    public Value Group(Value value)
    {
        while (_groups.TryGetValue(value, out var other) && !ReferenceEquals(other, value)) value = other;
        return value;
    }

    /// <summary>
    /// The values that are stored in 8 bits if these products compute in it: what they read, what convolutions give, and what only moves, pools, adds or joins
    /// such values.
    /// </summary>
    public HashSet<Value> Stored(IReadOnlyCollection<QuantizedProduct> products)
    {
        var stored = products.Where(product => !product.IsTable).Select(product => product.Input).ToHashSet();

        // ONNX Runtime has no convolution that reads integers and gives floats; of its products, those keep more digits.
        stored.UnionWith(products.Where(product => product.Node.Op is Conv).Select(product => product.Result));

        // Backwards: what is moved before a product is stored as it is after.
        foreach (var node in _folded.Graph.Nodes.Reverse())
        {
            if (!KeepsRange(node) || !stored.Contains(node.Outputs[0]) || _folded.IsStatic(node.Inputs[0])) continue;
            var source = node.Inputs[0];

            // What a pool reads in floats has more numbers than what it gives.
            if (node.Op is MaxPool && !stored.Contains(source)) continue;
            if (Readers[source].All(reader => KeepsRange(reader) || products.Any(product => ReferenceEquals(product.Node, reader))))
            {
                stored.Add(source);
                Join(source, node.Outputs[0]);
            }
        }

        foreach (var node in _folded.Graph.Nodes)
        {
            var tail = Tail(node.Outputs.Count == 1 ? node.Outputs[0] : null);
            switch (node.Op)
            {
                case var _ when KeepsRange(node) && stored.Contains(node.Inputs[0]) && !IsOutput(node.Outputs[0]):
                    if (stored.Add(node.Outputs[0]) || ReferenceEquals(Group(node.Outputs[0]), node.Outputs[0])) Join(node.Inputs[0], node.Outputs[0]);
                    break;
                case Add or Concat when tail is not null && node.Inputs.All(stored.Contains) && !IsOutput(tail):
                    stored.Add(tail);
                    break;
            }
        }

        return stored;
    }

    private static bool KeepsRange(Node node) => node.Op is MaxPool or Reshape or ReshapeLike or Transpose or Slice;

    private void Join(Value value, Value other)
    {
        var (left, right) = (Group(value), Group(other));
        if (!ReferenceEquals(left, right)) _groups[right] = left;
    }

    private bool IsOutput(Value value) => _folded.Outputs.Contains(value);

    private IEnumerable<QuantizedProduct> Found()
    {
        var paths = new LayerPaths(_folded.Model, _folded.Map);
        return _folded.Graph.Nodes.Where(node => IsProduct(node) || IsTable(node))
            .Select(node => new QuantizedProduct(node, paths.Of(node), Tail(node.Outputs[0])!, Bias(node)));
    }

    private bool IsProduct(Node node)
    {
        if (node.Op is not (Conv or Gemm or MatMul) || _folded.IsStatic(node.Inputs[0]) || !_folded.IsStatic(node.Inputs[1])) return false;
        if (node.Inputs[0].Spec.Type != DType.Float32 || (node.Op is MatMul { TransposeLeft: true } or MatMul { TransposeRight: true })) return false;
        return node.Op is not MatMul || node.Inputs[1].Spec.Shape.Rank == 2;
    }

    private bool IsTable(Node node) => node.Op is Gather { Axis: 0 } && _folded.IsStatic(node.Inputs[0]) && !_folded.IsStatic(node.Inputs[1])
        && node.Inputs[0].Spec is { Type: DType.Float32, Shape: { Rank: 2, IsKnown: true, ElementCount: >= SmallestTable } };

    /// <summary>The bias inside a convolution or Gemm, or the one that is added to a product next.</summary>
    private (Node, int)? Bias(Node node)
    {
        if (node.Op is Conv or Gemm) return node.Inputs.Count > 2 && _folded.IsStatic(node.Inputs[2]) ? (node, 2) : null;
        if (node.Op is not MatMul || IsOutput(node.Outputs[0]) || Readers[node.Outputs[0]].ToArray() is not [{ Op: Add } sum]) return null;
        var other = ReferenceEquals(sum.Inputs[0], node.Outputs[0]) ? 1 : 0;
        return _folded.IsStatic(sum.Inputs[other]) && sum.Inputs[other].Spec.Shape is { Rank: 1 } shape && shape.Dims[0] == node.Outputs[0].Spec.Shape.Dims[^1]
            ? (sum, other) : null;
    }

    /// <summary>A result after the activation that is its only reader and cuts numbers off: its range is then that of the integers.</summary>
    private Value? Tail(Value? result) =>
        result is not null && Readers[result].ToArray() is [{ Op: Relu or Clip } activation] && !IsOutput(result) ? activation.Outputs[0] : result;
}
