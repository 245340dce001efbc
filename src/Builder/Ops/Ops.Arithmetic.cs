namespace OnnxFunctional;

/// <content>Functions of each element that are formulas of a few operators. Integers become floating-point numbers unless it says otherwise.</content>
public static partial class Ops
{
    /// <summary>
    /// The angle of the point (x, y) in radians, from -pi to pi: <c>atan(y / x)</c> in the right quadrant (https://keras.io/api/ops/numpy/#arctan2-function).
    /// </summary>
    /// <param name="y">The second coordinate.</param>
    /// <param name="x">The first coordinate; shapes broadcast.</param>
    /// <remarks>Zeros have no sign: the angle of (-1, -0.0) is pi.</remarks>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Atan2(SymbolicTensor y, SymbolicTensor x)
    {
        // The smaller side is divided by the larger: no quotient is infinite, and the gradient is right on both axes.
        var isSteep = Greater(Abs(y), Abs(x));
        var divisor = Where(isSteep, y, Where(Equal(x, 0), 1, x));
        var angle = Atan(Where(isSteep, x, y) / divisor);
        var turned = Where(Less(x, 0), Where(Less(y, 0), -Math.PI, Math.PI), 0);
        return Where(isSteep, (Sign(y) * (Math.PI / 2)) - angle, angle + turned);
    }

    /// <summary>The cube root of each element, of negative ones too (https://keras.io/api/ops/numpy/#cbrt-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Cbrt(SymbolicTensor x) => Sign(x) * Power(Abs(x), 1 / 3.0);

    /// <summary>The quotient, 0 where the divisor is 0 (https://keras.io/api/ops/numpy/#divide_no_nan-function).</summary>
    /// <param name="a">The dividend.</param>
    /// <param name="b">The divisor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor DivideNoNan(SymbolicTensor a, SymbolicTensor b)
    {
        var isZero = Equal(b, 0);
        return Where(isZero, 0, Floats(a) / Where(isZero, 1, Floats(b)));
    }

    /// <summary>The inverse of the error function: <c>erf(y) = x</c> (https://keras.io/api/ops/math/#erfinv-function).</summary>
    /// <param name="x">The tensor, from -1 to 1.</param>
    /// <remarks>Giles' approximation for single precision ("Approximating the erfinv function", 2010).</remarks>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Erfinv(SymbolicTensor x)
    {
        // Both polynomials are computed everywhere; each gets values at which it and its gradient are finite.
        var w = -Log((1 - x) * (1 + x));
        var center = Polynomial(
            Minimum(w, 5) - 2.5,
            1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-06, -3.5233877e-06, 3.43273939e-07, 2.81022636e-08);
        var tail = Polynomial(
            Sqrt(Clip(w, 5, 100)) - 3,
            2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322, 0.000100950558, -0.000200214257);
        var inside = Where(Less(w, 5), center, tail) * x;
        return Where(GreaterEqual(x, 1), double.PositiveInfinity, Where(LessEqual(x, -1), double.NegativeInfinity, inside));
    }

    /// <summary><c>floor(a / b)</c>; integers stay integers, and are exact (https://keras.io/api/ops/numpy/#floor_divide-function).</summary>
    /// <param name="a">The dividend.</param>
    /// <param name="b">The divisor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor FloorDivide(SymbolicTensor a, SymbolicTensor b)
    {
        (a, b) = Promote(Computed(a), Computed(b));
        if (a.DType == DType.Bool) (a, b) = (Cast(a, DType.Int32), Cast(b, DType.Int32));

        // The division of integers drops the fraction, which leaves nothing to round once the remainder is subtracted.
        return a.DType.IsFloating() ? Floor(a / b) : Divide(a - Mod(a, b), b);
    }

