namespace OnnxFunctional.Training.Simd;

/// <summary>A function of one value, applied lane by lane; its parameters are fields.</summary>
internal interface IUnaryOperator
{
    /// <summary>Computes the function.</summary>
    V Invoke<V>(V x) where V : struct, IVector<V>;
}

/// <summary>A function of two values, applied lane by lane. Comparisons return masks; logic takes and returns masks.</summary>
internal interface IBinaryOperator
{
    /// <summary>Computes the function.</summary>
    V Invoke<V>(V x, V y) where V : struct, IVector<V>;
}

/// <summary>A function of three values, applied lane by lane.</summary>
internal interface ITernaryOperator
{
    /// <summary>Computes the function.</summary>
    V Invoke<V>(V x, V y, V z) where V : struct, IVector<V>;
}
