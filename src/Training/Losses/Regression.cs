namespace OnnxFunctional.Training.Losses;

/// <summary>The mean over the last axis of <c>100 |yPred - yTrue| / max(|yTrue|, 1e-7)</c>.</summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#meanabsolutepercentageerror-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class MeanAbsolutePercentageError(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        return 100 * Ops.Mean(Ops.Abs((y - yPred) / Ops.Maximum(Ops.Abs(y), Targets.Epsilon)), -1);
    }
}

/// <summary>The mean over the last axis of <c>(log(max(yPred, 1e-7) + 1) - log(max(yTrue, 1e-7) + 1))^2</c>, for non-negative values.</summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#meansquaredlogarithmicerror-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class MeanSquaredLogarithmicError(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        return Ops.Mean(Ops.Square(Logarithm(yPred) - Logarithm(y)), -1);
    }

    private static SymbolicTensor Logarithm(SymbolicTensor x) => Ops.Log(Ops.Maximum(x, Targets.Epsilon) + 1);
}

/// <summary>
/// Quadratic near 0 and linear beyond: the mean over the last axis of <c>d^2 / 2</c> where <c>|d| &lt;= delta</c>, else <c>delta |d| - delta^2 / 2</c>.
/// </summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#huber-class</remarks>
/// <param name="delta">Where it becomes linear.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class Huber(double delta = 1, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <summary>Where it becomes linear.</summary>
    public double Delta { get; } = Check.NotNegative(delta, nameof(Huber), nameof(delta));

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var error = yPred - Targets.Like(yTrue, yPred, Name);
        var (size, delta) = (Ops.Abs(error), (float)Delta);
        return Ops.Mean(Ops.Where(Ops.LessEqual(size, delta), 0.5f * Ops.Square(error), (delta * size) - (0.5f * delta * delta)), -1);
    }
}

/// <summary>The mean over the last axis of <c>log(cosh(yPred - yTrue))</c>: quadratic near 0 and linear beyond.</summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#logcosh-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class LogCosh(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var error = yPred - Targets.Like(yTrue, yPred, Name);
        return Ops.Mean(error + Ops.Softplus(error * -2) - MathF.Log(2), -1);
    }
}

/// <summary>Minus the cosine of the angle between targets and predictions: -1 if they point the same way.</summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#cosinesimilarity-class</remarks>
/// <param name="axis">The axis of the vectors.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class CosineSimilarity(int axis = -1, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <summary>The axis of the vectors.</summary>
    public int Axis { get; } = axis;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        -Cosine(Targets.Like(yTrue, yPred, Name), yPred, Axis);

    /// <summary>The cosine of the angle between two vectors, 0 where one is 0.</summary>
    internal static SymbolicTensor Cosine(SymbolicTensor left, SymbolicTensor right, int axis) => Ops.Sum(Unit(left, axis) * Unit(right, axis), axis);

    private static SymbolicTensor Unit(SymbolicTensor x, int axis) =>
        x * Ops.Rsqrt(Ops.Maximum(Ops.Sum(Ops.Square(x), axis, keepdims: true), Targets.Epsilon * Targets.Epsilon));
}
