namespace OnnxFunctional.Training.Simd;

/// <summary>What is done to finished pieces of a result while they are still in cache; an operand of its own (the input of a gradient, a mask) is a field.</summary>
/// <remarks>
/// Pieces of rows, not single vectors: an operator of <see cref="ElementwiseLoops"/> runs over them as it is (<see cref="OperatorEpilogue{TOperator}"/>), and other
/// operands are read at the same place.
/// </remarks>
internal interface IEpilogue
{
    /// <summary>There is nothing to do: <see cref="Apply"/> is never called, and no code is left behind.</summary>
    static virtual bool IsEmpty => false;

    /// <summary>Changes the finished values of row <paramref name="row"/>, columns <paramref name="column"/> and on. Pieces come in any order, each once.</summary>
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
