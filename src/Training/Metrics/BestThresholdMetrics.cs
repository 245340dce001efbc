using System.ComponentModel;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>The best of one number over all thresholds at which another is large enough.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class BestThresholdMetric : Metric
{
    private protected BestThresholdMetric(float requiredShare, int numThresholds, int? classId)
    {
        if (requiredShare is not (>= 0 and <= 1)) throw new ModelException($"{Name} takes a share from 0 to 1, but {requiredShare} was given.");
        (RequiredShare, NumThresholds, ClassId) = (requiredShare, numThresholds > 1 ? numThresholds : throw new ModelException($"numThresholds is {numThresholds}; expected at least 2."), classId);
    }

    /// <summary>How many thresholds are tried, evenly spaced.</summary>
    public int NumThresholds { get; }

    /// <summary>The class that is looked at; all if none is given.</summary>
    public int? ClassId { get; }

    /// <summary>The share that must be reached.</summary>
    public float RequiredShare { get; }

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var weighting = Counts.Weighting(yPred, weights);
        if (ClassId is { } id) (y, yPred, weighting) = (Ops.Slice(y, -1, id, id + 1), Ops.Slice(yPred, -1, id, id + 1), Ops.Slice(weighting, -1, id, id + 1));
        return ThresholdCounts.Sums(y, yPred, weighting, NumThresholds, labels: 1);
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        var counts = ThresholdCounts.Of(totals, NumThresholds);
        var best = 0.0;
        for (var i = 0; i < NumThresholds; i++)
        {
            // In the precision of the given share: 3 of 5 are 0.6.
            if ((float)Held(counts, i) >= RequiredShare) best = Math.Max(best, Wanted(counts, i));
        }

        return best;
    }

    private protected abstract double Held(ThresholdCounts counts, int i);

    private protected abstract double Wanted(ThresholdCounts counts, int i);
}

/// <summary>The best share of ones found while enough zeros are told.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#sensitivityatspecificity-class</remarks>
/// <param name="specificity">The share of zeros to be told.</param>
/// <param name="numThresholds">How many thresholds are tried, evenly spaced.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class SensitivityAtSpecificity(float specificity, int numThresholds = 200, int? classId = null) : BestThresholdMetric(specificity, numThresholds, classId)
{
    /// <summary>The share of zeros to be told.</summary>
    public float Specificity => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Specificity(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Sensitivity(i);
}

/// <summary>The best share of zeros told while enough ones are found.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#specificityatsensitivity-class</remarks>
/// <param name="sensitivity">The share of ones to be found.</param>
/// <param name="numThresholds">How many thresholds are tried, evenly spaced.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class SpecificityAtSensitivity(float sensitivity, int numThresholds = 200, int? classId = null) : BestThresholdMetric(sensitivity, numThresholds, classId)
{
    /// <summary>The share of ones to be found.</summary>
    public float Sensitivity => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Sensitivity(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Specificity(i);
}

/// <summary>The best share of right ones while enough ones are found.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#precisionatrecall-class</remarks>
/// <param name="recall">The share of ones to be found.</param>
/// <param name="numThresholds">How many thresholds are tried, evenly spaced.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class PrecisionAtRecall(float recall, int numThresholds = 200, int? classId = null) : BestThresholdMetric(recall, numThresholds, classId)
{
    /// <summary>The share of ones to be found.</summary>
    public new float Recall => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Sensitivity(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Precision(i);
}

/// <summary>The best share of ones found while enough of them are right.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#recallatprecision-class</remarks>
/// <param name="precision">The share of predicted ones to be right.</param>
/// <param name="numThresholds">How many thresholds are tried, evenly spaced.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class RecallAtPrecision(float precision, int numThresholds = 200, int? classId = null) : BestThresholdMetric(precision, numThresholds, classId)
{
    /// <summary>The share of predicted ones to be right.</summary>
    public new float Precision => RequiredShare;

    private protected override double Held(ThresholdCounts counts, int i) => counts.Precision(i);

    private protected override double Wanted(ThresholdCounts counts, int i) => counts.Sensitivity(i);
}
