using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Gradient of a pooling: that of a maximum goes to the first largest value of each window, that of a mean to all values in equal shares.</summary>
/// <remarks>Gradients of overlapping windows are added.</remarks>
internal sealed class PoolingGradient(PoolingGeometry geometry, bool isMaximum) : IParallelWork
{
    private readonly Cut _slabs = PoolingParts.Cut(geometry, PoolBackward.Slabs(geometry));
    private ReadOnlyMemory<float> _input;
    private ReadOnlyMemory<float> _output;
    private ReadOnlyMemory<float> _gradient;
    private Memory<float> _inputGradient;

    /// <summary>Computes the gradient of the input. That of a mean needs neither input nor output.</summary>
    // input, inputGradient [batch, depth, height, width, channels], output, gradient [batch, od, oh, ow, channels]
    public void Run(WorkerPool pool, ReadOnlyMemory<float> input, ReadOnlyMemory<float> output, ReadOnlyMemory<float> gradient, Memory<float> inputGradient)
    {
        (_input, _output, _gradient, _inputGradient) = (input, output, gradient, inputGradient);
        pool.Run(this, _slabs.Parts);
    }

    void IParallelWork.Execute(int part)
    {
        var (first, end) = _slabs.Range(part);
        if (isMaximum) PoolBackward.Maximum(geometry, _input.Span, _output.Span, _gradient.Span, _inputGradient.Span, first, end);
        else PoolBackward.Mean(geometry, _gradient.Span, _inputGradient.Span, first, end);
    }
}
