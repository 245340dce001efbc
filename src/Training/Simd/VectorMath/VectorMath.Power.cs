using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

internal static unsafe partial class VectorMath
{
    /// <summary><c>x^y</c> with the limits of IEEE 754's pow, within 2 ULP.</summary>
    /// <remarks>
    /// The logarithm and its product with y are kept in two floats each: y log x reaches 88, and its exponential would magnify every lost digit.
    /// </remarks>
    [MethodImpl(I)]
    public static V Pow<V>(V x, V y) where V : struct, IVector<V>
    {
        var magnitude = V.Abs(x);
        var (log, logLow) = LogPair(magnitude);

        // An exponent beyond 1e30 overflows or underflows for any x; the limit leaves room for splitting the factors.
        var limited = V.MinNative(V.Create(1e30f), V.MaxNative(V.Create(-1e30f), y));
        var (product, productLow) = MultiplyPair(log, limited);
        productLow = V.MultiplyAdd(logLow, limited, productLow);
        productLow = V.Select(V.LessThan(V.Abs(product), V.Create(128f)), productLow, V.Zero);
        product = V.MinNative(V.Create(90f), V.MaxNative(V.Create(-105f), product));
        var (power, remainder) = SplitExponent(product);
        var result = V.Scale(V.Create(1f) + Expm1Polynomial(remainder + productLow), power);
        result = V.Select(V.Equals(magnitude, V.Create(1f)), V.Select(V.Equals(y, y), V.Create(1f), y), result);

        var halfY = V.Create(0.5f) * y;
        var whole = V.Equals(V.Floor(y), y);
        var odd = whole & V.LessThan(V.Floor(halfY), halfY);
        result |= odd & x & V.CreateBits(SignBit);
        var root = V.LessThan(x, V.Zero) & V.LessThan(magnitude, V.Create(float.PositiveInfinity));
        result = V.Select(root, V.Select(whole | V.LessThan(y, y), result, V.Create(float.NaN)), result);
        var one = V.Equals(x, V.Create(1f)) | V.Equals(y, V.Zero);
        return V.Select(one, V.Create(1f), result);
    }

    /// <summary>The remainder of <c>x / y</c> with the sign of y (the rule of Python, and of ONNX for integers); exact.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V FloorMod<V>(V x, V y) where V : struct, IVector<V>
    {
        var left = stackalloc float[16];
        var right = stackalloc float[16];
        V.Store(x, left);
        V.Store(y, right);
        for (var i = 0; i < V.Count; i++)
        {
            var remainder = left[i] % right[i];
            left[i] = remainder != 0f && (remainder < 0f) != (right[i] < 0f) ? remainder + right[i] : remainder;
        }

        return V.Load(left);
    }

    // The logarithm of x >= 0 as an unevaluated sum; s = (m - 1) / (m + 1), log m = 2 s + 2/3 s^3 + ...
    [MethodImpl(I)]
    private static (V High, V Low) LogPair<V>(V x) where V : struct, IVector<V>
    {
        var denormal = V.LessThan(x, V.Create(SmallestNormal));
        var normal = V.Select(denormal, x * V.Create(8388608f), x);
        var bits = V.ShiftRightArithmeticBits(V.SubtractBits(normal, V.CreateBits(SqrtHalfBits)), 23);
        var m = V.SubtractBits(normal, V.ShiftLeftBits(bits, 23));
        var exponent = V.FromInt32Bits(bits) - (denormal & V.Create(23f));

        var p = m - V.Create(1f);
        var q = m + V.Create(1f);
        var qLow = m - (q - V.Create(1f));
        var s = p / q;
        var (sq, sqLow) = MultiplyPair(s, q);
        var sLow = (p - sq - sqLow - (s * qLow)) / q;

        var square = s * s;
        var series = V.MultiplyAdd(square, V.Create(0.2221222f), V.Create(0.2857142857f));
        series = V.MultiplyAdd(series, square, V.Create(0.4f));
        series = V.MultiplyAdd(series, square, V.Create(0.6666666667f));
        var tail = V.MultiplyAdd(series * square, s, sLow + sLow);

        // exponent * Ln2High is exact and, unless 0, larger than 2 s. What the additions lose goes into the low part.
        var twice = s + s;
        var major = exponent * V.Create(Ln2High);
        var sum = major + twice;
        var lost = V.Select(V.Equals(exponent, V.Zero), V.Zero, twice - (sum - major));
        var low = lost + V.MultiplyAdd(exponent, V.Create(Ln2Low), tail);
        var high = sum + low;
        low -= high - sum;

        var infinite = V.Equals(x, V.Create(float.PositiveInfinity));
        var zero = V.Equals(x, V.Zero);
        high = V.Select(infinite, x, V.Select(zero, V.Create(float.NegativeInfinity), high));
        high = V.Select(V.Equals(x, x), high, x);
        return (high, V.Select(infinite | zero, V.Zero, low));
    }

    // a * b exactly, as an unevaluated sum.
    [MethodImpl(I)]
    private static (V High, V Low) MultiplyPair<V>(V a, V b) where V : struct, IVector<V>
    {
        var product = a * b;
        if (V.IsFused) return (product, V.MultiplyAdd(a, b, -product));

        // Dekker: halves of 12 bits multiply without rounding.
        var aScaled = a * V.Create(4097f);
        var bScaled = b * V.Create(4097f);
        var aHigh = aScaled - (aScaled - a);
        var bHigh = bScaled - (bScaled - b);
        var aLow = a - aHigh;
        var bLow = b - bHigh;
        return (product, (aLow * bLow) - (product - (aHigh * bHigh) - (aHigh * bLow) - (aLow * bHigh)));
    }
}
