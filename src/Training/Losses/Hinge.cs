namespace OnnxFunctional.Training.Losses;

/// <summary>For binary targets 1 and -1 (0 counts as -1): the mean over the last axis of <c>max(1 - yTrue yPred, 0)</c>.</summary>
/// <remarks>https://keras.io/api/losses/hinge_losses/#hinge-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class Hinge(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(Margin(yTrue, yPred, Name), -1);

    /// <summary>How far each prediction falls short of the margin.</summary>
    internal static SymbolicTensor Margin(SymbolicTensor yTrue, SymbolicTensor yPred, string name)
    {
        var y = Targets.Like(yTrue, yPred, name);
        var isBinary = Ops.All(Ops.LogicalOr(Ops.Equal(y, 0), Ops.Equal(y, 1)));
        return Ops.Relu(1 - (Ops.Where(isBinary, (2 * y) - 1, y) * yPred));
    }
}

/// <summary>For binary targets 1 and -1 (0 counts as -1): the mean over the last axis of <c>max(1 - yTrue yPred, 0)^2</c>.</summary>
/// <remarks>https://keras.io/api/losses/hinge_losses/#squaredhinge-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class SquaredHinge(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(Ops.Square(OnnxFunctional.Training.Losses.Hinge.Margin(yTrue, yPred, Name)), -1);
}

/// <summary>For one-hot targets: <c>max(largest score of a wrong class - score of the right class + 1, 0)</c>.</summary>
/// <remarks>https://keras.io/api/losses/hinge_losses/#categoricalhinge-class</remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class CategoricalHinge(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        return Ops.Relu(Ops.Max((1 - y) * yPred, -1) - Ops.Sum(y * yPred, -1) + 1);
    }
}
