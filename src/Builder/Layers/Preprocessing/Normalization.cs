using System.Numerics.Tensors;

namespace OnnxFunctional.Layers;

/// <summary>
/// Normalizes data to mean 0 and variance 1: <c>y = (x - mean) / max(sqrt(variance), 1e-7)</c>, with statistics given or learned from data by
/// <see cref="Adapt"/>.
/// </summary>
/// <remarks>
/// <para>
/// Input and output: any shape. Weights: mean and variance, each of the shape of the kept axes, and count (), none of them trainable; no weights if mean and
/// variance are given.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/numerical/normalization/</para>
/// </remarks>
/// <param name="axis">The axes that keep separate statistics; the last by default.</param>
/// <param name="mean">The mean, if known.</param>
/// <param name="variance">The variance, if known.</param>
/// <param name="invert">Whether the layer applies the inverse: <c>y = mean + x max(sqrt(variance), 1e-7)</c>.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">Only one of mean and variance is given, or they differ in size.</exception>
/// <example><code>
/// var normalization = new Normalization();
/// normalization.Adapt(NDArray.Create(new float[] { 1, 10, 3, 30 }, [2, 2]));
/// var scaled = normalization.Call(Model.Input([2]));               // part of the model and of its file
/// </code></example>
public sealed class Normalization(
    Axes? axis = null,
    DoubleValues? mean = null,
    DoubleValues? variance = null,
    bool invert = false,
    string? name = null)
    : ElementwiseLayer(name)
{
    private const float Epsilon = 1e-7f;

    private float[]? _mean;
    private float[]? _variance;

    /// <summary>The axes that keep separate statistics; none at all means one mean and variance for everything.</summary>
    public Axes Axis { get; } = axis ?? -1;

    /// <summary>The mean, if given.</summary>
    public DoubleValues? Mean { get; } = (mean is null) == (variance is null) && mean?.Count == variance?.Count
        ? mean
        : throw Check.Option(
            "Normalization",
            nameof(mean),
            mean?.ToString() ?? "not given",
            "as many numbers as variance, " + (variance?.ToString() ?? "which is not given either"),
            "Give both, or neither and call Adapt.");

    /// <summary>The variance, if given.</summary>
    public DoubleValues? Variance { get; } = variance;

    /// <summary>Whether the layer applies the inverse of the normalization.</summary>
    public bool Invert { get; } = invert;

    /// <summary>Learns mean and variance from data; call it before training, or later to learn them again.</summary>
    /// <param name="data">Samples along the first axis, as in the layer's input.</param>
    /// <exception cref="ModelException">The statistics were given to the constructor, or the data is empty or lacks the axes.</exception>
    public void Adapt(Tensor<float> data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (Mean is not null)
            throw new ModelException($"Normalization '{Name}': mean and variance were given, so there is nothing to adapt. Leave them out of the constructor.")
            {
                NamesLayer = true,
            };
        var dims = data.Lengths.ToArray().Select(length => (int)length).ToArray();
        if (dims.Length == 0 || data.FlattenedLength == 0)
            throw new ModelException($"Normalization '{Name}': Adapt got no data, shape ({string.Join(", ", dims)}); "
                + "expected samples along the first axis.")
            {
                NamesLayer = true,
            };
        var kept = Kept(dims.Length);
        var groups = kept.Aggregate(1, (product, i) => product * dims[i]);
        if (OwnWeights.Count > 0 && OwnWeights[0].Length != groups)
            throw new ModelException($"Normalization '{Name}': the data has {groups} positions along axes {Axis.List}, but the layer was called on "
                + $"{Calls[0].Inputs[0].Shape}.")
            {
                NamesLayer = true,
            };

        var values = new float[data.FlattenedLength];
        data.FlattenTo(values);
        var (sums, squares) = (new double[groups], new double[groups]);
        for (var pass = 0; pass < 2; pass++)
        {
            var means = sums.Select(sum => sum * groups / values.Length).ToArray();
            for (var i = 0; i < values.Length; i++)
            {
                var group = GroupOf(i, dims, kept);
                if (pass == 0) sums[group] += values[i];
                else squares[group] += (values[i] - means[group]) * (values[i] - means[group]);
            }
        }

        _mean = [.. sums.Select(sum => (float)(sum * groups / values.Length))];
        _variance = [.. squares.Select(square => (float)(square * groups / values.Length))];
        if (OwnWeights.Count == 0) return;
        _mean.CopyTo(OwnWeights[0].Storage, 0);
        _variance.CopyTo(OwnWeights[1].Storage, 0);
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        x = Ops.Cast(x, DType.Float32);
        var kept = Kept(x.Rank);
        SymbolicTensor mean, variance;
        if (Mean is { } givenMean && Variance is { } givenVariance)
        {
            (mean, variance) = (Given(givenMean, x, kept), Given(givenVariance, x, kept));
        }
        else
        {
            var shape = Shape.Of([.. kept.Select(i => Check.Known(x, i, "the size of an axis with separate statistics"))]);
            if (_mean is not null && _mean.Length != shape.ElementCount)
                throw new ModelException($"was adapted to {_mean.Length} positions along axes {Axis.List}, but got {x.Shape}.");
            mean = Broadcasting.Along(Weight("mean", shape, new Adapted(() => _mean, 0), trainable: false), kept, x.Rank);
            variance = Broadcasting.Along(Weight("variance", shape, new Adapted(() => _variance, 1), trainable: false), kept, x.Rank);
            Weight("count", [], Initializer.Zeros, trainable: false);
        }

        var deviation = Ops.Maximum(Ops.Sqrt(variance), Epsilon);
        return Invert ? mean + (x * deviation) : (x - mean) / deviation;
    }

    private int[] Kept(int rank) => Axis.List.Count == 0 ? [] : Operators.ShapeRules.Axes(Axis.List, rank, "Normalization");

    private static SymbolicTensor Given(DoubleValues numbers, SymbolicTensor x, int[] kept)
    {
        if (numbers.IsSingle || numbers.Count == 1) return Ops.Constant(numbers[0]);
        var known = Shape.Of([.. kept.Select(i => Check.Known(x, i, "the size of an axis with separate statistics"))]);
        if (known.Rank == 0 || known.ElementCount != numbers.Count)
            throw new ModelException($"{numbers.Count} values were given for {known} positions of {x.Shape}; expected one for each, or a single one.");
        return Broadcasting.Along(Ops.Constant(known, numbers.ToFloats()), kept, x.Rank);
    }

    /// <summary>The kept position to which element <paramref name="index"/> belongs.</summary>
    private static int GroupOf(long index, int[] dims, int[] kept)
    {
        var (group, factor) = (0, 1);
        for (var axis = dims.Length - 1; axis >= 0; axis--)
        {
            var position = (int)(index % dims[axis]);
            index /= dims[axis];
            if (!kept.Contains(axis)) continue;
            group += position * factor;
            factor *= dims[axis];
        }

        return group;
    }

    /// <summary>The values that Adapt found, or a constant before it is called.</summary>
    private sealed class Adapted(Func<float[]?> values, float otherwise) : Initializer
    {
        protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> weights)
        {
            if (values() is { } found) found.CopyTo(weights);
            else weights.Fill(otherwise);
        }
    }
}
