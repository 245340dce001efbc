using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Layer normalization over the last axes, and its gradient.</summary>
internal static class LayerNormalizationKernels
{
    private const double ForwardNanoseconds = 0.25;
    private const double BackwardNanoseconds = 0.5;

    public static Kernel Forward(KernelRequest request, LayerNormalization op)
    {
        var columns = request.Input(1).Length;
        return new ForwardKernel(request, op.Epsilon, columns == 0 ? 0 : request.Input(0).Length / columns, columns);
    }

    public static Kernel Gradient(KernelRequest request) => new GradientKernel(request);

    private sealed class ForwardKernel(KernelRequest request, float epsilon, int rows, int columns) : CutKernel(Cut.By(rows, columns * ForwardNanoseconds))
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _scale = request.Input(1);
        private readonly ValueBuffer _bias = request.Input(2);
        private readonly Storage _result = request.Outputs[0]?.Storage ?? request.Scratch(request.Input(0).Length);
        private readonly Storage _means = request.Outputs[1]?.Storage ?? request.Scratch(rows);
        private readonly Storage _inverses = request.Outputs[2]?.Storage ?? request.Scratch(rows);

        protected override void Compute(int first, int end)
        {
            var elements = (first * columns)..(end * columns);
            LayerNormLoops.Forward(
                _input.Floats[elements],
                _scale.Floats,
                _bias.Floats,
                epsilon,
                _result.Memory.Span[elements],
                _means.Memory.Span[first..end],
                _inverses.Memory.Span[first..end]);
        }
    }

    private sealed class GradientKernel : Kernel, IParallelWork
    {
        private readonly ValueBuffer _upstream;
        private readonly ValueBuffer _input;
        private readonly ValueBuffer _scale;
        private readonly ValueBuffer _means;
        private readonly ValueBuffer _inverses;
        private readonly Storage _result;
        private readonly Storage _sums;
        private readonly ValueBuffer?[] _parameters;
        private readonly int _columns;
        private readonly Cut _cut;

        public GradientKernel(KernelRequest request)
        {
            (_upstream, _input, _scale, _means, _inverses) = (request.Input(0), request.Input(1), request.Input(2), request.Input(3), request.Input(4));
            _columns = _scale.Length;
            _cut = Cut.By(_inverses.Length, _columns * BackwardNanoseconds);
            _result = request.Outputs[0]?.Storage ?? request.Scratch(_input.Length);
            _parameters = [request.Outputs[1], request.Outputs[2]];

            // The sums of all parts for the scale, then those for the bias.
            _sums = request.Scratch(2L * _cut.Parts * _columns);
        }

        public override void Run(in RunContext context)
        {
            context.Pool.Run(this, _cut.Parts);
            var half = _cut.Parts * _columns;
            for (var i = 0; i < 2; i++)
            {
                if (_parameters[i] is { } sum) ReduceLoops.Columns<SumReduce>(_sums.Memory.Span.Slice(i * half, half), _cut.Parts, _columns, sum.Floats);
            }
        }

        public void Execute(int part)
        {
            var (first, end) = _cut.Range(part);
            var elements = (first * _columns)..(end * _columns);
            var half = _cut.Parts * _columns;
            var sums = _sums.Memory.Span;
            LayerNormLoops.Backward(
                _upstream.Floats[elements],
                _input.Floats[elements],
                _scale.Floats,
                _means.Floats[first..end],
                _inverses.Floats[first..end],
                _result.Memory.Span[elements],
                sums.Slice(part * _columns, _columns),
                sums.Slice(half + (part * _columns), _columns));
        }
    }
}
