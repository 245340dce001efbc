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
/// <param name="center">Whether beta is added.</param>
/// <param name="scale">Whether the result is multiplied by gamma.</param>
/// <param name="betaInitializer">Initializer of beta; zeros by default.</param>
/// <param name="gammaInitializer">Initializer of gamma; ones by default.</param>
/// <param name="movingMeanInitializer">Initializer of the moving mean; zeros by default.</param>
/// <param name="movingVarianceInitializer">Initializer of the moving variance; ones by default.</param>
/// <param name="betaRegularizer">A penalty on beta.</param>
/// <param name="gammaRegularizer">A penalty on gamma.</param>
/// <param name="betaConstraint">A constraint applied to beta after each step.</param>
/// <param name="gammaConstraint">A constraint applied to gamma after each step.</param>
/// <param name="renorm">Whether batch renormalization corrects the batch's statistics towards the moving ones.</param>
/// <param name="renormClipping">Bounds of the correction by the names rmin, rmax and dmax; a missing name means no bound.</param>
/// <param name="renormMomentum">The fraction of the correction's statistics that a step keeps.</param>
/// <param name="synchronized">Whether the statistics are those of the whole batch where several processes share it, not of each part.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">renormClipping has another name, or bounds that exclude each other.</exception>
/// <example><code>
/// var x = Model.Input([28, 28, 1]).Apply(new Conv2D(16, 3, useBias: false), new BatchNormalization(), new Relu());
/// </code></example>
public sealed class BatchNormalization(
    int axis = -1,
    double momentum = 0.99,
    double epsilon = 1e-3,
    bool center = true,
    bool scale = true,
    Initializer? betaInitializer = null,
    Initializer? gammaInitializer = null,
    Initializer? movingMeanInitializer = null,
    Initializer? movingVarianceInitializer = null,
    Regularizer? betaRegularizer = null,
    Regularizer? gammaRegularizer = null,
    Constraint? betaConstraint = null,
    Constraint? gammaConstraint = null,
    bool renorm = false,
    IReadOnlyDictionary<string, double>? renormClipping = null,
    double renormMomentum = 0.99,
    bool synchronized = false,
    string? name = null)
    : ElementwiseLayer(name)
{
    // Keras' backend.epsilon(), which prevents division by zero for a fully masked batch.
    private const float MaskEpsilon = 1e-7f;

    /// <summary>The axis of the channels.</summary>
    public int Axis { get; } = axis;

    /// <summary>The fraction of the moving statistics that a step keeps.</summary>
    public double Momentum { get; } = Check.Finite(momentum, "BatchNormalization", nameof(momentum));

    /// <summary>Added to the variance.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(BatchNormalization), nameof(epsilon));

    /// <summary>Whether beta is added.</summary>
    public bool Center { get; } = center;

    /// <summary>Whether the result is multiplied by gamma.</summary>
    public bool Scale { get; } = scale;

    /// <summary>Initializer of beta.</summary>
    public Initializer BetaInitializer { get; } = betaInitializer ?? Initializer.Zeros;

    /// <summary>Initializer of gamma.</summary>
    public Initializer GammaInitializer { get; } = gammaInitializer ?? Initializer.Ones;

    /// <summary>Initializer of the moving mean.</summary>
    public Initializer MovingMeanInitializer { get; } = movingMeanInitializer ?? Initializer.Zeros;

    /// <summary>Initializer of the moving variance.</summary>
    public Initializer MovingVarianceInitializer { get; } = movingVarianceInitializer ?? Initializer.Ones;

    /// <summary>A penalty on beta.</summary>
    public Regularizer? BetaRegularizer { get; } = betaRegularizer;

    /// <summary>A penalty on gamma.</summary>
    public Regularizer? GammaRegularizer { get; } = gammaRegularizer;

    /// <summary>A constraint applied to beta after each step.</summary>
    public Constraint? BetaConstraint { get; } = betaConstraint;

    /// <summary>A constraint applied to gamma after each step.</summary>
    public Constraint? GammaConstraint { get; } = gammaConstraint;

    /// <summary>Whether batch renormalization corrects the batch's statistics towards the moving ones, for small batches (Ioffe 2017).</summary>
    public bool Renorm { get; } = renorm;

    /// <summary>Bounds of the correction: <c>rmin</c> and <c>rmax</c> for the factor, <c>dmax</c> for the shift; a missing name means no bound.</summary>
    public IReadOnlyDictionary<string, double>? RenormClipping { get; } = Bounds(renormClipping);

    /// <summary>The fraction of the correction's statistics that a step keeps.</summary>
    public double RenormMomentum { get; } = Check.Finite(renormMomentum, "BatchNormalization", nameof(renormMomentum));

    /// <summary>Whether the statistics are those of the whole batch where several processes share it, not of each part.</summary>
    public bool Synchronized { get; } = synchronized;

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
        var stored = Ops.Make(new Operators.BatchNormalization(axis, (float)Epsilon), x, gamma, beta, mean, variance);
        return Ops.Make(new Phase(FreezesWithLayer: true), training, stored);
    }

    private static IReadOnlyDictionary<string, double>? Bounds(IReadOnlyDictionary<string, double>? bounds)
    {
        if (bounds is null) return null;
        foreach (var (key, bound) in bounds)
        {
            if (key is not ("rmin" or "rmax" or "dmax"))
                throw Check.Option("BatchNormalization", nameof(renormClipping), $"'{key}'", "the names rmin, rmax and dmax");
            if (key == "dmax") Check.NotNegative(bound, "BatchNormalization", "dmax");
        }

        return bounds.TryGetValue("rmin", out var low) && bounds.TryGetValue("rmax", out var high) && low > high
            ? throw Check.Option("BatchNormalization", "rmin", Check.Text(low), "at most rmax, " + Check.Text(high))
            : bounds;
    }

    private SymbolicTensor FromBatch(SymbolicTensor x, int axis, SymbolicTensor gamma, SymbolicTensor beta, SymbolicTensor mean, SymbolicTensor variance)
    {
        SymbolicTensor y, batchMean, batchVariance;
        if (x.Mask is null && !Synchronized)
        {
            var training = Ops.MakeAll(new BatchNormalizationTraining(axis, (float)Epsilon), x, gamma, beta);
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
        var reference = Ops.Maximum(renormDeviation, Math.Sqrt(Epsilon));
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
    private (SymbolicTensor Mean, SymbolicTensor Variance) Moments(SymbolicTensor x, int axis)
    {
        var others = Axes.Create([.. Enumerable.Range(0, x.Rank).Where(i => i != axis)]);
        if (Synchronized) return OfAllShards(x, axis, others);
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

    /// <summary>The same of the whole batch, of which the graph may see a part: sums are added over the parts, then the squares around their mean.</summary>
    private static (SymbolicTensor Mean, SymbolicTensor Variance) OfAllShards(SymbolicTensor x, int axis, Axes others)
    {
        var shown = x.Mask is null ? null : Ops.Make(new ExpandLike(), Ops.Cast(Ops.ExpandDims(x.Mask, -1), x.DType), x);
        var count = shown is null ? OverShards(Ops.Size(x, others)) : OverShards(Ops.Sum(shown, others)) + MaskEpsilon;
        var mean = OverShards(Ops.Sum(shown is null ? x : x * shown, others)) / count;
        var squares = Ops.Square(x - Broadcasting.Along(mean, [axis], x.Rank));
        return (mean, OverShards(Ops.Sum(shown is null ? squares : squares * shown, others)) / count);

        static SymbolicTensor OverShards(SymbolicTensor own) => Ops.Make(new SumOverShards(), own);
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
