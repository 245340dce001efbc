using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The micro-kernel of all products: <c>C = max(floor, start + A B)</c> for one tile held in registers over all of its depth.</summary>
/// <remarks>
/// Tiles are two vectors wide. With AVX-512 they have 12 rows: 24 accumulators, 2 vectors of B and a broadcast fill 27 of the 32 registers and reach 113 to 117
/// GFLOP/s on a Zen 4 core, its peak. With 16 registers (AVX2, SSE) they have 6 rows: 12 accumulators and those 3 take 15. Every accumulator is a local of its
/// own and the loop body is straight-line code, or the JIT spills them. Conditions on <c>TRows</c> and <c>TColumns</c> are constants of the instantiation, and
/// only the heights that a shape needs are compiled. The two broadcasts of an element become one load.
/// </remarks>
internal static unsafe class GemmMicroKernel
{
    /// <summary>Computes a tile of the given height, with both vectors of columns or only the first.</summary>
    public static void Run<V>(int rows, bool wide, GemmTile* tile, float* a, float* b, float* start, float* c) where V : struct, IVector<V>
    {
        switch (rows)
        {
            case 12 when wide: Run<V, Rows12, TwoVectors>(tile, a, b, start, c); break;
            case 12: Run<V, Rows12, OneVector>(tile, a, b, start, c); break;
            case 8 when wide: Run<V, Rows8, TwoVectors>(tile, a, b, start, c); break;
            case 8: Run<V, Rows8, OneVector>(tile, a, b, start, c); break;
            case 6 when wide: Run<V, Rows6, TwoVectors>(tile, a, b, start, c); break;
            case 6: Run<V, Rows6, OneVector>(tile, a, b, start, c); break;
            case 4 when wide: Run<V, Rows4, TwoVectors>(tile, a, b, start, c); break;
            case 4: Run<V, Rows4, OneVector>(tile, a, b, start, c); break;
            case 2 when wide: Run<V, Rows2, TwoVectors>(tile, a, b, start, c); break;
            case 2: Run<V, Rows2, OneVector>(tile, a, b, start, c); break;
            case 1 when wide: Run<V, Rows1, TwoVectors>(tile, a, b, start, c); break;
            case 1: Run<V, Rows1, OneVector>(tile, a, b, start, c); break;
            default: throw new ArgumentOutOfRangeException(nameof(rows));
        }
    }

