using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.TileColumns;

namespace OnnxFunctional.Training.Simd;

/// <summary>Gradients of pooling, vectorized over channels.</summary>
/// <remarks>
/// Work is divided along the outermost spatial axis of the input. A part visits every window that touches its slabs, and writes only those slabs. So windows on
/// a boundary are visited twice, and no two threads add to the same place.
/// </remarks>
internal static unsafe class PoolBackward
{
    /// <summary>The number of slabs of the input along the axis by which work is divided, over all images.</summary>
    public static int Slabs(PoolingGeometry geometry) => geometry.Batch * SlabsPerImage(geometry);

    /// <summary>The gradient of max pooling: each window's gradient goes to its first largest value (the first NaN if there is one).</summary>
    // input, inputGradient [batch, depth, height, width, channels], output, gradient [batch, od, oh, ow, channels]
    public static void Maximum(
        PoolingGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> output, ReadOnlySpan<float> gradient, Span<float> inputGradient,
        int first, int end)
    {
        fixed (float* source = input, result = output, from = gradient, to = inputGradient)
        {
            VectorDispatch.Run(geometry.Channels, new WindowsLoop<MaximumOperator>(geometry, source, result, from, to, first, end));
        }
    }

    /// <summary>The gradient of average pooling: each window's gradient goes in equal shares to the values it covered.</summary>
    // gradient [batch, od, oh, ow, channels], inputGradient [batch, depth, height, width, channels]
    public static void Mean(PoolingGeometry geometry, ReadOnlySpan<float> gradient, Span<float> inputGradient, int first, int end)
    {
        fixed (float* from = gradient, to = inputGradient)
        {
            VectorDispatch.Run(geometry.Channels, new WindowsLoop<MeanOperator>(geometry, null, null, from, to, first, end));
        }
    }

    // The slabs are rows if the depth is 1, otherwise planes.
    private static bool CutsDepth(PoolingGeometry geometry) => geometry.Depth.Input > 1;

    private static int SlabsPerImage(PoolingGeometry geometry) => CutsDepth(geometry) ? geometry.Depth.Input : geometry.Height.Input;

