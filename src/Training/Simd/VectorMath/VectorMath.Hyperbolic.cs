using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

internal static partial class VectorMath
{
    private const int SignBit = unchecked((int)0x80000000);
    private const float Ln2 = 0.693147181f;

    /// <summary>The hyperbolic tangent, within 3 ULP.</summary>
    [MethodImpl(I)]
    public static V Tanh<V>(V x) where V : struct, IVector<V>
    {
        // tanh |x| = -t / (t + 2) with t = e^(-2|x|) - 1; above 10 it is 1.
        var magnitude = V.MinNative(V.Create(10f), V.Abs(x));
        var (power, remainder) = SplitExponent(magnitude * V.Create(-2f));
        var scale = V.Scale(V.Create(1f), power);
        var t = V.MultiplyAdd(scale, Expm1Polynomial(remainder), scale - V.Create(1f));
        var result = -t / (t + V.Create(2f));
        result = V.Select(V.LessThan(magnitude, V.Create(2e-4f)), magnitude, result);
        return result | (x & V.CreateBits(SignBit));
    }

    /// <summary>The hyperbolic sine, within 2 ULP.</summary>
    [MethodImpl(I)]
    public static V Sinh<V>(V x) where V : struct, IVector<V>
    {
        var magnitude = V.Abs(x);
        var t = Expm1(magnitude);
        var small = V.Create(0.5f) * (t + (t / (t + V.Create(1f))));
        var result = V.Select(V.LessThan(magnitude, V.Create(9f)), small, HalfExp(magnitude));
        result = V.Select(V.LessThan(magnitude, V.Create(2e-4f)), magnitude, result);
        return result | (x & V.CreateBits(SignBit));
    }

    /// <summary>The hyperbolic cosine, within 2 ULP.</summary>
    [MethodImpl(I)]
    public static V Cosh<V>(V x) where V : struct, IVector<V>
    {
        var magnitude = V.Abs(x);
        var half = HalfExp(magnitude);
        return V.Select(V.LessThan(magnitude, V.Create(9f)), half + (V.Create(0.25f) / half), half);
    }

    /// <summary>The inverse hyperbolic sine, within 3 ULP.</summary>
    [MethodImpl(I)]
    public static V Asinh<V>(V x) where V : struct, IVector<V>
    {
        // log(m + sqrt(m^2 + 1)) = log1p(m + m^2 / (1 + sqrt(m^2 + 1))), and log 2m where rounding loses the 1.
        var magnitude = V.Abs(x);
        var large = V.LessThan(V.Create(1e6f), magnitude);
        var square = magnitude * magnitude;
        var small = magnitude + (square / (V.Create(1f) + V.Sqrt(square + V.Create(1f))));
        var result = Log1p(V.Select(large, magnitude, small)) + (large & V.Create(Ln2));
        return result | (x & V.CreateBits(SignBit));
    }

    /// <summary>The inverse hyperbolic cosine, within 3 ULP; NaN below 1.</summary>
    [MethodImpl(I)]
    public static V Acosh<V>(V x) where V : struct, IVector<V>
    {
        // log1p(t + sqrt(2t + t^2)) with t = x - 1, and log 2x where rounding loses the 1.
        var large = V.LessThan(V.Create(1e6f), x);
        var t = x - V.Create(1f);
        var small = t + V.Sqrt(t * (t + V.Create(2f)));
        var result = Log1p(V.Select(large, x, small)) + (large & V.Create(Ln2));
        return V.Select(V.LessThan(x, V.Create(1f)), V.Create(float.NaN), result);
    }

    /// <summary>The inverse hyperbolic tangent, within 3 ULP; infinite at 1 and -1, NaN outside.</summary>
    [MethodImpl(I)]
    public static V Atanh<V>(V x) where V : struct, IVector<V>
    {
        var magnitude = V.Abs(x);
        var result = V.Create(0.5f) * Log1p((magnitude + magnitude) / (V.Create(1f) - magnitude));
        result = V.Select(V.LessThan(magnitude, V.Create(2e-4f)), magnitude, result);
        return result | (x & V.CreateBits(SignBit));
    }

    // e^m / 2 for m >= 0: Exp's reduction with an exponent one lower, so that it overflows only where it should.
    [MethodImpl(I)]
    private static V HalfExp<V>(V magnitude) where V : struct, IVector<V>
    {
        var (power, remainder) = SplitExponent(V.MinNative(V.Create(100f), magnitude));
        return V.Scale(V.Create(1f) + Expm1Polynomial(remainder), power - V.Create(1f));
    }
}
