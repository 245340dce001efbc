using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

// One struct per operator. The loops are in ElementwiseLoops, the opcodes in ElementwiseOpcode.
/// <summary><c>x + y</c></summary>
internal readonly struct AddOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x + y;
}

/// <summary><c>x - y</c></summary>
internal readonly struct SubtractOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x - y;
}

/// <summary><c>x * y</c></summary>
internal readonly struct MultiplyOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x * y;
}

/// <summary><c>x / y</c></summary>
internal readonly struct DivideOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x / y;
}

/// <summary>See <see cref="VectorMath.Pow"/>.</summary>
internal readonly struct PowerOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => VectorMath.Pow(x, y);
}

/// <summary>The larger value; NaN if either is NaN.</summary>
internal readonly struct MaxOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.Max(x, y);
}

/// <summary>The smaller value; NaN if either is NaN.</summary>
internal readonly struct MinOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.Min(x, y);
}

/// <summary>See <see cref="VectorMath.FloorMod"/>.</summary>
internal readonly struct FloorModOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => VectorMath.FloorMod(x, y);
}

/// <summary><c>x &lt; 0 ? slope * x : x</c>, y is the slope.</summary>
internal readonly struct PreluOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.Select(V.LessThan(x, V.Zero), y * x, x);
}

/// <summary><c>y &gt; 0 ? x : 0</c>: the gradient of ReLU, given its output y and the gradient x of that output.</summary>
internal readonly struct ReluGradientOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.LessThan(V.Zero, y) & x;
}

/// <summary><c>alpha * x + beta * y</c></summary>
internal readonly struct BlendOperator(float alpha, float beta) : IBinaryOperator
{
    private readonly float _alpha = alpha;
    private readonly float _beta = beta;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.MultiplyAdd(x, V.Create(_alpha), y * V.Create(_beta));
}

/// <summary><c>alpha * x + beta * y^2</c></summary>
internal readonly struct BlendSquareOperator(float alpha, float beta) : IBinaryOperator
{
    private readonly float _alpha = alpha;
    private readonly float _beta = beta;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.MultiplyAdd(x, V.Create(_alpha), y * y * V.Create(_beta));
}

/// <summary><c>x / (sqrt(y) + alpha)</c></summary>
internal readonly struct DivideByRootOperator(float alpha) : IBinaryOperator
{
    private readonly float _alpha = alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => x / (V.Sqrt(y) + V.Create(_alpha));
}

/// <summary><c>x + alpha * (y - x)</c></summary>
internal readonly struct LerpOperator(float alpha) : IBinaryOperator
{
    private readonly float _alpha = alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.MultiplyAdd(y - x, V.Create(_alpha), x);
}

/// <summary><c>x + alpha * (y^2 - x)</c></summary>
internal readonly struct LerpSquareOperator(float alpha) : IBinaryOperator
{
    private readonly float _alpha = alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y) where V : struct, IVector<V> => V.MultiplyAdd(V.MultiplyAdd(y, y, -x), V.Create(_alpha), x);
}
