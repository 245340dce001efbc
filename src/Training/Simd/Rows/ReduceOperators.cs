using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>How many values are reduced to one: each is mapped, then all are combined in a fixed order, pairwise over long runs.</summary>
internal interface IReduceOperator
{
    /// <summary>The neutral element of the combination.</summary>
    static abstract float Identity { get; }

    /// <summary>The mapping of a value before it is combined.</summary>
    static abstract V Map<V>(V x) where V : struct, IVector<V>;

    /// <summary>Combines two mapped values.</summary>
    static abstract V Combine<V>(V x, V y) where V : struct, IVector<V>;

    /// <summary>Combines all lanes.</summary>
    static abstract float Lanes<V>(V x) where V : struct, IVector<V>;
}

/// <summary>The sum.</summary>
internal readonly struct SumReduce : IReduceOperator
{
    public static float Identity => 0f;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Map<V>(V x) where V : struct, IVector<V> => x;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Combine<V>(V x, V y) where V : struct, IVector<V> => x + y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Lanes<V>(V x) where V : struct, IVector<V> => V.Sum(x);
}

/// <summary>The sum of squares.</summary>
internal readonly struct SumSquareReduce : IReduceOperator
{
    public static float Identity => 0f;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Map<V>(V x) where V : struct, IVector<V> => x * x;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Combine<V>(V x, V y) where V : struct, IVector<V> => x + y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Lanes<V>(V x) where V : struct, IVector<V> => V.Sum(x);
}

/// <summary>The sum of magnitudes.</summary>
internal readonly struct SumAbsReduce : IReduceOperator
{
    public static float Identity => 0f;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Map<V>(V x) where V : struct, IVector<V> => V.Abs(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Combine<V>(V x, V y) where V : struct, IVector<V> => x + y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Lanes<V>(V x) where V : struct, IVector<V> => V.Sum(x);
}

/// <summary>The largest value; NaN if any is NaN.</summary>
internal readonly struct MaxReduce : IReduceOperator
{
    public static float Identity => float.NegativeInfinity;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Map<V>(V x) where V : struct, IVector<V> => x;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Combine<V>(V x, V y) where V : struct, IVector<V> => V.Max(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Lanes<V>(V x) where V : struct, IVector<V> => V.MaxLane(x);
}

/// <summary>The smallest value; NaN if any is NaN.</summary>
internal readonly struct MinReduce : IReduceOperator
{
    public static float Identity => float.PositiveInfinity;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Map<V>(V x) where V : struct, IVector<V> => x;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Combine<V>(V x, V y) where V : struct, IVector<V> => V.Min(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Lanes<V>(V x) where V : struct, IVector<V> => V.MinLane(x);
}

/// <summary>The product.</summary>
internal readonly unsafe struct ProductReduce : IReduceOperator
{
    public static float Identity => 1f;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Map<V>(V x) where V : struct, IVector<V> => x;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static V Combine<V>(V x, V y) where V : struct, IVector<V> => x * y;

    public static float Lanes<V>(V x) where V : struct, IVector<V>
    {
        var lanes = stackalloc float[16];
        V.Store(x, lanes);
        var product = 1f;
        for (var i = 0; i < V.Count; i++) product *= lanes[i];
        return product;
    }
}
