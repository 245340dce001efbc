namespace OnnxFunctional.Training.Simd;

/// <summary><c>C = op(C)</c>: an activation other than relu, which the micro-kernel applies itself.</summary>
internal readonly struct OperatorEpilogue<TOperator>(TOperator op) : IEpilogue where TOperator : struct, IUnaryOperator
{
    public void Apply(Span<float> values, int row, int column) => ElementwiseLoops.Apply(op, values, values);
}

/// <summary><c>C = op(C, operand)</c> with another matrix: the gradient of an activation, a gate, a mask.</summary>
/// <param name="op">The function.</param>
/// <param name="operand">A matrix with the columns of C and all rows of the batch.</param>
/// <param name="stride">The row stride of the operand, in floats.</param>
internal readonly struct OperandEpilogue<TOperator>(TOperator op, ReadOnlyMemory<float> operand, int stride) : IEpilogue
    where TOperator : struct, IBinaryOperator
{
    public void Apply(Span<float> values, int row, int column) =>
        ElementwiseLoops.Apply(op, values, operand.Span.Slice(checked((row * stride) + column), values.Length), values);
}
