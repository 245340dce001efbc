using System.ComponentModel;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>How many predictions are of one kind, sample weights applied.</summary>
/// <param name="thresholds">Predictions above count as 1; one half if none is given. Several give a number each.</param>
public abstract class CountMetric(FloatValues? thresholds) : Metric
{
    /// <summary>Predictions above count as 1.</summary>
    public FloatValues Thresholds { get; } = Counts.Checked(thresholds) ?? 0.5f;

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var predicted = Ops.Cast(Counts.Above(yPred, Thresholds), DType.Float32);
        return Counts.PerClass(Counted(Ops.ExpandDims(y, y.Rank), predicted) * Ops.ExpandDims(Counts.Weighting(yPred, weights), y.Rank));
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals) => Results(totals).Average();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<double> Results(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return totals[0];
    }

    private protected abstract SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted);
}

/// <summary>How many ones were taken for ones.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#truepositives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; one half if none is given. Several give a number each.</param>
public sealed class TruePositives(FloatValues? thresholds = null) : CountMetric(thresholds)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => y * predicted;
}

/// <summary>How many zeros were taken for ones.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#falsepositives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; one half if none is given. Several give a number each.</param>
public sealed class FalsePositives(FloatValues? thresholds = null) : CountMetric(thresholds)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => (1 - y) * predicted;
}

/// <summary>How many zeros were taken for zeros.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#truenegatives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; one half if none is given. Several give a number each.</param>
public sealed class TrueNegatives(FloatValues? thresholds = null) : CountMetric(thresholds)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => (1 - y) * (1 - predicted);
}

/// <summary>How many ones were taken for zeros.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#falsenegatives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; one half if none is given. Several give a number each.</param>
public sealed class FalseNegatives(FloatValues? thresholds = null) : CountMetric(thresholds)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => y * (1 - predicted);
}

/// <summary>What precision and recall count: predictions above a threshold or among the k largest, of all classes or one.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class DecisionMetric : Metric
{
    private protected DecisionMetric(FloatValues? thresholds, int? topK, int? classId) => (Thresholds, TopK, ClassId) = (Counts.Checked(thresholds), topK, classId);

    /// <summary>Predictions above count as 1; one half where neither it nor <see cref="TopK"/> is given. Several give a number each.</summary>
    public FloatValues? Thresholds { get; }

    /// <summary>Only so many of the largest predictions of a sample count as 1.</summary>
    public int? TopK { get; }

    /// <summary>The class that is looked at; all if none is given.</summary>
    public int? ClassId { get; }

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var decided = Counts.Above(yPred, Thresholds ?? (TopK is null ? 0.5f : float.NegativeInfinity));
        if (TopK is { } k) decided = Ops.LogicalAnd(decided, Ops.ExpandDims(Ops.GreaterEqual(yPred, Ops.Min(Ops.TopK(yPred, k).Values, -1, keepdims: true)), yPred.Rank));
        var (truth, predicted, weighting) = (OfClass(Ops.ExpandDims(y, y.Rank)), OfClass(Ops.Cast(decided, DType.Float32)), OfClass(Ops.ExpandDims(Counts.Weighting(yPred, weights), y.Rank)));
        return [Counts.PerClass(truth * predicted * weighting), Counts.PerClass((1 - truth) * predicted * weighting), Counts.PerClass(truth * (1 - predicted) * weighting)];

        SymbolicTensor OfClass(SymbolicTensor x) => ClassId is { } id ? Ops.Slice(x, -2, id, id + 1) : x;
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals) => Results(totals).Average();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<double> Results(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return [.. totals[0].Select((found, i) => Share(found, totals[1][i], totals[2][i]))];
    }

    private protected abstract double Share(double found, double wrong, double missed);
}

/// <summary>The share of predicted ones that are right: <c>tp / (tp + fp)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#precision-class</remarks>
/// <param name="thresholds">Predictions above count as 1; one half if none is given. Several give a number each.</param>
/// <param name="topK">Only so many of the largest predictions of a sample count as 1.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class Precision(FloatValues? thresholds = null, int? topK = null, int? classId = null) : DecisionMetric(thresholds, topK, classId)
{
    private protected override double Share(double found, double wrong, double missed) => Counts.Ratio(found, found + wrong);
}

/// <summary>The share of ones that were found: <c>tp / (tp + fn)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#recall-class</remarks>
/// <param name="thresholds">Predictions above count as 1; one half if none is given. Several give a number each.</param>
/// <param name="topK">Only so many of the largest predictions of a sample count as 1.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class Recall(FloatValues? thresholds = null, int? topK = null, int? classId = null) : DecisionMetric(thresholds, topK, classId)
{
    private protected override double Share(double found, double wrong, double missed) => Counts.Ratio(found, found + missed);
}
