using System.ComponentModel;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>The best value of one measure over all thresholds at which another measure is large enough.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class BestThresholdMetric : Metric
{
    internal override bool? LargerIsBetter => true;

    private protected BestThresholdMetric(double requiredShare, int numThresholds, int? classId, string? name)
        : base(name)
    {
        if (requiredShare is not (>= 0 and <= 1)) throw new ModelException($"{Name} takes a share from 0 to 1, but {requiredShare} was given.");
        if (numThresholds < 2) throw new ModelException($"numThresholds is {numThresholds}; expected at least 2.");
        (RequiredShare, NumThresholds, ClassId) = (requiredShare, numThresholds, classId);
    }

    /// <summary>The number of evenly spaced thresholds to try.</summary>
    public int NumThresholds { get; }

    /// <summary>The class to evaluate; default: all.</summary>
    public int? ClassId { get; }

    /// <summary>The value that the other measure must reach.</summary>
    public double RequiredShare { get; }

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var weighting = Counts.Weighting(yPred, weights);
        if (ClassId is { } id) (y, yPred, weighting) = (OfClass(y, id), OfClass(yPred, id), OfClass(weighting, id));
        return ThresholdCounts.Sums(y, yPred, weighting, NumThresholds, labels: 1);

        static SymbolicTensor OfClass(SymbolicTensor x, int id) => Ops.Slice(x, -1, id, id + 1);
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        var counts = ThresholdCounts.Of(totals, NumThresholds);
        var best = 0.0;
        for (var i = 0; i < NumThresholds; i++)
        {
            // Compared as float32, like the given value: 3 of 5 are 0.6.
            if ((float)Held(counts, i) >= (float)RequiredShare) best = Math.Max(best, Wanted(counts, i));
        }

        return best;
    }

    private protected abstract double Held(ThresholdCounts counts, int i);

    private protected abstract double Wanted(ThresholdCounts counts, int i);
}

/// <summary>The best sensitivity at which specificity is large enough.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#sensitivityatspecificity-class</remarks>
/// <param name="specificity">The specificity to reach: the share of negatives predicted as such.</param>
/// <param name="numThresholds">The number of evenly spaced thresholds to try.</param>
/// <param name="classId">The class to evaluate; default: all.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The share is not from 0 to 1, or there are fewer than 2 thresholds.</exception>
public sealed class SensitivityAtSpecificity(double specificity, int numThresholds = 200, int? classId = null, string? name = null)
    : BestThresholdMetric(specificity, numThresholds, classId, name)
{
    /// <summary>The specificity to reach: the share of negatives predicted as such.</summary>
    public double Specificity => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Specificity(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Sensitivity(i);
}

/// <summary>The best specificity at which sensitivity is large enough.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#specificityatsensitivity-class</remarks>
/// <param name="sensitivity">The sensitivity to reach: the share of positives predicted as such.</param>
/// <param name="numThresholds">The number of evenly spaced thresholds to try.</param>
/// <param name="classId">The class to evaluate; default: all.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The share is not from 0 to 1, or there are fewer than 2 thresholds.</exception>
public sealed class SpecificityAtSensitivity(double sensitivity, int numThresholds = 200, int? classId = null, string? name = null)
    : BestThresholdMetric(sensitivity, numThresholds, classId, name)
{
    /// <summary>The sensitivity to reach: the share of positives predicted as such.</summary>
    public double Sensitivity => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Sensitivity(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Specificity(i);
}

/// <summary>The best precision at which recall is large enough.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#precisionatrecall-class</remarks>
/// <param name="recall">The recall to reach: the share of positives predicted as such.</param>
/// <param name="numThresholds">The number of evenly spaced thresholds to try.</param>
/// <param name="classId">The class to evaluate; default: all.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The share is not from 0 to 1, or there are fewer than 2 thresholds.</exception>
public sealed class PrecisionAtRecall(double recall, int numThresholds = 200, int? classId = null, string? name = null)
    : BestThresholdMetric(recall, numThresholds, classId, name)
{
    /// <summary>The recall to reach: the share of positives predicted as such.</summary>
    public new double Recall => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Sensitivity(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Precision(i);
}

/// <summary>The best recall at which precision is large enough.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#recallatprecision-class</remarks>
/// <param name="precision">The precision to reach: the share of predicted positives that are correct.</param>
/// <param name="numThresholds">The number of evenly spaced thresholds to try.</param>
/// <param name="classId">The class to evaluate; default: all.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">The share is not from 0 to 1, or there are fewer than 2 thresholds.</exception>
public sealed class RecallAtPrecision(double precision, int numThresholds = 200, int? classId = null, string? name = null)
    : BestThresholdMetric(precision, numThresholds, classId, name)
{
    /// <summary>The precision to reach: the share of predicted positives that are correct.</summary>
    public new double Precision => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Precision(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Sensitivity(i);
}
