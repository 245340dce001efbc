namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Adam without momentum and with mean squares kept per row and column (Shazeer and Stern 2018), so that its state is small:
/// <c>v = r c / mean(r), u = g / sqrt(v), w -= max(epsilon2, rms(w)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / clip)</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adafactor/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="beta2Decay">How fast the mean squares follow new gradients: <c>b2 = 1 - t^beta2Decay</c>.</param>
/// <param name="epsilon1">A small value added to squares; at least 0.</param>
/// <param name="epsilon2">The lower bound of a weight's scale; at least 0.</param>
/// <param name="clipThreshold">The upper bound of the root mean square of an update; at least 0.</param>
/// <param name="relativeStep">Whether a constant learning rate is limited to <c>1 / sqrt(t)</c>.</param>
/// <param name="weightDecay">The share of the weights, times the learning rate, that each step subtracts; at least 0. Default: none.</param>
/// <param name="clipnorm">The gradient of each weight is scaled down to this norm, above 0. At most one of the three kinds of clipping can be chosen.</param>
/// <param name="clipvalue">Elements of gradients are clipped to plus and minus this value, above 0.</param>
/// <param name="globalClipnorm">All gradients are scaled down together to this norm, above 0.</param>
/// <param name="useEma">Whether moving averages of the weights are kept; when training ends they replace the weights.</param>
/// <param name="emaMomentum">How much of the moving averages is kept, from 0 to 1.</param>
/// <param name="emaOverwriteFrequency">The averages also replace the weights each time this many steps were made, at least 1; default: only at the end.</param>
/// <param name="gradientAccumulationSteps">Weights are updated once in this many batches, at least 2; default: after each.</param>
/// <param name="excludeFromWeightDecay">Weights whose full name contains one of these do not decay: <c>["bias", "gamma"]</c>.</param>
/// <param name="name">Its name in messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A value is out of its range.</exception>
public sealed class Adafactor(
    Schedule? learningRate = null,
    double beta2Decay = -0.8,
    double epsilon1 = 1e-30,
    double epsilon2 = 1e-3,
    double clipThreshold = 1,
    bool relativeStep = true,
    double? weightDecay = null,
    double? clipnorm = null,
    double? clipvalue = null,
    double? globalClipnorm = null,
    bool useEma = false,
    double emaMomentum = 0.99,
    int? emaOverwriteFrequency = null,
    int? gradientAccumulationSteps = null,
    IReadOnlyList<string>? excludeFromWeightDecay = null,
    string? name = null)
    : Optimizer(
        learningRate ?? 0.001,
        weightDecay,
        clipnorm,
        clipvalue,
        globalClipnorm,
        useEma,
        emaMomentum,
        emaOverwriteFrequency,
        gradientAccumulationSteps,
        excludeFromWeightDecay,
        name)
{
    /// <summary>How fast the mean squares follow new gradients: <c>b2 = 1 - t^beta2Decay</c>.</summary>
    public double Beta2Decay { get; } = Check.Finite(beta2Decay, nameof(Adafactor), nameof(beta2Decay));

    /// <summary>A small value added to squares.</summary>
    public double Epsilon1 { get; } = Check.NotNegative(epsilon1, nameof(Adafactor), nameof(epsilon1));

    /// <summary>The lower bound of a weight's scale.</summary>
    public double Epsilon2 { get; } = Check.NotNegative(epsilon2, nameof(Adafactor), nameof(epsilon2));

    /// <summary>The upper bound of the root mean square of an update.</summary>
    public double ClipThreshold { get; } = Check.NotNegative(clipThreshold, nameof(Adafactor), nameof(clipThreshold));

    /// <summary>Whether a constant learning rate is limited to <c>1 / sqrt(t)</c>.</summary>
    public bool RelativeStep { get; } = relativeStep;

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (beta2Decay, epsilon1, epsilon2, clipThreshold) = ((float)Beta2Decay, (float)Epsilon1, (float)Epsilon2, (float)ClipThreshold);
        var slope = Ops.Rsqrt(context.Step);
        var rate = RelativeStep && LearningRate.IsConstant ? Ops.Minimum(context.LearningRate, slope) : context.LearningRate;
        var scale = Ops.Maximum(epsilon2, RootMeanSquare(context.Weight)) * Ops.Minimum(rate, slope);
        var keep = 1 - Ops.Power(context.Step, beta2Decay);
        var square = Ops.Square(context.Gradient) + epsilon1;
        SymbolicTensor update;
        if (context.Weight.Rank < 2)
        {
            var velocity = context.Slot("velocity");
            var estimate = (velocity * keep) + (square * (1 - keep));
            context.SetSlot(velocity, estimate);
            update = context.Gradient * Ops.Rsqrt(estimate);
        }
        else
        {
            var shape = context.Weight.Shape;
            var (row, column) = (context.Slot("row", shape: shape.Slice(0, shape.Rank - 1)), context.Slot("column", shape: shape.Remove(shape.Rank - 2)));
            var rows = (row * keep) + (Ops.Mean(square, -1) * (1 - keep));
            var columns = (column * keep) + (Ops.Mean(square, -2) * (1 - keep));
            context.SetSlot(row, rows);
            context.SetSlot(column, columns);

            // One factor after the other: where a row and a column have no gradient, the product of their estimates would be 0 in float32, and 0 / 0 no number.
            var byRow = Ops.Rsqrt(rows / Ops.Mean(rows, -1, keepdims: true));
            update = context.Gradient * Ops.ExpandDims(byRow, -1) * Ops.ExpandDims(Ops.Rsqrt(columns), -2);
        }

        context.SetWeight(context.Weight - (update * (scale / Ops.Maximum(1, RootMeanSquare(update) / clipThreshold))));
    }

    private static SymbolicTensor RootMeanSquare(SymbolicTensor x) => Ops.Sqrt(Ops.Mean(Ops.Square(x)));
}
