namespace OnnxFunctional.Training.Losses;

/// <summary>How far predicted probabilities are from the true ones: the sum over the last axis of <c>y log(y / p)</c>, both clipped to 1e-7 and 1.</summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#kldivergence-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class KLDivergence(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    public override string Name => GivenName ?? "kl_divergence";

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Ops.Clip(Targets.Like(yTrue, yPred, Name), Targets.Epsilon, 1);
        return Ops.Sum(y * Ops.Log(y / Ops.Clip(yPred, Targets.Epsilon, 1)), -1);
    }
}

/// <summary>For counts: the mean over the last axis of <c>yPred - yTrue log(yPred + 1e-7)</c>.</summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#poisson-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class Poisson(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(yPred - (Targets.Like(yTrue, yPred, Name) * Ops.Log(yPred + Targets.Epsilon)), -1);
}

/// <summary>
/// For class indices of which some may be wrong (Zhang and Sabuncu 2018): <c>(1 - p[y]^q) / q</c>, between cross-entropy (q to 0) and absolute error (q = 1).
/// </summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#categoricalgeneralizedcrossentropy-class</remarks>
/// <param name="q">How much wrong targets are tolerated.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class CategoricalGeneralizedCrossEntropy(double q = 0.5, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null)
    : Loss(reduction, name)
{
    /// <summary>How much wrong targets are tolerated.</summary>
    public double Q { get; } = q is > 0 and < 1
        ? q
        : throw Check.Option(nameof(CategoricalGeneralizedCrossEntropy), nameof(q), Check.Text(q), "a number above 0 and below 1");

    internal override bool IsSparse => true;

    internal override int? ClassesOf(Shape prediction) => prediction[^1];

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var classes = yPred.Shape[^1] ?? throw new ModelException($"the number of classes is unknown in {yPred.Shape}.");
        var right = Ops.Sum(yPred * Ops.Make(new Operators.OneHot(classes, Strict: true), Targets.Classes(yTrue, yPred, Name)), -1);
        return (1 - Ops.Power(right, (float)Q)) / (float)Q;
    }
}
