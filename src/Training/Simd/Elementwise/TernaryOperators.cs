using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

// One struct per operator. The loops are in ElementwiseLoops, the opcodes in ElementwiseOpcode.
/// <summary><c>x ? y : z</c>, x a mask.</summary>
internal readonly struct WhereOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y, V z) where V : struct, IVector<V> => V.Select(x, y, z);
}

/// <summary><c>x * y + z</c>, rounded once where the hardware can.</summary>
internal readonly struct MultiplyAddOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y, V z) where V : struct, IVector<V> => V.MultiplyAdd(x, y, z);
}

/// <summary><c>x * y - z</c>, rounded once where the hardware can.</summary>
internal readonly struct MultiplySubtractOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y, V z) where V : struct, IVector<V> => V.MultiplyAdd(x, y, -z);
}

/// <summary><c>z - x * y</c>, rounded once where the hardware can.</summary>
internal readonly struct SubtractMultipliedOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V x, V y, V z) where V : struct, IVector<V> => V.MultiplyAdd(-x, y, z);
}
