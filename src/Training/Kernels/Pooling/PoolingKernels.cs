using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels of the pooling operators.</summary>
internal static class PoolingKernels
{
    public static Kernel Forward(KernelRequest request, PoolOp op) =>
        new Pool(request, new PoolingForward(Geometry(request.Input(0).Shape, op.Kernel, op.Strides, op.Pads), op is MaxPool));

    public static Kernel MaxGradient(KernelRequest request, MaxPoolGradient op) =>
        new Gradient(
            new PoolingGradient(Geometry(request.Input(0).Shape, op.Kernel, op.Strides, op.Pads), isMaximum: true),
            request.Input(0),
            request.Input(1),
            request.Input(2),
            request.Output());

    public static Kernel AverageGradient(KernelRequest request, AveragePoolGradient op) =>
        new Gradient(
            new PoolingGradient(Geometry(request.Input(1).Shape, op.Kernel, op.Strides, op.Pads), isMaximum: false),
            null,
            null,
            request.Input(0),
            request.Output());

    private static PoolingGeometry Geometry(Shape input, IntList kernel, IntList strides, Pads pads)
    {
        var rank = kernel.Count;
        Span<int> begin = stackalloc int[rank];
        Span<int> end = stackalloc int[rank];
        for (var i = 0; i < rank; i++) (begin[i], end[i]) = pads.Resolve(i, input.Dims[i + 1], kernel[i], strides[i]);
        var dilations = IntList.Repeat(1, rank);
        return PoolingGeometry.Create(input.Dims[0], input.Dims[^1], input.Dims.Slice(1, rank), kernel.Span, strides.Span, dilations.Span, begin, end);
    }

    private sealed class Pool(KernelRequest request, PoolingForward driver) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _result = request.Output();

        public override void Run(in RunContext context) => driver.Run(context.Pool, _input.Memory, _result.Memory);
    }

    private sealed class Gradient(PoolingGradient driver, ValueBuffer? input, ValueBuffer? output, ValueBuffer gradient, ValueBuffer result) : Kernel
    {
        public override void Run(in RunContext context) =>
            driver.Run(context.Pool, input?.Memory ?? default(Memory<float>), output?.Memory ?? default(Memory<float>), gradient.Memory, result.Memory);
    }
}
