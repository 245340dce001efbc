using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

// One struct per operator. The loops are in ElementwiseLoops, the opcodes in ElementwiseOpcode.
/// <summary><c>x</c></summary>
internal readonly struct CopyOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => x;
}

/// <summary><c>-x</c></summary>
internal readonly struct NegateOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => -x;
}

/// <summary><c>|x|</c></summary>
internal readonly struct AbsOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Abs(x);
}

/// <summary>-1, 0 or 1; NaN stays.</summary>
internal readonly struct SignOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V>
    {
        var sign = (V.LessThan(V.Zero, x) & V.Create(1f)) - (V.LessThan(x, V.Zero) & V.Create(1f));
        return V.Select(V.Equals(x, x), sign, x);
    }
}

/// <summary>The largest integer not above x.</summary>
internal readonly struct FloorOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Floor(x);
}

/// <summary>The smallest integer not below x.</summary>
internal readonly struct CeilingOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Ceiling(x);
}

/// <summary>The nearest integer, halves to even.</summary>
internal readonly struct RoundOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Round(x);
}

/// <summary><c>1 / x</c></summary>
internal readonly struct ReciprocalOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Create(1f) / x;
}

/// <summary>The square root.</summary>
internal readonly struct SqrtOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Sqrt(x);
}

/// <summary><c>1 / sqrt(x)</c>, rounded twice.</summary>
internal readonly struct ReciprocalSqrtOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Create(1f) / V.Sqrt(x);
}

/// <summary>x rounded to a 16-bit format.</summary>
internal readonly struct RoundToOperator<TFormat> : IUnaryOperator where TFormat : struct, IWordFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => TFormat.Widen(TFormat.Narrow(x));
}

/// <summary>See <see cref="VectorMath.Exp"/>.</summary>
internal readonly struct ExpOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Exp(x);
}

/// <summary>See <see cref="VectorMath.Log"/>.</summary>
internal readonly struct LogOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Log(x);
}

/// <summary>See <see cref="VectorMath.Sin"/>.</summary>
internal readonly struct SinOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Sin(x);
}

/// <summary>See <see cref="VectorMath.Cos"/>.</summary>
internal readonly struct CosOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Cos(x);
}

/// <summary>See <see cref="VectorMath.Tan"/>.</summary>
internal readonly struct TanOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Tan(x);
}

/// <summary>See <see cref="VectorMath.Sinh"/>.</summary>
internal readonly struct SinhOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Sinh(x);
}

/// <summary>See <see cref="VectorMath.Cosh"/>.</summary>
internal readonly struct CoshOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Cosh(x);
}

/// <summary>See <see cref="VectorMath.Asin"/>.</summary>
internal readonly struct AsinOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Asin(x);
}

/// <summary>See <see cref="VectorMath.Acos"/>.</summary>
internal readonly struct AcosOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Acos(x);
}

/// <summary>See <see cref="VectorMath.Atan"/>.</summary>
internal readonly struct AtanOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Atan(x);
}

/// <summary>See <see cref="VectorMath.Asinh"/>.</summary>
internal readonly struct AsinhOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Asinh(x);
}

/// <summary>See <see cref="VectorMath.Acosh"/>.</summary>
internal readonly struct AcoshOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Acosh(x);
}

/// <summary>See <see cref="VectorMath.Atanh"/>.</summary>
internal readonly struct AtanhOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Atanh(x);
}

/// <summary>See <see cref="VectorMath.Expm1"/>.</summary>
internal readonly struct Expm1Operator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Expm1(x);
}

/// <summary>See <see cref="VectorMath.Log1p"/>.</summary>
internal readonly struct Log1pOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Log1p(x);
}

/// <summary>See <see cref="VectorMath.Erf"/>.</summary>
internal readonly struct ErfOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Erf(x);
}
