namespace OnnxFunctional.Training.Losses;

/// <summary>
/// Circle loss for embeddings of norm 1 with class indices (Sun et al. 2020), over all pairs of a batch. With <c>d = max(1 - cosine, 0)</c> it is
/// <c>softplus(a + b)</c>: a is the logsumexp of <c>-gamma (margin + d) (margin - d)</c> over pairs of one class, b that of
/// <c>gamma (1 + margin - d) (1 - margin - d)</c> over all other pairs.
/// </summary>
/// <remarks>https://keras.io/api/losses/metric_learning_losses/#circle-class</remarks>
/// <param name="gamma">The scale.</param>
/// <param name="margin">The distance allowed between two samples of one class.</param>
/// <param name="removeDiagonal">Whether pairs of a sample with itself are excluded.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class Circle(
    double gamma = 80, double margin = 0.4, bool removeDiagonal = true, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null)
    : Loss(reduction, name)
{
    // Stands for a pair that does not count: its exponential is 0. Unlike an infinity it can be subtracted from itself.
    private const float None = -1e9f;

    /// <summary>The scale.</summary>
    public double Gamma { get; } = Check.NotNegative(gamma, nameof(Circle), nameof(gamma));

    /// <summary>The distance allowed between two samples of one class.</summary>
    public double Margin { get; } = Check.NotNegative(margin, nameof(Circle), nameof(margin));

    /// <summary>Whether pairs of a sample with itself are excluded.</summary>
    public bool RemoveDiagonal { get; } = removeDiagonal;

    internal override bool IsSparse => true;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        if (yPred.Rank != 2) throw new ModelException($"{Name} takes embeddings (batch, size), but the predictions are {yPred.Shape}.");
        var y = Ops.Cast(Targets.Classes(yTrue, yPred, Name), DType.Float32);
        var distance = Ops.Relu(1 - Ops.MatMul(yPred, Ops.Transpose(yPred, 1, 0)));
        var same = Ops.Equal(Ops.ExpandDims(y, 1), Ops.ExpandDims(y, 0));
        var others = Ops.LogicalNot(same);
        if (RemoveDiagonal)
        {
            var number = Ops.Cast(Ops.Make(new Operators.Positions(0), y), DType.Float32);
            same = Ops.LogicalAnd(same, Ops.NotEqual(Ops.ExpandDims(number, 1), Ops.ExpandDims(number, 0)));
        }

        var (gamma, margin) = ((float)Gamma, (float)Margin);
        var near = -gamma * Ops.Relu(margin + distance) * (margin - distance);
        var far = gamma * Ops.Relu(1 + margin - distance) * (1 - margin - distance);
        var losses = Ops.Softplus(Ops.LogSumExp(Ops.Where(same, near, None), 1) + Ops.LogSumExp(Ops.Where(others, far, None), 1));
        return losses.WithMask(Ops.Greater(losses, 0));
    }
}
