using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;


namespace OnnxFunctional.Training.Kernels;

/// <summary>How much of a pooling one part does.</summary>
internal static class PoolingParts
{
    // 20 microseconds at about 10 GB/s from memory.
    private const long FloatsPerPart = 1 << 16;
    private const int MaxParts = 64;

    /// <summary>The number of parts for <paramref name="units"/> pieces of work that cannot be cut.</summary>
    public static int Count(PoolingGeometry geometry, int units) => (int)Math.Clamp(Math.Min(geometry.InputLength / FloatsPerPart, units), Math.Min(1, units), MaxParts);
}

/// <summary>Pooling forward: <c>out[n, y, x, c] = max</c> or mean over the window's values that are there; NaN is the largest.</summary>
internal sealed class PoolingForward(PoolingGeometry geometry, bool isMaximum) : IParallelWork
{
    private readonly int _rows = geometry.Batch * geometry.Depth.Output * geometry.Height.Output;
    private readonly int _parts = PoolingParts.Count(geometry, geometry.Batch * geometry.Depth.Output * geometry.Height.Output);
    private ReadOnlyMemory<float> _input;
    private Memory<float> _output;

    /// <summary>Computes the output.</summary>
    // input [batch, depth, height, width, channels], output [batch, od, oh, ow, channels]
    public void Run(WorkerPool pool, ReadOnlyMemory<float> input, Memory<float> output)
    {
        (_input, _output) = (input, output);
        pool.Run(this, _parts);
    }

    void IParallelWork.Execute(int part)
    {
        var first = (int)((long)_rows * part / _parts);
        var end = (int)((long)_rows * (part + 1) / _parts);
        if (isMaximum) PoolForward.Run<MaximumOperator>(geometry, _input.Span, _output.Span, first, end);
        else PoolForward.Run<MeanOperator>(geometry, _input.Span, _output.Span, first, end);
    }
}

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
