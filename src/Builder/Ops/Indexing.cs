namespace OnnxFunctional.Operators;

/// <summary>Slices of the first input along an axis, selected by index: an Embedding is Gather(table, ids) along axis 0.</summary>
/// <param name="Axis">The axis that the indices count along.</param>
/// <param name="Strict">Whether the engine refuses a negative index, which otherwise counts from the end, as it always does in ONNX.</param>
internal sealed record Gather(int Axis, bool Strict = false) : Op
{
    public override bool Moves(int input) => input == 0;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (!inputs[1].Type.IsInteger())
            throw new ModelException($"Gather takes integers as indices, but got {inputs[1]}. Declare the input with dtype: DType.Int64, or use Ops.Cast.");
        var axis = ShapeRules.Axis(Axis, inputs[0].Shape.Rank, Name);
        var dims = inputs[0].Shape.Symbols;
        return [inputs[0] with { Shape = Shape.Of([.. dims[..axis], .. inputs[1].Shape.Symbols, .. dims[(axis + 1)..]]) }];
    }
}

/// <summary>
/// The gradient of <see cref="Gather"/> with respect to the table: output gradient, indices, and the table for its shape. Gradients of repeated indices are
/// summed.
/// </summary>
internal sealed record GatherGradient(int Axis) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[2]];

    public override bool ReadsOnlyShapeOf(int input) => input == 2;
}

/// <summary>Elements selected along an axis by an index each; the result has the shape of the indices.</summary>
internal sealed record GatherElements(int Axis) : Op
{
    public override bool Moves(int input) => input == 0;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.Axis(Axis, inputs[0].Shape.Rank, Name);
        if (inputs[0].Shape.Rank != inputs[1].Shape.Rank || !inputs[1].Type.IsInteger())
            throw new ModelException($"GatherElements takes integer indices of the rank of the data, but got {inputs[0]} and {inputs[1]}.");
        return [inputs[0] with { Shape = inputs[1].Shape }];
    }
}

/// <summary>The gradient of <see cref="GatherElements"/>: output gradient, indices, and the data for its shape.</summary>
internal sealed record GatherElementsGradient(int Axis) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[2]];

    public override bool ReadsOnlyShapeOf(int input) => input == 2;
}

/// <summary>1 at the index, 0 elsewhere, along a new last axis; an index out of range gives zeros.</summary>
/// <param name="Depth">The number of indices.</param>
/// <param name="Strict">Whether the engine refuses an index out of range.</param>
internal sealed record OneHot(int Depth, bool Strict = false) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) =>
        inputs[0].Type.IsInteger()
            ? [new(inputs[0].Shape.Insert(inputs[0].Shape.Rank, Depth), DType.Float32)]
            : throw new ModelException($"OneHot takes integers, but got {inputs[0]}. Use Ops.Cast.");
}

/// <summary>0, 1, 2 ... for each position of one axis of the input, as a one-dimensional int64 tensor.</summary>
internal sealed record Positions(int Axis) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Shape.Of(inputs[0].Shape.Symbol(Axis)), DType.Int64)];

    public override bool ReadsOnlyShapeOf(int input) => true;
}
