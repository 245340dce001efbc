using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

internal static partial class VectorMath
{
    private const int SqrtHalfBits = 0x3F3504F3;
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>The natural logarithm, within 1 ULP; minus infinity at 0, NaN below 0.</summary>
    [MethodImpl(I)]
    public static V Log<V>(V x) where V : struct, IVector<V>
    {
        var denormal = V.LessThan(x, V.Create(SmallestNormal));
        var normal = V.Select(denormal, x * V.Create(8388608f), x);
        var bits = V.ShiftRightArithmeticBits(V.SubtractBits(normal, V.CreateBits(SqrtHalfBits)), 23);
        var fraction = V.SubtractBits(normal, V.ShiftLeftBits(bits, 23)) - V.Create(1f);
        var exponent = V.FromInt32Bits(bits) - (denormal & V.Create(23f));
        return LogLimits(x, LogPolynomial(fraction, exponent, V.Zero));
    }

    /// <summary><c>log(1 + x)</c>, within 2 ULP, near 0 as well; minus infinity at -1, NaN below -1.</summary>
    [MethodImpl(I)]
    public static V Log1p<V>(V x) where V : struct, IVector<V>
    {
        var sum = V.Create(1f) + x;

        // What rounding took from 1 + x; meaningless, and dropped, where x is so large that the 1 is lost.
        var lost = V.Select(V.LessThan(x, V.Create(1f)), x - (sum - V.Create(1f)), V.Create(1f) - (sum - x));
        var bits = V.ShiftRightArithmeticBits(V.SubtractBits(sum, V.CreateBits(SqrtHalfBits)), 23);
        var shift = V.ShiftLeftBits(bits, 23);
        var fraction = V.SubtractBits(sum, shift) - V.Create(1f);
        lost = V.Select(V.LessThan(x, V.Create(1e10f)), lost * V.SubtractBits(V.Create(1f), shift), V.Zero);
        var result = LogPolynomial(fraction, V.FromInt32Bits(bits), lost);
        return V.Select(V.LessThan(V.Abs(x), V.Create(5.9604645e-8f)), x, LogLimits(sum, result));
    }

    // log(1 + x) for 0 <= x <= 1 (or NaN): one step of reduction, no limits to check.
    [MethodImpl(I)]
    private static V Log1pUnit<V>(V x) where V : struct, IVector<V>
    {
        var sum = V.Create(1f) + x;
        var lost = x - (sum - V.Create(1f));
        var upper = V.LessThan(V.Create(1.41421354f), sum);
        var scale = V.Select(upper, V.Create(0.5f), V.Create(1f));
        var fraction = V.MultiplyAdd(sum, scale, V.Create(-1f));
        var result = LogPolynomial(fraction, upper & V.Create(1f), lost * scale);
        return V.Select(V.LessThan(x, V.Create(5.9604645e-8f)), x, result);
    }

    // exponent * ln 2 + log(1 + fraction + lost), sqrt(1/2) <= 1 + fraction < sqrt(2), lost below the last place of 1 + fraction.
    [MethodImpl(I)]
    private static V LogPolynomial<V>(V fraction, V exponent, V lost) where V : struct, IVector<V>
    {
        var square = fraction * fraction;
        var sum = V.MultiplyAdd(fraction, V.Create(7.0376836292e-2f), V.Create(-1.1514610310e-1f));
        sum = V.MultiplyAdd(sum, fraction, V.Create(1.1676998740e-1f));
        sum = V.MultiplyAdd(sum, fraction, V.Create(-1.2420140846e-1f));
        sum = V.MultiplyAdd(sum, fraction, V.Create(1.4249322787e-1f));
        sum = V.MultiplyAdd(sum, fraction, V.Create(-1.6668057665e-1f));
        sum = V.MultiplyAdd(sum, fraction, V.Create(2.0000714765e-1f));
        sum = V.MultiplyAdd(sum, fraction, V.Create(-2.4999993993e-1f));
        sum = V.MultiplyAdd(sum, fraction, V.Create(3.3333331174e-1f));
        sum = V.MultiplyAdd(sum, square * fraction, V.MultiplyAdd(exponent, V.Create(Ln2Low), lost - (lost * fraction)));
        sum = V.MultiplyAdd(square, V.Create(-0.5f), sum);
        return V.MultiplyAdd(exponent, V.Create(Ln2High), fraction + sum);
    }

    // Infinity and NaN are returned as they are; 0 gives minus infinity, negative values give NaN.
    [MethodImpl(I)]
    private static V LogLimits<V>(V x, V result) where V : struct, IVector<V>
    {
        result = V.Select(V.LessThan(x, V.Create(float.PositiveInfinity)), result, x);
        var none = V.Select(V.Equals(x, V.Zero), V.Create(float.NegativeInfinity), V.Create(float.NaN));
        return V.Select(V.LessThanOrEqual(x, V.Zero), none, result);
    }
}
