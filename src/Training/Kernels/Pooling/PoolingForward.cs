using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Pooling: <c>out[n, y, x, c] =</c> maximum or mean over the values of the window that are not padding. NaN counts as the largest value.</summary>
internal sealed class PoolingForward(PoolingGeometry geometry, bool isMaximum) : IParallelWork
{
    private readonly Cut _rows = PoolingParts.Cut(geometry, geometry.Batch * geometry.Depth.Output * geometry.Height.Output);
    private ReadOnlyMemory<float> _input;
    private Memory<float> _output;

    /// <summary>Computes the output.</summary>
    // input [batch, depth, height, width, channels], output [batch, od, oh, ow, channels]
    public void Run(WorkerPool pool, ReadOnlyMemory<float> input, Memory<float> output)
    {
        (_input, _output) = (input, output);
        pool.Run(this, _rows.Parts);
    }

    void IParallelWork.Execute(int part)
    {
        var (first, end) = _rows.Range(part);
        if (isMaximum) PoolForward.Run<MaximumOperator>(geometry, _input.Span, _output.Span, first, end);
        else PoolForward.Run<MeanOperator>(geometry, _input.Span, _output.Span, first, end);
    }
}