    /// <summary>The remainder with the sign of the dividend: <c>a - b trunc(a / b)</c> (https://keras.io/api/ops/numpy/#fmod-function).</summary>
    /// <param name="a">The dividend.</param>
    /// <param name="b">The divisor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Fmod(SymbolicTensor a, SymbolicTensor b)
    {
        var size = Magnitude(Computed(b));
        return Where(Less(a, 0), 0 - Mod(0 - Computed(a), size), Mod(a, size));
    }

    /// <summary>0 below zero, 1 above, and a given number at zero (https://keras.io/api/ops/numpy/#heaviside-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="atZero">The result where x is 0; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Heaviside(SymbolicTensor x, SymbolicTensor atZero) =>
        Where(Equal(x, 0), Floats(atZero), Cast(Greater(x, 0), DType.Float32));

    /// <summary>The length of the vector (a, b): <c>sqrt(a^2 + b^2)</c> (https://keras.io/api/ops/numpy/#hypot-function).</summary>
    /// <param name="a">One side.</param>
    /// <param name="b">The other side; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Hypot(SymbolicTensor a, SymbolicTensor b) => Sqrt(Square(Floats(a)) + Square(Floats(b)));

    /// <summary>The modified Bessel function of the first kind and order 0 (https://keras.io/api/ops/numpy/#i0-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <remarks>Abramowitz and Stegun 9.8.1 and 9.8.2: relative errors below 2e-7.</remarks>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor I0(SymbolicTensor x)
    {
        const double Border = 3.75;
        var size = Abs(Floats(x));
        var near = Polynomial(
            Square(Minimum(size, Border) / Border), 1, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813);
        var far = Maximum(size, Border);
        var series = Polynomial(
            Border / far,
            0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537, -0.01647633, 0.00392377);
        return Where(Less(size, Border), near, Exp(far) / Sqrt(far) * series);
    }

    /// <summary>
    /// True where elements are nearly equal: <c>|a - b| &lt;= atol + rtol |b|</c>, or both infinite of one sign
    /// (https://keras.io/api/ops/numpy/#isclose-function).
    /// </summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <param name="rtol">The difference that is allowed, relative to b.</param>
    /// <param name="atol">The difference that is allowed in any case.</param>
    /// <param name="equalNaN">Whether NaN equals NaN.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor IsClose(SymbolicTensor a, SymbolicTensor b, double rtol = 1e-5, double atol = 1e-8, bool equalNaN = false)
    {
        (a, b) = (Floats(a), Floats(b));
        var isNear = LogicalAnd(LessEqual(Abs(a - b), atol + (rtol * Abs(b))), IsFinite(b));
        var isClose = LogicalOr(isNear, Equal(a, b));
        return equalNaN ? LogicalOr(isClose, LogicalAnd(IsNaN(a), IsNaN(b))) : isClose;
    }

    /// <summary>True where an element is a number and not infinite (https://keras.io/api/ops/numpy/#isfinite-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor IsFinite(SymbolicTensor x) => LogicalNot(LogicalOr(IsInf(x), IsNaN(x)));

    /// <summary>The logarithm of base 10 of each element (https://keras.io/api/ops/numpy/#log10-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Log10(SymbolicTensor x) => Log(x) * (1 / Math.Log(10));

    /// <summary>The logarithm of base 2 of each element (https://keras.io/api/ops/numpy/#log2-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Log2(SymbolicTensor x) => Log(x) * (1 / Math.Log(2));

    /// <summary><c>log(exp(a) + exp(b))</c>, without overflow (https://keras.io/api/ops/numpy/#logaddexp-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor LogAddExp(SymbolicTensor a, SymbolicTensor b)
    {
        // Two infinities have no difference, and here it is 0.
        var difference = Where(Equal(a, b), 0, Floats(a) - Floats(b));
        return Maximum(Floats(a), Floats(b)) + Log1p(Exp(-Abs(difference)));
    }

