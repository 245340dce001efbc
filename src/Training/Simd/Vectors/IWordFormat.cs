using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>A 16-bit floating-point format.</summary>
internal interface IWordFormat
{
    /// <summary>Converts words to floats, exactly.</summary>
    /// <param name="words">32-bit lanes whose upper halves are zero.</param>
    static abstract V Widen<V>(V words) where V : struct, IVector<V>;

    /// <summary>Rounds to the nearest words, halves to even. Values out of range become infinite, NaN stays NaN.</summary>
    /// <returns>32-bit lanes whose upper halves are zero.</returns>
    static abstract V Narrow<V>(V values) where V : struct, IVector<V>;
}

/// <summary>IEEE half: 1 sign, 5 exponent, 10 fraction bits.</summary>
internal readonly struct HalfFormat : IWordFormat
{
    // The exponent biases differ by 127 - 15, the fractions by 13 bits.
    private const int Rebias = 112 << 23;
    private const int SmallestNormal = 113 << 23;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Widen<V>(V words) where V : struct, IVector<V>
    {
        var magnitude = V.AddBits(V.ShiftLeftBits(words & V.CreateBits(0x7FFF), 13), V.CreateBits(Rebias));
        var sign = V.ShiftLeftBits(words & V.CreateBits(0x8000), 16);

        // Read with an exponent one higher, a subnormal is itself plus the smallest normal. So no operand is subnormal, which would cost 150 cycles.
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

        // Adds half of the last place that is kept, less one if the last bit kept is even.
        var odd = V.ShiftRightBits(magnitude, 13) & V.CreateBits(1);
        var normal = V.ShiftRightBits(V.AddBits(V.AddBits(magnitude, odd), V.CreateBits(0xFFF - Rebias)), 13);

        // Adding one half makes the hardware round a number below 2^-14 to a subnormal's last place.
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
