using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;

namespace OnnxFunctional.Training.Simd;

/// <summary>The micro-kernel of all convolutions: up to 12 rows x 2 vectors of sums stay in registers over the whole inner loop.</summary>
/// <remarks>
/// Rows are pixels and the inner loop runs over a patch (forward, input gradient), or rows are patch elements and it runs over pixels (weight gradient). 24
/// accumulators, 2 panel vectors and 1 broadcast take 27 of AVX-512's 32 registers: 107 GFLOP/s at 3x3x64 -> 64 on a core whose peak is 110. The JIT keeps
/// structs of one field in registers, so the same loop over plain Vector512 is no faster than over <see cref="IVector{TSelf}"/>. Fewer rows cost nothing down
/// to 4 (110 GFLOP/s at 8), so the remainder of a row is a smaller tile, not an overlap.
/// </remarks>
internal static unsafe class ConvTile
{
    /// <summary>The maximum number of rows that stay in registers: 32 registers hold 12 x 2, 16 hold 6 x 2.</summary>
    public static int MaxRows => VectorDispatch.Lanes == V512.Count || (VectorDispatch.Lanes == V128.Count && AdvSimd.IsSupported) ? 12 : 6;

    /// <summary>Runs all rows over one panel of at most two vectors; advances the job's source and destination.</summary>
    public static void RunRows<V>(ref ConvTileJob job, EvenTiles tiles, int columns) where V : struct, IVector<V>
    {
        if (tiles.Higher > 0)
        {
            job.TileStep = (tiles.Height + 1) * job.RowStep;
            Run<V>(job, tiles.Height + 1, tiles.Higher, columns);
            job.Source += tiles.Higher * job.TileStep;
            job.Destination += tiles.Higher * (tiles.Height + 1) * job.DestinationStep;
        }

        job.TileStep = tiles.Height * job.RowStep;
        Run<V>(job, tiles.Height, tiles.Count - tiles.Higher, columns);
    }

    /// <summary>Runs all rows over all panels of a product.</summary>
    // panels [column block, inner loop, two vectors], the last block of one vector if that is enough
    public static void RunPanels<V>(ref ConvTileJob job, EvenTiles tiles, float* source, float* panels, int columns, float* destination)
        where V : struct, IVector<V>
    {
        for (var column = 0; column < columns; column += 2 * V.Count)
        {
            var width = Math.Min(2 * V.Count, columns - column);
            job.Source = source;
            job.Destination = destination + column;
            job.Panel = panels + (nint)column * job.SegmentLength;
            job.PanelStep = width;
            RunRows<V>(ref job, tiles, width);
        }
    }

    /// <summary>Runs <paramref name="tiles"/> tiles of <paramref name="rows"/> adjacent rows over at most two vectors of <paramref name="columns"/>.</summary>
    public static void Run<V>(in ConvTileJob job, int rows, int tiles, int columns) where V : struct, IVector<V>
    {
        switch (rows)
        {
            case 1: Columns<V, Rows1>(job, tiles, columns); break;
            case 2: Columns<V, Rows2>(job, tiles, columns); break;
            case 3: Columns<V, Rows3>(job, tiles, columns); break;
            case 4: Columns<V, Rows4>(job, tiles, columns); break;
            case 5: Columns<V, Rows5>(job, tiles, columns); break;
            case 6: Columns<V, Rows6>(job, tiles, columns); break;
            case 7: Columns<V, Rows7>(job, tiles, columns); break;
            case 8: Columns<V, Rows8>(job, tiles, columns); break;
            case 9: Columns<V, Rows9>(job, tiles, columns); break;
            case 10: Columns<V, Rows10>(job, tiles, columns); break;
            case 11: Columns<V, Rows11>(job, tiles, columns); break;
            case 12: Columns<V, Rows12>(job, tiles, columns); break;
        }
    }

    private static void Columns<V, TRows>(in ConvTileJob job, int tiles, int columns) where V : struct, IVector<V> where TRows : struct, ITileRows
    {
        if (columns > V.Count)
        {
            if (columns < 2 * V.Count) Tiles<V, TRows, PartOfTwoVectors>(job, tiles, columns - V.Count);
            else Tiles<V, TRows, TwoVectors>(job, tiles, V.Count);
        }
        else if (columns < V.Count) Tiles<V, TRows, PartOfOneVector>(job, tiles, columns);
        else Tiles<V, TRows, OneVector>(job, tiles, V.Count);
    }

