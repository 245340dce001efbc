using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Sums, means, extremes and norms along any axes: a <see cref="Reduction"/> bound to its buffers.</summary>
internal sealed class ReductionKernel : Kernel
{
    private readonly Reduction _reduction;
    private readonly ValueBuffer _input;
    private readonly ValueBuffer _output;
    private readonly Storage _scratch;

    private ReductionKernel(KernelRequest request, ReduceKind kind, ReadOnlySpan<int> axes)
    {
        (_input, _output) = (request.Input(0), request.Output());
        _reduction = Reduction.Create(kind, _input.Shape.Dims, axes);
        _scratch = request.Scratch(_reduction.ScratchLength);
    }

    public static Kernel Create(KernelRequest request, ReduceOp op) =>
        new ReductionKernel(request, KindOf(op), ShapeRules.Axes(op.Axes, request.Input(0).Shape.Rank, op.Name));

    public override void Run(in RunContext context) => _reduction.Run(context.Pool, _input.Memory, _output.Memory, _scratch.Memory);

    private static ReduceKind KindOf(ReduceOp op) => op switch
    {
        ReduceL1 => ReduceKind.L1,
        ReduceL2 => ReduceKind.L2,
        ReduceLogSumExp => ReduceKind.LogSumExp,
        ReduceMax => ReduceKind.Max,
        ReduceMean => ReduceKind.Mean,
        ReduceMin => ReduceKind.Min,
        ReduceProd => ReduceKind.Product,
        ReduceSum => ReduceKind.Sum,
        ReduceSumSquare => ReduceKind.SumSquare,
        _ => throw new ArgumentOutOfRangeException(nameof(op), op.Name, "This reduction has no kernel."),
    };
}
