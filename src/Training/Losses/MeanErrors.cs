using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training;

/// <summary>The mean over the last axis of <c>(yPred - yTrue)^2</c>.</summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#meansquarederror-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class MeanSquaredError(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(Ops.Square(yPred - Targets.Like(yTrue, yPred, Name)), -1);
}

/// <summary>The mean over the last axis of <c>|yPred - yTrue|</c>.</summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#meanabsoluteerror-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class MeanAbsoluteError(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(Ops.Abs(yPred - Targets.Like(yTrue, yPred, Name)), -1);
}
