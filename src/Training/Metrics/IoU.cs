namespace OnnxFunctional.Training.Metrics;

/// <summary>
/// Intersection over union of the true and the predicted positions of each class, <c>tp / (tp + fp + fn)</c>: the mean over the classes that occur.
/// </summary>
/// <remarks>https://keras.io/api/metrics/segmentation_metrics/#iou-class. Class indices out of range are ignored.</remarks>
/// <param name="numClasses">The number of classes.</param>
/// <param name="targetClassIds">The classes to average over; default: all.</param>
/// <param name="ignoreClass">A class whose positions are ignored.</param>
/// <param name="sparseYTrue">Whether targets are class indices; otherwise the last axis holds one value per class.</param>
/// <param name="sparseYPred">Whether predictions are class indices; otherwise the last axis holds one value per class.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The number of classes is below 1, or a class is out of its range.</exception>
public class IoU(
    int numClasses, IReadOnlyList<int>? targetClassIds = null, int? ignoreClass = null, bool sparseYTrue = true, bool sparseYPred = true, string? name = null)
    : Metric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>The number of classes.</summary>
    public int NumClasses { get; } = numClasses > 0 ? numClasses : throw new ModelException($"numClasses is {numClasses}; expected at least 1.");

    /// <summary>The classes to average over; default: all.</summary>
    public IReadOnlyList<int>? TargetClassIds { get; } = targetClassIds?.All(id => id >= 0 && id < numClasses) != false
        ? targetClassIds
        : throw new ModelException($"targetClassIds holds a class outside 0 to {numClasses - 1}.");

    /// <summary>A class whose positions are ignored.</summary>
    public int? IgnoreClass { get; } = ignoreClass;

    /// <summary>Whether targets are class indices.</summary>
    public bool SparseYTrue { get; } = sparseYTrue;

    /// <summary>Whether predictions are class indices.</summary>
    public bool SparseYPred { get; } = sparseYPred;

    private protected override string DefaultName => "iou";

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yTrue);
        ArgumentNullException.ThrowIfNull(yPred);
        var p = Predicted(yPred);
        var y = Whole(SparseYTrue ? yTrue : Ops.ArgMax(yTrue));
        if (y.Rank == p.Rank + 1 && y.Shape[^1] == 1) y = Ops.Squeeze(y, -1);
        if (!y.Shape.IsCompatibleWith(p.Shape))
        {
            throw new ModelException(
                $"{Name} compares class indices of one shape, but targets are {y.Shape} and predictions {p.Shape}. "
                + "Set sparseYTrue and sparseYPred to whether they are class indices.");
        }

        var valid = Ops.LogicalAnd(InRange(y), InRange(p));
        if (IgnoreClass is { } ignored) valid = Ops.LogicalAnd(valid, Ops.NotEqual(y, ignored));
        var weighting = LossWeights.Of(p, yPred.Mask, yPred.Shape, weights, rescaleMask: false) is { } given ? given + Ops.ZerosLike(p) : Ops.OnesLike(p);
        return Counts.Histogram(Ops.Where(valid, (y * NumClasses) + p, 0), Ops.Where(valid, weighting, 0), NumClasses * NumClasses);
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        var matrix = totals[0];
        var (sum, count) = (0.0, 0);
        foreach (var id in TargetClassIds ?? [.. Enumerable.Range(0, NumClasses)])
        {
            var (truth, predicted) = (0.0, 0.0);
            for (var i = 0; i < NumClasses; i++)
            {
                truth += matrix[(id * NumClasses) + i];
                predicted += matrix[(i * NumClasses) + id];
            }

            var both = matrix[(id * NumClasses) + id];
            if (truth + predicted - both == 0) continue;
            sum += both / (truth + predicted - both);
            count++;
        }

        return Counts.Ratio(sum, count);
    }

    /// <summary>Predictions as class indices.</summary>
    private protected virtual SymbolicTensor Predicted(SymbolicTensor yPred) =>
        Whole(SparseYPred ? yPred : Ops.ArgMax(yPred));

    /// <summary>Indices without their fraction, as Keras converts them: 1.5 is class 1, and its place in the matrix lies inside.</summary>
    private static SymbolicTensor Whole(SymbolicTensor x) => Ops.Cast(Ops.Cast(x, DType.Int64), DType.Float32);

    private SymbolicTensor InRange(SymbolicTensor x) => Ops.LogicalAnd(Ops.GreaterEqual(x, 0), Ops.Less(x, NumClasses));
}

