using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>The 128-bit micro-kernel: <c>C = max(floor, start + A B)</c> for one tile held in registers over all of its depth.</summary>
/// <remarks>
/// 6 rows by 8 columns: 15 of the 16 registers of SSE, half of those of NEON.
/// The multiply-add becomes a multiplication and an addition where the machine (or the runtime without intrinsics) has none fused.
/// Every accumulator is a local of its own and the loop body is straight-line, or the JIT spills them. Conditions on <c>TRows</c> and <c>TColumns</c> are constants
/// of the instantiation, and only the heights that a shape needs are ever compiled. The two broadcasts of an element become one load.
/// </remarks>
internal static unsafe class GemmTile128
{
    public const int Rows = 6;
    public const int Columns = 8;

    /// <summary>Runs the tile of the given height; all columns, or the first vector of them.</summary>
    public static void Run(int rows, bool wide, GemmTile* tile, float* a, float* b, float* start, float* c)
    {
        switch (rows)
        {
            case 6 when wide: Run<Rows6, TwoVectors>(tile, a, b, start, c); break;
            case 6: Run<Rows6, OneVector>(tile, a, b, start, c); break;
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
        Vector128<float> p0 = default, p1 = default, p2 = default, p3 = default, p4 = default, p5 = default;
        Vector128<float> q0 = default, q1 = default, q2 = default, q3 = default, q4 = default, q5 = default;
        p0 = Vector128.Load(start);
        if (TColumns.Two) q0 = Vector128.Load(start + 4);
        if (TRows.Count > 1) p1 = Vector128.Load(start + r);
        if (TRows.Count > 1 && TColumns.Two) q1 = Vector128.Load(start + r + 4);
        if (TRows.Count > 2) p2 = Vector128.Load(start + (2 * r));
        if (TRows.Count > 2 && TColumns.Two) q2 = Vector128.Load(start + (2 * r) + 4);
        if (TRows.Count > 3) p3 = Vector128.Load(start + (3 * r));
        if (TRows.Count > 3 && TColumns.Two) q3 = Vector128.Load(start + (3 * r) + 4);
        if (TRows.Count > 4) p4 = Vector128.Load(start + (4 * r));
        if (TRows.Count > 4 && TColumns.Two) q4 = Vector128.Load(start + (4 * r) + 4);
        if (TRows.Count > 5) p5 = Vector128.Load(start + (5 * r));
        if (TRows.Count > 5 && TColumns.Two) q5 = Vector128.Load(start + (5 * r) + 4);

        // 3 rows a pointer: offsets 0, 1 and 2 rows are one addressing mode each.
        r = tile->RowA;
        var a0 = a;
        var a3 = a + (3 * r);
        var step = tile->StepA;
        var stepB = tile->StepB;
        for (var k = tile->Depth; k > 0; k--)
        {
            var b0 = Vector128.Load(b);
            var b1 = TColumns.Two ? Vector128.Load(b + 4) : default;
            p0 = Vector128.MultiplyAddEstimate(Vector128.Create(a0[0]), b0, p0);
            if (TColumns.Two) q0 = Vector128.MultiplyAddEstimate(Vector128.Create(a0[0]), b1, q0);
            if (TRows.Count > 1) p1 = Vector128.MultiplyAddEstimate(Vector128.Create(a0[r]), b0, p1);
            if (TRows.Count > 1 && TColumns.Two) q1 = Vector128.MultiplyAddEstimate(Vector128.Create(a0[r]), b1, q1);
            if (TRows.Count > 2) p2 = Vector128.MultiplyAddEstimate(Vector128.Create(a0[2 * r]), b0, p2);
            if (TRows.Count > 2 && TColumns.Two) q2 = Vector128.MultiplyAddEstimate(Vector128.Create(a0[2 * r]), b1, q2);
            if (TRows.Count > 3) p3 = Vector128.MultiplyAddEstimate(Vector128.Create(a3[0]), b0, p3);
            if (TRows.Count > 3 && TColumns.Two) q3 = Vector128.MultiplyAddEstimate(Vector128.Create(a3[0]), b1, q3);
            if (TRows.Count > 4) p4 = Vector128.MultiplyAddEstimate(Vector128.Create(a3[r]), b0, p4);
            if (TRows.Count > 4 && TColumns.Two) q4 = Vector128.MultiplyAddEstimate(Vector128.Create(a3[r]), b1, q4);
            if (TRows.Count > 5) p5 = Vector128.MultiplyAddEstimate(Vector128.Create(a3[2 * r]), b0, p5);
            if (TRows.Count > 5 && TColumns.Two) q5 = Vector128.MultiplyAddEstimate(Vector128.Create(a3[2 * r]), b1, q5);
            b += stepB;
            a0 += step;
            if (TRows.Count > 3) a3 += step;
        }

        // The native maximum gives its second operand when one is not a number, so NaN passes through relu and through no floor at all.
        var floor = Vector128.Create(tile->Floor);
        r = tile->RowC;
        Vector128.MaxNative(floor, p0).Store(c);
        if (TColumns.Two) Vector128.MaxNative(floor, q0).Store(c + 4);
        if (TRows.Count > 1) Vector128.MaxNative(floor, p1).Store(c + r);
        if (TRows.Count > 1 && TColumns.Two) Vector128.MaxNative(floor, q1).Store(c + r + 4);
        if (TRows.Count > 2) Vector128.MaxNative(floor, p2).Store(c + (2 * r));
        if (TRows.Count > 2 && TColumns.Two) Vector128.MaxNative(floor, q2).Store(c + (2 * r) + 4);
        if (TRows.Count > 3) Vector128.MaxNative(floor, p3).Store(c + (3 * r));
        if (TRows.Count > 3 && TColumns.Two) Vector128.MaxNative(floor, q3).Store(c + (3 * r) + 4);
        if (TRows.Count > 4) Vector128.MaxNative(floor, p4).Store(c + (4 * r));
        if (TRows.Count > 4 && TColumns.Two) Vector128.MaxNative(floor, q4).Store(c + (4 * r) + 4);
        if (TRows.Count > 5) Vector128.MaxNative(floor, p5).Store(c + (5 * r));
        if (TRows.Count > 5 && TColumns.Two) Vector128.MaxNative(floor, q5).Store(c + (5 * r) + 4);
    }
}
