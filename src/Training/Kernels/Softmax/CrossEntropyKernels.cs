using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Cross-entropy of softmax(logits) from class numbers or probabilities, and its gradient.</summary>
internal static class CrossEntropyKernels
{
    private const double NanosecondsPerElement = 0.6;

    public static Kernel Forward(KernelRequest request, SoftmaxCrossEntropy op) => new ForwardKernel(request, Rows(request.Input(0)), op.Sparse);

    public static Kernel Gradient(KernelRequest request, SoftmaxCrossEntropyGradient op) => new GradientKernel(request, Rows(request.Input(1)), op.Sparse);

    /// <summary>Logits as rows of classes.</summary>
    private static AxisSplit Rows(ValueBuffer logits) => AxisSplit.Of(logits.Shape, -1);

    private static Cut CutRows(AxisSplit split) => Cut.By(split.Count == 0 ? 0 : split.Outer, split.Count * NanosecondsPerElement);

    private sealed class ForwardKernel(KernelRequest request, AxisSplit split, bool isSparse) : CutKernel(CutRows(split))
    {
        private readonly ValueBuffer _logits = request.Input(0);
        private readonly ValueBuffer _targets = request.Input(1);
        private readonly Storage _losses = request.Outputs[0]?.Storage ?? request.Scratch(split.Outer);
        private readonly Storage _largest = request.Outputs[1]?.Storage ?? request.Scratch(split.Outer);
        private readonly Storage _logSums = request.Outputs[2]?.Storage ?? request.Scratch(split.Outer);
        private readonly int _classes = split.Count;

        protected override void Compute(int first, int end)
        {
            var elements = (first * _classes)..(end * _classes);
            var logits = _logits.Floats[elements];
            var losses = _losses.Memory.Span[first..end];
            var largest = _largest.Memory.Span[first..end];
            var logSums = _logSums.Memory.Span[first..end];
            if (!isSparse) CrossEntropyLoops.DenseForward(logits, _targets.Floats[elements], losses, largest, logSums);
            else if (_targets.Spec.Type == DType.Int64)
                Check(CrossEntropyLoops.SparseForward<long>(logits, _targets.Longs[first..end], losses, largest, logSums), first);
            else Check(CrossEntropyLoops.SparseForward<int>(logits, _targets.Ints[first..end], losses, largest, logSums), first);
        }

        private void Check(int wrong, int first)
        {
            if (wrong < 0) return;
            var row = first + wrong;
            var label = _targets.Spec.Type == DType.Int64 ? _targets.Longs[row] : _targets.Ints[row];
            throw new ModelException(
                $"SparseCategoricalCrossentropy: the label of sample {row} of the batch is {label}, "
                + $"expected 0 to {_classes - 1} for predictions {_logits.Shape}. "
                + "Check the labels, or give the last layer as many units as there are classes.");
        }
    }

    private sealed class GradientKernel(KernelRequest request, AxisSplit split, bool isSparse) : CutKernel(CutRows(split))
    {
        private readonly ValueBuffer _upstream = request.Input(0);
        private readonly ValueBuffer _logits = request.Input(1);
        private readonly ValueBuffer _targets = request.Input(2);
        private readonly ValueBuffer _largest = request.Input(3);
        private readonly ValueBuffer _logSums = request.Input(4);
        private readonly ValueBuffer _result = request.Output();
        private readonly int _classes = split.Count;

        protected override void Compute(int first, int end)
        {
            var elements = (first * _classes)..(end * _classes);
            var logits = _logits.Floats[elements];
            var largest = _largest.Floats[first..end];
            var logSums = _logSums.Floats[first..end];
            var upstream = _upstream.Floats[first..end];
            var result = _result.Floats[elements];
            if (!isSparse) CrossEntropyLoops.DenseBackward(logits, _targets.Floats[elements], largest, logSums, upstream, result);
            else if (_targets.Spec.Type == DType.Int64)
                CrossEntropyLoops.SparseBackward<long>(logits, _targets.Longs[first..end], largest, logSums, upstream, result);
            else CrossEntropyLoops.SparseBackward<int>(logits, _targets.Ints[first..end], largest, logSums, upstream, result);
        }
    }
}