/// <summary>Intersection over union of all classes.</summary>
/// <remarks>https://keras.io/api/metrics/segmentation_metrics/#meaniou-class</remarks>
/// <param name="numClasses">The number of classes.</param>
/// <param name="ignoreClass">A class whose positions are ignored.</param>
/// <param name="sparseYTrue">Whether targets are class indices.</param>
/// <param name="sparseYPred">Whether predictions are class indices.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The number of classes is below 1, or a class is out of its range.</exception>
public sealed class MeanIoU(int numClasses, int? ignoreClass = null, bool sparseYTrue = true, bool sparseYPred = true, string? name = null)
    : IoU(numClasses, null, ignoreClass, sparseYTrue, sparseYPred, name)
{
    private protected override string DefaultName => "mean_iou";
}

/// <summary>Intersection over union, for one-hot targets.</summary>
/// <remarks>https://keras.io/api/metrics/segmentation_metrics/#onehotiou-class</remarks>
/// <param name="numClasses">The number of classes.</param>
/// <param name="targetClassIds">The classes to average over; default: all.</param>
/// <param name="ignoreClass">A class whose positions are ignored.</param>
/// <param name="sparseYPred">Whether predictions are class indices.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The number of classes is below 1, or a class is out of its range.</exception>
public sealed class OneHotIoU(int numClasses, IReadOnlyList<int>? targetClassIds = null, int? ignoreClass = null, bool sparseYPred = false, string? name = null)
    : IoU(numClasses, targetClassIds, ignoreClass, false, sparseYPred, name)
{
    private protected override string DefaultName => "one_hot_iou";
}

/// <summary>Intersection over union of all classes, for one-hot targets.</summary>
/// <remarks>https://keras.io/api/metrics/segmentation_metrics/#onehotmeaniou-class</remarks>
/// <param name="numClasses">The number of classes.</param>
/// <param name="ignoreClass">A class whose positions are ignored.</param>
/// <param name="sparseYPred">Whether predictions are class indices.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The number of classes is below 1, or a class is out of its range.</exception>
public sealed class OneHotMeanIoU(int numClasses, int? ignoreClass = null, bool sparseYPred = false, string? name = null)
    : IoU(numClasses, null, ignoreClass, false, sparseYPred, name)
{
    private protected override string DefaultName => "one_hot_mean_iou";
}

/// <summary>Intersection over union for binary targets and predicted probabilities.</summary>
/// <remarks>https://keras.io/api/metrics/segmentation_metrics/#binaryiou-class</remarks>
/// <param name="targetClassIds">The classes to average over; default: both.</param>
/// <param name="threshold">Predictions of at least this value count as 1.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A class is neither 0 nor 1, or the threshold is not finite.</exception>
public sealed class BinaryIoU(IReadOnlyList<int>? targetClassIds = null, double threshold = 0.5, string? name = null) : IoU(2, targetClassIds, name: name)
{
    /// <summary>Predictions of at least this value count as 1.</summary>
    public double Threshold { get; } = Check.Finite(threshold, nameof(BinaryIoU), nameof(threshold));

    private protected override string DefaultName => "binary_iou";

    private protected override SymbolicTensor Predicted(SymbolicTensor yPred) => Ops.Cast(Ops.GreaterEqual(yPred, (float)Threshold), DType.Float32);
}
