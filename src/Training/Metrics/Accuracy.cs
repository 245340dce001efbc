using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>
/// The share of correct predictions, by the shapes: a single output is compared with one half; class indices and one-hot targets are compared with the largest
/// output.
/// </summary>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public sealed class Accuracy(string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    internal override Metric For(Shape yTrue, Shape yPred) =>
        yPred[^1] == 1 ? new BinaryAccuracy(name: Name)
        : yTrue.Count < yPred.Count || yTrue[^1] == 1 ? new SparseCategoricalAccuracy(name: Name)
        : new CategoricalAccuracy(name: Name);

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Cast(Ops.Equal(Targets.Like(yTrue, yPred, Name), yPred), DType.Float32);
}

/// <summary>The share of predictions on the correct side of a threshold: the mean over the last axis.</summary>
/// <param name="threshold">Predictions above count as 1.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class BinaryAccuracy(double threshold = 0.5, string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>Predictions above count as 1.</summary>
    public double Threshold { get; } = Check.Rate(threshold, nameof(BinaryAccuracy), nameof(threshold));

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var decided = Ops.Cast(Ops.Greater(yPred, (float)Threshold), DType.Float32);
        return Ops.Mean(Ops.Cast(Ops.Equal(Targets.Like(yTrue, yPred, Name), decided), DType.Float32), -1);
    }
}

/// <summary>The share of samples whose largest output is at the one-hot target's class.</summary>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public sealed class CategoricalAccuracy(string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Cast(Ops.Equal(Ops.ArgMax(Targets.Like(yTrue, yPred, Name)), Ops.ArgMax(yPred)), DType.Float32);
}

/// <summary>The share of samples whose largest output is at the target's class index.</summary>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public sealed class SparseCategoricalAccuracy(string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Cast(Ops.Equal(Ops.Cast(Targets.Classes(yTrue, yPred, Name), DType.Int64), Ops.ArgMax(yPred)), DType.Float32);
}

/// <summary>The share of samples for which the one-hot target's class is among the k largest outputs.</summary>
/// <param name="k">How many of the largest outputs count.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class TopKCategoricalAccuracy(int k = 5, string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>How many of the largest outputs count.</summary>
    public int K { get; } = Check.Positive(k, nameof(TopKCategoricalAccuracy), nameof(k));

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        SparseTopKCategoricalAccuracy.Among(Ops.ArgMax(Targets.Like(yTrue, yPred, Name)), yPred, K);
}

/// <summary>The share of samples for which the target's class index is among the k largest outputs.</summary>
/// <param name="k">How many of the largest outputs count.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class SparseTopKCategoricalAccuracy(int k = 5, string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>How many of the largest outputs count.</summary>
    public int K { get; } = Check.Positive(k, nameof(SparseTopKCategoricalAccuracy), nameof(k));

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Among(Ops.Cast(Targets.Classes(yTrue, yPred, Name), DType.Int64), yPred, K);

    /// <summary>1 where fewer than k outputs are larger than that of the class, else 0.</summary>
    internal static SymbolicTensor Among(SymbolicTensor classes, SymbolicTensor yPred, int k)
    {
        var own = Ops.Make(new Operators.GatherElements(-1), yPred, Ops.ExpandDims(classes, -1));
        var larger = Ops.Sum(Ops.Cast(Ops.Greater(yPred, own), DType.Float32), -1);
        return Ops.Cast(Ops.Less(larger, k), DType.Float32);
    }
}
