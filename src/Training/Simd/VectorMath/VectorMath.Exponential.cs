using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>
/// Mathematical functions of float vectors, written once for every width. Errors are in units in the last place (ULP) from the exact value, over all floats.
/// </summary>
/// <remarks>
/// The stated errors hold with and without a fused multiply-add, and tests measure both. They include subnormal arguments and results; infinities give the
/// limit, NaN gives NaN. Polynomials are from Cephes (S. Moshier) unless noted otherwise.
/// </remarks>
internal static partial class VectorMath
{
    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
    private const float Log2E = 1.44269504f;

    // ln 2 in two pieces. The first has so few bits that its product with an integer up to 512 is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // Added to a float below 2^22, it rounds that float to an integer, which is then in the low bits.
    private const float RoundShift = 12582912f;

    /// <summary><c>e^x</c>, within 1.5 ULP.</summary>
    [MethodImpl(I)]
    public static V Exp<V>(V x) where V : struct, IVector<V>
    {
        // Beyond these limits the result is 0 or infinite anyway; within them the scale stays in range.
        x = V.MinNative(V.Create(90f), V.MaxNative(V.Create(-105f), x));
        var (power, remainder) = SplitExponent(x);
        return V.Scale(V.Create(1f) + Expm1Polynomial(remainder), power);
    }

    /// <summary><c>e^x</c> for <c>x &lt;= 0</c>, within 1.5 ULP; one instruction less than <see cref="Exp"/>.</summary>
    [MethodImpl(I)]
    public static V ExpNonPositive<V>(V x) where V : struct, IVector<V>
    {
        var (power, remainder) = SplitExponent(V.MaxNative(V.Create(-105f), x));
        return V.Scale(V.Create(1f) + Expm1Polynomial(remainder), power);
    }

    /// <summary><c>e^x - 1</c>, within 2 ULP, near 0 as well.</summary>
    [MethodImpl(I)]
    public static V Expm1<V>(V x) where V : struct, IVector<V>
    {
        var limited = V.MinNative(V.Create(89f), V.MaxNative(V.Create(-20f), x));
        var (power, remainder) = SplitExponent(limited);

        // 2^n (e^r - 1) + (2^n - 1), computed at half size so that 2^128 does not overflow early.
        var scale = V.Scale(V.Create(0.5f), power);
        var half = V.MultiplyAdd(scale, Expm1Polynomial(remainder), scale - V.Create(0.5f));
        return V.Select(V.LessThan(V.Abs(x), V.Create(5.9604645e-8f)), x, half + half);
    }

    /// <summary><c>1 / (1 + e^-x)</c>, within 2.5 ULP.</summary>
    [MethodImpl(I)]
    public static V Sigmoid<V>(V x) where V : struct, IVector<V>
    {
        var decay = ExpNonPositive(-V.Abs(x));
        var numerator = V.Select(V.LessThan(x, V.Zero), decay, V.Create(1f));
        return numerator / (V.Create(1f) + decay);
    }

    /// <summary><c>log(1 + e^x)</c>, within 2 ULP.</summary>
    [MethodImpl(I)]
    public static V Softplus<V>(V x) where V : struct, IVector<V> =>
        V.MaxNative(V.Zero, x) + Log1pUnit(ExpNonPositive(-V.Abs(x)));

    /// <summary><c>x / (1 + e^-x)</c>, within 3 ULP down to -80, then within 1e-41.</summary>
    [MethodImpl(I)]
    public static V Silu<V>(V x) where V : struct, IVector<V>
    {
        // For negative x the result is x times the decay, and minus infinity times 0 must give 0.
        var limited = V.MaxNative(V.Create(-200f), x);
        return limited * Sigmoid(limited);
    }

    /// <summary><c>x * tanh(log(1 + e^x))</c>, within 4 ULP down to -80, then within 1e-41.</summary>
    [MethodImpl(I)]
    public static V Mish<V>(V x) where V : struct, IVector<V>
    {
        // tanh(log(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2), which is 1 in float precision for x above 20.
        var limited = V.MaxNative(V.Create(-200f), x);
        var e = Exp(V.MinNative(V.Create(20f), limited));
        var numerator = e * (e + V.Create(2f));
        return limited * (numerator / (numerator + V.Create(2f)));
    }

    // x = n ln 2 + r with |r| <= ln 2 / 2.
    [MethodImpl(I)]
    private static (V Power, V Remainder) SplitExponent<V>(V x) where V : struct, IVector<V>
    {
        var power = V.MultiplyAdd(x, V.Create(Log2E), V.Create(RoundShift)) - V.Create(RoundShift);
        var remainder = V.MultiplyAdd(power, V.Create(-Ln2High), x);
        return (power, V.MultiplyAdd(power, V.Create(-Ln2Low), remainder));
    }

    // e^r - 1 for |r| <= ln 2 / 2.
    [MethodImpl(I)]
    private static V Expm1Polynomial<V>(V r) where V : struct, IVector<V>
    {
        var sum = V.MultiplyAdd(r, V.Create(1.9875691500e-4f), V.Create(1.3981999507e-3f));
        sum = V.MultiplyAdd(sum, r, V.Create(8.3334519073e-3f));
        sum = V.MultiplyAdd(sum, r, V.Create(4.1665795894e-2f));
        sum = V.MultiplyAdd(sum, r, V.Create(1.6666665459e-1f));
        sum = V.MultiplyAdd(sum, r, V.Create(5.0000001201e-1f));
        return V.MultiplyAdd(sum, r * r, r);
    }
}
