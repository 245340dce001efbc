using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Gradients of operators that are linear in each input: adjoints of one another.</summary>
internal static class LinearGradients
{
    /// <summary>For <c>Y = A B</c>: <c>dA = dY B^T</c>, <c>dB = A^T dY</c>; a transposed side gives the transposed gradient.</summary>
    public static SymbolicTensor?[] MatMul(GradientContext c, MatMul op)
    {
        var (a, b, dy) = (c.Input(0), c.Input(1), c.Upstream());
        SymbolicTensor? da = null, db = null;
        if (c.Wants(0))
        {
            da = op.TransposeLeft
                ? Ops.Make(new MatMul(op.TransposeRight, true), b, dy)
                : Ops.Make(new MatMul(false, !op.TransposeRight), dy, b);
            da = c.Unbroadcast(da, 0);
        }

        if (c.Wants(1)) db = RightGradient(c, op, a, b, dy);
        return [da, db];
    }

    public static SymbolicTensor?[] Gemm(GradientContext c) =>
    [
        c.Wants(0) ? Ops.Make(new MatMul(false, true), c.Upstream(), c.Input(1)) : null,
        c.Wants(1) ? Ops.Make(new MatMul(true, false), c.Input(0), c.Upstream()) : null,
        c.Wants(2) ? Ops.Sum(c.Upstream(), 0) : null,
    ];

    public static SymbolicTensor?[] Conv(GradientContext c, Conv op)
    {
        var dy = c.Upstream();
        var gradients = new SymbolicTensor?[c.InputCount];
        if (c.Wants(0)) gradients[0] = Ops.Make(new ConvInputGradient(op.Window), dy, c.Input(1), c.Input(0));
        if (c.Wants(1)) gradients[1] = Ops.Make(new ConvWeightGradient(op.Window), c.Input(0), dy, c.Input(1));
        if (gradients.Length == 3 && c.Wants(2)) gradients[2] = ChannelSum(dy);
        return gradients;
    }

    /// <summary>Linear in the output gradient and the kernel; the adjoints are the convolution and its weight gradient.</summary>
    public static SymbolicTensor?[] ConvInputGradient(GradientContext c, ConvInputGradient op) =>
    [
        c.Wants(0) ? Ops.Make(new Conv(op.Window), c.Upstream(), c.Input(1)) : null,
        c.Wants(1) ? Ops.Make(new ConvWeightGradient(op.Window), c.Upstream(), c.Input(0), c.Input(1)) : null,
        null,
    ];

    public static SymbolicTensor?[] ConvWeightGradient(GradientContext c, ConvWeightGradient op) =>
    [
        c.Wants(0) ? Ops.Make(new ConvInputGradient(op.Window), c.Input(1), c.Upstream(), c.Input(0)) : null,
        c.Wants(1) ? Ops.Make(new Conv(op.Window), c.Input(0), c.Upstream()) : null,
        null,
    ];

    /// <summary>A transposed convolution is the input gradient of a convolution, so its own input gradient is that convolution.</summary>
    public static SymbolicTensor?[] ConvTranspose(GradientContext c, ConvTranspose op)
    {
        var dy = c.Upstream();
        var adjoint = op.Adjoint(c.Input(1).Shape);
        var gradients = new SymbolicTensor?[c.InputCount];
        if (c.Wants(0)) gradients[0] = Ops.Make(new Conv(adjoint), dy, c.Input(1));
        if (c.Wants(1)) gradients[1] = Ops.Make(new ConvWeightGradient(adjoint), dy, c.Input(0), c.Input(1));
        if (gradients.Length == 3 && c.Wants(2)) gradients[2] = ChannelSum(dy);
        return gradients;
    }

    private static SymbolicTensor RightGradient(GradientContext c, MatMul op, SymbolicTensor a, SymbolicTensor b, SymbolicTensor dy)
    {
        // A weight times a batch of matrices: one product over all rows instead of a sum of products.
        if (b.Rank == 2 && a.Rank > 2 && !op.TransposeLeft && a.Shape[^1] is { } inner && dy.Shape[^1] is { } columns)
        {
            var (rows, upstream) = (Ops.Reshape(a, -1, inner), Ops.Reshape(dy, -1, columns));
            return op.TransposeRight ? Ops.Make(new MatMul(true, false), upstream, rows) : Ops.Make(new MatMul(true, false), rows, upstream);
        }

        var db = op.TransposeRight
            ? Ops.Make(new MatMul(true, op.TransposeLeft), dy, a)
            : Ops.Make(new MatMul(!op.TransposeLeft, false), a, dy);
        return c.Unbroadcast(db, 1);
    }

    private static SymbolicTensor ChannelSum(SymbolicTensor dy) => Ops.Sum(dy, Axes.Create([.. Enumerable.Range(0, dy.Rank - 1)]));
}
