using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Cross-entropy of softmax(logits) from class numbers or probabilities, and its gradient.</summary>
internal static class CrossEntropyKernels
{
    private const double NanosecondsAnElement = 0.6;

    public static Kernel Forward(KernelRequest request, SoftmaxCrossEntropy op) => new ForwardKernel(request, op.Sparse);

    public static Kernel Gradient(KernelRequest request, SoftmaxCrossEntropyGradient op) => new GradientKernel(request, op.Sparse);

    private sealed class ForwardKernel : Kernel, IParallelWork
    {
        private readonly ValueBuffer _logits;
        private readonly ValueBuffer _targets;
        private readonly Storage _losses;
        private readonly Storage _logSums;
        private readonly int _classes;
        private readonly bool _isSparse;
        private readonly Cut _cut;

        public ForwardKernel(KernelRequest request, bool isSparse)
        {
            (_logits, _targets, _isSparse) = (request.Input(0), request.Input(1), isSparse);
            _classes = _logits.Shape.Dims[^1];
            var rows = _classes == 0 ? 0 : _logits.Length / _classes;
            _cut = Cut.By(rows, _classes * NanosecondsAnElement);
            _losses = request.Outputs[0]?.Storage ?? request.Scratch(rows);
            _logSums = request.Outputs[1]?.Storage ?? request.Scratch(rows);
        }

        public override void Run(in RunContext context) => context.Pool.Run(this, _cut.Parts);

        public void Execute(int part)
        {
            var (first, end) = _cut.Range(part);
            var elements = (first * _classes)..(end * _classes);
            var logits = _logits.Floats[elements];
            var losses = _losses.Memory.Span[first..end];
            var logSums = _logSums.Memory.Span[first..end];
            if (!_isSparse) CrossEntropyLoops.DenseForward(logits, _targets.Floats[elements], losses, logSums);
            else if (_targets.Spec.Type == DType.Int64) Check(CrossEntropyLoops.SparseForward<long>(logits, _targets.Longs[first..end], losses, logSums), first);
            else Check(CrossEntropyLoops.SparseForward<int>(logits, _targets.Ints[first..end], losses, logSums), first);
        }

        private void Check(int wrong, int first)
        {
            if (wrong < 0) return;
            var row = first + wrong;
            var label = _targets.Spec.Type == DType.Int64 ? _targets.Longs[row] : _targets.Ints[row];
            throw new ModelException($"SparseCategoricalCrossentropy: the label of sample {row} of the batch is {label}, expected 0 to {_classes - 1} for predictions {_logits.Shape}. Check the labels, or give the last layer as many units as there are classes.");
        }
    }

    private sealed class GradientKernel(KernelRequest request, bool isSparse) : Kernel, IParallelWork
    {
        private readonly ValueBuffer _upstream = request.Input(0);
        private readonly ValueBuffer _logits = request.Input(1);
        private readonly ValueBuffer _targets = request.Input(2);
        private readonly ValueBuffer _logSums = request.Input(3);
        private readonly ValueBuffer _result = request.Output();
        private readonly int _classes = request.Input(1).Shape.Dims[^1];
        private readonly Cut _cut = Cut.By(request.Input(0).Length, request.Input(1).Shape.Dims[^1] * NanosecondsAnElement);

        public override void Run(in RunContext context) => context.Pool.Run(this, _cut.Parts);

        public void Execute(int part)
        {
            var (first, end) = _cut.Range(part);
            var elements = (first * _classes)..(end * _classes);
            var logits = _logits.Floats[elements];
            var logSums = _logSums.Floats[first..end];
            var upstream = _upstream.Floats[first..end];
            var result = _result.Floats[elements];
            if (!isSparse) CrossEntropyLoops.DenseBackward(logits, _targets.Floats[elements], logSums, upstream, result);
            else if (_targets.Spec.Type == DType.Int64) CrossEntropyLoops.SparseBackward<long>(logits, _targets.Longs[first..end], logSums, upstream, result);
            else CrossEntropyLoops.SparseBackward<int>(logits, _targets.Ints[first..end], logSums, upstream, result);
        }
    }
}
