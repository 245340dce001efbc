using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>How a floating-point number lies in 16 bits.</summary>
internal interface IWordFormat
{
    /// <summary>The exact floats of words.</summary>
    /// <param name="words">32-bit lanes whose upper halves are zero.</param>
    static abstract V Widen<V>(V words) where V : struct, IVector<V>;

    /// <summary>The nearest words, halves to even; what is too large becomes infinite, NaN stays NaN.</summary>
    /// <returns>32-bit lanes whose upper halves are zero.</returns>
    static abstract V Narrow<V>(V values) where V : struct, IVector<V>;
}

/// <summary>IEEE half: 1 sign, 5 exponent, 10 fraction bits.</summary>
internal readonly struct HalfFormat : IWordFormat
{
    // Exponents differ by 127 - 15, fractions by 13 bits.
    private const int Rebias = 112 << 23;
    private const int SmallestNormal = 113 << 23;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Widen<V>(V words) where V : struct, IVector<V>
    {
        var magnitude = V.AddBits(V.ShiftLeftBits(words & V.CreateBits(0x7FFF), 13), V.CreateBits(Rebias));
        var sign = V.ShiftLeftBits(words & V.CreateBits(0x8000), 16);

        // Read as a number one exponent higher, a subnormal is itself plus the smallest normal: no operand of an instruction is subnormal, which would cost 150 cycles.
        var subnormal = V.AddBits(magnitude, V.CreateBits(1 << 23)) - V.CreateBits(SmallestNormal);
        var special = V.AddBits(magnitude, V.CreateBits(Rebias));
        var result = V.Select(V.LessThan(magnitude, V.CreateBits(SmallestNormal)), subnormal, magnitude);
        return V.Select(V.LessThanOrEqual(V.Create(65536f), magnitude), special, result) | sign;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Narrow<V>(V values) where V : struct, IVector<V>
    {
        var magnitude = values & V.CreateBits(0x7FFFFFFF);
        var sign = V.ShiftRightBits(values & V.CreateBits(int.MinValue), 16);

        // Half of the last place that stays, less one where the bit that stays is even.
        var odd = V.ShiftRightBits(magnitude, 13) & V.CreateBits(1);
        var normal = V.ShiftRightBits(V.AddBits(V.AddBits(magnitude, odd), V.CreateBits(0xFFF - Rebias)), 13);

        // Added to one half, a number below 2^-14 is rounded by the machine to where a subnormal's last place is.
        var subnormal = V.SubtractBits(magnitude + V.Create(0.5f), V.Create(0.5f));
        var result = V.Select(V.LessThan(magnitude, V.CreateBits(SmallestNormal)), subnormal, normal);
        result = V.Select(V.LessThanOrEqual(V.Create(65536f), magnitude), V.CreateBits(0x7C00), result);
        return V.Select(V.Equals(values, values), result, V.CreateBits(0x7E00)) | sign;
    }
}

/// <summary>The upper half of a float32: 1 sign, 8 exponent, 7 fraction bits.</summary>
internal readonly struct BFloat16Format : IWordFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Widen<V>(V words) where V : struct, IVector<V> => V.ShiftLeftBits(words, 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Narrow<V>(V values) where V : struct, IVector<V>
    {
        var odd = V.ShiftRightBits(values, 16) & V.CreateBits(1);
        var rounded = V.ShiftRightBits(V.AddBits(V.AddBits(values, odd), V.CreateBits(0x7FFF)), 16);
        var quiet = V.ShiftRightBits(values, 16) | V.CreateBits(0x40);
        return V.Select(V.Equals(values, values), rounded, quiet);
    }
}
