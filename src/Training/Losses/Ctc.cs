namespace OnnxFunctional.Training.Losses;

/// <summary>
/// For sequences of labels without their times (Graves et al. 2006): minus the logarithm of the probability of all ways to say the labels, blanks and repetitions between them.
/// Targets (batch, labels) hold class numbers with 0 as the filling and the blank; predictions (batch, time, classes) are logits. The time must be known.
/// </summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#ctc-class. Scores are kept in logarithms, of 0 as -1e5. The loop over time stands in the graph step by step.</remarks>
public sealed class Ctc : Loss
{
    private const float Nothing = -1e5f;

    internal override bool IsSparse => true;

    internal override int? ClassesOf(Shape prediction) => prediction[^1];

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        ArgumentNullException.ThrowIfNull(yTrue);
        ArgumentNullException.ThrowIfNull(yPred);
        if (yTrue.Rank != 2 || yPred.Rank != 3) throw new ModelException($"{Name} takes targets (batch, labels) and predictions (batch, time, classes), but they are {yTrue.Shape} and {yPred.Shape}.");
        if (yTrue.Shape[1] is not { } labels || yPred.Shape[1] is not { } time || yPred.Shape[2] is not { } classes)
            throw new ModelException($"{Name} must know labels, time and classes, but targets are {yTrue.Shape} and predictions {yPred.Shape}. Give the input a fixed length.");
        var target = yTrue.DType.IsInteger() ? yTrue : Ops.Cast(yTrue, DType.Int64);
        var logarithms = Ops.LogSoftmax(yPred);
        var blank = Ops.Slice(logarithms, 2, 0, 1);
        var said = Ops.MatMul(logarithms, Ops.Transpose(Ops.OneHot(target, classes), 0, 2, 1));

        // 1 where the next label is the same one: only a blank may stand between them.
        var numbers = Ops.Cast(target, DType.Float32);
        var repeat = labels == 1
            ? Ops.ZerosLike(numbers)
            : Ops.Concatenate([Ops.Cast(Ops.Equal(Ops.Slice(numbers, 1, 0, labels - 1), Ops.Slice(numbers, 1, 1)), DType.Float32), Ops.ZerosLike(Ops.Slice(numbers, 1, 0, 1))], 1);
        var (repeats, differs) = (repeat * Nothing, (1 - repeat) * Nothing);

        // Scores of all beginnings that end with the n-th label, and of those that end with a blank after n labels.
        var label = Ops.ZerosLike(numbers) + Nothing;
        var pause = Ops.Concatenate([Ops.ZerosLike(Ops.Slice(numbers, 1, 0, 1)), label], 1);
        for (var t = 0; t < time; t++)
        {
            var (labelHere, blankHere) = (Ops.Squeeze(Ops.Slice(said, 1, t, t + 1), 1), Ops.Squeeze(Ops.Slice(blank, 1, t, t + 1), 1));
            var before = Joined(pause, label + repeats);
            var next = Either(Ops.Slice(before, 1, 0, labels), label) + labelHere;
            pause = Joined(before + blankHere, label + blankHere + differs);
            label = next;
        }

        var length = Ops.Cast(Ops.Sum(Ops.Cast(Ops.NotEqual(numbers, 0), DType.Float32), -1), DType.Int64);
        return -Ops.Sum(Joined(pause, label) * Ops.OneHot(length, labels + 1), -1);
    }

    /// <summary>The scores of blanks, those after a label together with that label's.</summary>
    private static SymbolicTensor Joined(SymbolicTensor pause, SymbolicTensor label) => Ops.Concatenate([Ops.Slice(pause, 1, 0, 1), Either(Ops.Slice(pause, 1, 1), label)], 1);

    /// <summary><c>log(exp(a) + exp(b))</c>.</summary>
    private static SymbolicTensor Either(SymbolicTensor a, SymbolicTensor b) => Ops.Maximum(a, b) + Ops.Softplus(-Ops.Abs(a - b));
}
