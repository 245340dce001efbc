using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>A convolution or a product with weights.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Layer">The path of the layer.</param>
/// <param name="Input">The activation that it reads.</param>
/// <param name="Result">Its result, after the activation that nobody else reads it before.</param>
internal sealed record QuantizedProduct(Node Node, string Layer, Value Input, Value Result);

/// <summary>Which values of a graph are stored in 8 bits, and which of them share a range.</summary>
internal sealed class QuantizedValues
{
    private readonly FoldedGraph _folded;
    private readonly ILookup<Value, Node> _readers;
    private readonly Dictionary<Value, Value> _groups = [];

    public QuantizedValues(FoldedGraph folded)
    {
        _folded = folded;
        _readers = folded.Graph.Nodes.SelectMany(node => node.Inputs.Select(input => (input, node))).ToLookup(entry => entry.input, entry => entry.node);
        Products = [.. Found(folded)];
    }

    /// <summary>All that can be quantized, in the order in which it is computed.</summary>
    public IReadOnlyList<QuantizedProduct> Products { get; }

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
        var stored = products.Select(product => product.Input).ToHashSet();

        // ONNX Runtime has no convolution that reads integers and gives floats; of its products, those keep more digits.
        stored.UnionWith(products.Where(product => product.Node.Op is Conv).Select(product => product.Result));

        // Backwards: what is moved before a product is stored as it is after.
        foreach (var node in _folded.Graph.Nodes.Reverse())
        {
            if (!KeepsRange(node) || !stored.Contains(node.Outputs[0]) || _folded.IsStatic(node.Inputs[0])) continue;
            if (_readers[node.Inputs[0]].All(reader => KeepsRange(reader) || products.Any(product => ReferenceEquals(product.Node, reader))))
            {
                stored.Add(node.Inputs[0]);
                Join(node.Inputs[0], node.Outputs[0]);
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

    private IEnumerable<QuantizedProduct> Found(FoldedGraph folded)
    {
        var names = new CallNames(folded.Model);
        var operators = new Dictionary<Node, string>();
        foreach (var step in folded.Model.Steps.Where(step => step.Node is not null))
        {
            foreach (var output in step.Outputs)
            {
                if (folded.Map.TryGetValue(output, out var stands)) operators.TryAdd(stands.Producer, step.Name);
            }
        }

        foreach (var node in folded.Graph.Nodes)
        {
            if (node.Op is not (Conv or Gemm or MatMul) || folded.IsStatic(node.Inputs[0]) || !folded.IsStatic(node.Inputs[1])) continue;
            if (node.Inputs[0].Spec.Type != DType.Float32 || (node.Op is MatMul { TransposeLeft: true } or MatMul { TransposeRight: true })) continue;
            if (node.Op is MatMul && node.Inputs[1].Spec.Shape.Rank != 2) continue;
            var layer = node.Scope is { } call ? names.Of(call) : operators.GetValueOrDefault(node) ?? node.Op.Name;
            yield return new QuantizedProduct(node, layer, node.Inputs[0], Tail(node.Outputs[0])!);
        }
    }

    /// <summary>A result after the activation that is its only reader and cuts numbers off: its range is then that of the integers.</summary>
    private Value? Tail(Value? result) =>
        result is not null && _readers[result].ToArray() is [{ Op: Relu or Clip } activation] && !IsOutput(result) ? activation.Outputs[0] : result;
}
