using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

internal static unsafe partial class VectorMath
{
    // Up to this limit pi / 2 in pieces leaves the remainder exact enough; beyond it, .NET's scalar functions are used.
    private const float TrigonometricLimit = 8192f;
    private const float HalfPi = 1.57079633f;

    /// <summary>The sine of radians, within 2.5 ULP for every finite argument; NaN at infinity.</summary>
    [MethodImpl(I)]
    public static V Sin<V>(V x) where V : struct, IVector<V>
    {
        if (V.Any(V.LessThanOrEqual(V.Create(TrigonometricLimit), V.Abs(x)))) return MapLanes<V, SinLane>(x);
        var (quadrant, sine, cosine) = SinCosQuadrant(x);
        var result = V.Select(OddQuadrant(quadrant), cosine, sine) ^ V.ShiftLeftBits(V.ShiftRightBits(quadrant, 1), 31);
        return V.Select(V.Equals(x, V.Zero), x, result);
    }

    /// <summary>The cosine of radians, within 2.5 ULP for every finite argument; NaN at infinity.</summary>
    [MethodImpl(I)]
    public static V Cos<V>(V x) where V : struct, IVector<V>
    {
        if (V.Any(V.LessThanOrEqual(V.Create(TrigonometricLimit), V.Abs(x)))) return MapLanes<V, CosLane>(x);
        var (quadrant, sine, cosine) = SinCosQuadrant(x);
        var sign = V.ShiftLeftBits(V.ShiftRightBits(V.AddBits(quadrant, V.CreateBits(1)), 1), 31);
        return V.Select(OddQuadrant(quadrant), sine, cosine) ^ sign;
    }

    /// <summary>The tangent of radians, within 4 ULP for every finite argument; NaN at infinity.</summary>
    [MethodImpl(I)]
    public static V Tan<V>(V x) where V : struct, IVector<V>
    {
        if (V.Any(V.LessThanOrEqual(V.Create(TrigonometricLimit), V.Abs(x)))) return MapLanes<V, TanLane>(x);
        var (quadrant, sine, cosine) = SinCosQuadrant(x);
        var odd = OddQuadrant(quadrant);
        var result = V.Select(odd, -cosine, sine) / V.Select(odd, sine, cosine);
        return V.Select(V.Equals(x, V.Zero), x, result);
    }

    /// <summary>The inverse sine, within 3 ULP; NaN outside -1 to 1.</summary>
    [MethodImpl(I)]
    public static V Asin<V>(V x) where V : struct, IVector<V>
    {
        var magnitude = V.Abs(x);
        var (upper, core) = AsinCore(magnitude);
        var result = V.Select(upper, V.Create(HalfPi) - (core + core), core);
        return result | (x & V.CreateBits(SignBit));
    }

    /// <summary>The inverse cosine, within 3 ULP; NaN outside -1 to 1.</summary>
    [MethodImpl(I)]
    public static V Acos<V>(V x) where V : struct, IVector<V>
    {
        var (upper, core) = AsinCore(V.Abs(x));
        var negative = V.LessThan(x, V.Zero);
        var outer = core + core;
        outer = V.Select(negative, V.Create(3.14159265f) - outer, outer);
        var signed = core | (x & V.CreateBits(SignBit));
        return V.Select(upper, outer, V.Create(HalfPi) - (signed - V.Create(-4.37113883e-8f)));
    }

    /// <summary>The inverse tangent, within 2 ULP.</summary>
    [MethodImpl(I)]
    public static V Atan<V>(V x) where V : struct, IVector<V>
    {
        // Beyond tan(3 pi / 8) around pi / 2, beyond tan(pi / 8) around pi / 4, else around 0.
        var magnitude = V.Abs(x);
        var far = V.LessThan(V.Create(2.41421366f), magnitude);
        var middle = V.LessThan(V.Create(0.414213568f), magnitude);
        var numerator = V.Select(far, V.Create(-1f), V.Select(middle, magnitude - V.Create(1f), magnitude));
        var denominator = V.Select(far, magnitude, V.Select(middle, magnitude + V.Create(1f), V.Create(1f)));
        var offset = V.Select(far, V.Create(HalfPi), middle & V.Create(0.785398163f));
        var offsetLow = V.Select(far, V.Create(-4.37113883e-8f), middle & V.Create(-2.18556941e-8f));
        var t = numerator / denominator;
        var square = t * t;
        var sum = V.MultiplyAdd(square, V.Create(8.05374449538e-2f), V.Create(-1.38776856032e-1f));
        sum = V.MultiplyAdd(sum, square, V.Create(1.99777106478e-1f));
        sum = V.MultiplyAdd(sum, square, V.Create(-3.33329491539e-1f));
        sum = V.MultiplyAdd(sum * square, t, t + offsetLow) + offset;
        return sum | (x & V.CreateBits(SignBit));
    }

