namespace OnnxFunctional.Operators;

/// <summary>A reduction along axes; no axes means all.</summary>
internal abstract record ReduceOp(IntList Axes, bool KeepDims) : Op
{
    public override bool TakesFloats(int input) => true;

    public sealed override int[]? MixedAxes(int rank) => ShapeRules.Axes(Axes, rank, Name);

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        return [inputs[0] with { Shape = Reduce(inputs[0].Shape) }];
    }

    protected Shape Reduce(Shape shape)
    {
        var axes = ShapeRules.Axes(Axes, shape.Rank, Name);
        var dims = new List<int>();
        for (var i = 0; i < shape.Rank; i++)
        {
            if (!axes.Contains(i)) dims.Add(shape.Symbols[i]);
            else if (KeepDims) dims.Add(1);
        }

        return Shape.Of([.. dims]);
    }
}

internal sealed record ReduceL1(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims);

internal sealed record ReduceL2(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims);

internal sealed record ReduceLogSumExp(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims);

internal sealed record ReduceMax(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims)
{
    public override bool Moves(int input) => true;
}

internal sealed record ReduceMean(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims);

internal sealed record ReduceMin(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims)
{
    public override bool Moves(int input) => true;
}

internal sealed record ReduceProd(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims);

internal sealed record ReduceSum(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims);

internal sealed record ReduceSumSquare(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims);

/// <summary>True where any element is true.</summary>
internal sealed record ReduceAny(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims)
{
    public override bool TakesFloats(int input) => false;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Bool)];
}

/// <summary>True where all elements are true.</summary>
internal sealed record ReduceAll(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims)
{
    public override bool TakesFloats(int input) => false;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Bool)];
}

/// <summary>The index of the largest element along one axis; of equal ones, the first.</summary>
internal sealed record ArgMax(int Axis, bool KeepDims) : ReduceOp([Axis], KeepDims)
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Int64)];
}

/// <summary>The index of the smallest element along one axis; of equal ones, the first.</summary>
internal sealed record ArgMin(int Axis, bool KeepDims) : ReduceOp([Axis], KeepDims)
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Int64)];
}

/// <summary>The K largest elements along the last axis, in descending order, with their indices.</summary>
internal sealed record TopK(int K) : Op
{
    public override bool Moves(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var shape = inputs[0].Shape;
        if (shape.Rank == 0 || (shape.Dims[^1] != Shape.Unknown && shape.Dims[^1] < K))
            throw new ModelException($"TopK takes at least {K} elements along the last axis, but got {shape}.");
        var result = shape.With(-1, K);
        return [inputs[0] with { Shape = result }, new(result, DType.Int64)];
    }
}

/// <summary>The number of elements along axes, as one float32 number.</summary>
internal sealed record Size(IntList Axes) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Shape.Of(), DType.Float32)];

    public override bool ReadsOnlyShapeOf(int input) => true;
}

/// <summary>The sum over axes that broadcasting repeated, back to the shape of the second input.</summary>
internal sealed record SumToLike : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Shape = inputs[1].Shape }];

    public override bool ReadsOnlyShapeOf(int input) => input == 1;
}
