using System.Numerics.Tensors;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>
/// A model as a layer that computes as its int8 file will: it rounds with the arithmetic of QuantizeLinear and DequantizeLinear, and gradients go through as if
/// it did not, where nothing is cut off. Its own weights are the logarithms of the scales (learned step sizes, arxiv.org/abs/1902.08153).
/// </summary>
internal sealed class RoundingLayer : MultiOutputLayer
{
    private static readonly WeightGrid TableGrid = new(1, 1, 1, false, 8);

    private readonly IReadOnlyDictionary<Value, Quantum> _quanta;
    private readonly Dictionary<QuantizedProduct, int> _numbers;
    private readonly Dictionary<Value, string> _ranges = [];
    private readonly Dictionary<string, Value> _scales = [];
    private readonly HashSet<Value> _stored;

    /// <param name="original">The model.</param>
    /// <param name="folded">Its graph.</param>
    /// <param name="values">What of it can be stored in integers.</param>
    /// <param name="products">The products that are to read integers.</param>
    /// <param name="quanta">The ranges of activations that calibration found.</param>
    /// <param name="options">How weights are quantized.</param>
    public RoundingLayer(
        Model original,
        FoldedGraph folded,
        QuantizedValues values,
        IReadOnlyList<QuantizedProduct> products,
        IReadOnlyDictionary<Value, Quantum> quanta,
        QuantizationOptions options)
        : base(original.Name + "_rounded")
    {
        (Original, Folded, Values, Products, _quanta, Options) = (original, folded, values, products, quanta, options);
        _numbers = products.Where(product => !product.IsTable).Select((product, i) => (product, i)).ToDictionary(pair => pair.product, pair => pair.i);
        _stored = values.Stored(products);
    }

    public Model Original { get; }

    public FoldedGraph Folded { get; }

    public QuantizedValues Values { get; }

    public IReadOnlyList<QuantizedProduct> Products { get; }

    public QuantizationOptions Options { get; }

    internal override IReadOnlyList<LayerBase> Children => [Original];

    internal override string WhyNoConfiguration => "rounds as a file does; train it, then quantize it and write that";

    /// <summary>Sets all scales; before, they are 1.</summary>
    /// <param name="scales">The scales of each product's weights; those of activations are as calibration found them.</param>
    public void SetScales(IReadOnlyDictionary<QuantizedProduct, float[]> scales)
    {
        foreach (var (product, numbers) in scales) Set(NameOf(product), numbers);
        foreach (var (value, name) in _ranges) Set(name, [_quanta[value].Scale]);

        void Set(string name, float[] numbers) =>
            OwnWeights.First(weight => weight.Name == name).Value = Tensor.Create(Array.ConvertAll(numbers, MathF.Log), [numbers.Length]);
    }

    /// <summary>The ranges of activations and the scales of weights, as they are now.</summary>
    public (Dictionary<Value, Quantum> Ranges, Dictionary<QuantizedProduct, float[]> Scales) Learned()
    {
        string[] names = [.. _scales.Keys];
        var numbers = names.Zip(GraphRun.Static(Original, [.. names.Select(name => _scales[name])])).ToDictionary(pair => pair.First, pair => pair.Second);
        return (
            _quanta.ToDictionary(
                entry => entry.Key, entry => _ranges.TryGetValue(entry.Key, out var name) ? entry.Value with { Scale = numbers[name][0] } : entry.Value),
            _numbers.Keys.ToDictionary(product => product, product => numbers[NameOf(product)]));
    }

    protected override SymbolicTensors Forward(SymbolicTensors tensors)
    {
        var scope = tensors[0].Scope;
        var products = Products.ToDictionary(product => product.Node);
        var replaced = Folded.Inputs.Zip(tensors).ToDictionary(
            pair => pair.First, pair => _stored.Contains(pair.First) ? Activation(pair.Second, pair.First).Value : pair.Second.Value);
        var map = Folded.Graph.Rewrite(
            (node, given) =>
            {
                if (node.Op is SourceOp) return null;
                Value[] inputs = [.. given];
                if (products.TryGetValue(node, out var product) && !product.IsTable) inputs[1] = Kernel(new SymbolicTensor(inputs[1], scope), product).Value;
                var results = Node.Create(node.Op, inputs, scope).Outputs;
                if (product is { IsTable: true }) results = [Rows(new SymbolicTensor(results[0], scope)).Value];
                return [.. node.Outputs.Select((output, i) =>
                    _stored.Contains(output) ? Activation(new SymbolicTensor(results[i], scope), output).Value : results[i])];
            },
            replaced);
        return Folded.Outputs.Select(output => new SymbolicTensor(map[output], scope)).ToArray();
    }

    private SymbolicTensor Activation(SymbolicTensor x, Value original)
    {
        var group = Values.Group(original);
        if (!_ranges.TryGetValue(group, out var name)) _ranges.Add(group, name = $"range_{_ranges.Count}");
        return Rounded(x, Scale(name, []), _quanta[group].Zero, byte.MinValue, byte.MaxValue);
    }

    private SymbolicTensor Kernel(SymbolicTensor kernel, QuantizedProduct product)
    {
        var grid = QuantizedWeights.GridOf(product, Options);
        Shape shape = grid.PerColumn ? [grid.Columns] : [];
        return Rounded(kernel, Scale(NameOf(product), shape), 0, grid.Least, grid.Greatest);
    }

    /// <summary>
    /// <c>(clip(round(x / s) + zero) - zero) s</c>. What is added to <c>x / s</c> and has no gradient is exact, so that the sum is the integer to the bit.
    /// </summary>
    private static SymbolicTensor Rounded(SymbolicTensor x, SymbolicTensor scale, int zero, float least, float greatest)
    {
        var steps = x / scale;
        var integers = steps + Ops.StopGradient(Ops.Round(steps) - steps);
        return Ops.Clip(integers, least - zero, greatest - zero) * scale;
    }

    /// <summary>Rows that were read, each in steps of its own greatest magnitude.</summary>
    private static SymbolicTensor Rows(SymbolicTensor rows)
    {
        var greatest = Ops.StopGradient(Ops.Max(Ops.Abs(rows), [-1], keepdims: true));
        return Rounded(rows, Ops.Maximum(greatest / TableGrid.Greatest, IntegerWeights.LeastScale), 0, TableGrid.Least, TableGrid.Greatest);
    }

    private SymbolicTensor Scale(string name, Shape shape)
    {
        var scale = Ops.Exp(Weight(name, shape, Initializer.Zeros));
        _scales[name] = scale.Value;
        return scale;
    }

    private string NameOf(QuantizedProduct product) => $"weights_{_numbers[product]}";
}
