using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.TileColumns;

namespace OnnxFunctional.Training.Simd;

/// <summary>Forward pooling, vectorized over channels: a window's result stays in one or two registers.</summary>
internal static unsafe class PoolForward
{
    /// <summary>Computes the output rows from <paramref name="first"/> to before <paramref name="end"/>, counted over all images.</summary>
    // input [batch, depth, height, width, channels], output [batch, od, oh, ow, channels]
    public static void Run<TOperator>(PoolingGeometry geometry, ReadOnlySpan<float> input, Span<float> output, int first, int end)
        where TOperator : struct, IPoolOperator
    {
        fixed (float* source = input, destination = output)
        {
            VectorDispatch.Run(geometry.Channels, new RowsLoop<TOperator>(geometry, source, destination, first, end));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<V, TOperator>(PoolingGeometry geometry, float* source, float* destination, int first, int end)
        where V : struct, IVector<V> where TOperator : struct, IPoolOperator
    {
        var channels = geometry.Channels;
        var rows = geometry.Height.Output;
        var planes = geometry.Depth.Output;
        var columns = geometry.Width.Output;
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
                    a = TOperator.Add(a, Load<V, TColumns>(from, lanes));
                    if (TColumns.Two) b = TOperator.Add(b, V.Load(from + V.Count));
                    from += window.ColumnStep;
                }
            }
        }

        var count = Math.Max(1, window.Count);
        Store<V, TColumns>(TOperator.Finish(a, count), destination, lanes);
        if (TColumns.Two) V.Store(TOperator.Finish(b, count), destination + V.Count);
    }

    private readonly struct RowsLoop<TOperator>(PoolingGeometry geometry, float* source, float* destination, int first, int end) : IVectorLoop
        where TOperator : struct, IPoolOperator
    {
        public void Run<V>() where V : struct, IVector<V> => Rows<V, TOperator>(geometry, source, destination, first, end);
    }
}
