using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Kernels;

/// <summary>How an operand is divided when an operator runs in pieces.</summary>
internal enum BatchRole
{
    /// <summary>Every piece reads or writes all of it.</summary>
    Whole,

    /// <summary>Each piece reads or writes its own rows.</summary>
    Rows,

    /// <summary>Each piece reads its own columns of a matrix.</summary>
    Columns,

    /// <summary>The result is the sum of the results of all pieces.</summary>
    Sum,
}

/// <summary>
/// How operators run piece by piece, in one table. An operator runs as a whole unless it has a row, or facts that show its samples to be independent.
/// </summary>
/// <param name="Inputs">The role of each input.</param>
/// <param name="Outputs">The role of each output.</param>
internal sealed record BatchAxis(BatchRole[] Inputs, BatchRole[] Outputs)
{
    private const BatchRole W = BatchRole.Whole;
    private const BatchRole R = BatchRole.Rows;
    private const BatchRole C = BatchRole.Columns;
    private const BatchRole S = BatchRole.Sum;

    /// <summary>The number of rows or columns to divide.</summary>
    public int Length(Node node) => node.Inputs[0].Spec.Shape.Dims[Inputs[0] == C ? 1 : 0];

    /// <summary>The roles of the operands; null if the operator needs the whole batch at once.</summary>
    public static BatchAxis? Of(Node node) => node.Op switch
    {
        _ when node.Inputs[0].Spec.Shape.Rank == 0 => null,
        AveragePoolGradient or ResizeGradient => new([R, R], [R]),
        Conv or ConvTranspose => Parameters(node),
        ConvInputGradient => new([R, W, R], [R]),
        ConvWeightGradient => new([R, R, W], [S]),
        Gemm => Parameters(node),
        LayerNormalization op when Later(op.Axis, node) => new([R, W, W], [R, R, R]),
        LayerNormalizationGradient op when Later(op.Axis, node) => new([R, R, W, R, R], [R, S, S]),
        MatMul op => Product(op, node.Inputs[0].Spec.Shape, node.Inputs[1].Spec.Shape),
        MaxPoolGradient => new([R, R, R], [R]),
        ReduceL1 or ReduceSum or ReduceSumSquare when MixesRows(node) => new([R], [S]),
        SoftmaxGradient op when Later(op.Axis, node) => new([R, R], [R]),
        SumToLike => node.Inputs[1].Spec.Shape is var to && (to.Rank < node.Inputs[0].Spec.Shape.Rank || to.Dims[0] == 1) ? new([R, W], [S]) : new([R, R], [R]),
        var op when node.Inputs.Count == 1 && op.MixedAxes(node.Inputs[0].Spec.Shape.Rank)?.Contains(0) == false => new([R], [.. node.Outputs.Select(_ => R)]),
        _ => null,
    };

    private static BatchAxis Parameters(Node node) => new([R, .. node.Inputs.Skip(1).Select(_ => W)], [R]);

    private static bool Later(int axis, Node node) => ShapeRules.Axis(axis, node.Inputs[0].Spec.Shape.Rank, node.Op.Name) > 0;

    private static bool MixesRows(Node node) => node.Op.MixedAxes(node.Inputs[0].Spec.Shape.Rank)!.Contains(0);

    private static BatchAxis? Product(MatMul op, Shape left, Shape right) => (left.Rank, right.Rank) switch
    {
        (2, 2) when op.TransposeLeft && op.TransposeRight => null,

        // The gradient of weights: divided along their inputs if there are more of them than samples, because sums over pieces of the batch need two wide
        // copies of the result.
        (2, 2) when op.TransposeLeft => left.Dims[1] > left.Dims[0] ? new([C, W], [R]) : new([R, R], [S]),
        (_, 2) => new([R, W], [R]),
        var (a, b) when a == b && left.Dims[0] == right.Dims[0] => new([R, R], [R]),
        var (a, b) when a > b || (a == b && right.Dims[0] == 1) => new([R, W], [R]),
        _ => null,
    };
}
