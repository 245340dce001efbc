using System.ComponentModel;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>Counts predictions of one kind, with sample weights applied.</summary>
/// <param name="thresholds">Predictions above count as 1; default: one half. With several thresholds there is one result each.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A threshold is not from 0 to 1.</exception>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CountMetric(DoubleValues? thresholds, string? name = null) : Metric(name)
{
    /// <summary>Predictions above count as 1.</summary>
    public DoubleValues Thresholds { get; } = Counts.Checked(thresholds) ?? 0.5;

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

/// <summary>How many positives were predicted as such.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#truepositives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; default: one half. With several thresholds there is one result each.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A threshold is not from 0 to 1.</exception>
public sealed class TruePositives(DoubleValues? thresholds = null, string? name = null) : CountMetric(thresholds, name)
{
    internal override bool? LargerIsBetter => true;

    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => y * predicted;
}

/// <summary>How many negatives were predicted as positives.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#falsepositives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; default: one half. With several thresholds there is one result each.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A threshold is not from 0 to 1.</exception>
public sealed class FalsePositives(DoubleValues? thresholds = null, string? name = null) : CountMetric(thresholds, name)
{
    internal override bool? LargerIsBetter => false;

    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => (1 - y) * predicted;
}

/// <summary>How many negatives were predicted as such.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#truenegatives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; default: one half. With several thresholds there is one result each.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A threshold is not from 0 to 1.</exception>
public sealed class TrueNegatives(DoubleValues? thresholds = null, string? name = null) : CountMetric(thresholds, name)
{
    internal override bool? LargerIsBetter => true;

    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => (1 - y) * (1 - predicted);
}

/// <summary>How many positives were predicted as negatives.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#falsenegatives-class</remarks>
/// <param name="thresholds">Predictions above count as 1; default: one half. With several thresholds there is one result each.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A threshold is not from 0 to 1.</exception>
public sealed class FalseNegatives(DoubleValues? thresholds = null, string? name = null) : CountMetric(thresholds, name)
{
    internal override bool? LargerIsBetter => false;

    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => y * (1 - predicted);
}

/// <summary>The base of precision and recall: counts predictions above a threshold or among the k largest, of all classes or of one.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class DecisionMetric : Metric
{
    internal override bool? LargerIsBetter => true;

    private protected DecisionMetric(DoubleValues? thresholds, int? topK, int? classId, string? name)
        : base(name)
    {
        (Thresholds, TopK, ClassId) = (Counts.Checked(thresholds), topK, classId);
        if (topK < 1) throw Check.Option(GetType().Name, nameof(topK), Check.Text(topK.Value), "a positive integer");
        if (classId < 0) throw Check.Option(GetType().Name, nameof(classId), Check.Text(classId.Value), "the index of a class, from 0");
    }

    /// <summary>
    /// Predictions above count as 1; default: one half, unless <see cref="TopK"/> is given. With several thresholds there is one result each.
    /// </summary>
    public DoubleValues? Thresholds { get; }

    /// <summary>Only this many of the largest predictions of a sample count as 1.</summary>
    public int? TopK { get; }

    /// <summary>The class to evaluate; default: all.</summary>
    public int? ClassId { get; }

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var decided = Counts.Above(yPred, Thresholds ?? (TopK is null ? 0.5 : double.NegativeInfinity));
        if (TopK is { } k)
        {
            var least = Ops.Min(Ops.TopK(yPred, k).Values, -1, keepdims: true);
            decided = Ops.LogicalAnd(decided, Ops.ExpandDims(Ops.GreaterEqual(yPred, least), yPred.Rank));
        }

        var (truth, predicted) = (OfClass(Ops.ExpandDims(y, y.Rank)), OfClass(Ops.Cast(decided, DType.Float32)));
        return Counts.PerKind(truth, predicted, OfClass(Ops.ExpandDims(Counts.Weighting(yPred, weights), y.Rank)));

        SymbolicTensor OfClass(SymbolicTensor x) => ClassId is { } id ? Ops.Slice(x, -2, id, id + 1) : x;
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals) => Results(totals).Average();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<double> Results(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return [.. totals[0].Select((truePositives, i) => Share(truePositives, totals[1][i], totals[2][i]))];
    }

    private protected abstract double Share(double truePositives, double falsePositives, double falseNegatives);
}

/// <summary>The share of predicted positives that are correct: <c>tp / (tp + fp)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#precision-class</remarks>
/// <param name="thresholds">Predictions above count as 1; default: one half. With several thresholds there is one result each.</param>
/// <param name="topK">Only this many of the largest predictions of a sample count as 1.</param>
/// <param name="classId">The class to evaluate; default: all.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A threshold is not from 0 to 1.</exception>
public sealed class Precision(DoubleValues? thresholds = null, int? topK = null, int? classId = null, string? name = null)
    : DecisionMetric(thresholds, topK, classId, name)
{
    private protected override double Share(double truePositives, double falsePositives, double falseNegatives) =>
        Counts.Ratio(truePositives, truePositives + falsePositives);
}

/// <summary>The share of positives that are predicted as such: <c>tp / (tp + fn)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#recall-class</remarks>
/// <param name="thresholds">Predictions above count as 1; default: one half. With several thresholds there is one result each.</param>
/// <param name="topK">Only this many of the largest predictions of a sample count as 1.</param>
/// <param name="classId">The class to evaluate; default: all.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A threshold is not from 0 to 1.</exception>
public sealed class Recall(DoubleValues? thresholds = null, int? topK = null, int? classId = null, string? name = null)
    : DecisionMetric(thresholds, topK, classId, name)
{
    private protected override double Share(double truePositives, double falsePositives, double falseNegatives) =>
        Counts.Ratio(truePositives, truePositives + falseNegatives);
}
