using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.TileColumns;

namespace OnnxFunctional.Training.Simd;

/// <summary>
/// Depthwise passes. There is no sum over channels, so vectors of channels are multiplied by vectors of weights, tap by tap, for 6 pixels at a time.
/// </summary>
/// <remarks>
/// One load per multiplication: 6 pixels share the load of the weights, which is as close to the hardware's limit of one 64-byte load per cycle as possible.
/// </remarks>
internal static unsafe class ConvDepthwise
{
    private const int MaxPixels = 6;

    /// <summary>The scratch memory after the padded copy, in floats, for a pass that sums <paramref name="multiplier"/> channels to one.</summary>
    public static int ReductionLength(int multiplier) => multiplier == 1 ? 0 : MaxPixels * multiplier * VectorDispatch.Lanes;

    public static void Band<V>(
        ConvPass pass, ConvPhase phase, in ConvTask task, ConvTileJob job, float* origin, nint rowPitch, float* packed, float* destination, float* buffer)
        where V : struct, IVector<V>
    {
        var rows = Math.Min(task.EndRow, phase.HeightCount);
        var pixels = Math.Min(task.EndColumn, phase.WidthCount) - task.FirstColumn;
        if (pixels <= 0) return;
        var channels = pass.BufferChannels;
        var reduced = channels / pass.DestinationChannels;
        var sums = buffer + pass.BufferLength - ReductionLength(reduced);
        var tiles = new EvenTiles(pixels, MaxPixels);
        job.RowStep = pass.Width.SourceStep * channels;
        job.SegmentCount = phase.DirectSegments.Length;
        job.Panel = packed + phase.PanelOffset;
        job.PanelStep = channels;
        job.Bias = packed;
        job.DestinationStep = pass.Width.DestinationStep * pass.DestinationChannels;
        for (var y = task.FirstRow; y < rows; y++)
        {
            job.Source = origin + (y - task.FirstRow) * pass.Height.SourceStep * rowPitch;
            job.Destination = destination + ConvRows.DestinationRow(pass, phase, task, y);
            for (var tile = 0; tile < tiles.Count; tile++)
            {
                var count = tiles.HeightOf(tile);
                if (reduced == 1) Tile<V>(job, count, channels);
                else Reduce<V>(job, count, pass.DestinationChannels, reduced, sums);
                job.Source += count * job.RowStep;
                job.Destination += count * job.DestinationStep;
            }
        }
    }

    // out[p, c] = relu(bias[c] + sum_j sum_t source[p + t, c * m + j] * panel[t, c * m + j] + addend[p, c]).
    // The sums over t go through memory, a vector of channels at a time.
    private static void Reduce<V>(ConvTileJob job, int count, int channels, int multiplier, float* sums) where V : struct, IVector<V>
    {
        var inner = job;
        var width = V.Count * multiplier;
        var zeros = stackalloc float[V.Count];
        for (var i = 0; i < V.Count; i++) zeros[i] = 0f;
        inner.HasAddend = false;
        inner.Relu = false;
        inner.DestinationStep = width;
        for (var c = 0; c < channels; c += V.Count)
        {
            var lanes = Math.Min(V.Count, channels - c);
            for (var vector = 0; vector < multiplier; vector++)
            {
                var valid = Math.Min(V.Count, lanes * multiplier - vector * V.Count);
                if (valid <= 0) break;
                inner.Source = job.Source + c * multiplier + vector * V.Count;
                inner.Panel = job.Panel + c * multiplier + vector * V.Count;
                inner.Bias = zeros;
                inner.Destination = sums + vector * V.Count;
                Tile<V>(inner, count, valid);
            }

            for (var pixel = 0; pixel < count; pixel++)
            {
                for (var lane = 0; lane < lanes; lane++)
                {
                    var to = job.Destination + pixel * job.DestinationStep + c + lane;
                    var from = sums + pixel * width + lane * multiplier;
                    var sum = job.Bias[c + lane];
                    for (var j = 0; j < multiplier; j++) sum += from[j];
                    if (job.HasAddend) sum += to[job.AddendOffset];
                    *to = job.Relu && sum < 0f ? 0f : sum;
                }
            }
        }
    }

    private static void Tile<V>(in ConvTileJob job, int rows, int channels) where V : struct, IVector<V>
    {
        switch (rows)
        {
            case 1: Tile<V, Rows1>(job, channels); break;
            case 2: Tile<V, Rows2>(job, channels); break;
            case 3: Tile<V, Rows3>(job, channels); break;
            case 4: Tile<V, Rows4>(job, channels); break;
            case 5: Tile<V, Rows5>(job, channels); break;
            case 6: Tile<V, Rows6>(job, channels); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<V, TRows>(in ConvTileJob job, int channels) where V : struct, IVector<V> where TRows : struct, ITileRows
    {
        var c = 0;
        for (; c <= channels - V.Count; c += V.Count) Vector<V, TRows, OneVector>(job, c, V.Count);
        if (c < channels) Vector<V, TRows, PartOfOneVector>(job, c, channels - c);
    }

    // out[p, c] = relu(bias[c] + sum_t source[p + t, c] * panel[t, c] + addend[p, c])
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Vector<V, TRows, TColumns>(in ConvTileJob job, int c, int lanes)
        where V : struct, IVector<V> where TRows : struct, ITileRows where TColumns : struct, ITileColumns
    {
        var step = job.RowStep;
        var panel = job.Panel + c;
        var a0 = Load<V, TColumns>(job.Bias + c, lanes);
        V a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        for (var tap = 0; tap < job.SegmentCount; tap++)
        {
            var s = job.Source + job.Segments[tap] + c;
            var w = Load<V, TColumns>(panel, lanes);
            a0 = V.MultiplyAdd(Load<V, TColumns>(s, lanes), w, a0);
            if (TRows.Count > 1) a1 = V.MultiplyAdd(Load<V, TColumns>(s + 1 * step, lanes), w, a1);
            if (TRows.Count > 2) a2 = V.MultiplyAdd(Load<V, TColumns>(s + 2 * step, lanes), w, a2);
            if (TRows.Count > 3) a3 = V.MultiplyAdd(Load<V, TColumns>(s + 3 * step, lanes), w, a3);
            if (TRows.Count > 4) a4 = V.MultiplyAdd(Load<V, TColumns>(s + 4 * step, lanes), w, a4);
            if (TRows.Count > 5) a5 = V.MultiplyAdd(Load<V, TColumns>(s + 5 * step, lanes), w, a5);
            panel += job.PanelStep;
        }

        var to = job.Destination + c;
        Finish<V, TColumns>(job, to, lanes, a0);
        if (TRows.Count > 1) Finish<V, TColumns>(job, to + 1 * job.DestinationStep, lanes, a1);
        if (TRows.Count > 2) Finish<V, TColumns>(job, to + 2 * job.DestinationStep, lanes, a2);
        if (TRows.Count > 3) Finish<V, TColumns>(job, to + 3 * job.DestinationStep, lanes, a3);
        if (TRows.Count > 4) Finish<V, TColumns>(job, to + 4 * job.DestinationStep, lanes, a4);
        if (TRows.Count > 5) Finish<V, TColumns>(job, to + 5 * job.DestinationStep, lanes, a5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<V, TColumns>(in ConvTileJob job, float* destination, int lanes, V sum)
        where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        if (job.HasAddend) sum += Load<V, TColumns>(destination + job.AddendOffset, lanes);
        if (job.Relu) sum = V.MaxNative(V.Zero, sum);
        Store<V, TColumns>(sum, destination, lanes);
    }
}
