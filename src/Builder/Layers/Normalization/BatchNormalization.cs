using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>
/// Normalizes each channel to mean 0 and variance 1, then scales and shifts it: <c>y = gamma (x - mean) / sqrt(variance + epsilon) + beta</c> (Ioffe and
/// Szegedy 2015).
/// </summary>
/// <remarks>
/// <para>
/// In training, mean and (biased) variance are the batch's, and <c>moving = moving * momentum + batch * (1 - momentum)</c>; in inference, and in a frozen
/// layer, they are the moving ones. Masked steps do not count.
/// </para>
/// <para>
/// Input and output: any shape. Weights: gamma, beta, moving_mean, moving_variance, each (channels); with Renorm moving_stddev, renorm_mean, renorm_stddev
/// follow.
/// </para>
/// <para>Keras: https://keras.io/api/layers/normalization_layers/batch_normalization/</para>
/// </remarks>
/// <param name="axis">The axis of the channels.</param>
/// <param name="momentum">The fraction of the moving statistics that a step keeps.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class BatchNormalization(int axis = -1, float momentum = 0.99f, float epsilon = 1e-3f, string? name = null) : ElementwiseLayer(name)
{
    // Keras' backend.epsilon(), which prevents division by zero for a fully masked batch.
    private const float MaskEpsilon = 1e-7f;

    /// <summary>The axis of the channels.</summary>
    public int Axis { get; } = axis;

    /// <summary>The fraction of the moving statistics that a step keeps.</summary>
    public float Momentum { get; } = momentum;

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; } = epsilon;

    /// <summary>Whether beta is added.</summary>
    public bool Center { get; init; } = true;

    /// <summary>Whether the result is multiplied by gamma.</summary>
    public bool Scale { get; init; } = true;

    /// <summary>Initializer of beta.</summary>
    public Initializer BetaInitializer { get; init; } = Initializer.Zeros;

    /// <summary>Initializer of gamma.</summary>
    public Initializer GammaInitializer { get; init; } = Initializer.Ones;

    /// <summary>Initializer of the moving mean.</summary>
    public Initializer MovingMeanInitializer { get; init; } = Initializer.Zeros;

    /// <summary>Initializer of the moving variance.</summary>
    public Initializer MovingVarianceInitializer { get; init; } = Initializer.Ones;

    /// <summary>A penalty on beta.</summary>
    public Regularizer? BetaRegularizer { get; init; }

    /// <summary>A penalty on gamma.</summary>
    public Regularizer? GammaRegularizer { get; init; }

    /// <summary>A constraint applied to beta after each step.</summary>
    public Constraint? BetaConstraint { get; init; }

    /// <summary>A constraint applied to gamma after each step.</summary>
    public Constraint? GammaConstraint { get; init; }

    /// <summary>Whether batch renormalization corrects the batch's statistics towards the moving ones, for small batches (Ioffe 2017).</summary>
    public bool Renorm { get; init; }

    /// <summary>Bounds of the correction: <c>rmin</c> and <c>rmax</c> for the factor, <c>dmax</c> for the shift; a missing name means no bound.</summary>
    /// <exception cref="ModelException">Another name, or bounds that exclude each other.</exception>
    public IReadOnlyDictionary<string, float>? RenormClipping
    {
        get;
        init
        {
            foreach (var (key, bound) in value ?? new Dictionary<string, float>())
            {
                if (key is not ("rmin" or "rmax" or "dmax"))
                    throw Check.Option("BatchNormalization", nameof(RenormClipping), $"'{key}'", "the names rmin, rmax and dmax");
                if (key == "dmax") Check.NotNegative(bound, "BatchNormalization", "dmax");
            }

            if (value is not null && value.TryGetValue("rmin", out var low) && value.TryGetValue("rmax", out var high) && low > high)
                throw Check.Option("BatchNormalization", "rmin", Check.Text(low), "at most rmax, " + Check.Text(high));
            field = value;
        }
    }

    /// <summary>The fraction of the correction's statistics that a step keeps.</summary>
    public float RenormMomentum { get; init; } = 0.99f;

    /// <summary>Keras' option for several devices; it has no effect here.</summary>
    public bool Synchronized { get; init; }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var axis = ShapeRules.Axis(Axis, x.Rank, "BatchNormalization");
        var channels = Shape.Of(Check.Known(x, axis, "the number of channels"));
        var gamma = Scale ? Weight("gamma", channels, GammaInitializer, regularizer: GammaRegularizer, constraint: GammaConstraint) : Ops.Filled(channels, 1);
        var beta = Center ? Weight("beta", channels, BetaInitializer, regularizer: BetaRegularizer, constraint: BetaConstraint) : Ops.Filled(channels, 0);
        var mean = Weight("moving_mean", channels, MovingMeanInitializer, trainable: false);
        var variance = Weight("moving_variance", channels, MovingVarianceInitializer, trainable: false);
        if (x.Mask is { } mask && mask.Rank != x.Rank - 1)
            throw new ModelException($"takes a mask of one dimension fewer than its input {x.Shape}, but got {mask.Shape}.");

        var training = Renorm ? Renormalized(x, axis, gamma, beta, mean, variance) : FromBatch(x, axis, gamma, beta, mean, variance);
        var stored = Ops.Make(new Operators.BatchNormalization(axis, Epsilon), x, gamma, beta, mean, variance);
        return Ops.Make(new Phase(FreezesWithLayer: true), training, stored);
    }

    private SymbolicTensor FromBatch(SymbolicTensor x, int axis, SymbolicTensor gamma, SymbolicTensor beta, SymbolicTensor mean, SymbolicTensor variance)
    {
        SymbolicTensor y, batchMean, batchVariance;
        if (x.Mask is null)
        {
            var training = Ops.MakeAll(new BatchNormalizationTraining(axis, Epsilon), x, gamma, beta);
            (y, batchMean, batchVariance) = training;
        }
        else
        {
            (batchMean, batchVariance) = Moments(x, axis);
            y = Normalize(x, axis, batchMean, batchVariance, gamma, beta);
        }

        Update(mean, (mean * Momentum) + (batchMean * (1 - Momentum)));
        Update(variance, (variance * Momentum) + (batchVariance * (1 - Momentum)));
        return y;
    }

    private SymbolicTensor Renormalized(SymbolicTensor x, int axis, SymbolicTensor gamma, SymbolicTensor beta, SymbolicTensor mean, SymbolicTensor variance)
    {
        var deviation = new RootOf(MovingVarianceInitializer);
        var movingDeviation = Weight("moving_stddev", mean.Shape, deviation, trainable: false);
        var renormMean = Weight("renorm_mean", mean.Shape, MovingMeanInitializer, trainable: false);
        var renormDeviation = Weight("renorm_stddev", mean.Shape, deviation, trainable: false);
        var (batchMean, batchVariance) = Moments(x, axis);
        var batchDeviation = Ops.Sqrt(batchVariance + Epsilon);
        var reference = Ops.Maximum(renormDeviation, MathF.Sqrt(Epsilon));
        var (factor, shift) = (batchDeviation / reference, (batchMean - renormMean) / reference);
        if (RenormClipping?.ContainsKey("rmin") == true) factor = Ops.Maximum(factor, RenormClipping["rmin"]);
        if (RenormClipping?.ContainsKey("rmax") == true) factor = Ops.Minimum(factor, RenormClipping["rmax"]);
        if (RenormClipping?.ContainsKey("dmax") == true) shift = Ops.Clip(shift, -RenormClipping["dmax"], RenormClipping["dmax"]);
        var y = Normalize(x, axis, batchMean, batchVariance, Ops.StopGradient(factor) * gamma, (Ops.StopGradient(shift) * gamma) + beta);

        var newDeviation = (movingDeviation * Momentum) + (batchDeviation * (1 - Momentum));
        Update(renormMean, (renormMean * RenormMomentum) + (batchMean * (1 - RenormMomentum)));
        Update(renormDeviation, (renormDeviation * RenormMomentum) + (batchDeviation * (1 - RenormMomentum)));
        Update(mean, (mean * Momentum) + (batchMean * (1 - Momentum)));
        Update(movingDeviation, newDeviation);
        Update(variance, Ops.Relu(Ops.Square(newDeviation) - Epsilon));
        return y;
    }

    /// <summary>Mean and biased variance of each channel over the unmasked steps.</summary>
    private static (SymbolicTensor Mean, SymbolicTensor Variance) Moments(SymbolicTensor x, int axis)
    {
        var others = Axes.Create([.. Enumerable.Range(0, x.Rank).Where(i => i != axis)]);
        if (x.Mask is null)
        {
            var plain = Ops.Mean(x, others, keepdims: true);
            return (Ops.Squeeze(plain, others), Ops.Mean(Ops.Square(x - plain), others));
        }

        var shown = Ops.Make(new ExpandLike(), Ops.Cast(Ops.ExpandDims(x.Mask, -1), x.DType), x);
        var count = Ops.Sum(shown, others, keepdims: true) + MaskEpsilon;
        var mean = Ops.Sum(x * shown, others, keepdims: true) / count;
        var variance = Ops.Sum(Ops.Square(x - mean) * shown, others, keepdims: true) / count;
        return (Ops.Squeeze(mean, others), Ops.Squeeze(variance, others));
    }

    private SymbolicTensor Normalize(SymbolicTensor x, int axis, SymbolicTensor mean, SymbolicTensor variance, SymbolicTensor gamma, SymbolicTensor beta)
    {
        var factor = gamma / Ops.Sqrt(variance + Epsilon);
        return (x * Broadcasting.Along(factor, [axis], x.Rank)) + Broadcasting.Along(beta - (mean * factor), [axis], x.Rank);
    }

    /// <summary>The standard deviation for the initial values of a variance.</summary>
    private sealed class RootOf(Initializer variance) : Initializer
    {
        protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values)
        {
            variance.Fill(shape, random, values);
            foreach (ref var value in values) value = MathF.Sqrt(value);
        }
    }
}
