using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

// One struct per operator. The loops are in ElementwiseLoops, the opcodes in ElementwiseOpcode. Comparisons and logic return masks: lanes of all ones or all
// zeros.
/// <summary><c>x == y</c></summary>
internal readonly struct EqualOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.Equals(x, y);
}

/// <summary><c>x != y</c>; true for NaN.</summary>
internal readonly struct NotEqualOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.Equals(x, y) ^ V.CreateBits(-1);
}

/// <summary><c>x &lt; y</c></summary>
internal readonly struct LessOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.LessThan(x, y);
}

/// <summary><c>x &lt;= y</c></summary>
internal readonly struct LessOrEqualOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.LessThanOrEqual(x, y);
}

/// <summary><c>x &gt; y</c></summary>
internal readonly struct GreaterOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.LessThan(y, x);
}

/// <summary><c>x &gt;= y</c></summary>
internal readonly struct GreaterOrEqualOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.LessThanOrEqual(y, x);
}

/// <summary>Both.</summary>
internal readonly struct AndOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x & y;
}

/// <summary>Either or both.</summary>
internal readonly struct OrOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x | y;
}

/// <summary>Exactly one.</summary>
internal readonly struct XorOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x ^ y;
}

/// <summary>The inverted mask.</summary>
internal readonly struct NotOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => x ^ V.CreateBits(-1);
}

/// <summary>Whether x is NaN.</summary>
internal readonly struct IsNaNOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Equals(x, x) ^ V.CreateBits(-1);
}

/// <summary>Whether x is plus or minus infinity.</summary>
internal readonly struct IsInfinityOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Equals(V.Abs(x), V.Create(float.PositiveInfinity));
}

/// <summary>Whether x is not 0; NaN is not 0.</summary>
internal readonly struct FloatToMaskOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Equals(x, V.Zero) ^ V.CreateBits(-1);
}

/// <summary>1 for true, 0 for false.</summary>
internal readonly struct MaskToFloatOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => x & V.Create(1f);
}
