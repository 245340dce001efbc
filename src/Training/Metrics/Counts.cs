namespace OnnxFunctional.Training.Metrics;

/// <summary>What metrics of classes count with.</summary>
internal static class Counts
{
    /// <summary>The weight of every element of the predictions: masks and sample weights spread over their shape, ones where there are none.</summary>
    public static SymbolicTensor Weighting(SymbolicTensor yPred, SymbolicTensor? weights) =>
        LossWeights.Of(yPred, yPred.Mask, weights, rescaleMask: false) is { } weighting ? weighting + Ops.ZerosLike(yPred) : Ops.OnesLike(yPred);

    /// <summary>Thresholds, all from 0 to 1.</summary>
    /// <exception cref="ModelException">One is not.</exception>
    public static FloatValues? Checked(FloatValues? thresholds) =>
        thresholds is { } given && (given.Count == 0 || given.Any(threshold => threshold is not (>= 0 and <= 1)))
            ? throw new ModelException($"thresholds are {given}; expected numbers from 0 to 1.")
            : thresholds;

    /// <summary>Which predictions are above each threshold, along one more axis at the end.</summary>
    public static SymbolicTensor Above(SymbolicTensor yPred, FloatValues thresholds) => Ops.Greater(Ops.ExpandDims(yPred, yPred.Rank), Ops.Constant(Shape.Of(thresholds.Count), [.. thresholds]));

    /// <summary>Sums over all axes but the last; a single axis counts as samples of one output.</summary>
    public static SymbolicTensor PerClass(SymbolicTensor x) => x.Rank < 2 ? Ops.Sum(x) : Ops.Sum(x, Axes.Create([.. Enumerable.Range(0, x.Rank - 1)]));

    /// <summary>The sum of the weights of each number.</summary>
    /// <param name="numbers">Whole numbers as floats, from 0 to below the count.</param>
    /// <param name="weights">A weight for each.</param>
    /// <param name="count">How many numbers there are.</param>
    public static SymbolicTensor Histogram(SymbolicTensor numbers, SymbolicTensor weights, int count) =>
        Ops.Make(new Operators.GatherGradient(0), Ops.Reshape(weights, -1), Ops.Cast(Ops.Reshape(numbers, -1), DType.Int64), Ops.Constant(Shape.Of(count), new float[count]));

    /// <summary>A quotient, 0 where nothing divides.</summary>
    public static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}

/// <summary>True and false positives and negatives at many thresholds, from histograms of the predictions.</summary>
/// <remarks>Two sums a batch, whatever the number of thresholds: predictions fall into the bucket of the highest threshold they are above. The first is below 0 and the last above 1.</remarks>
internal sealed class ThresholdCounts(int thresholds)
{
    public double[] TruePositives { get; } = new double[thresholds];

    public double[] FalsePositives { get; } = new double[thresholds];

    public double Positives { get; private set; }

    public double Negatives { get; private set; }

    /// <summary>Histograms of ones and of zeros over the thresholds, one after the other for each label.</summary>
    /// <param name="y">Targets, 0 or 1.</param>
    /// <param name="p">Predictions.</param>
    /// <param name="weighting">The weight of each.</param>
    /// <param name="thresholds">How many there are.</param>
    /// <param name="labels">How many labels are counted apart.</param>
    /// <param name="inner">The thresholds between the first and the last; <c>i / (n - 1)</c> if none are given.</param>
    public static SymbolicTensors Sums(SymbolicTensor y, SymbolicTensor p, SymbolicTensor weighting, int thresholds, int labels, FloatValues? inner = null)
    {
        // A comparison is false for what is not a number, so every bucket exists.
        var place = Ops.Ceil(Ops.Clip(p, 0, 1) * (thresholds - 1)) - 1;
        var bucket = inner is { } given ? Ops.Sum(Ops.Cast(Counts.Above(p, given), DType.Float32), -1) : Ops.Where(Ops.Greater(place, 0), place, 0);
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
