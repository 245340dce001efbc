namespace OnnxFunctional.Training.Pruning;

/// <summary>Finds the smallest magnitudes of a weight without sorting and without allocating.</summary>
/// <remarks>
/// The bits of positive floats are ordered like integers. So the k-th is found exactly by two histograms: one of the upper 16 bits, and one of the lower bits
/// within the bin that contains the k-th.
/// </remarks>
internal sealed class MagnitudeThreshold
{
    private const uint Magnitude = 0x7FFF_FFFF;

    private readonly int[] _counts = new int[1 << 16];

    /// <summary>Marks the smallest magnitudes; of equal ones, the first.</summary>
    /// <param name="values">The weight.</param>
    /// <param name="zeros">The number of elements to mark.</param>
    /// <param name="mark">The value of the mask at marked elements; elsewhere it becomes 0.</param>
    /// <param name="mask">The result, as long as the weight.</param>
    public void Mask(ReadOnlySpan<float> values, int zeros, float mark, Span<float> mask)
    {
        mask.Clear();
        if (zeros <= 0) return;

        // How many elements remain to be marked above those whose bits lie below the part of the threshold found so far.
        var left = zeros;
        Array.Clear(_counts);
        foreach (var value in values) _counts[Bits(value) >> 16]++;
        var high = Bin(ref left);
        Array.Clear(_counts);
        foreach (var value in values)
        {
            if (Bits(value) >> 16 == high) _counts[Bits(value) & 0xFFFF]++;
        }

        var threshold = (high << 16) | Bin(ref left);
        for (var i = 0; i < values.Length; i++)
        {
            var bits = Bits(values[i]);
            if (bits < threshold || (bits == threshold && left-- > 0)) mask[i] = mark;
        }
    }

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value) & Magnitude;

    /// <summary>The bin in which the cumulative count reaches that number; the counts of the bins below are subtracted.</summary>
    private uint Bin(ref int left)
    {
        var bin = 0u;
        while (left > _counts[bin]) left -= _counts[bin++];
        return bin;
    }
}