    private static void AddWindows<V, TOperator>(PoolingGeometry geometry, float* source, float* result, float* from, float* to, int first, int end)
        where V : struct, IVector<V> where TOperator : struct, IPoolOperator
    {
        var slabs = SlabsPerImage(geometry);
        var slabLength = (int)(geometry.InputLength / Math.Max(1, Slabs(geometry)));
        var axis = CutsDepth(geometry) ? geometry.Depth : geometry.Height;
        var slab = first;
        while (slab < end)
        {
            var image = slab / slabs;
            var owned = new Slice(slab % slabs, Math.Min(slabs, slab % slabs + end - slab));
            var clean = owned.First;

            // Slabs are zeroed just before the first window that reaches them, so that they are in the cache when it adds to them.
            for (var position = 0; position < axis.Output; position++)
            {
                var origin = axis.Origin(position);
                var reach = origin + (axis.Kernel - 1) * axis.Dilation + 1;
                if (reach <= owned.First || origin >= owned.End) continue;
                var dirty = Math.Clamp(reach, clean, owned.End);
                new Span<float>(to + (nint)(image * slabs + clean) * slabLength, (dirty - clean) * slabLength).Clear();
                clean = dirty;
                if (CutsDepth(geometry))
                    for (var oy = 0; oy < geometry.Height.Output; oy++) Row<V, TOperator>(geometry, owned, source, result, from, to, image, position, oy);
                else
                    for (var oz = 0; oz < geometry.Depth.Output; oz++) Row<V, TOperator>(geometry, owned, source, result, from, to, image, oz, position);
            }

            new Span<float>(to + (nint)(image * slabs + clean) * slabLength, (owned.End - clean) * slabLength).Clear();
            slab += owned.End - owned.First;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<V, TOperator>(
        PoolingGeometry geometry, Slice owned, float* source, float* result, float* from, float* to, int image, int oz, int oy)
        where V : struct, IVector<V> where TOperator : struct, IPoolOperator
    {
        var channels = geometry.Channels;
        var depthSlab = new Slab(geometry.Depth, CutsDepth(geometry), oz, owned);
        var rowSlab = new Slab(geometry.Height, !CutsDepth(geometry), oy, owned);
        var offset = (((nint)image * geometry.Depth.Output + oz) * geometry.Height.Output + oy) * geometry.Width.Output * channels;
        var window = new PoolWindow(geometry, image, oz, oy);
        for (var ox = 0; ox < geometry.Width.Output; ox++, offset += channels)
        {
            window.Move(ox);
            for (var c = 0; c < channels; c += V.Count)
            {
                var at = offset + c;
                if (channels - c >= V.Count) Window<V, TOperator, OneVector>(window, depthSlab, rowSlab, source + c, result + at, from + at, to + c, V.Count);
                else Window<V, TOperator, PartOfOneVector>(window, depthSlab, rowSlab, source + c, result + at, from + at, to + c, channels - c);
            }
        }
    }

    // maximum: inputGradient[tap] += gradient where input[tap] = output and no earlier tap was; mean: inputGradient[tap] += gradient / count
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Window<V, TOperator, TColumns>(
        in PoolWindow window, Slab depthSlab, Slab rowSlab, float* source, float* result, float* from, float* to, int lanes)
        where V : struct, IVector<V> where TOperator : struct, IPoolOperator where TColumns : struct, ITileColumns
    {
        var share = Load<V, TColumns>(from, lanes);
        var largest = V.Zero;
        var open = V.CreateBits(-1);
        if (typeof(TOperator) == typeof(MaximumOperator)) largest = Load<V, TColumns>(result, lanes);
        else share /= V.Create(Math.Max(1, window.Count));
        for (var z = window.FirstDepth; z < window.EndDepth; z++)
        {
            for (var y = window.FirstRow; y < window.EndRow; y++)
            {
                var isOwned = depthSlab.Owns(z) && rowSlab.Owns(y);
                var at = window.Origin + z * window.DepthStep + y * window.RowStep;
                for (var x = window.Columns; x > 0; x--, at += window.ColumnStep)
                {
                    var add = share;
                    if (typeof(TOperator) == typeof(MaximumOperator))
                    {
                        var value = Load<V, TColumns>(source + at, lanes);
                        var hit = open & V.Select(V.Equals(value, value), V.Equals(value, largest), V.CreateBits(-1));
                        open ^= hit;
                        add &= hit;
                    }

                    if (!isOwned) continue;
                    add += Load<V, TColumns>(to + at, lanes);
                    Store<V, TColumns>(add, to + at, lanes);
                }
            }
        }
    }

    /// <summary>Slabs of one image, from <paramref name="First"/> to before <paramref name="End"/>.</summary>
    private readonly record struct Slice(int First, int End);

    /// <summary>Tells whether a tap of a window is in the slabs of this part; an axis that is not divided owns all taps.</summary>
    private readonly struct Slab(WindowAxis axis, bool isCut, int position, Slice owned)
    {
        private readonly int _least = isCut ? owned.First - axis.Origin(position) : int.MinValue;
        private readonly int _most = isCut ? owned.End - 1 - axis.Origin(position) : int.MaxValue;
        private readonly int _dilation = axis.Dilation;

        public bool Owns(int tap) => tap * _dilation >= _least && tap * _dilation <= _most;
    }

    private readonly struct WindowsLoop<TOperator>(
        PoolingGeometry geometry, float* source, float* result, float* from, float* to, int first, int end) : IVectorLoop
        where TOperator : struct, IPoolOperator
    {
        public void Run<V>() where V : struct, IVector<V> => AddWindows<V, TOperator>(geometry, source, result, from, to, first, end);
    }
}
