namespace OnnxFunctional.Training.TensorBoardFiles;

/// <summary>Counts of numbers in TensorBoard's buckets, each a tenth wider than the one before, from 1e-12 to 1e20 on both sides of 0.</summary>
internal sealed class HistogramBuckets
{
    private const double FirstLimit = 1e-12;
    private const double LimitRatio = 1.1;
    private const double LastLimit = 1e20;

    private static readonly double[] s_limits = MakeLimits();

    private readonly double[] _counts = new double[s_limits.Length];
    private readonly int _first;
    private readonly int _last;

    /// <summary>Counts numbers; those that are not finite are left out.</summary>
    public HistogramBuckets(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!float.IsFinite(value)) continue;
            var place = Array.BinarySearch(s_limits, value);
            _counts[place < 0 ? ~place : Math.Min(place + 1, _counts.Length - 1)]++;
            (Min, Max) = (Math.Min(Min, value), Math.Max(Max, value));
            (Sum, SumOfSquares, Count) = (Sum + value, SumOfSquares + ((double)value * value), Count + 1);
        }

        if (Count == 0) return;
        (_first, _last) = (Math.Max(0, Array.FindIndex(_counts, filled => filled > 0) - 1), Array.FindLastIndex(_counts, filled => filled > 0));
    }

    /// <summary>The least number.</summary>
    public double Min { get; } = double.MaxValue;

    /// <summary>The greatest number.</summary>
    public double Max { get; } = double.MinValue;

    public double Sum { get; }

    public double SumOfSquares { get; }

    /// <summary>The number of finite numbers.</summary>
    public long Count { get; }

    /// <summary>The upper limits of the buckets, from an empty one to the last that has a number; a number on a limit is in the bucket above.</summary>
    public ReadOnlySpan<double> Limits => Count == 0 ? [] : s_limits.AsSpan(_first, _last - _first + 1);

    /// <summary>The count of each bucket.</summary>
    public ReadOnlySpan<double> Counts => Count == 0 ? [] : _counts.AsSpan(_first, _last - _first + 1);

    private static double[] MakeLimits()
    {
        var positive = new List<double>();
        for (var limit = FirstLimit; limit < LastLimit; limit *= LimitRatio) positive.Add(limit);
        return [.. positive.Select(limit => -limit).Reverse(), 0, .. positive, double.MaxValue];
    }
}
