using System.Numerics.Tensors;

namespace OnnxFunctional.Layers;

/// <summary>Numbers as the number of the bin they fall in: how many boundaries are not above them.</summary>
/// <remarks>
/// <para>Input: any shape. Output: whole numbers from 0 to the number of boundaries, of the same shape, or a form of <see cref="EncodingMode"/>. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/numerical/discretization/</para>
/// </remarks>
/// <param name="binBoundaries">The boundaries, in ascending order; or none, and numBins. A file of an adapted layer has both.</param>
/// <param name="numBins">How many bins <see cref="Adapt"/> makes of data, of about equally many numbers.</param>
/// <param name="epsilon">How exactly Adapt looks at the data: the smaller, the more exact.</param>
/// <param name="outputMode">Int, OneHot, MultiHot or Count.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">Neither boundaries nor bins are given, the boundaries do not ascend, or the mode is TfIdf.</exception>
public sealed class Discretization(IReadOnlyList<float>? binBoundaries = null, int? numBins = null, float epsilon = 0.01f, EncodingMode outputMode = EncodingMode.Int, string? name = null) : Layer(name)
{
    /// <summary>The boundaries, given or found by <see cref="Adapt"/>; none before that.</summary>
    public IReadOnlyList<float>? BinBoundaries { get; private set; } = binBoundaries is null || binBoundaries.Zip(binBoundaries.Skip(1)).All(pair => pair.First < pair.Second)
        ? binBoundaries
        : throw Check.Option("Discretization", nameof(binBoundaries), "not in ascending order", "each boundary above the one before it");

    /// <summary>How many bins Adapt makes.</summary>
    public int? NumBins { get; } = numBins is { } bins ? Check.Positive(bins, "Discretization", nameof(numBins))
        : binBoundaries is not null ? null
        : throw Check.Option("Discretization", nameof(numBins), "not given, and neither are boundaries", "boundaries, or a number of bins and a call of Adapt");

    /// <summary>How exactly Adapt looks at the data.</summary>
    public float Epsilon { get; } = epsilon is > 0 and < 1 ? epsilon : throw Check.Option("Discretization", nameof(epsilon), Check.Text(epsilon), "a number between 0 and 1");

    /// <summary>Int, OneHot, MultiHot or Count.</summary>
    public EncodingMode OutputMode { get; } = outputMode != EncodingMode.TfIdf ? outputMode : throw Check.Option("Discretization", nameof(outputMode), "TfIdf", "Int, OneHot, MultiHot or Count");

    /// <summary>Finds boundaries between bins of about equally many numbers, by Keras' summary of quantiles.</summary>
    /// <param name="data">Numbers of any shape.</param>
    /// <exception cref="ModelException">Boundaries were given, the layer was called already, or the data is empty or has a number that is not finite.</exception>
    public void Adapt(Tensor<float> data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (NumBins is not { } bins) throw new ModelException($"Discretization '{Name}': boundaries were given, so there is nothing to adapt. Give numBins instead.") { NamesLayer = true };
        if (Calls.Count > 0) throw new ModelException($"Discretization '{Name}' was called already, and its boundaries are part of the model. Call Adapt first.") { NamesLayer = true };
        var values = new float[data.FlattenedLength];
        data.FlattenTo(values);
        if (values.Length == 0 || !values.All(float.IsFinite)) throw new ModelException($"Discretization '{Name}': Adapt was given {(values.Length == 0 ? "no data" : "numbers that are not finite")}; expected numbers.") { NamesLayer = true };
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
        BinBoundaries = [.. positions.SkipLast(1).Select(boundary => (float)boundary).Distinct()];
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        if (BinBoundaries is null) throw new ModelException("its boundaries are not known yet. Call Adapt with data first, or give them to the constructor.");
        var boundaries = Ops.Constant(Shape.Of(BinBoundaries.Count), [.. BinBoundaries]);
        var above = Ops.GreaterEqual(Ops.ExpandDims(Ops.Cast(x, DType.Float32), -1), boundaries);
        var bins = Ops.Cast(Ops.Sum(Ops.Cast(above, DType.Float32), -1), DType.Int64);
        return CategoryEncodings.Encode(bins, OutputMode, BinBoundaries.Count + 1);
    }

    /// <summary>The summary at even shares of the weight, where it is longer than that.</summary>
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
