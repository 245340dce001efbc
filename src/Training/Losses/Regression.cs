namespace OnnxFunctional.Training;

/// <summary>The mean over the last axis of <c>(yPred - yTrue)^2</c>.</summary>
/// <remarks>https://keras.io/api/losses/regression_losses/#meansquarederror-class</remarks>
public sealed class MeanSquaredError : Loss
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(Ops.Square(yPred - Targets.Like(yTrue, yPred, Name)), -1);
}
