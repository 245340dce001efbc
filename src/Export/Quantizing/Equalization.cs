using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>
/// Scales channels between two layers: the first gives <c>x / s</c>, the second takes it <c>s</c> times. The results are the same, but the ranges of
/// activations and weights, which all channels share, fit each of them better.
/// </summary>
internal sealed class Equalization
{
    // The scales of a layer's inputs depend on those of its outputs, so the chain of layers is gone through several times.
    private const int Rounds = 4;
    private const double MostScale = 1e3;

    // How much of a channel's scale its activations have, the rest being its weights': where noise is least depends on the layers (arxiv.org/abs/2306.00978).
    private static readonly double[] s_shares = [0, 0.25, 0.5, 0.75, 1];

    private readonly FoldedGraph _folded;
    private readonly IReadOnlyDictionary<Value, float[]> _numbers;
    private readonly Dictionary<Value, float[]> _changed = [];

    private Equalization(FoldedGraph folded) => (_folded, _numbers) = (folded, folded.Numbers());

    private ILookup<Value, Node> Readers => _folded.Graph.Readers;

    /// <summary>The graph with other weights.</summary>
    /// <param name="folded">The graph.</param>
    /// <param name="products">Its products.</param>
    /// <param name="x">The calibration data.</param>
    /// <param name="options">How weights are quantized.</param>
    public static FoldedGraph Of(FoldedGraph folded, IReadOnlyList<QuantizedProduct> products, NDArrays x, QuantizationOptions options)
    {
        var equalization = new Equalization(folded);
        List<Pair> pairs = [.. products.Select(product => equalization.PairOf(product, products)).OfType<Pair>()];
        if (pairs.Count == 0) return folded;
        var channels = pairs.ConvertAll(pair => new ChannelStatistics(pair.First.Input, pair.Between));
        ChannelStatistics.Run(folded, channels, x, options.BatchSize);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < pairs.Count; i++) equalization.Scale(pairs[i], channels[i], options);
        }

        return folded.With(equalization._changed);
    }

    /// <summary>A layer whose results only other layers read, all of them channel by channel the same or in proportion; null if there is none.</summary>
    private Pair? PairOf(QuantizedProduct first, IReadOnlyList<QuantizedProduct> products)
    {
        if (first.IsTable || !IsOwn(first.Weights) || (first.BiasValue is { } bias && !IsOwn(bias))) return null;
        if (first.Node.Op is not MatMul && first.Node.Inputs.Count > 2 && first.Bias is null) return null;
        var (between, bound) = ((first.Bias?.Node ?? first.Node).Outputs[0], float.PositiveInfinity);
        while (!_folded.Outputs.Contains(between) && Readers[between].ToArray() is [{ Op: var op } next] && IsProportional(op, between))
        {
            if (op is Clip clip) bound = Math.Min(bound, clip.Maximum);
            between = next.Outputs[0];
        }

        if (_folded.Outputs.Contains(between)) return null;
        var readers = Readers[between].ToArray();
        QuantizedProduct[] second =
        [
            .. products.Where(product => !product.IsTable && readers.Contains(product.Node))
                .Where(product => ReferenceEquals(product.Input, between) && IsOwn(product.Weights)),
        ];
        return second.Length > 0 && second.Length == readers.Length ? new Pair(first, between, bound, second) : null;
    }

    /// <summary>Whether nothing else reads a weight.</summary>
    private bool IsOwn(Value value) => Readers[value].Count() == 1;

    private static bool IsProportional(Op op, Value x) => op switch
    {
        Relu or LeakyRelu or MaxPool or AveragePool => true,
        Clip { Minimum: 0 } => true,
        ReduceMean mean => !ShapeRules.Axes(mean.Axes, x.Spec.Shape.Rank, mean.Name).Contains(x.Spec.Shape.Rank - 1),
        _ => false,
    };

    private void Scale(Pair pair, ChannelStatistics channels, QuantizationOptions options)
    {
        var noise = new PairNoise(pair.First, Own(pair.First.Weights), [.. pair.Second.Select(product => (product, Own(product.Weights)))], channels, options);
        double[] scales = [.. Enumerable.Repeat(1.0, channels.Count)];
        var least = noise.Of(scales);
        foreach (var share in s_shares)
        {
            var tried = Scales(noise, channels, share, pair.Bound);
            if (noise.Of(tried) is var remaining && remaining < least) (scales, least) = (tried, remaining);
        }

        Divide(Own(pair.First.Weights), i => scales[i % scales.Length]);
        if (pair.First.BiasValue is { } bias) Divide(Own(bias), i => scales[i]);
        foreach (var product in pair.Second) Divide(Own(product.Weights), i => 1 / scales[ChannelOf(product, i)]);
        channels.Divide(scales);
    }

    /// <summary>Scales that leave the range of all channels as it is, so that an activation cuts off as little as before.</summary>
    private static double[] Scales(PairNoise noise, ChannelStatistics channels, double share, float bound)
    {
        var scales = new double[channels.Count];
        var (greatest, most) = (0.0, channels.Greatest.Max());
        for (var channel = 0; channel < scales.Length; channel++)
        {
            var (range, read) = (channels.Greatest[channel], noise.Weighted[channel]);

            // What is cut off at the bound must be so at the same number.
            if (!(range > 0 && read > 0 && range < bound)) continue;
            scales[channel] = Math.Clamp(Math.Pow(range, share) * Math.Pow(read, share - 1), 1 / MostScale, MostScale);
            greatest = Math.Max(greatest, range / scales[channel]);
        }

        for (var channel = 0; channel < scales.Length; channel++) scales[channel] = scales[channel] > 0 ? scales[channel] * greatest / most : 1;
        return scales;
    }

    private static void Divide(float[] numbers, Func<int, double> by)
    {
        for (var i = 0; i < numbers.Length; i++) numbers[i] = (float)(numbers[i] / by(i));
    }

    /// <summary>The input channel that an element of a kernel is multiplied with.</summary>
    public static int ChannelOf(QuantizedProduct product, int element)
    {
        var kernel = product.Weights.Spec.Shape;
        var (features, columns) = (kernel.Dims[^2], kernel.Dims[^1]);
        var groups = product.Node.Op is Conv conv ? conv.Window.Groups : 1;
        return (element % columns / (columns / groups) * features) + (element / columns % features);
    }

    private float[] Own(Value value) => _changed.TryGetValue(value, out var numbers) ? numbers : _changed[value] = [.. _numbers[value]];

    /// <summary>Two layers between which channels are scaled.</summary>
    /// <param name="First">The layer that gives the channels.</param>
    /// <param name="Between">What the others read.</param>
    /// <param name="Bound">Where an activation between them cuts off.</param>
    /// <param name="Second">The layers that read them, and nothing else does.</param>
    private sealed record Pair(QuantizedProduct First, Value Between, float Bound, IReadOnlyList<QuantizedProduct> Second);
}
