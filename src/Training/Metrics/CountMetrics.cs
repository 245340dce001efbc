namespace OnnxFunctional.Training;

/// <summary>How many predictions are of one kind, sample weights applied.</summary>
/// <param name="threshold">Predictions above count as 1.</param>
public abstract class CountMetric(float threshold) : Metric
{
    /// <summary>Predictions above count as 1.</summary>
    public float Threshold { get; } = threshold;

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var predicted = Ops.Cast(Ops.Greater(yPred, Threshold), DType.Float32);
        return Ops.Sum(Counted(y, predicted) * Counts.Weighting(yPred, weights));
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return totals[0][0];
    }

    private protected abstract SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted);
}

/// <summary>How many ones were taken for ones.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#truepositives-class</remarks>
/// <param name="threshold">Predictions above count as 1.</param>
public sealed class TruePositives(float threshold = 0.5f) : CountMetric(threshold)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => y * predicted;
}

/// <summary>How many zeros were taken for ones.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#falsepositives-class</remarks>
/// <param name="threshold">Predictions above count as 1.</param>
public sealed class FalsePositives(float threshold = 0.5f) : CountMetric(threshold)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => (1 - y) * predicted;
}

/// <summary>How many zeros were taken for zeros.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#truenegatives-class</remarks>
/// <param name="threshold">Predictions above count as 1.</param>
public sealed class TrueNegatives(float threshold = 0.5f) : CountMetric(threshold)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => (1 - y) * (1 - predicted);
}

/// <summary>How many ones were taken for zeros.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#falsenegatives-class</remarks>
/// <param name="threshold">Predictions above count as 1.</param>
public sealed class FalseNegatives(float threshold = 0.5f) : CountMetric(threshold)
{
    private protected override SymbolicTensor Counted(SymbolicTensor y, SymbolicTensor predicted) => y * (1 - predicted);
}

/// <summary>What precision and recall count: predictions above a threshold or among the k largest, of all classes or one.</summary>
public abstract class DecisionMetric : Metric
{
    private protected DecisionMetric(float? threshold, int? topK, int? classId) => (Threshold, TopK, ClassId) = (threshold, topK, classId);

    /// <summary>Predictions above count as 1; one half where neither it nor <see cref="TopK"/> is given.</summary>
    public float? Threshold { get; }

    /// <summary>Only so many of the largest predictions of a sample count as 1.</summary>
    public int? TopK { get; }

    /// <summary>The class that is looked at; all if none is given.</summary>
    public int? ClassId { get; }

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var decided = TopK is { } k ? Ops.GreaterOrEqual(yPred, Ops.ReduceMin(Ops.TopK(yPred, k).Values, -1, keepDims: true)) : Ops.Greater(yPred, Threshold ?? 0.5f);
        if (TopK is not null && Threshold is { } threshold) decided = Ops.LogicalAnd(decided, Ops.Greater(yPred, threshold));
        var predicted = Ops.Cast(decided, DType.Float32);
        var weighting = Counts.Weighting(yPred, weights);
        if (ClassId is { } id) (y, predicted, weighting) = (Ops.Slice(y, -1, id, id + 1), Ops.Slice(predicted, -1, id, id + 1), Ops.Slice(weighting, -1, id, id + 1));
        return [Ops.Sum(y * predicted * weighting), Ops.Sum((1 - y) * predicted * weighting), Ops.Sum(y * (1 - predicted) * weighting)];
    }
}

/// <summary>The share of predicted ones that are right: <c>tp / (tp + fp)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#precision-class</remarks>
/// <param name="threshold">Predictions above count as 1.</param>
/// <param name="topK">Only so many of the largest predictions of a sample count as 1.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class Precision(float? threshold = null, int? topK = null, int? classId = null) : DecisionMetric(threshold, topK, classId)
{
    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return Counts.Ratio(totals[0][0], totals[0][0] + totals[1][0]);
    }
}

/// <summary>The share of ones that were found: <c>tp / (tp + fn)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#recall-class</remarks>
/// <param name="threshold">Predictions above count as 1.</param>
/// <param name="topK">Only so many of the largest predictions of a sample count as 1.</param>
/// <param name="classId">The class that is looked at; all if none is given.</param>
public sealed class Recall(float? threshold = null, int? topK = null, int? classId = null) : DecisionMetric(threshold, topK, classId)
{
    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return Counts.Ratio(totals[0][0], totals[0][0] + totals[2][0]);
    }
}
