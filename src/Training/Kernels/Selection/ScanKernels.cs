using System.Runtime.InteropServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels of operators that compare or add along one axis: positions of extremes, the largest elements, running sums.</summary>
internal static class ScanKernels
{
    public static Kernel Arg(KernelRequest request, int axis, bool largest) => new ArgKernel(request, axis, largest);

    public static Kernel TopK(KernelRequest request, TopK op) => new TopKKernel(request, op.K);

    public static Kernel CumSum(KernelRequest request, CumSum op) => new CumSumKernel(request, op);

    private sealed class ArgKernel(KernelRequest request, int axis, bool largest) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _result = request.Output();
        private readonly AxisSplit _split = AxisSplit.Of(request.Input(0).Shape, axis);

        public override void Run(in RunContext context) => ArgReduce.Run(_input.Floats, _split.Count, _split.Inner, !largest, _result.Longs);
    }

    /// <summary>The largest elements of each row, the earlier of equal ones first.</summary>
    private sealed class TopKKernel(KernelRequest request, int k) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly Storage _values = request.Outputs[0]?.Storage ?? request.Scratch(request.Input(0).Length);
        private readonly Storage _positions = request.Outputs[1]?.Storage ?? request.Scratch(request.Input(0).Length * 2L);
        private readonly int _width = request.Input(0).Shape.Dims[^1];

        public override void Run(in RunContext context)
        {
            var count = _width == 0 ? 0 : _input.Length / _width * k;
            var positions = MemoryMarshal.Cast<float, long>(_positions.Memory.Span)[..count];
            RowScans.TopK(_input.Floats, _width, k, _values.Memory.Span[..count], positions);
        }
    }

    private sealed class CumSumKernel(KernelRequest request, CumSum op) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _result = request.Output();
        private readonly AxisSplit _split = AxisSplit.Of(request.Input(0).Shape, op.Axis);

        public override void Run(in RunContext context) =>
            RowScans.CumulativeSum(_input.Floats, _split.Count, _split.Inner, op.Exclusive, op.Reverse, _result.Floats);
    }
}
