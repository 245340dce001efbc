using System.Numerics.Tensors;

namespace OnnxFunctional.Layers;

/// <summary>Maps numbers to the index of their bin: the number of boundaries that are not above them.</summary>
/// <remarks>
/// <para>
/// Input: any shape. Output: integers from 0 to the number of boundaries, of the same shape, or an encoding as in <see cref="EncodingMode"/>. No weights.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/numerical/discretization/</para>
/// </remarks>
/// <param name="binBoundaries">The boundaries, in ascending order; or null, with numBins. The file of an adapted layer has both.</param>
/// <param name="numBins">The number of bins that <see cref="Adapt"/> makes, with about equally many values each.</param>
/// <param name="epsilon">The error that Adapt allows for quantiles: the smaller, the more exact.</param>
/// <param name="outputMode">Int, OneHot, MultiHot or Count.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">Neither boundaries nor bins are given, the boundaries do not ascend, or the mode is TfIdf.</exception>
public sealed class Discretization(
    IReadOnlyList<double>? binBoundaries = null,
    int? numBins = null,
    double epsilon = 0.01,
    EncodingMode outputMode = EncodingMode.Int,
    string? name = null)
    : Layer(name)
{
    /// <summary>The boundaries, given or found by <see cref="Adapt"/>; null until then.</summary>
    public IReadOnlyList<double>? BinBoundaries { get; private set; } = binBoundaries is null
        || binBoundaries.Zip(binBoundaries.Skip(1)).All(pair => pair.First < pair.Second)
        ? binBoundaries
        : throw Check.Option("Discretization", nameof(binBoundaries), "not in ascending order", "ascending boundaries");

    /// <summary>The number of bins that Adapt makes.</summary>
    public int? NumBins { get; } = numBins is { } bins ? Check.Positive(bins, "Discretization", nameof(numBins))
        : binBoundaries is not null ? null
        : throw Check.Option("Discretization", nameof(numBins), "not given, and neither are boundaries", "boundaries, or a number of bins and a call to Adapt");

    /// <summary>The error that Adapt allows for quantiles.</summary>
    public double Epsilon { get; } = epsilon is > 0 and < 1
        ? epsilon
        : throw Check.Option("Discretization", nameof(epsilon), Check.Text(epsilon), "a number between 0 and 1");

    /// <summary>Int, OneHot, MultiHot or Count.</summary>
    public EncodingMode OutputMode { get; } = outputMode != EncodingMode.TfIdf
        ? outputMode
        : throw Check.Option("Discretization", nameof(outputMode), "TfIdf", "Int, OneHot, MultiHot or Count");

    /// <summary>Finds boundaries between bins of about equally many values by Keras' summary of quantiles.</summary>
    /// <param name="data">Numbers of any shape.</param>
    /// <exception cref="ModelException">
    /// Boundaries were given, the layer was called already, or the data is empty or has a number that is not finite.
    /// </exception>
    public void Adapt(Tensor<float> data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (NumBins is not { } bins)
            throw new ModelException($"Discretization '{Name}': boundaries were given, so there is nothing to adapt. Pass numBins instead.")
            {
                NamesLayer = true,
            };
        if (Calls.Count > 0)
            throw new ModelException($"Discretization '{Name}' was already called, and its boundaries are part of the model. Call Adapt before the layer.")
            {
                NamesLayer = true,
            };
        var values = new float[data.FlattenedLength];
        data.FlattenTo(values);
        if (values.Length == 0 || !values.All(float.IsFinite))
        {
            var received = values.Length == 0 ? "no data" : "numbers that are not finite";
            throw new ModelException($"Discretization '{Name}': Adapt got {received}; expected finite numbers.") { NamesLayer = true };
        }

        Array.Sort(values);
        var step = Math.Max(values.Length * (double)Epsilon, 1);
        var (positions, weights) = (new List<double>(), new List<double>());
        for (var i = (int)(step - 1); i < values.Length; i += (int)step)
        {
            positions.Add(values[i]);
            weights.Add(step);
        }

        (positions, weights) = Compressed(positions, weights, Epsilon);
        (positions, _) = Compressed(positions, weights, 1.0 / bins);
        BinBoundaries = [.. positions.SkipLast(1).Select(boundary => (double)(float)boundary).Distinct()];
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        if (BinBoundaries is null) throw new ModelException("its boundaries are not known yet. Call Adapt with data first, or pass them to the constructor.");
        var boundaries = Ops.Constant(Shape.Of(BinBoundaries.Count), [.. BinBoundaries.Select(boundary => (float)boundary)]);
        var above = Ops.GreaterEqual(Ops.ExpandDims(Ops.Cast(x, DType.Float32), -1), boundaries);
        var bins = Ops.Cast(Ops.Sum(Ops.Cast(above, DType.Float32), -1), DType.Int64);
        return CategoryEncodings.Encode(bins, OutputMode, BinBoundaries.Count + 1);
    }

    /// <summary>The summary reduced to values at equal steps of cumulative weight, if it is longer than that.</summary>
    private static (List<double> Positions, List<double> Weights) Compressed(List<double> positions, List<double> weights, double epsilon)
    {
        if (positions.Count * epsilon < 1) return (positions, weights);
        var sums = new double[weights.Count];
        for (var i = 0; i < sums.Length; i++) sums[i] = weights[i] + (i == 0 ? 0 : sums[i - 1]);
        var shares = sums.Select(sum => sum / sums[^1]).ToArray();
        var (newPositions, newWeights, before) = (new List<double>(), new List<double>(), 0.0);
        for (var percent = 0; percent < Math.Ceiling(1 / epsilon); percent++)
        {
            var share = epsilon + (percent * epsilon);
            newPositions.Add(Interpolated(share, shares, positions));
            var sum = Interpolated(share, shares, sums);
            newWeights.Add(sum - before);
            before = sum;
        }

        return (newPositions, newWeights);
    }

    private static double Interpolated(double x, double[] xs, IReadOnlyList<double> ys)
    {
        if (x <= xs[0]) return ys[0];
        for (var i = 1; i < xs.Length; i++)
        {
            if (x <= xs[i]) return ys[i - 1] + ((ys[i] - ys[i - 1]) * (x - xs[i - 1]) / (xs[i] - xs[i - 1]));
        }

        return ys[^1];
    }
}
