namespace OnnxFunctional.Training.Losses;

/// <summary>For segmentation: <c>1 - 2 sum(y p) / (sum(y) + sum(p) + 1e-7)</c>, over all axes or those given.</summary>
/// <remarks>https://keras.io/api/losses/segmentation_losses/#dice-class</remarks>
/// <param name="axis">The axes to sum over; default: all, including the batch.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class Dice(IReadOnlyList<int>? axis = null, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <summary>The axes to sum over.</summary>
    public IReadOnlyList<int>? Axis { get; } = axis;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        var axes = Axes.Create([.. Axis ?? []]);
        return 1 - (2 * Ops.Sum(y * yPred, axes) / (Ops.Sum(y, axes) + Ops.Sum(yPred, axes) + Targets.Epsilon));
    }
}

/// <summary>
/// For segmentation, with weights for the kinds of errors (Salehi et al. 2017): <c>1 - tp / (tp + alpha fp + beta fn + 1e-7)</c>, over all axes or those given.
/// </summary>
/// <remarks>https://keras.io/api/losses/segmentation_losses/#tversky-class</remarks>
/// <param name="alpha">The weight of false positives.</param>
/// <param name="beta">The weight of false negatives.</param>
/// <param name="axis">The axes to sum over; default: all, including the batch.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class Tversky(
    double alpha = 0.5, double beta = 0.5, IReadOnlyList<int>? axis = null, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null)
    : Loss(reduction, name)
{
    /// <summary>The weight of false positives.</summary>
    public double Alpha { get; } = Check.NotNegative(alpha, nameof(Tversky), nameof(alpha));

    /// <summary>The weight of false negatives.</summary>
    public double Beta { get; } = Check.NotNegative(beta, nameof(Tversky), nameof(beta));

    /// <summary>The axes to sum over.</summary>
    public IReadOnlyList<int>? Axis { get; } = axis;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        var axes = Axes.Create([.. Axis ?? []]);
        var right = Ops.Sum(y * yPred, axes);
        return 1 - (right / (right + ((float)Alpha * Ops.Sum((1 - y) * yPred, axes)) + ((float)Beta * Ops.Sum(y * (1 - yPred), axes)) + Targets.Epsilon));
    }
}