    // a: row i, step k at [i * RowA + k * StepA]; b: step k at [k * StepB], its columns contiguous; start: row i at [i * RowStart]; c: row i at [i * RowC].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<V, TRows, TColumns>(GemmTile* tile, float* a, float* b, float* start, float* c)
        where V : struct, IVector<V>
        where TRows : struct, ITileRows
        where TColumns : struct, ITileColumns
    {
        V p0 = default, p1 = default, p2 = default, p3 = default, p4 = default, p5 = default;
        V p6 = default, p7 = default, p8 = default, p9 = default, p10 = default, p11 = default;
        V q0 = default, q1 = default, q2 = default, q3 = default, q4 = default, q5 = default;
        V q6 = default, q7 = default, q8 = default, q9 = default, q10 = default, q11 = default;
        var r = tile->RowStart;
        Start<V, TColumns>(start, ref p0, ref q0);
        if (TRows.Count > 1) Start<V, TColumns>(start + r, ref p1, ref q1);
        if (TRows.Count > 2) Start<V, TColumns>(start + (2 * r), ref p2, ref q2);
        if (TRows.Count > 3) Start<V, TColumns>(start + (3 * r), ref p3, ref q3);
        if (TRows.Count > 4) Start<V, TColumns>(start + (4 * r), ref p4, ref q4);
        if (TRows.Count > 5) Start<V, TColumns>(start + (5 * r), ref p5, ref q5);
        if (TRows.Count > 6) Start<V, TColumns>(start + (6 * r), ref p6, ref q6);
        if (TRows.Count > 7) Start<V, TColumns>(start + (7 * r), ref p7, ref q7);
        if (TRows.Count > 8) Start<V, TColumns>(start + (8 * r), ref p8, ref q8);
        if (TRows.Count > 9) Start<V, TColumns>(start + (9 * r), ref p9, ref q9);
        if (TRows.Count > 10) Start<V, TColumns>(start + (10 * r), ref p10, ref q10);
        if (TRows.Count > 11) Start<V, TColumns>(start + (11 * r), ref p11, ref q11);

        // 3 rows per pointer: offsets of 0, 1 and 2 rows are one addressing mode each.
        r = tile->RowA;
        var a0 = a;
        var a3 = a + (3 * r);
        var a6 = a + (6 * r);
        var a9 = a + (9 * r);
        var step = tile->StepA;
        var stepB = tile->StepB;
        for (var k = tile->Depth; k > 0; k--)
        {
            var b0 = V.Load(b);
            var b1 = TColumns.Two ? V.Load(b + V.Count) : V.Zero;
            Step<V, TColumns>(a0, b0, b1, ref p0, ref q0);
            if (TRows.Count > 1) Step<V, TColumns>(a0 + r, b0, b1, ref p1, ref q1);
            if (TRows.Count > 2) Step<V, TColumns>(a0 + (2 * r), b0, b1, ref p2, ref q2);
            if (TRows.Count > 3) Step<V, TColumns>(a3, b0, b1, ref p3, ref q3);
            if (TRows.Count > 4) Step<V, TColumns>(a3 + r, b0, b1, ref p4, ref q4);
            if (TRows.Count > 5) Step<V, TColumns>(a3 + (2 * r), b0, b1, ref p5, ref q5);
            if (TRows.Count > 6) Step<V, TColumns>(a6, b0, b1, ref p6, ref q6);
            if (TRows.Count > 7) Step<V, TColumns>(a6 + r, b0, b1, ref p7, ref q7);
            if (TRows.Count > 8) Step<V, TColumns>(a6 + (2 * r), b0, b1, ref p8, ref q8);
            if (TRows.Count > 9) Step<V, TColumns>(a9, b0, b1, ref p9, ref q9);
            if (TRows.Count > 10) Step<V, TColumns>(a9 + r, b0, b1, ref p10, ref q10);
            if (TRows.Count > 11) Step<V, TColumns>(a9 + (2 * r), b0, b1, ref p11, ref q11);
            b += stepB;
            a0 += step;
            if (TRows.Count > 3) a3 += step;
            if (TRows.Count > 6) a6 += step;
            if (TRows.Count > 9) a9 += step;
        }

        var floor = V.Create(tile->Floor);
        r = tile->RowC;
        Finish<V, TColumns>(floor, p0, q0, c);
        if (TRows.Count > 1) Finish<V, TColumns>(floor, p1, q1, c + r);
        if (TRows.Count > 2) Finish<V, TColumns>(floor, p2, q2, c + (2 * r));
        if (TRows.Count > 3) Finish<V, TColumns>(floor, p3, q3, c + (3 * r));
        if (TRows.Count > 4) Finish<V, TColumns>(floor, p4, q4, c + (4 * r));
        if (TRows.Count > 5) Finish<V, TColumns>(floor, p5, q5, c + (5 * r));
        if (TRows.Count > 6) Finish<V, TColumns>(floor, p6, q6, c + (6 * r));
        if (TRows.Count > 7) Finish<V, TColumns>(floor, p7, q7, c + (7 * r));
        if (TRows.Count > 8) Finish<V, TColumns>(floor, p8, q8, c + (8 * r));
        if (TRows.Count > 9) Finish<V, TColumns>(floor, p9, q9, c + (9 * r));
        if (TRows.Count > 10) Finish<V, TColumns>(floor, p10, q10, c + (10 * r));
        if (TRows.Count > 11) Finish<V, TColumns>(floor, p11, q11, c + (11 * r));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start<V, TColumns>(float* start, ref V p, ref V q) where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        p = V.Load(start);
        if (TColumns.Two) q = V.Load(start + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<V, TColumns>(float* a, V b0, V b1, ref V p, ref V q) where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        var x = V.Create(*a);
        p = V.MultiplyAdd(x, b0, p);
        if (TColumns.Two) q = V.MultiplyAdd(x, b1, q);
    }

    // The native maximum returns its second operand if either is NaN, so NaN passes through relu and through no floor at all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<V, TColumns>(V floor, V p, V q, float* c) where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        V.Store(V.MaxNative(floor, p), c);
        if (TColumns.Two) V.Store(V.MaxNative(floor, q), c + V.Count);
    }
}
