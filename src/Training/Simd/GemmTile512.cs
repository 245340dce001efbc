using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>The 512-bit micro-kernel: <c>C = max(floor, start + A B)</c> for one tile held in registers over all of its depth.</summary>
/// <remarks>
/// 12 rows by 32 columns: 24 accumulators, 2 vectors of B and a broadcast fill 27 of the 32 registers; 113 to 117 GFLOP/s on a Zen 4 core, its peak.
/// Every accumulator is a local of its own and the loop body is straight-line, or the JIT spills them. Conditions on <c>TRows</c> and <c>TColumns</c> are constants
/// of the instantiation, and only the heights that a shape needs are ever compiled. The two broadcasts of an element become one load.
/// </remarks>
internal static unsafe class GemmTile512
{
    public const int Rows = 12;
    public const int Columns = 32;

    /// <summary>Runs the tile of the given height; all columns, or the first vector of them.</summary>
    public static void Run(int rows, bool wide, GemmTile* tile, float* a, float* b, float* start, float* c)
    {
        switch (rows)
        {
            case 12 when wide: Run<Rows12, TwoVectors>(tile, a, b, start, c); break;
            case 12: Run<Rows12, OneVector>(tile, a, b, start, c); break;
            case 8 when wide: Run<Rows8, TwoVectors>(tile, a, b, start, c); break;
            case 8: Run<Rows8, OneVector>(tile, a, b, start, c); break;
            case 4 when wide: Run<Rows4, TwoVectors>(tile, a, b, start, c); break;
            case 4: Run<Rows4, OneVector>(tile, a, b, start, c); break;
            case 2 when wide: Run<Rows2, TwoVectors>(tile, a, b, start, c); break;
            case 2: Run<Rows2, OneVector>(tile, a, b, start, c); break;
            case 1 when wide: Run<Rows1, TwoVectors>(tile, a, b, start, c); break;
            case 1: Run<Rows1, OneVector>(tile, a, b, start, c); break;
            default: throw new ArgumentOutOfRangeException(nameof(rows));
        }
    }

