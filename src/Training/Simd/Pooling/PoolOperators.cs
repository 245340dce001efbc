namespace OnnxFunctional.Training.Simd;

/// <summary>How the values of a window become one.</summary>
internal interface IPoolOperator
{
    static abstract V Start<V>() where V : struct, IVector<V>;
    static abstract V Add<V>(V sum, V value) where V : struct, IVector<V>;
    static abstract V Finish<V>(V sum, float count) where V : struct, IVector<V>;
}

/// <summary>The largest value; NaN wins.</summary>
internal readonly struct MaximumOperator : IPoolOperator
{
    public static V Start<V>() where V : struct, IVector<V> => V.Create(float.NegativeInfinity);
    public static V Add<V>(V sum, V value) where V : struct, IVector<V> => V.Max(sum, value);
    public static V Finish<V>(V sum, float count) where V : struct, IVector<V> => sum;
}

/// <summary>The mean over the values that are there; 0 where none is.</summary>
internal readonly struct MeanOperator : IPoolOperator
{
    public static V Start<V>() where V : struct, IVector<V> => V.Zero;
    public static V Add<V>(V sum, V value) where V : struct, IVector<V> => sum + value;
    public static V Finish<V>(V sum, float count) where V : struct, IVector<V> => sum / V.Create(count);
}
