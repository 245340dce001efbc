using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>How the scores of the classes are averaged.</summary>
public enum ScoreAverage
{
    /// <summary>Not averaged: one score per class.</summary>
    None,

    /// <summary>Their mean.</summary>
    Macro,

    /// <summary>One score from the summed counts of all classes.</summary>
    Micro,

    /// <summary>Their mean, weighted by the numbers of samples of the classes.</summary>
    Weighted,
}

/// <summary>
/// A mean of precision and recall in which recall has beta times the weight: <c>(1 + beta^2) precision recall / (beta^2 precision + recall)</c>. Targets are
/// one-hot or multi-hot.
/// </summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#fbetascore-class.</remarks>
/// <param name="average">How the scores of the classes are averaged.</param>
/// <param name="beta">The weight of recall.</param>
/// <param name="threshold">Predictions above count as 1; default: only the largest of a sample does.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public class FBetaScore(ScoreAverage average = ScoreAverage.None, double beta = 1, double? threshold = null, string? name = null) : Metric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>How the scores of the classes are averaged.</summary>
    public ScoreAverage Average { get; } = average;

    /// <summary>The weight of recall.</summary>
    public double Beta { get; } = beta > 0 && double.IsFinite(beta)
        ? beta
        : throw Check.Option(nameof(FBetaScore), nameof(beta), Check.Text(beta), "a finite number above 0");

    /// <summary>Predictions above count as 1; default: only the largest of a sample does.</summary>
    public double? Threshold { get; } = threshold is null or (> 0 and <= 1)
        ? threshold
        : throw Check.Option(nameof(FBetaScore), nameof(threshold), Check.Text(threshold.Value), "a number above 0 and at most 1");

    private protected override string DefaultName => "fbeta_score";

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Targets.Like(yTrue, yPred, Name);
        var decided = Threshold is { } threshold
            ? Ops.Greater(yPred, (float)threshold)
            : Ops.LogicalAnd(Ops.GreaterEqual(yPred, Ops.Max(yPred, -1, keepdims: true)), Ops.Greater(Ops.Abs(yPred), 1e-9f));
        var predicted = Ops.Cast(decided, DType.Float32);
        var weighting = Counts.Weighting(yPred, weights);
        return Counts.PerKind(y, predicted, weighting);
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals) => Results(totals).Average();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<double> Results(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        double[] scores = [.. totals[0].Select((right, i) => Score(right, totals[1][i], totals[2][i]))];
        double[] samples = [.. totals[0].Select((right, i) => right + totals[2][i])];
        return Average switch
        {
            ScoreAverage.None => scores,
            ScoreAverage.Micro => [Score(totals[0].Sum(), totals[1].Sum(), totals[2].Sum())],
            ScoreAverage.Macro => [scores.Average()],
            _ => [Counts.Ratio(scores.Zip(samples, (score, count) => score * count).Sum(), samples.Sum())],
        };
    }

    private double Score(double right, double wrong, double missed)
    {
        var square = (float)Beta * (float)Beta;
        var (precision, recall) = (Counts.Ratio(right, right + wrong), Counts.Ratio(right, right + missed));
        return Counts.Ratio((1 + square) * precision * recall, (square * precision) + recall);
    }
}

/// <summary>The harmonic mean of precision and recall: <c>2 precision recall / (precision + recall)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#f1score-class</remarks>
/// <param name="average">How the scores of the classes are averaged.</param>
/// <param name="threshold">Predictions above count as 1; default: only the largest of a sample does.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public sealed class F1Score(ScoreAverage average = ScoreAverage.None, double? threshold = null, string? name = null) : FBetaScore(average, 1, threshold, name)
{
    private protected override string DefaultName => "f1_score";
}
