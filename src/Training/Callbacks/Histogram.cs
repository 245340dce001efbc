using OnnxFunctional.Training.TensorBoardFiles;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>How numbers are spread: counts in buckets that grow by a tenth with the distance from 0, as in TensorBoard.</summary>
public sealed class Histogram
{
    private Histogram(HistogramBuckets buckets, long notFinite)
    {
        (Limits, Counts) = (buckets.Limits.ToArray(), Array.ConvertAll(buckets.Counts.ToArray(), count => (long)count));
        (Count, NotFinite) = (buckets.Count, notFinite);
        if (Count == 0) (Min, Max, Mean, StandardDeviation) = (double.NaN, double.NaN, double.NaN, double.NaN);
        else (Min, Max, Mean) = (buckets.Min, buckets.Max, buckets.Sum / Count);
        if (Count > 0) StandardDeviation = Math.Sqrt(Math.Max(0, (buckets.SumOfSquares / Count) - (Mean * Mean)));
    }

    /// <summary>The upper limit of each bucket; the first bucket is empty and gives the lower limit of the next.</summary>
    public IReadOnlyList<double> Limits { get; }

    /// <summary>How many numbers are in each bucket, from its lower limit to below its upper one.</summary>
    public IReadOnlyList<long> Counts { get; }

    /// <summary>The number of finite numbers, which is the sum of <see cref="Counts"/>.</summary>
    public long Count { get; }

    /// <summary>The number of NaNs and infinities, which are in no bucket.</summary>
    public long NotFinite { get; }

    /// <summary>The least number; NaN if there is none.</summary>
    public double Min { get; }

    /// <summary>The greatest number; NaN if there is none.</summary>
    public double Max { get; }

    /// <summary>The mean; NaN if there is no number.</summary>
    public double Mean { get; }

    /// <summary>The standard deviation; NaN if there is no number.</summary>
    public double StandardDeviation { get; }

    /// <summary>Counts numbers.</summary>
    /// <param name="values">The numbers.</param>
    public static Histogram Of(ReadOnlySpan<float> values)
    {
        var buckets = new HistogramBuckets(values);
        return new Histogram(buckets, values.Length - buckets.Count);
    }

    /// <summary>The count, range, mean and deviation.</summary>
    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Count} numbers from {Min:G4} to {Max:G4}, mean {Mean:G4}, standard deviation {StandardDeviation:G4}");
}
