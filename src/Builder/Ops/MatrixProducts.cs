namespace OnnxFunctional.Operators;

/// <summary>Matrix product over the last two axes; leading axes are broadcast, and either side may be transposed.</summary>
/// <remarks>
/// One-dimensional sides are refused: <see cref="Ops.MatMul"/> reshapes them. ONNX's MatMul does not transpose; the emitter writes Gemm or a Transpose.
/// </remarks>
internal sealed record MatMul(bool TransposeLeft = false, bool TransposeRight = false) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        ShapeRules.RequireFloat(inputs[1], Name);
        var (left, right) = (inputs[0].Shape, inputs[1].Shape);
        ShapeRules.RequireRank(left, 2, Name, "matrices (..., rows, columns)");
        ShapeRules.RequireRank(right, 2, Name, "matrices (..., rows, columns)");
        var (m, k) = TransposeLeft ? (left.Symbols[^1], left.Symbols[^2]) : (left.Symbols[^2], left.Symbols[^1]);
        var (l, n) = TransposeRight ? (right.Symbols[^1], right.Symbols[^2]) : (right.Symbols[^2], right.Symbols[^1]);
        if (k != l && k >= 0 && l >= 0)
        {
            throw new ModelException(
                $"MatMul of {left}{(TransposeLeft ? " transposed" : "")} and {right}{(TransposeRight ? " transposed" : "")}: "
                + $"the left has {k} columns and the right {l} rows; expected the same number.");
        }

        var batch = ShapeRules.Broadcast(left.Slice(0, left.Rank - 2), right.Slice(0, right.Rank - 2), "MatMul, leading axes");
        return [new(Shape.Of([.. batch.Symbols, m, n]), inputs[0].Type)];
    }
}

/// <summary><c>y = x W + b</c> for a matrix x: a Dense layer on rank 2.</summary>
internal sealed record Gemm : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (inputs[0].Shape.Rank != 2 || inputs[1].Shape.Rank != 2) throw new ModelException($"Gemm takes two matrices, but got {inputs[0]} and {inputs[1]}.");
        var product = new MatMul().Infer(inputs[..2])[0];
        var bias = inputs[2].Shape;
        return bias.Rank == 1 && (bias.Dims[0] == product.Shape.Dims[1] || product.Shape.Dims[1] == Shape.Unknown || bias.Dims[0] == Shape.Unknown)
            ? [product]
            : throw new ModelException($"Gemm takes a bias of {product.Shape.Dims[1]} elements, but got {bias}.");
    }
}
