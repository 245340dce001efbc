namespace OnnxFunctional.Training.Losses;

/// <summary>For segmentation: <c>1 - 2 sum(y p) / (sum(y) + sum(p) + 1e-7)</c>, over all axes or those given.</summary>
/// <remarks>https://keras.io/api/losses/segmentation_losses/#dice-class</remarks>
/// <param name="axis">The axes to sum over; default: all, including the batch.</param>
public sealed class Dice(IReadOnlyList<int>? axis = null) : Loss
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
public sealed class Tversky(float alpha = 0.5f, float beta = 0.5f, IReadOnlyList<int>? axis = null) : Loss
{
    /// <summary>The weight of false positives.</summary>
    public float Alpha { get; } = alpha;

    /// <summary>The weight of false negatives.</summary>
    public float Beta { get; } = beta;

    /// <summary>The axes to sum over.</summary>
    public IReadOnlyList<int>? Axis { get; } = axis;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        var axes = Axes.Create([.. Axis ?? []]);
        var right = Ops.Sum(y * yPred, axes);
        return 1 - (right / (right + (Alpha * Ops.Sum((1 - y) * yPred, axes)) + (Beta * Ops.Sum(y * (1 - yPred), axes)) + Targets.Epsilon));
    }
}
