using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>Pooling forward, vectorized over channels: the sums of a window stay in two registers.</summary>
internal static unsafe class PoolForward
{
    /// <summary>Computes the output rows from <paramref name="first"/> up to <paramref name="end"/>, counted through all images.</summary>
    // input [batch, depth, height, width, channels], output [batch, od, oh, ow, channels]
    public static void Run<TOperator>(PoolingGeometry geometry, ReadOnlySpan<float> input, Span<float> output, int first, int end) where TOperator : struct, IPoolOperator
    {
        if (Vector512.IsHardwareAccelerated && geometry.Channels > 8) Run<V512, TOperator>(geometry, input, output, first, end);
        else if (Vector256.IsHardwareAccelerated && geometry.Channels > 4) Run<V256, TOperator>(geometry, input, output, first, end);
        else Run<V128, TOperator>(geometry, input, output, first, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<V, TOperator>(PoolingGeometry geometry, ReadOnlySpan<float> input, Span<float> output, int first, int end)
        where V : struct, IVector<V> where TOperator : struct, IPoolOperator
    {
        var channels = geometry.Channels;
        var rows = geometry.Height.Output;
        var planes = geometry.Depth.Output;
        var columns = geometry.Width.Output;
        fixed (float* source = input, destination = output)
        {
            for (var index = first; index < end; index++)
            {
                var to = destination + (nint)index * columns * channels;
                var window = new PoolWindow(geometry, index / rows / planes, index / rows % planes, index % rows);
                for (var ox = 0; ox < columns; ox++, to += channels)
                {
                    window.Move(ox);
                    var c = 0;
                    for (; c <= channels - 2 * V.Count; c += 2 * V.Count) Window<V, TOperator, TwoVectors>(window, source + c, to + c, V.Count);
                    for (; c <= channels - V.Count; c += V.Count) Window<V, TOperator, OneVector>(window, source + c, to + c, V.Count);
                    if (c < channels) Window<V, TOperator, PartOfOneVector>(window, source + c, to + c, channels - c);
                }
            }
        }
    }

    // out[c] = finish(start + in[tap 0, c] + in[tap 1, c] + ...)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Window<V, TOperator, TColumns>(in PoolWindow window, float* source, float* destination, int lanes)
        where V : struct, IVector<V> where TOperator : struct, IPoolOperator where TColumns : struct, ITileColumns
    {
        var a = TOperator.Start<V>();
        var b = a;
        for (var z = window.FirstDepth; z < window.EndDepth; z++)
        {
            for (var y = window.FirstRow; y < window.EndRow; y++)
            {
                var from = source + (window.Origin + z * window.DepthStep + y * window.RowStep);
                for (var x = window.Columns; x > 0; x--)
                {
                    a = TOperator.Add(a, TColumns.Partial ? V.Load(from, lanes) : V.Load(from));
                    if (TColumns.Two) b = TOperator.Add(b, V.Load(from + V.Count));
                    from += window.ColumnStep;
                }
            }
        }

        var count = Math.Max(1, window.Count);
        if (TColumns.Partial) V.Store(TOperator.Finish(a, count), destination, lanes);
        else V.Store(TOperator.Finish(a, count), destination);
        if (TColumns.Two) V.Store(TOperator.Finish(b, count), destination + V.Count);
    }
}