    /// <summary>
    /// NaN and infinities replaced by numbers; integers stay as they are (https://keras.io/api/ops/numpy/#nan_to_num-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="nan">What NaN becomes.</param>
    /// <param name="posinf">What infinity becomes; the largest float32 number by default.</param>
    /// <param name="neginf">What negative infinity becomes; the lowest float32 number by default.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor NanToNum(SymbolicTensor x, double nan = 0, double? posinf = null, double? neginf = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!x.DType.IsFloating()) return x;
        var infinite = Where(Greater(x, 0), posinf ?? float.MaxValue, neginf ?? float.MinValue);
        return Where(IsNaN(x), nan, Where(IsInf(x), infinite, x));
    }

    /// <summary>The next float32 number towards another one (https://keras.io/api/ops/numpy/#nextafter-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="towards">Where to; shapes broadcast.</param>
    /// <remarks>Rump, Zimmermann, Boldo, Melquiond 2009: <c>x + phi |x|</c> with <c>phi = u (1 + 2 u)</c> rounds to the successor.</remarks>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor NextAfter(SymbolicTensor x, SymbolicTensor towards)
    {
        const double Unit = 1.0 / (1 << 24);
        x = Floats(x);
        var step = Where(Equal(x, 0), float.Epsilon, Abs(x) * (Unit * (1 + (2 * Unit))));
        return Where(Equal(x, towards), Floats(towards), Where(Greater(towards, x), x + step, x - step));
    }

    /// <summary>Each element rounded to a number of decimals, halves to even (https://keras.io/api/ops/numpy/#round-function).</summary>
    /// <param name="x">The tensor; integers stay integers.</param>
    /// <param name="decimals">How many digits behind the point stay; negative ones round to tens and hundreds.</param>
    /// <exception cref="ModelException">The tensor holds text, or there are more decimals than float32 has digits.</exception>
    public static SymbolicTensor Round(SymbolicTensor x, int decimals)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Math.Abs(decimals) > 30) throw new ModelException($"Round: decimals is {decimals}; expected a number from -30 to 30.");
        if (!x.DType.IsFloating()) return decimals >= 0 ? x : Cast(Round(Floats(x), decimals), x.DType);
        if (decimals == 0) return Round(x);
        var power = Math.Pow(10, Math.Abs(decimals));
        return decimals > 0 ? Round(x * power) / power : Round(x / power) * power;
    }

    /// <summary><c>sin(pi x) / (pi x)</c>, 1 at zero (https://keras.io/api/ops/numpy/#sinc-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Sinc(SymbolicTensor x)
    {
        var (isZero, angle) = (Equal(x, 0), Floats(x) * Math.PI);
        return Where(isZero, 1, Sin(angle) / Where(isZero, 1, angle));
    }

    /// <summary>Elements above a threshold as they are, others replaced by a value (https://keras.io/api/ops/nn/#threshold-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="threshold">The threshold.</param>
    /// <param name="defaultValue">What elements up to the threshold become.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Threshold(SymbolicTensor x, double threshold, double defaultValue) => Where(Greater(x, threshold), x, defaultValue);

    /// <summary>Each element without its fraction (https://keras.io/api/ops/numpy/#trunc-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Trunc(SymbolicTensor x) => Sign(x) * Floor(Abs(x));

    /// <summary>The tensor as floating-point numbers.</summary>
    internal static SymbolicTensor Floats(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.DType.IsFloating()) return x;
        return x.Value.Producer.Op is Operators.Constant { Data: { Shape.Count: 0, Number: { } number } } ? number : Cast(x, DType.Float32);
    }

    /// <summary>A polynomial, its coefficients from the constant one on, by Horner's rule.</summary>
    private static SymbolicTensor Polynomial(SymbolicTensor x, params ReadOnlySpan<double> coefficients)
    {
        var result = Constant(coefficients[^1]);
        for (var i = coefficients.Length - 2; i >= 0; i--) result = (result * x) + coefficients[i];
        return result;
    }
}
