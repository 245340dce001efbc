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
        var ranges = Ranges(folded, [.. pairs.Select(pair => pair.Between)], x, options.BatchSize);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < pairs.Count; i++) equalization.Scale(pairs[i], ranges[i], options.PerChannel);
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

    /// <summary>The greatest magnitude of each channel.</summary>
    private static float[][] Ranges(FoldedGraph folded, Value[] between, NDArrays x, int batchSize)
    {
        var ranges = Array.ConvertAll(between, value => new float[value.Spec.Shape.Dims[^1]]);
        Value[] greatest = Array.ConvertAll(between, value =>
            Ops.Max(Ops.Reshape(Ops.Abs(new SymbolicTensor(value)), [-1, value.Spec.Shape.Dims[^1]]), [0]).Value);
        GraphRun.Batches(folded.Model, folded.Inputs, greatest, x, batchSize, (i, buffer, _) =>
        {
            for (var channel = 0; channel < ranges[i].Length; channel++) ranges[i][channel] = Math.Max(ranges[i][channel], buffer.Floats[channel]);
        });
        return ranges;
    }

    private void Scale(Pair pair, float[] ranges, bool perChannel)
    {
        var first = Own(pair.First.Weights);
        var channels = ranges.Length;
        var (own, read, scales) = (new float[channels], new float[channels], new float[channels]);
        for (var i = 0; i < first.Length; i++) own[i % channels] = Math.Max(own[i % channels], Math.Abs(first[i]));
        foreach (var product in pair.Second)
        {
            var kernel = Own(product.Weights);
            for (var i = 0; i < kernel.Length; i++)
            {
                ref var range = ref read[ChannelOf(product, i)];
                range = Math.Max(range, Math.Abs(kernel[i]));
            }
        }

        for (var channel = 0; channel < channels; channel++)
        {
            // Where the first layer's weights have one scale for all channels, they are one more range that the channels share.
            var range = perChannel ? ranges[channel] : Math.Sqrt((double)ranges[channel] * own[channel]);
            var isFree = range > 0 && read[channel] > 0 && ranges[channel] < pair.Bound;

            // What calibration data gives must stay within the bound that cuts off.
            scales[channel] = isFree
                ? (float)Math.Max(Math.Clamp(Math.Sqrt(range / read[channel]), 1 / MostScale, MostScale), ranges[channel] / (double)pair.Bound) : 1;
        }

        for (var i = 0; i < first.Length; i++) first[i] /= scales[i % channels];
        for (var channel = 0; channel < channels; channel++) ranges[channel] /= scales[channel];
        if (pair.First.BiasValue is { } bias)
        {
            var numbers = Own(bias);
            for (var channel = 0; channel < channels; channel++) numbers[channel] /= scales[channel];
        }

        foreach (var product in pair.Second)
        {
            var kernel = Own(product.Weights);
            for (var i = 0; i < kernel.Length; i++) kernel[i] *= scales[ChannelOf(product, i)];
        }
    }

    /// <summary>The input channel that an element of a kernel is multiplied with.</summary>
    private static int ChannelOf(QuantizedProduct product, int element)
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
