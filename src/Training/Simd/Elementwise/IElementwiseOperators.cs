namespace OnnxFunctional.Training.Simd;

/// <summary>A function of one value, lane by lane; parameters are fields.</summary>
internal interface IUnaryOperator
{
    /// <summary>The function.</summary>
    V Invoke<V>(V x) where V : struct, IVector<V>;
}

/// <summary>A function of two values, lane by lane; comparisons give masks, logic takes and gives masks.</summary>
internal interface IBinaryOperator
{
    /// <summary>The function.</summary>
    V Invoke<V>(V x, V y) where V : struct, IVector<V>;
}

/// <summary>A function of three values, lane by lane.</summary>
internal interface ITernaryOperator
{
    /// <summary>The function.</summary>
    V Invoke<V>(V x, V y, V z) where V : struct, IVector<V>;
}
