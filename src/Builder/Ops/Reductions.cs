namespace OnnxFunctional.Operators;

/// <summary>Many numbers to one along some axes; no axes given means all.</summary>
internal abstract record ReduceOp(IntList Axes, bool KeepDims) : Op
{
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
            if (!axes.Contains(i)) dims.Add(shape.Dims[i]);
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

/// <summary>Whether any is true.</summary>
internal sealed record ReduceAny(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims)
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Bool)];
}

/// <summary>Whether all are true.</summary>
internal sealed record ReduceAll(IntList Axes, bool KeepDims) : ReduceOp(Axes, KeepDims)
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Bool)];
}

/// <summary>The position of the largest element along one axis, the first of several.</summary>
internal sealed record ArgMax(int Axis, bool KeepDims) : ReduceOp([Axis], KeepDims)
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Int64)];
}

/// <summary>The position of the smallest element along one axis, the first of several.</summary>
internal sealed record ArgMin(int Axis, bool KeepDims) : ReduceOp([Axis], KeepDims)
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Reduce(inputs[0].Shape), DType.Int64)];
}

/// <summary>The K largest elements along the last axis, in descending order, with their positions.</summary>
internal sealed record TopK(int K) : Op
{
    public override bool Moves(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var shape = inputs[0].Shape;
        if (shape.Rank == 0 || (shape.Dims[^1] != Shape.Unknown && shape.Dims[^1] < K)) throw new ModelException($"TopK: expected at least {K} elements along the last axis, but came {shape}.");
        var result = shape.With(-1, K);
        return [inputs[0] with { Shape = result }, new(result, DType.Int64)];
    }
}

/// <summary>How many elements lie along some axes, as one float; reads only the shape.</summary>
internal sealed record Size(IntList Axes) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Shape.Of(), DType.Float32)];

    public override bool ReadsOnlyShapeOf(int input) => true;
}

/// <summary>The sum over axes that were repeated by broadcasting, back to the shape of the second input.</summary>
internal sealed record SumToLike : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Shape = inputs[1].Shape }];

    public override bool ReadsOnlyShapeOf(int input) => input == 1;
}