    // a: row i, step k at [i * RowA + k * StepA]; b: step k at [k * StepB], its columns contiguous; start: row i at [i * RowStart]; c: row i at [i * RowC].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TColumns>(GemmTile* tile, float* a, float* b, float* start, float* c)
        where TRows : struct, ITileRows
        where TColumns : struct, ITileColumns
    {
        var r = tile->RowStart;
        Vector512<float> p0 = default, p1 = default, p2 = default, p3 = default, p4 = default, p5 = default;
        Vector512<float> p6 = default, p7 = default, p8 = default, p9 = default, p10 = default, p11 = default;
        Vector512<float> q0 = default, q1 = default, q2 = default, q3 = default, q4 = default, q5 = default;
        Vector512<float> q6 = default, q7 = default, q8 = default, q9 = default, q10 = default, q11 = default;
        p0 = Vector512.Load(start);
        if (TColumns.Two) q0 = Vector512.Load(start + 16);
        if (TRows.Count > 1) p1 = Vector512.Load(start + r);
        if (TRows.Count > 1 && TColumns.Two) q1 = Vector512.Load(start + r + 16);
        if (TRows.Count > 2) p2 = Vector512.Load(start + (2 * r));
        if (TRows.Count > 2 && TColumns.Two) q2 = Vector512.Load(start + (2 * r) + 16);
        if (TRows.Count > 3) p3 = Vector512.Load(start + (3 * r));
        if (TRows.Count > 3 && TColumns.Two) q3 = Vector512.Load(start + (3 * r) + 16);
        if (TRows.Count > 4) p4 = Vector512.Load(start + (4 * r));
        if (TRows.Count > 4 && TColumns.Two) q4 = Vector512.Load(start + (4 * r) + 16);
        if (TRows.Count > 5) p5 = Vector512.Load(start + (5 * r));
        if (TRows.Count > 5 && TColumns.Two) q5 = Vector512.Load(start + (5 * r) + 16);
        if (TRows.Count > 6) p6 = Vector512.Load(start + (6 * r));
        if (TRows.Count > 6 && TColumns.Two) q6 = Vector512.Load(start + (6 * r) + 16);
        if (TRows.Count > 7) p7 = Vector512.Load(start + (7 * r));
        if (TRows.Count > 7 && TColumns.Two) q7 = Vector512.Load(start + (7 * r) + 16);
        if (TRows.Count > 8) p8 = Vector512.Load(start + (8 * r));
        if (TRows.Count > 8 && TColumns.Two) q8 = Vector512.Load(start + (8 * r) + 16);
        if (TRows.Count > 9) p9 = Vector512.Load(start + (9 * r));
        if (TRows.Count > 9 && TColumns.Two) q9 = Vector512.Load(start + (9 * r) + 16);
        if (TRows.Count > 10) p10 = Vector512.Load(start + (10 * r));
        if (TRows.Count > 10 && TColumns.Two) q10 = Vector512.Load(start + (10 * r) + 16);
        if (TRows.Count > 11) p11 = Vector512.Load(start + (11 * r));
        if (TRows.Count > 11 && TColumns.Two) q11 = Vector512.Load(start + (11 * r) + 16);

        // 3 rows a pointer: offsets 0, 1 and 2 rows are one addressing mode each.
        r = tile->RowA;
        var a0 = a;
        var a3 = a + (3 * r);
        var a6 = a + (6 * r);
        var a9 = a + (9 * r);
        var step = tile->StepA;
        var stepB = tile->StepB;
        for (var k = tile->Depth; k > 0; k--)
        {
            var b0 = Vector512.Load(b);
            var b1 = TColumns.Two ? Vector512.Load(b + 16) : default;
            p0 = Vector512.MultiplyAddEstimate(Vector512.Create(a0[0]), b0, p0);
            if (TColumns.Two) q0 = Vector512.MultiplyAddEstimate(Vector512.Create(a0[0]), b1, q0);
            if (TRows.Count > 1) p1 = Vector512.MultiplyAddEstimate(Vector512.Create(a0[r]), b0, p1);
            if (TRows.Count > 1 && TColumns.Two) q1 = Vector512.MultiplyAddEstimate(Vector512.Create(a0[r]), b1, q1);
            if (TRows.Count > 2) p2 = Vector512.MultiplyAddEstimate(Vector512.Create(a0[2 * r]), b0, p2);
            if (TRows.Count > 2 && TColumns.Two) q2 = Vector512.MultiplyAddEstimate(Vector512.Create(a0[2 * r]), b1, q2);
            if (TRows.Count > 3) p3 = Vector512.MultiplyAddEstimate(Vector512.Create(a3[0]), b0, p3);
            if (TRows.Count > 3 && TColumns.Two) q3 = Vector512.MultiplyAddEstimate(Vector512.Create(a3[0]), b1, q3);
            if (TRows.Count > 4) p4 = Vector512.MultiplyAddEstimate(Vector512.Create(a3[r]), b0, p4);
            if (TRows.Count > 4 && TColumns.Two) q4 = Vector512.MultiplyAddEstimate(Vector512.Create(a3[r]), b1, q4);
            if (TRows.Count > 5) p5 = Vector512.MultiplyAddEstimate(Vector512.Create(a3[2 * r]), b0, p5);
            if (TRows.Count > 5 && TColumns.Two) q5 = Vector512.MultiplyAddEstimate(Vector512.Create(a3[2 * r]), b1, q5);
            if (TRows.Count > 6) p6 = Vector512.MultiplyAddEstimate(Vector512.Create(a6[0]), b0, p6);
            if (TRows.Count > 6 && TColumns.Two) q6 = Vector512.MultiplyAddEstimate(Vector512.Create(a6[0]), b1, q6);
            if (TRows.Count > 7) p7 = Vector512.MultiplyAddEstimate(Vector512.Create(a6[r]), b0, p7);
            if (TRows.Count > 7 && TColumns.Two) q7 = Vector512.MultiplyAddEstimate(Vector512.Create(a6[r]), b1, q7);
            if (TRows.Count > 8) p8 = Vector512.MultiplyAddEstimate(Vector512.Create(a6[2 * r]), b0, p8);
            if (TRows.Count > 8 && TColumns.Two) q8 = Vector512.MultiplyAddEstimate(Vector512.Create(a6[2 * r]), b1, q8);
            if (TRows.Count > 9) p9 = Vector512.MultiplyAddEstimate(Vector512.Create(a9[0]), b0, p9);
            if (TRows.Count > 9 && TColumns.Two) q9 = Vector512.MultiplyAddEstimate(Vector512.Create(a9[0]), b1, q9);
            if (TRows.Count > 10) p10 = Vector512.MultiplyAddEstimate(Vector512.Create(a9[r]), b0, p10);
            if (TRows.Count > 10 && TColumns.Two) q10 = Vector512.MultiplyAddEstimate(Vector512.Create(a9[r]), b1, q10);
            if (TRows.Count > 11) p11 = Vector512.MultiplyAddEstimate(Vector512.Create(a9[2 * r]), b0, p11);
            if (TRows.Count > 11 && TColumns.Two) q11 = Vector512.MultiplyAddEstimate(Vector512.Create(a9[2 * r]), b1, q11);
            b += stepB;
            a0 += step;
            if (TRows.Count > 3) a3 += step;
            if (TRows.Count > 6) a6 += step;
            if (TRows.Count > 9) a9 += step;
        }

        // The native maximum gives its second operand when one is not a number, so NaN passes through relu and through no floor at all.
        var floor = Vector512.Create(tile->Floor);
        r = tile->RowC;
        Vector512.MaxNative(floor, p0).Store(c);
        if (TColumns.Two) Vector512.MaxNative(floor, q0).Store(c + 16);
        if (TRows.Count > 1) Vector512.MaxNative(floor, p1).Store(c + r);
        if (TRows.Count > 1 && TColumns.Two) Vector512.MaxNative(floor, q1).Store(c + r + 16);
        if (TRows.Count > 2) Vector512.MaxNative(floor, p2).Store(c + (2 * r));
        if (TRows.Count > 2 && TColumns.Two) Vector512.MaxNative(floor, q2).Store(c + (2 * r) + 16);
        if (TRows.Count > 3) Vector512.MaxNative(floor, p3).Store(c + (3 * r));
        if (TRows.Count > 3 && TColumns.Two) Vector512.MaxNative(floor, q3).Store(c + (3 * r) + 16);
        if (TRows.Count > 4) Vector512.MaxNative(floor, p4).Store(c + (4 * r));
        if (TRows.Count > 4 && TColumns.Two) Vector512.MaxNative(floor, q4).Store(c + (4 * r) + 16);
        if (TRows.Count > 5) Vector512.MaxNative(floor, p5).Store(c + (5 * r));
        if (TRows.Count > 5 && TColumns.Two) Vector512.MaxNative(floor, q5).Store(c + (5 * r) + 16);
        if (TRows.Count > 6) Vector512.MaxNative(floor, p6).Store(c + (6 * r));
        if (TRows.Count > 6 && TColumns.Two) Vector512.MaxNative(floor, q6).Store(c + (6 * r) + 16);
        if (TRows.Count > 7) Vector512.MaxNative(floor, p7).Store(c + (7 * r));
        if (TRows.Count > 7 && TColumns.Two) Vector512.MaxNative(floor, q7).Store(c + (7 * r) + 16);
        if (TRows.Count > 8) Vector512.MaxNative(floor, p8).Store(c + (8 * r));
        if (TRows.Count > 8 && TColumns.Two) Vector512.MaxNative(floor, q8).Store(c + (8 * r) + 16);
        if (TRows.Count > 9) Vector512.MaxNative(floor, p9).Store(c + (9 * r));
        if (TRows.Count > 9 && TColumns.Two) Vector512.MaxNative(floor, q9).Store(c + (9 * r) + 16);
        if (TRows.Count > 10) Vector512.MaxNative(floor, p10).Store(c + (10 * r));
        if (TRows.Count > 10 && TColumns.Two) Vector512.MaxNative(floor, q10).Store(c + (10 * r) + 16);
        if (TRows.Count > 11) Vector512.MaxNative(floor, p11).Store(c + (11 * r));
        if (TRows.Count > 11 && TColumns.Two) Vector512.MaxNative(floor, q11).Store(c + (11 * r) + 16);
    }
}
