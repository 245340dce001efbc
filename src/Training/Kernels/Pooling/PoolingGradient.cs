using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Gradient of a pooling: of a maximum to the first largest value of each window, of a mean in equal shares; where windows overlap, the sum.</summary>
internal sealed class PoolingGradient(PoolingGeometry geometry, bool isMaximum) : IParallelWork
{
    private readonly int _slabs = PoolBackward.Slabs(geometry);
    private readonly int _parts = PoolingParts.Count(geometry, PoolBackward.Slabs(geometry));
    private ReadOnlyMemory<float> _input;
    private ReadOnlyMemory<float> _output;
    private ReadOnlyMemory<float> _gradient;
    private Memory<float> _inputGradient;

    /// <summary>Computes the input's gradient; a mean needs neither input nor output.</summary>
    // input, inputGradient [batch, depth, height, width, channels], output, gradient [batch, od, oh, ow, channels]
    public void Run(WorkerPool pool, ReadOnlyMemory<float> input, ReadOnlyMemory<float> output, ReadOnlyMemory<float> gradient, Memory<float> inputGradient)
    {
        (_input, _output, _gradient, _inputGradient) = (input, output, gradient, inputGradient);
        pool.Run(this, _parts);
    }

    void IParallelWork.Execute(int part)
    {
        var first = (int)((long)_slabs * part / _parts);
        var end = (int)((long)_slabs * (part + 1) / _parts);
        if (isMaximum) PoolBackward.Maximum(geometry, _input.Span, _output.Span, _gradient.Span, _inputGradient.Span, first, end);
        else PoolBackward.Mean(geometry, _gradient.Span, _inputGradient.Span, first, end);
    }
}
