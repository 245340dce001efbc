using System.Globalization;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>The curve whose area is computed.</summary>
public enum AucCurve
{
    /// <summary>True positive rate over false positive rate.</summary>
    ROC,

    /// <summary>Precision over recall.</summary>
    PR,

    /// <summary>Gain in precision over gain in recall (Flach and Kull 2015).</summary>
    PRGain,
}

/// <summary>How the area between two points of the curve is computed.</summary>
public enum AucSummation
{
    /// <summary>The mean of both heights; for precision over recall, the interpolation of Davis and Goadrich (2006).</summary>
    Interpolation,

    /// <summary>The smaller height.</summary>
    Minoring,

    /// <summary>The larger height.</summary>
    Majoring,
}

/// <summary>The area under the ROC curve, or under that of precision over recall, from many thresholds.</summary>
/// <remarks>https://keras.io/api/metrics/classification_metrics/#auc-class</remarks>
/// <param name="numThresholds">Points of the curve, at least 2.</param>
/// <param name="curve">The curve.</param>
/// <param name="summationMethod">How the area between two points is computed.</param>
/// <param name="thresholds">The thresholds between the outer two, from 0 to 1, instead of evenly spaced ones.</param>
/// <param name="multiLabel">Whether each output has its own curve; the result is then the mean of their areas.</param>
/// <param name="numLabels">The number of labels of the predictions; default: read from their shape.</param>
/// <param name="labelWeights">The weight of each label: in the mean of the areas with multiLabel, else as a factor on its samples.</param>
/// <param name="fromLogits">Whether predictions are logits rather than probabilities.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">There are less than 2 thresholds, or one is not from 0 to 1.</exception>
public sealed class Auc(
    int numThresholds = 200,
    AucCurve curve = AucCurve.ROC,
    AucSummation summationMethod = AucSummation.Interpolation,
    DoubleValues? thresholds = null,
    bool multiLabel = false,
    int? numLabels = null,
    IReadOnlyList<double>? labelWeights = null,
    bool fromLogits = false,
    string? name = null)
    : Metric(name)
{
    internal override bool? LargerIsBetter => true;

    private readonly int _evenlySpaced = numThresholds > 1
        ? numThresholds
        : throw new ModelException($"numThresholds is {numThresholds}; expected at least 2.");

    /// <summary>Points of the curve: two more than <see cref="Thresholds"/> if those are given.</summary>
    public int NumThresholds => Thresholds is { } given ? given.Count + 2 : _evenlySpaced;

    /// <summary>The thresholds between the outer two, which lie below 0 and above 1; default: evenly spaced.</summary>
    public DoubleValues? Thresholds { get; } = Counts.Checked(thresholds) is { } given ? DoubleValues.Create([.. given.Order()]) : null;

    /// <summary>The weight of each label: in the mean of the areas with multiLabel, else as a factor on its samples.</summary>
    public IReadOnlyList<double>? LabelWeights { get; } = labelWeights;

    /// <summary>The number of labels of the predictions; default: read from their shape.</summary>
    public int? NumLabels { get; } = numLabels;

    /// <summary>The curve.</summary>
    public AucCurve Curve { get; } = curve;

    /// <summary>How the area between two points is computed.</summary>
    public AucSummation SummationMethod { get; } = summationMethod;

    /// <summary>Whether each output has its own curve.</summary>
    public bool MultiLabel { get; } = multiLabel;

    /// <summary>Whether predictions are logits rather than probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Ops.Cast(Ops.NotEqual(Targets.Like(yTrue, yPred, Name), 0), DType.Float32);
        var labels = MultiLabel
            ? yPred.Shape[^1] ?? throw new ModelException($"{Name} with multiLabel needs the number of labels, which is unknown in {yPred.Shape}.")
            : 1;
        if (yPred.Shape[^1] is { } last && ((NumLabels ?? last) != last || (LabelWeights?.Count ?? last) != last))
        {
            throw new ModelException(
                $"{Name} got numLabels {NumLabels?.ToString(CultureInfo.InvariantCulture) ?? "unset"} and {LabelWeights?.Count ?? last} labelWeights, "
                + $"but predictions {yPred.Shape} have {last} labels.");
        }

        var weighting = Counts.Weighting(yPred, weights);
        if (!MultiLabel && LabelWeights is not null) weighting *= Ops.Constant(Shape.Of(LabelWeights.Count), [.. LabelWeights.Select(weight => (float)weight)]);
        return ThresholdCounts.Sums(y, FromLogits ? Ops.Sigmoid(yPred) : yPred, weighting, NumThresholds, labels, Thresholds);
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        var labels = totals[0].Length / NumThresholds;
        var (sum, weights) = (0.0, 0.0);
        for (var label = 0; label < labels; label++)
        {
            var counts = ThresholdCounts.Of(totals, NumThresholds, label);
            var weight = MultiLabel && LabelWeights is not null ? (float)LabelWeights[label] : 1;
            sum += weight * (Curve == AucCurve.PR && SummationMethod == AucSummation.Interpolation ? Interpolated(counts) : Area(counts));
            weights += weight;
        }

        return Counts.Ratio(sum, weights);
    }

    private double Area(ThresholdCounts counts)
    {
        var area = 0.0;
        for (var i = 0; i + 1 < NumThresholds; i++)
        {
            var (left, right) = (Point(counts, i), Point(counts, i + 1));
            var height = SummationMethod switch
            {
                AucSummation.Minoring => Math.Min(left.Y, right.Y),
                AucSummation.Majoring => Math.Max(left.Y, right.Y),
                _ => (left.Y + right.Y) / 2,
            };
            area += (left.X - right.X) * height;
        }

        return area;
    }

    private (double X, double Y) Point(ThresholdCounts counts, int i)
    {
        switch (Curve)
        {
            case AucCurve.ROC:
                return (1 - counts.Specificity(i), counts.Sensitivity(i));
            case AucCurve.PR:
                return (counts.Sensitivity(i), counts.Precision(i));
            default:
                // Without true positives the gains have no limit: recall counts as 0, precision as 1.
                var found = counts.TruePositives[i];
                if (found == 0) return (0, 1);
                var scale = Counts.Ratio(counts.Positives, counts.Negatives);
                return (Math.Max(0, 1 - (scale * (counts.Positives - found) / found)), 1 - (scale * counts.FalsePositives[i] / found));
        }
    }

    /// <summary>Between two points, true positives grow linearly with all predicted positives, so precision follows a hyperbola.</summary>
    private double Interpolated(ThresholdCounts counts)
    {
        var area = 0.0;
        for (var i = 0; i + 1 < NumThresholds; i++)
        {
            var (truth, next) = (counts.TruePositives[i], counts.TruePositives[i + 1]);
            var (all, nextAll) = (truth + counts.FalsePositives[i], next + counts.FalsePositives[i + 1]);
            var slope = Counts.Ratio(truth - next, Math.Max(all - nextAll, 0));
            var intercept = next - (slope * nextAll);
            var ratio = all > 0 && nextAll > 0 ? all / nextAll : 1;
            area += Counts.Ratio(slope * (truth - next + (intercept * Math.Log(ratio))), counts.Positives);
        }

        return area;
    }
}