    /// <summary>Applies <typeparamref name="TLane"/> to every lane; for arguments too rare or too hard to vectorize.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V MapLanes<V, TLane>(V x)
        where V : struct, IVector<V>
        where TLane : struct, ILaneFunction
    {
        var lanes = stackalloc float[16];
        V.Store(x, lanes);
        for (var i = 0; i < V.Count; i++) lanes[i] = TLane.Invoke(lanes[i]);
        return V.Load(lanes);
    }

    // x = quadrant * pi / 2 + r: the quadrant as bits, sin r and cos r.
    [MethodImpl(I)]
    private static (V Quadrant, V Sine, V Cosine) SinCosQuadrant<V>(V x) where V : struct, IVector<V>
    {
        var shifted = V.MultiplyAdd(x, V.Create(0.636619772f), V.Create(RoundShift));
        var turns = shifted - V.Create(RoundShift);

        // pi / 2 in pieces of so few bits that their products with up to 5216 turns are exact.
        var r = V.MultiplyAdd(turns, V.Create(-1.5703125f), x);
        r = V.MultiplyAdd(turns, V.Create(-4.8351287841796875e-4f), r);
        r = V.MultiplyAdd(turns, V.Create(-3.13855707645416259765625e-7f), r);
        r = V.MultiplyAdd(turns, V.Create(-6.077100628276710381e-11f), r);
        var square = r * r;

        var sine = V.MultiplyAdd(square, V.Create(-1.9515295891e-4f), V.Create(8.3321608736e-3f));
        sine = V.MultiplyAdd(sine, square, V.Create(-1.6666654611e-1f));
        sine = V.MultiplyAdd(sine * square, r, r);

        var cosine = V.MultiplyAdd(square, V.Create(2.443315711809948e-5f), V.Create(-1.388731625493765e-3f));
        cosine = V.MultiplyAdd(cosine, square, V.Create(4.166664568298827e-2f));
        cosine = V.MultiplyAdd(cosine, square, V.Create(-0.5f));
        cosine = V.MultiplyAdd(cosine, square, V.Create(1f));
        return (shifted, sine, cosine);
    }

    [MethodImpl(I)]
    private static V OddQuadrant<V>(V quadrant) where V : struct, IVector<V> => V.ShiftRightArithmeticBits(V.ShiftLeftBits(quadrant, 31), 31);

    // asin m for m <= 1/2. Above, asin sqrt((1 - m) / 2); asin m is pi / 2 minus twice that.
    [MethodImpl(I)]
    private static (V Upper, V Core) AsinCore<V>(V magnitude) where V : struct, IVector<V>
    {
        var upper = V.LessThan(V.Create(0.5f), magnitude);
        var square = V.Select(upper, V.Create(0.5f) * (V.Create(1f) - magnitude), magnitude * magnitude);
        var root = V.Select(upper, V.Sqrt(square), magnitude);
        var sum = V.MultiplyAdd(square, V.Create(4.2163199048e-2f), V.Create(2.4181311049e-2f));
        sum = V.MultiplyAdd(sum, square, V.Create(4.5470025998e-2f));
        sum = V.MultiplyAdd(sum, square, V.Create(7.4953002686e-2f));
        sum = V.MultiplyAdd(sum, square, V.Create(1.6666752422e-1f));
        return (upper, V.MultiplyAdd(sum * square, root, root));
    }

    private readonly struct SinLane : ILaneFunction
    {
        public static float Invoke(float x) => (float)Math.Sin(x);
    }

    private readonly struct CosLane : ILaneFunction
    {
        public static float Invoke(float x) => (float)Math.Cos(x);
    }

    private readonly struct TanLane : ILaneFunction
    {
        public static float Invoke(float x) => (float)Math.Tan(x);
    }
}

/// <summary>A function of one float, for <see cref="VectorMath.MapLanes"/>.</summary>
internal interface ILaneFunction
{
    /// <summary>Computes the function.</summary>
    static abstract float Invoke(float x);
}