    // out[r, c] = relu(bias[c] + sum_k source[r, k] * panel[k, c] + addend[r, c])
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<V, TRows, TColumns>(in ConvTileJob job, int tiles, int lanes)
        where V : struct, IVector<V> where TRows : struct, ITileRows where TColumns : struct, ITileColumns
    {
        var step = job.RowStep * sizeof(float);
        var groupStep = job.RowGroupStep * sizeof(float);
        var innerStep = job.InnerStep * sizeof(float);
        var panelStep = job.PanelStep;
        var source = (byte*)job.Source;
        var destination = job.Destination;
        for (var tile = 0; tile < tiles; tile++)
        {
            var panel = job.Panel;
            var a0 = LoadLast<V, TColumns>(job.Bias, lanes, 0);
            var b0 = TColumns.Two ? LoadLast<V, TColumns>(job.Bias, lanes, 1) : V.Zero;
            V a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0, a11 = a0;
            V b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0, b7 = b0, b8 = b0, b9 = b0, b10 = b0, b11 = b0;
            for (var segment = 0; segment < job.SegmentCount; segment++)
            {
                var s0 = source + (nint)job.Segments[segment] * sizeof(float);
                var s1 = s0 + groupStep;
                var s2 = s1 + groupStep;
                var s3 = s2 + groupStep;
                for (var k = job.SegmentLength; k > 0; k--)
                {
                    var w0 = LoadLast<V, TColumns>(panel, lanes, 0);
                    var w1 = TColumns.Two ? LoadLast<V, TColumns>(panel, lanes, 1) : V.Zero;
                    MultiplyAdd<V, TColumns>(s0, w0, w1, ref a0, ref b0);
                    if (TRows.Count > 1) MultiplyAdd<V, TColumns>(s0 + step, w0, w1, ref a1, ref b1);
                    if (TRows.Count > 2) MultiplyAdd<V, TColumns>(s0 + 2 * step, w0, w1, ref a2, ref b2);
                    if (TRows.Count > 3) MultiplyAdd<V, TColumns>(s1, w0, w1, ref a3, ref b3);
                    if (TRows.Count > 4) MultiplyAdd<V, TColumns>(s1 + step, w0, w1, ref a4, ref b4);
                    if (TRows.Count > 5) MultiplyAdd<V, TColumns>(s1 + 2 * step, w0, w1, ref a5, ref b5);
                    if (TRows.Count > 6) MultiplyAdd<V, TColumns>(s2, w0, w1, ref a6, ref b6);
                    if (TRows.Count > 7) MultiplyAdd<V, TColumns>(s2 + step, w0, w1, ref a7, ref b7);
                    if (TRows.Count > 8) MultiplyAdd<V, TColumns>(s2 + 2 * step, w0, w1, ref a8, ref b8);
                    if (TRows.Count > 9) MultiplyAdd<V, TColumns>(s3, w0, w1, ref a9, ref b9);
                    if (TRows.Count > 10) MultiplyAdd<V, TColumns>(s3 + step, w0, w1, ref a10, ref b10);
                    if (TRows.Count > 11) MultiplyAdd<V, TColumns>(s3 + 2 * step, w0, w1, ref a11, ref b11);
                    panel += panelStep;
                    s0 += innerStep;
                    if (TRows.Count > 3) s1 += innerStep;
                    if (TRows.Count > 6) s2 += innerStep;
                    if (TRows.Count > 9) s3 += innerStep;
                }
            }

            Finish<V, TColumns>(job, destination, lanes, a0, b0);
            if (TRows.Count > 1) Finish<V, TColumns>(job, destination + job.DestinationStep, lanes, a1, b1);
            if (TRows.Count > 2) Finish<V, TColumns>(job, destination + 2 * job.DestinationStep, lanes, a2, b2);
            if (TRows.Count > 3) Finish<V, TColumns>(job, destination + 3 * job.DestinationStep, lanes, a3, b3);
            if (TRows.Count > 4) Finish<V, TColumns>(job, destination + 4 * job.DestinationStep, lanes, a4, b4);
            if (TRows.Count > 5) Finish<V, TColumns>(job, destination + 5 * job.DestinationStep, lanes, a5, b5);
            if (TRows.Count > 6) Finish<V, TColumns>(job, destination + 6 * job.DestinationStep, lanes, a6, b6);
            if (TRows.Count > 7) Finish<V, TColumns>(job, destination + 7 * job.DestinationStep, lanes, a7, b7);
            if (TRows.Count > 8) Finish<V, TColumns>(job, destination + 8 * job.DestinationStep, lanes, a8, b8);
            if (TRows.Count > 9) Finish<V, TColumns>(job, destination + 9 * job.DestinationStep, lanes, a9, b9);
            if (TRows.Count > 10) Finish<V, TColumns>(job, destination + 10 * job.DestinationStep, lanes, a10, b10);
            if (TRows.Count > 11) Finish<V, TColumns>(job, destination + 11 * job.DestinationStep, lanes, a11, b11);
            destination += TRows.Count * job.DestinationStep;
            source += job.TileStep * sizeof(float);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd<V, TColumns>(byte* source, V w0, V w1, ref V a, ref V b) where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        var x = V.Create(*(float*)source);
        a = V.MultiplyAdd(x, w0, a);
        if (TColumns.Two) b = V.MultiplyAdd(x, w1, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LoadLast<V, TColumns>(float* source, int lanes, int vector) where V : struct, IVector<V> where TColumns : struct, ITileColumns =>
        TColumns.Partial && vector == (TColumns.Two ? 1 : 0) ? V.Load(source + vector * V.Count, lanes) : V.Load(source + vector * V.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<V, TColumns>(in ConvTileJob job, float* destination, int lanes, V a, V b)
        where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        if (job.HasAddend)
        {
            a += LoadLast<V, TColumns>(destination + job.AddendOffset, lanes, 0);
            if (TColumns.Two) b += LoadLast<V, TColumns>(destination + job.AddendOffset, lanes, 1);
        }

        if (job.Relu)
        {
            a = V.MaxNative(V.Zero, a);
            if (TColumns.Two) b = V.MaxNative(V.Zero, b);
        }

        if (TColumns.Two) V.Store(a, destination);
        var last = TColumns.Two ? b : a;
        var end = TColumns.Two ? destination + V.Count : destination;
        if (TColumns.Partial) V.Store(last, end, lanes);
        else V.Store(last, end);
    }
}
