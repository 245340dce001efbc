using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

// One struct per operator. The loops are in ElementwiseLoops, the opcodes in ElementwiseOpcode.
/// <summary><c>max(x, 0)</c>; NaN stays.</summary>
internal readonly struct ReluOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.MaxNative(V.Zero, x);
}

/// <summary>See <see cref="VectorMath.Tanh"/>.</summary>
internal readonly struct TanhOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Tanh(x);
}

/// <summary>See <see cref="VectorMath.Sigmoid"/>.</summary>
internal readonly struct SigmoidOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Sigmoid(x);
}

/// <summary>See <see cref="VectorMath.Softplus"/>.</summary>
internal readonly struct SoftplusOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Softplus(x);
}

/// <summary><c>x / (1 + |x|)</c></summary>
internal readonly struct SoftsignOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V>
    {
        var magnitude = V.Abs(x);
        var result = x / (V.Create(1f) + magnitude);
        return V.Select(V.Equals(magnitude, V.Create(float.PositiveInfinity)), V.Create(1f) | (x & V.CreateBits(int.MinValue)), result);
    }
}

/// <summary>See <see cref="VectorMath.Silu"/>.</summary>
internal readonly struct SiluOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Silu(x);
}

/// <summary>See <see cref="VectorMath.Mish"/>.</summary>
internal readonly struct MishOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Mish(x);
}

/// <summary>See <see cref="VectorMath.Gelu"/>.</summary>
internal readonly struct GeluOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Gelu(x);
}

/// <summary>See <see cref="VectorMath.GeluTanh"/>.</summary>
internal readonly struct GeluTanhOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.GeluTanh(x);
}

/// <summary><c>x * max(0, min(1, x / 6 + 1/2))</c></summary>
internal readonly struct HardSwishOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> =>
        x * V.MaxNative(V.Zero, V.MinNative(V.Create(1f), V.MultiplyAdd(x, V.Create(1f / 6f), V.Create(0.5f))));
}

/// <summary><c>max(0, min(1, alpha * x + beta))</c></summary>
internal readonly struct HardSigmoidOperator(float alpha, float beta) : IUnaryOperator
{
    private readonly float _alpha = alpha;
    private readonly float _beta = beta;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.MaxNative(V.Zero, V.MinNative(V.Create(1f), V.MultiplyAdd(x, V.Create(_alpha), V.Create(_beta))));
}

/// <summary><c>x &lt; 0 ? alpha * x : x</c></summary>
internal readonly struct LeakyReluOperator(float alpha) : IUnaryOperator
{
    private readonly float _alpha = alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Select(V.LessThan(x, V.Zero), V.Create(_alpha) * x, x);
}

/// <summary><c>x &lt; 0 ? alpha * (e^x - 1) : x</c></summary>
internal readonly struct EluOperator(float alpha) : IUnaryOperator
{
    private readonly float _alpha = alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Select(V.LessThan(x, V.Zero), V.Create(_alpha) * VectorMath.Expm1(x), x);
}

/// <summary><c>gamma * (x &lt; 0 ? alpha * (e^x - 1) : x)</c></summary>
internal readonly struct SeluOperator(float alpha, float gamma) : IUnaryOperator
{
    private readonly float _alpha = alpha;
    private readonly float _gamma = gamma;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Create(_gamma) * V.Select(V.LessThan(x, V.Zero), V.Create(_alpha) * VectorMath.Expm1(x), x);
}

/// <summary><c>x &lt; 0 ? alpha * (e^(x / alpha) - 1) : x</c></summary>
internal readonly struct CeluOperator(float alpha) : IUnaryOperator
{
    private readonly float _alpha = alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.Select(V.LessThan(x, V.Zero), V.Create(_alpha) * VectorMath.Expm1(x / V.Create(_alpha)), x);
}

/// <summary><c>min(max(x, low), high)</c>; NaN stays.</summary>
internal readonly struct ClipOperator(float low, float high) : IUnaryOperator
{
    private readonly float _low = low;
    private readonly float _high = high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.MinNative(V.Create(_high), V.MaxNative(V.Create(_low), x));
}

/// <summary><c>x &lt; -threshold ? x + bias : x &gt; threshold ? x - bias : 0</c></summary>
internal readonly struct ShrinkOperator(float threshold, float bias) : IUnaryOperator
{
    private readonly float _threshold = threshold;
    private readonly float _bias = bias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V>
    {
        var below = V.LessThan(x, V.Create(-_threshold)) & (x + V.Create(_bias));
        return V.Select(V.LessThan(V.Create(_threshold), x), x - V.Create(_bias), below);
    }
}

/// <summary><c>x &gt; alpha ? x : 0</c></summary>
internal readonly struct ThresholdedReluOperator(float alpha) : IUnaryOperator
{
    private readonly float _alpha = alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x) where V : struct, IVector<V> => V.LessThan(V.Create(_alpha), x) & x;
}
