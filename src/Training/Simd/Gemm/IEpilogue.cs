namespace OnnxFunctional.Training.Simd;

/// <summary>What is done to finished pieces of a result while they are in the cache. Further operands (the input of a gradient, a mask) are fields.</summary>
/// <remarks>
/// It gets pieces of rows, not single vectors, so an operator of <see cref="ElementwiseLoops"/> runs over them unchanged
/// (<see cref="OperatorEpilogue{TOperator}"/>), and further operands are read at the same position.
/// </remarks>
internal interface IEpilogue
{
    /// <summary>Whether there is nothing to do; then <see cref="Apply"/> is never called, and no code remains.</summary>
    static virtual bool IsEmpty => false;

    /// <summary>
    /// Changes finished values of row <paramref name="row"/>, starting with column <paramref name="column"/>. Pieces come in any order, each once.
    /// </summary>
    void Apply(Span<float> values, int row, int column);
}

/// <summary>Leaves the result as it is.</summary>
internal readonly struct NoEpilogue : IEpilogue
{
    public static bool IsEmpty => true;

    public void Apply(Span<float> values, int row, int column)
    {
    }
}
