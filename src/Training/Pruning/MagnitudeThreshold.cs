namespace OnnxFunctional.Training.Pruning;

/// <summary>Finds the smallest magnitudes of a weight without sorting it and without new memory.</summary>
/// <remarks>The bits of a positive float order like whole numbers, so counting the upper 16 bits and then the lower ones of the bin the k-th falls into finds it exactly, in two passes.</remarks>
internal sealed class MagnitudeThreshold
{
    private const uint Magnitude = 0x7FFF_FFFF;

    private readonly int[] _counts = new int[1 << 16];

    /// <summary>Marks the smallest magnitudes, the first of equal ones.</summary>
    /// <param name="values">The weight.</param>
    /// <param name="zeros">How many to mark.</param>
    /// <param name="mark">What the mark is; elsewhere the mask becomes 0.</param>
    /// <param name="mask">As long as the weight.</param>
    public void Mask(ReadOnlySpan<float> values, int zeros, float mark, Span<float> mask)
    {
        mask.Clear();
        if (zeros <= 0) return;

        // How many of those that are not below the part of the threshold found so far still belong to the smallest.
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

    /// <summary>The bin in which that many are reached; what the bins below hold is taken off.</summary>
    private uint Bin(ref int left)
    {
        var bin = 0u;
        while (left > _counts[bin]) left -= _counts[bin++];
        return bin;
    }
}
