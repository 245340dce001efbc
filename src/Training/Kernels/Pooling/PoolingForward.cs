using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

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
