namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Adam without momentum and with mean squares kept per row and column (Shazeer and Stern 2018), so that its state is small:
/// <c>v = r c / mean(r), u = g / sqrt(v), w -= max(epsilon2, rms(w)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / clip)</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adafactor/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="beta2Decay">How fast the mean squares follow new gradients: <c>b2 = 1 - t^beta2Decay</c>.</param>
/// <param name="epsilon1">A small value added to squares.</param>
/// <param name="epsilon2">The lower bound of a weight's scale.</param>
/// <param name="clipThreshold">The upper bound of the root mean square of an update.</param>
/// <param name="relativeStep">Whether a constant learning rate is limited to <c>1 / sqrt(t)</c>.</param>
public sealed class Adafactor(
    Schedule? learningRate = null, float beta2Decay = -0.8f, float epsilon1 = 1e-30f, float epsilon2 = 1e-3f, float clipThreshold = 1, bool relativeStep = true)
    : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How fast the mean squares follow new gradients: <c>b2 = 1 - t^beta2Decay</c>.</summary>
    public float Beta2Decay { get; } = beta2Decay;

    /// <summary>A small value added to squares.</summary>
    public float Epsilon1 { get; } = Check.NotNegative(epsilon1, nameof(Adafactor), nameof(epsilon1));

    /// <summary>The lower bound of a weight's scale.</summary>
    public float Epsilon2 { get; } = Check.NotNegative(epsilon2, nameof(Adafactor), nameof(epsilon2));

    /// <summary>The upper bound of the root mean square of an update.</summary>
    public float ClipThreshold { get; } = Check.NotNegative(clipThreshold, nameof(Adafactor), nameof(clipThreshold));

    /// <summary>Whether a constant learning rate is limited to <c>1 / sqrt(t)</c>.</summary>
    public bool RelativeStep { get; } = relativeStep;

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var slope = Ops.Rsqrt(context.Step);
        var rate = RelativeStep && LearningRate.IsConstant ? Ops.Minimum(context.LearningRate, slope) : context.LearningRate;
        var scale = Ops.Maximum(Epsilon2, RootMeanSquare(context.Weight)) * Ops.Minimum(rate, slope);
        var keep = 1 - Ops.Power(context.Step, Beta2Decay);
        var square = Ops.Square(context.Gradient) + Epsilon1;
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

        context.SetWeight(context.Weight - (update * (scale / Ops.Maximum(1, RootMeanSquare(update) / ClipThreshold))));
    }

    private static SymbolicTensor RootMeanSquare(SymbolicTensor x) => Ops.Sqrt(Ops.Mean(Ops.Square(x)));
}
