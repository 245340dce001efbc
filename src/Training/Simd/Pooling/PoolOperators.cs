namespace OnnxFunctional.Training.Simd;

/// <summary>How the values of a window are combined.</summary>
internal interface IPoolOperator
{
    static abstract V Start<V>() where V : struct, IVector<V>;
    static abstract V Add<V>(V sum, V value) where V : struct, IVector<V>;
    static abstract V Finish<V>(V sum, float count) where V : struct, IVector<V>;
}

/// <summary>The largest value; NaN if there is one.</summary>
internal readonly struct MaximumOperator : IPoolOperator
{
    public static V Start<V>() where V : struct, IVector<V> => V.Create(float.NegativeInfinity);
    public static V Add<V>(V sum, V value) where V : struct, IVector<V> => V.Max(sum, value);
    public static V Finish<V>(V sum, float count) where V : struct, IVector<V> => sum;
}

/// <summary>The mean of the values inside the input; 0 if there are none.</summary>
internal readonly struct MeanOperator : IPoolOperator
{
    public static V Start<V>() where V : struct, IVector<V> => V.Zero;
    public static V Add<V>(V sum, V value) where V : struct, IVector<V> => sum + value;
    public static V Finish<V>(V sum, float count) where V : struct, IVector<V> => sum / V.Create(count);
}
