namespace OnnxFunctional.Training.Metrics;

/// <summary>Counting helpers of the classification metrics.</summary>
internal static class Counts
{
    /// <summary>The weight of every element of the predictions: masks and sample weights broadcast to their shape, or ones without any.</summary>
    public static SymbolicTensor Weighting(SymbolicTensor yPred, SymbolicTensor? weights) =>
        LossWeights.Of(yPred, yPred.Mask, yPred.Shape, weights, rescaleMask: false) is { } weighting ? weighting + Ops.ZerosLike(yPred) : Ops.OnesLike(yPred);

    /// <summary>The thresholds, if all are from 0 to 1.</summary>
    /// <exception cref="ModelException">One is not.</exception>
    public static DoubleValues? Checked(DoubleValues? thresholds) =>
        thresholds is { } given && (given.Count == 0 || given.Any(threshold => threshold is not (>= 0 and <= 1)))
            ? throw new ModelException($"thresholds are {given}; expected numbers from 0 to 1.")
            : thresholds;

    /// <summary>Which predictions are above each threshold, along an additional last axis.</summary>
    public static SymbolicTensor Above(SymbolicTensor yPred, DoubleValues thresholds) =>
        Ops.Greater(Ops.ExpandDims(yPred, yPred.Rank), Ops.Constant(Shape.Of(thresholds.Count), thresholds.ToFloats()));

    /// <summary>Sums over all axes but the last; a single axis is taken as the samples of one output.</summary>
    public static SymbolicTensor PerClass(SymbolicTensor x) => x.Rank < 2 ? Ops.Sum(x) : Ops.Sum(x, Axes.Create([.. Enumerable.Range(0, x.Rank - 1)]));

    /// <summary>The weights of true positives, false positives and false negatives, per class.</summary>
    public static SymbolicTensors PerKind(SymbolicTensor y, SymbolicTensor predicted, SymbolicTensor weighting) =>
        [PerClass(y * predicted * weighting), PerClass((1 - y) * predicted * weighting), PerClass(y * (1 - predicted) * weighting)];

    /// <summary>The sum of the weights of each number.</summary>
    /// <param name="numbers">Integers as floats, from 0 to below the count.</param>
    /// <param name="weights">A weight per number.</param>
    /// <param name="count">The length of the result.</param>
    public static SymbolicTensor Histogram(SymbolicTensor numbers, SymbolicTensor weights, int count) =>
        Ops.Make(
            new Operators.GatherGradient(0),
            Ops.Reshape(weights, -1),
            Ops.Cast(Ops.Reshape(numbers, -1), DType.Int64),
            Ops.Constant(Shape.Of(count), new float[count]));

    /// <summary>The quotient, or 0 if the divisor is 0.</summary>
    public static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}

/// <summary>True and false positives and negatives at many thresholds, computed from histograms of the predictions.</summary>
/// <remarks>
/// Each batch needs two sums, whatever the number of thresholds: a prediction falls into the bucket of the highest threshold below it. The first threshold lies
/// below 0, the last above 1.
/// </remarks>
internal sealed class ThresholdCounts(int thresholds)
{
    public double[] TruePositives { get; } = new double[thresholds];

    public double[] FalsePositives { get; } = new double[thresholds];

    public double Positives { get; private set; }

    public double Negatives { get; private set; }

    /// <summary>Histograms of positives and of negatives over the thresholds, label by label.</summary>
    /// <param name="y">Targets, 0 or 1.</param>
    /// <param name="p">Predictions.</param>
    /// <param name="weighting">A weight per prediction.</param>
    /// <param name="thresholds">The number of thresholds.</param>
    /// <param name="labels">The number of labels that are counted separately.</param>
    /// <param name="inner">The thresholds between the first and the last; default: <c>i / (n - 1)</c>.</param>
    public static SymbolicTensors Sums(SymbolicTensor y, SymbolicTensor p, SymbolicTensor weighting, int thresholds, int labels, DoubleValues? inner = null)
    {
        // Comparisons with NaN are false, so NaN falls into the first bucket too.
        var place = Ops.Ceil(Ops.Clip(p, 0, 1) * (thresholds - 1)) - 1;
        var bucket = inner is { } given
            ? Ops.Sum(Ops.Cast(Counts.Above(p, given), DType.Float32), -1)
            : Ops.Where(Ops.Greater(place, 0), place, 0);
        if (labels > 1) bucket += Ops.Constant(Shape.Of(labels), [.. Enumerable.Range(0, labels).Select(label => (float)label * thresholds)]);
        return [Counts.Histogram(bucket, y * weighting, thresholds * labels), Counts.Histogram(bucket, (1 - y) * weighting, thresholds * labels)];
    }

    /// <summary>The counts of one label, from the totals of <see cref="Sums"/>.</summary>
    public static ThresholdCounts Of(IReadOnlyList<double[]> totals, int thresholds, int label = 0)
    {
        var counts = new ThresholdCounts(thresholds);
        for (var i = thresholds - 1; i >= 0; i--)
        {
            counts.Positives += totals[0][(label * thresholds) + i];
            counts.Negatives += totals[1][(label * thresholds) + i];
            (counts.TruePositives[i], counts.FalsePositives[i]) = (counts.Positives, counts.Negatives);
        }

        return counts;
    }

    public double Sensitivity(int i) => Counts.Ratio(TruePositives[i], Positives);

    public double Specificity(int i) => Counts.Ratio(Negatives - FalsePositives[i], Negatives);

    public double Precision(int i) => Counts.Ratio(TruePositives[i], TruePositives[i] + FalsePositives[i]);
}
