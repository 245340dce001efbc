namespace OnnxFunctional.Training.Losses;

/// <summary>
/// Connectionist temporal classification (Graves et al. 2006), for label sequences that are not aligned with the input: minus the logarithm of the summed
/// probability of all alignments, with blanks and repetitions. Targets (batch, labels) hold class indices, where 0 is both the padding and the blank;
/// predictions (batch, time, classes) are logits. The number of time steps must be known.
/// </summary>
/// <remarks>
/// https://keras.io/api/losses/probabilistic_losses/#ctc-class. Scores are logarithms, with -1e5 for the logarithm of 0. The loop over time is unrolled in the
/// graph.
/// </remarks>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public sealed class Ctc(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null) : Loss(reduction, name)
{
    private const float LogZero = -1e5f;

    internal override bool IsSparse => true;

    internal override int? ClassesOf(Shape prediction) => prediction[^1];

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        ArgumentNullException.ThrowIfNull(yTrue);
        ArgumentNullException.ThrowIfNull(yPred);
        if (yTrue.Rank != 2 || yPred.Rank != 3)
        {
            throw new ModelException(
                $"{Name} takes targets (batch, labels) and predictions (batch, time, classes), but they are {yTrue.Shape} and {yPred.Shape}.");
        }


        if (yTrue.Shape[1] is not { } labels || yPred.Shape[1] is not { } time || yPred.Shape[2] is not { } classes)
        {
            throw new ModelException(
                $"{Name} needs known numbers of labels, time steps and classes, but targets are {yTrue.Shape} and predictions {yPred.Shape}. "
                + "Give the input a fixed length.");
        }


        var target = yTrue.DType.IsInteger() ? yTrue : Ops.Cast(yTrue, DType.Int64);
        var logarithms = Ops.LogSoftmax(yPred);
        var blank = Ops.Slice(logarithms, 2, 0, 1);
        var scores = Ops.MatMul(logarithms, Ops.Transpose(Ops.OneHot(target, classes), 0, 2, 1));

        // 1 where the next label is the same: a blank must come between the two.
        var numbers = Ops.Cast(target, DType.Float32);
        var repeat = labels == 1
            ? Ops.ZerosLike(numbers)
            : Ops.Concatenate(
                [
                    Ops.Cast(Ops.Equal(Ops.Slice(numbers, 1, 0, labels - 1), Ops.Slice(numbers, 1, 1)), DType.Float32),
                    Ops.ZerosLike(Ops.Slice(numbers, 1, 0, 1)),
                ],
                1);
        var (repeats, differs) = (repeat * LogZero, (1 - repeat) * LogZero);

        // Scores of all prefixes that end with the n-th label, and of those that end with a blank after n labels.
        var label = Ops.ZerosLike(numbers) + LogZero;
        var pause = Ops.Concatenate([Ops.ZerosLike(Ops.Slice(numbers, 1, 0, 1)), label], 1);
        for (var t = 0; t < time; t++)
        {
            var (labelHere, blankHere) = (Ops.Squeeze(Ops.Slice(scores, 1, t, t + 1), 1), Ops.Squeeze(Ops.Slice(blank, 1, t, t + 1), 1));
            var before = Joined(pause, label + repeats);
            var next = Either(Ops.Slice(before, 1, 0, labels), label) + labelHere;
            pause = Joined(before + blankHere, label + blankHere + differs);
            label = next;
        }

        var length = Ops.Cast(Ops.Sum(Ops.Cast(Ops.NotEqual(numbers, 0), DType.Float32), -1), DType.Int64);
        return -Ops.Sum(Joined(pause, label) * Ops.OneHot(length, labels + 1), -1);
    }

    /// <summary>The scores of blanks; a blank after a label is joined with that label.</summary>
    private static SymbolicTensor Joined(SymbolicTensor pause, SymbolicTensor label) =>
        Ops.Concatenate([Ops.Slice(pause, 1, 0, 1), Either(Ops.Slice(pause, 1, 1), label)], 1);

    /// <summary><c>log(exp(a) + exp(b))</c>.</summary>
    private static SymbolicTensor Either(SymbolicTensor a, SymbolicTensor b) => Ops.Maximum(a, b) + Ops.Softplus(-Ops.Abs(a - b));
}
