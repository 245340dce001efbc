
namespace OnnxFunctional.Export.Quantizing;

/// <summary>The integers of each product, found when they are first needed.</summary>
internal sealed class QuantizedWeights
{
    private readonly IReadOnlyDictionary<Value, float[]> _numbers;
    private readonly IReadOnlyDictionary<QuantizedProduct, float> _steps;
    private readonly InputStatistics? _statistics;
    private readonly IReadOnlyDictionary<QuantizedProduct, float[]> _scales;
    private readonly QuantizationOptions _options;
    private readonly Dictionary<QuantizedProduct, IntegerWeights> _known = [];

    /// <param name="numbers">The numbers of weights and biases.</param>
    /// <param name="steps">The scale of what each product reads, if that is stored in integers.</param>
    /// <param name="statistics">What calibration says of what matrices read.</param>
    /// <param name="options">How weights are quantized.</param>
    public QuantizedWeights(
        IReadOnlyDictionary<Value, float[]> numbers,
        IReadOnlyDictionary<QuantizedProduct, float> steps,
        InputStatistics statistics,
        QuantizationOptions options) =>
        (_numbers, _steps, _statistics, _options, _scales) = (numbers, steps, statistics, options, new Dictionary<QuantizedProduct, float[]>());

    /// <param name="numbers">The numbers of weights and biases.</param>
    /// <param name="scales">The scales of the weights of products, which training has learned.</param>
    /// <param name="options">How weights are quantized.</param>
    public QuantizedWeights(
        IReadOnlyDictionary<Value, float[]> numbers, IReadOnlyDictionary<QuantizedProduct, float[]> scales, QuantizationOptions options) =>
        (_numbers, _steps, _scales, _options) = (numbers, new Dictionary<QuantizedProduct, float>(), scales, options);

    /// <summary>The numbers of a value that depends on weights and constants alone.</summary>
    public float[] Numbers(Value value) => _numbers[value];

    public IntegerWeights Of(QuantizedProduct product)
    {
        if (_known.TryGetValue(product, out var known)) return known;
        var numbers = _numbers[product.Weights];
        var grid = GridOf(product, _options);
        return _known[product] = _scales.TryGetValue(product, out var scales)
            ? IntegerWeights.At(numbers, grid, scales)
            : IntegerWeights.Of(numbers, grid, Least(product), product.IsMatrix ? _statistics?.Gram(product.Input) : null);
    }

    /// <summary>Which weights of a product share a scale.</summary>
    public static WeightGrid GridOf(QuantizedProduct product, QuantizationOptions options)
    {
        var columns = product.Weights.Spec.Shape.Dims[^1];
        var rows = (int)(product.Weights.Spec.Shape.ElementCount / columns);

        // Rows of a table are read one by one, and their lengths differ far more than those of its columns.
        if (product.IsTable) return new(rows, columns, 1, false, 8);
        if (options.Kind == QuantizationKind.WeightOnlyInt4 && product.IsMatrix) return new(rows, columns, options.BlockSize, true, 4);
        return new(rows, columns, rows, options.PerChannel, options.ReduceRange ? 7 : 8);
    }

    /// <summary>The bias is a 32-bit integer in steps of input times weight; a channel of tiny weights must have room for it.</summary>
    private Func<int, float>? Least(QuantizedProduct product)
    {
        if (product.Bias is not { } place || !ReferenceEquals(place.Node, product.Node) || !_steps.TryGetValue(product, out var step)) return null;
        var bias = _numbers[product.BiasValue!];
        return column => (float)(Math.Abs((double)bias[column % bias.Length]) / step / (1 << 30));
    }
}
