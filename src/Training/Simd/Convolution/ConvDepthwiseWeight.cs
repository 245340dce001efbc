using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.TileColumns;

namespace OnnxFunctional.Training.Simd;

/// <summary>The weight gradient of depthwise convolutions. Up to 4 taps of one vector of channels stay in registers over all pixels of a band.</summary>
internal static unsafe class ConvDepthwiseWeight
{
    // kernel[t, c] += sum_p source[p + t, c] * gradient[p, c]. A tile is one to four taps at a fixed distance.
    public static void Band<V>(
        ConvWeightPass pass, in ConvTask task, int images, float* source, int* rows, bool inside, float* gradient, float* kernel, bool isFirst)
        where V : struct, IVector<V>
    {
        var forward = pass.Forward;
        var channels = forward.DestinationChannels;
        foreach (ref readonly var tile in pass.Tiles.AsSpan())
        {
            var job = new ConvTileJob
            {
                Source = source + (inside ? tile.Direct : tile.Buffer),
                RowStep = inside ? tile.DirectGroupStep : tile.BufferGroupStep,
                InnerStep = forward.Width.SourceStep * channels,
                Segments = rows,
                SegmentCount = images * (task.EndRow - task.FirstRow),
                SegmentLength = task.EndColumn - task.FirstColumn,
                Panel = gradient,
                PanelStep = channels,
                TileStep = (nint)forward.Width.Destination * channels,
                Destination = kernel + (nint)tile.Row * channels,
                DestinationStep = channels,
                HasAddend = !isFirst,
            };
            switch (tile.Rows)
            {
                case 1: Taps<V, Rows1>(job, channels); break;
                case 2: Taps<V, Rows2>(job, channels); break;
                case 3: Taps<V, Rows3>(job, channels); break;
                case 4: Taps<V, Rows4>(job, channels); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Taps<V, TRows>(in ConvTileJob job, int channels) where V : struct, IVector<V> where TRows : struct, ITileRows
    {
        // Two vectors at a time: with three taps, a single vector would wait for its own sums.
        var c = 0;
        for (; c <= channels - 2 * V.Count; c += 2 * V.Count) Vectors<V, TRows, TwoVectors>(job, c, V.Count);
        for (; c <= channels - V.Count; c += V.Count) Vectors<V, TRows, OneVector>(job, c, V.Count);
        if (c < channels) Vectors<V, TRows, PartOfOneVector>(job, c, channels - c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Vectors<V, TRows, TColumns>(in ConvTileJob job, int c, int lanes)
        where V : struct, IVector<V> where TRows : struct, ITileRows where TColumns : struct, ITileColumns
    {
        V a0 = V.Zero, a1 = V.Zero, a2 = V.Zero, a3 = V.Zero, b0 = V.Zero, b1 = V.Zero, b2 = V.Zero, b3 = V.Zero;
        var step = job.RowStep;
        for (var row = 0; row < job.SegmentCount; row++)
        {
            var gradient = job.Panel + row * job.TileStep + c;
            var s = job.Source + job.Segments[row] + c;
            for (var x = 0; x < job.SegmentLength; x++)
            {
                var g = Load<V, TColumns>(gradient, lanes);
                a0 = V.MultiplyAdd(Load<V, TColumns>(s, lanes), g, a0);
                if (TRows.Count > 1) a1 = V.MultiplyAdd(Load<V, TColumns>(s + step, lanes), g, a1);
                if (TRows.Count > 2) a2 = V.MultiplyAdd(Load<V, TColumns>(s + 2 * step, lanes), g, a2);
                if (TRows.Count > 3) a3 = V.MultiplyAdd(Load<V, TColumns>(s + 3 * step, lanes), g, a3);
                if (TColumns.Two)
                {
                    var h = V.Load(gradient + V.Count);
                    b0 = V.MultiplyAdd(V.Load(s + V.Count), h, b0);
                    if (TRows.Count > 1) b1 = V.MultiplyAdd(V.Load(s + V.Count + step), h, b1);
                    if (TRows.Count > 2) b2 = V.MultiplyAdd(V.Load(s + V.Count + 2 * step), h, b2);
                    if (TRows.Count > 3) b3 = V.MultiplyAdd(V.Load(s + V.Count + 3 * step), h, b3);
                }

                gradient += job.PanelStep;
                s += job.InnerStep;
            }
        }

        var to = job.Destination + c;
        Finish<V, TColumns>(job, to, lanes, a0, b0);
        if (TRows.Count > 1) Finish<V, TColumns>(job, to + job.DestinationStep, lanes, a1, b1);
        if (TRows.Count > 2) Finish<V, TColumns>(job, to + 2 * job.DestinationStep, lanes, a2, b2);
        if (TRows.Count > 3) Finish<V, TColumns>(job, to + 3 * job.DestinationStep, lanes, a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<V, TColumns>(in ConvTileJob job, float* destination, int lanes, V a, V b)
        where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        if (job.HasAddend)
        {
            a += Load<V, TColumns>(destination, lanes);
            if (TColumns.Two) b += V.Load(destination + V.Count);
        }

        Store<V, TColumns>(a, destination, lanes);
        if (TColumns.Two) V.Store(b, destination + V.Count);
    }
}
