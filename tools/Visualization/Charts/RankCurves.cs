namespace OnnxFunctional.Visualization;

/// <summary>What a threshold on scores gives, for all thresholds: the points where anything changes, and the area below.</summary>
/// <param name="X">The horizontal coordinates.</param>
/// <param name="Y">The vertical coordinates.</param>
/// <param name="Area">The area: of a ROC curve by trapezoids; of a precision-recall curve the average precision, by steps.</param>
internal sealed record RankCurve(double[] X, double[] Y, double Area)
{
    /// <summary>True positive rate over false positive rate; equal scores are one step (en.wikipedia.org/wiki/Receiver_operating_characteristic)</summary>
    public static RankCurve Roc(IReadOnlyList<double> scores, IReadOnlyList<bool> isPositive)
    {
        var (x, y) = (new List<double> { 0 }, new List<double> { 0 });
        double positives = isPositive.Count(each => each), negatives = isPositive.Count - positives, area = 0;
        foreach (var (found, wrong) in Steps(scores, isPositive))
        {
            x.Add(wrong / negatives);
            y.Add(found / positives);
            area += (x[^1] - x[^2]) * (y[^1] + y[^2]) / 2;
        }

        return new RankCurve([.. x], [.. y], area);
    }

    /// <summary>Precision over recall; the area is the average precision, the sum of precisions weighted by the steps of recall.</summary>
    public static RankCurve PrecisionRecall(IReadOnlyList<double> scores, IReadOnlyList<bool> isPositive)
    {
        var (x, y) = (new List<double> { 0 }, new List<double> { 1 });
        double positives = isPositive.Count(each => each), area = 0;
        foreach (var (found, wrong) in Steps(scores, isPositive))
        {
            x.Add(found / positives);
            y.Add(found / (found + wrong));
            area += (x[^1] - x[^2]) * y[^1];
        }

        return new RankCurve([.. x], [.. y], area);
    }

    /// <summary>The numbers of positives and negatives that are at or above each score, from the highest score down.</summary>
    private static IEnumerable<(double Found, double Wrong)> Steps(IReadOnlyList<double> scores, IReadOnlyList<bool> isPositive)
    {
        double found = 0, wrong = 0;
        var order = Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).ToArray();
        for (var i = 0; i < order.Length; i++)
        {
            if (isPositive[order[i]]) found++;
            else wrong++;
            if (i == order.Length - 1 || scores[order[i + 1]] != scores[order[i]]) yield return (found, wrong);
        }
    }
}
