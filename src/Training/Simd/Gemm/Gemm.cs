using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>What a product starts from and ends with; nothing by default.</summary>
internal readonly ref struct GemmTerms
{
    /// <summary>A row [N] added to every row.</summary>
    public ReadOnlySpan<float> Bias { get; init; }

    /// <summary>A matrix [M, N] that is added; its rows lie as far apart as those of C.</summary>
    public ReadOnlySpan<float> Residual { get; init; }

    /// <summary>Adds to what C holds.</summary>
    public bool Accumulate { get; init; }

    /// <summary>Results below zero become zero.</summary>
    public bool Relu { get; init; }
}

/// <summary>
/// <c>C = epilogue(max(floor, op(A) op(B) + bias + residual))</c> in float32: the whole product on the caller's thread, or single parts of it for a parallel driver.
/// </summary>
/// <remarks>
/// Parts, blocks and the order of every sum follow from the shape alone, so running the parts in any order on any threads gives the same bits.
/// </remarks>
internal static unsafe class Gemm
{
    /// <summary>Computes the product on this thread.</summary>
    // a: op(A) is [M, K]; b: op(B) is [K, N], or packed; c: [M, N]; workspace: plan.WorkspaceFloats
    public static void Multiply(GemmPlan plan, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, Span<float> workspace, in GemmTerms terms = default) =>
        Multiply(plan, a, b, c, workspace, terms, default(NoEpilogue));

    /// <summary>Computes the product on this thread and applies an epilogue.</summary>
    public static void Multiply<TEpilogue>(
        GemmPlan plan, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, Span<float> workspace, in GemmTerms terms, in TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        for (var part = 0; part < plan.PackParts; part++) PackPart(plan, a, b, workspace, part);
        for (var part = 0; part < plan.Parts; part++) MultiplyPart(plan, a, b, c, workspace, terms, epilogue, part);
    }

    /// <summary>Packs a piece of what several parts share; all pieces come before the first <see cref="MultiplyPart"/>.</summary>
    public static void PackPart(GemmPlan plan, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> workspace, int part)
    {
        Check(plan, a.Length, b.Length, workspace.Length);
        fixed (float* pointerA = a, pointerB = b, scratch = workspace)
        {
            var ofB = plan.PackPartsOfB;
            if (part < ofB)
            {
                var panels = plan.Panels - plan.FirstPackedPanel;
                var first = plan.FirstPackedPanel + (int)((long)panels * part / ofB);
                var end = plan.FirstPackedPanel + (int)((long)panels * (part + 1) / ofB);
                for (var block = 0; block < plan.DepthBlocks; block++) PackPanels(plan, pointerB, scratch, first, end, block);
                return;
            }

            var height = GemmTile.MaxRows;
            var tiles = GemmPlan.CeilingDivide(plan.Shape.M, height);
            var row = (int)((long)tiles * (part - ofB) / plan.PackPartsOfA) * height;
            var rowEnd = Math.Min(plan.Shape.M, (int)((long)tiles * (part - ofB + 1) / plan.PackPartsOfA) * height);
            for (var block = 0; block < plan.DepthBlocks; block++)
                PackRows(plan, pointerA, PackedA(plan, scratch, 0, block) + ((nint)row * StepsOf(plan, block)), row, rowEnd - row, block);
        }
    }

    /// <summary>Computes one part of the product.</summary>
    public static void MultiplyPart<TEpilogue>(
        GemmPlan plan, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, Span<float> workspace, in GemmTerms terms, in TEpilogue epilogue, int part)
        where TEpilogue : struct, IEpilogue
    {
        Check(plan, a.Length, b.Length, workspace.Length);
        var shape = plan.Shape;
        if (shape.M == 0 || shape.N == 0) return;
        CheckResult(plan, c.Length, terms);
        fixed (float* pointerA = a, pointerB = b, pointerC = c, scratch = workspace, bias = terms.Bias, residual = terms.Residual)
        {
            var start = terms.Accumulate ? pointerC : residual;
            if (plan.Path != GemmPath.Tiles)
            {
                VectorPart(plan, pointerA, pointerB, pointerC, bias, start, terms.Relu, part, epilogue);
                return;
            }

            var height = plan.RowBlock;
            var rowEnd = Math.Min(shape.M, (part / plan.ColumnParts + 1) * plan.RowsPerPart);
            var panel = part % plan.ColumnParts * plan.PanelsPerPart;
            var panelEnd = Math.Min(plan.Panels, panel + plan.PanelsPerPart);
            var column = panel * GemmTile.MaxColumns;
            var columns = Math.Min(shape.N, panelEnd * GemmTile.MaxColumns) - column;
            for (var row = part / plan.ColumnParts * plan.RowsPerPart; row < rowEnd; row += height)
            {
                var rows = Math.Min(height, rowEnd - row);
                for (var block = 0; block < plan.DepthBlocks; block++)
                {
                    if (plan.RowParts == 1 && row == 0) PackPanels(plan, pointerB, scratch, Math.Max(panel, plan.FirstPackedPanel), panelEnd, block);
                    Block(plan, pointerA, pointerB, pointerC, scratch, bias, start, terms.Relu, row, rows, panel, panelEnd, block);
                }

                if (TEpilogue.IsEmpty) continue;
                for (var i = row; i < row + rows; i++) epilogue.Apply(new Span<float>(pointerC + ((nint)i * plan.StrideC) + column, columns), i, column);
            }
        }
    }

    // One block of the sum for some rows and panels: C = start + A B in the first block, C = C + A B in the others, the floor in the last.
    [SkipLocalsInit]
    private static void Block(
        GemmPlan plan, float* a, float* b, float* c, float* scratch, float* bias, float* startMatrix, bool relu, int row, int rows, int panel, int panelEnd, int block)
    {
        var shape = plan.Shape;
        var steps = StepsOf(plan, block);
        nint from = block * plan.Depth;
        nint strideC = plan.StrideC;
        GemmTile tile;
        tile.Depth = steps;
        tile.Floor = relu && block == plan.DepthBlocks - 1 ? 0 : float.NegativeInfinity;

        if (plan.PacksA)
        {
            var packed = PackedA(plan, scratch, row / plan.RowsPerPart, block);
            if (plan.ColumnParts > 1) a = packed + ((nint)row * steps);
            else
            {
                PackRows(plan, a, packed, row, rows, block);
                a = packed;
            }

            tile.RowA = 1;
            tile.StepA = GemmTile.MaxRows;
        }
        else
        {
            nint strideA = plan.StrideA;
            a += shape.TransposeA ? (from * strideA) + row : (row * strideA) + from;
            tile.RowA = shape.TransposeA ? 1 : strideA;
            tile.StepA = shape.TransposeA ? strideA : 1;
        }

        if (block > 0)
        {
            bias = null;
            startMatrix = c;
        }

        var nextTile = plan.PacksA ? (nint)GemmTile.MaxRows * steps : GemmTile.MaxRows * tile.RowA;
        var edge = stackalloc float[GemmTile.MostRows * GemmTile.MostColumns];
        var first = stackalloc float[GemmTile.MostColumns];
        for (; panel < panelEnd; panel++)
        {
            var column = panel * GemmTile.MaxColumns;
            var width = panel == plan.Panels - 1 ? plan.LastPanelColumns : GemmTile.MaxColumns;
            var columns = Math.Min(width, shape.N - column);
            var packedHere = panel >= plan.FirstPackedPanel;
            var panelB = packedHere ? PackedB(plan, scratch, panel, block)
                : shape.PackedB ? b + (from * PackedMatrix.Columns(shape.N)) + ((nint)column * steps)
                : b + (from * plan.StrideB) + column;
            tile.StepB = packedHere || shape.PackedB ? width : plan.StrideB;

            // The accumulators start from one row for all (zeros, the bias), from a matrix, or from a tile put together here when it is both or incomplete.
            var whole = columns == width;
            var start = first;
            nint rowStart = 0;
            var gathers = startMatrix != null && (bias != null || !whole);
            if (gathers)
            {
                start = edge;
                rowStart = GemmTile.MostColumns;
            }
            else if (startMatrix != null)
            {
                start = startMatrix + (row * strideC) + column;
                rowStart = strideC;
            }
            else if (bias != null && whole)
            {
                start = bias + column;
            }
            else
            {
                Fill(first, bias == null ? null : bias + column, null, columns, width);
            }

            var panelC = c + (row * strideC) + column;
            tile.RowStart = rowStart;
            tile.RowC = whole ? strideC : GemmTile.MostColumns;
            var wide = width == GemmTile.MaxColumns;
            var tileA = a;
            for (var i = 0; i < rows;)
            {
                var height = GemmTile.Height(rows - i);
                if (gathers)
                {
                    for (var r = 0; r < height; r++)
                        Fill(edge + (r * GemmTile.MostColumns), startMatrix + ((row + i + r) * strideC) + column, bias == null ? null : bias + column, columns, width);
                }

                GemmTile.Run(height, wide, &tile, tileA, panelB, gathers ? edge : start + (i * rowStart), whole ? panelC : edge);
                if (!whole)
                {
                    for (var r = 0; r < height; r++) GemmPacking.Copy(edge + (r * GemmTile.MostColumns), panelC + (r * strideC), columns);
                }

                i += height;
                panelC += height * strideC;
                tileA += height == GemmTile.MaxRows ? nextTile : height * tile.RowA;
            }
        }
    }

    // Zeros beyond the columns: what the tile computes there is thrown away, but garbage could be denormal, and slow.
    private static void Fill(float* destination, float* first, float* second, int columns, int width)
    {
        if (first == null)
        {
            for (var j = 0; j < width; j += 4) Vector128<float>.Zero.Store(destination + j);
            return;
        }

        GemmPacking.Copy(first, destination, columns);
        for (var j = columns; j < width; j++) destination[j] = 0;
        if (second == null) return;
        for (var j = 0; j < columns; j++) destination[j] += second[j];
    }

    private static void VectorPart<TEpilogue>(
        GemmPlan plan, float* a, float* b, float* c, float* bias, float* start, bool relu, int part, in TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        var shape = plan.Shape;
        var from = part * plan.PanelsPerPart;
        var count = Math.Min(plan.PanelsPerPart, (shape.M * shape.N) - from);
        var column = shape.M == 1 && plan.Path is GemmPath.RowsOfBTimesVector or GemmPath.SumOfRowsOfB;
        nint stride = column ? 1 : plan.StrideC;
        c += from * stride;
        for (var i = 0; i < count; i++)
        {
            var sum = start == null ? 0 : start[(from + i) * stride];
            c[i * stride] = bias == null ? sum : sum + bias[column ? from + i : 0];
        }

        if (Vector512.IsHardwareAccelerated) VectorSum<V512>(plan, a, b, c, from, count);
        else if (Vector256.IsHardwareAccelerated) VectorSum<V256>(plan, a, b, c, from, count);
        else VectorSum<V128>(plan, a, b, c, from, count);

        if (relu)
        {
            for (var i = 0; i < count; i++) c[i * stride] = c[i * stride] < 0 ? 0 : c[i * stride];
        }

        if (TEpilogue.IsEmpty) return;
        if (column) epilogue.Apply(new Span<float>(c, count), 0, from);
        else for (var i = 0; i < count; i++) epilogue.Apply(new Span<float>(c + (i * stride), 1), from + i, 0);
    }

    private static void VectorSum<V>(GemmPlan plan, float* a, float* b, float* c, int from, int count) where V : struct, IVector<V>
    {
        var k = plan.Shape.K;
        switch (plan.Path)
        {
            case GemmPath.RowsOfATimesVector: GemmVector.Dot<V>(a + ((nint)from * plan.StrideA), plan.StrideA, b, count, k, c, plan.StrideC); break;
            case GemmPath.RowsOfBTimesVector: GemmVector.Dot<V>(b + ((nint)from * plan.StrideB), plan.StrideB, a, count, k, c, 1); break;
            case GemmPath.SumOfRowsOfA: GemmVector.Sum<V>(a + from, plan.StrideA, b, k, count, c); break;
            default: GemmVector.Sum<V>(b + from, plan.StrideB, a, k, count, c); break;
        }
    }

    private static int StepsOf(GemmPlan plan, int block) => Math.Min(plan.Depth, plan.Shape.K - (block * plan.Depth));

    private static float* PackedB(GemmPlan plan, float* scratch, int panel, int block)
    {
        var skipped = plan.FirstPackedPanel * GemmTile.MaxColumns;
        var columns = PackedMatrix.Columns(plan.Shape.N) - skipped;
        return scratch + ((nint)block * plan.Depth * columns) + (((nint)panel * GemmTile.MaxColumns) - skipped) * StepsOf(plan, block);
    }

    private static float* PackedA(GemmPlan plan, float* scratch, int rowPart, int block)
    {
        nint rows = plan.PackedARows;
        return scratch + plan.PackedBFloats + (plan.ColumnParts > 1 ? block * plan.Depth * rows : rowPart * rows * plan.Depth);
    }

    private static void PackPanels(GemmPlan plan, float* b, float* scratch, int first, int end, int block)
    {
        if (first >= end) return;
        var shape = plan.Shape;
        var steps = StepsOf(plan, block);
        var packed = PackedB(plan, scratch, first, block) - ((nint)first * GemmTile.MaxColumns * steps);
        GemmPacking.Panels(b, plan.StrideB, shape.TransposeB, shape.N, first, end, block * plan.Depth, steps, packed);
    }

    private static void PackRows(GemmPlan plan, float* a, float* packed, int row, int rows, int block)
    {
        nint from = block * plan.Depth;
        nint stride = plan.StrideA;
        var transposed = plan.Shape.TransposeA;
        GemmPacking.Rows(a + (transposed ? (from * stride) + row : (row * stride) + from), stride, transposed, rows, StepsOf(plan, block), packed);
    }

    private static void Check(GemmPlan plan, int a, int b, int workspace)
    {
        var shape = plan.Shape;
        var (rowsA, widthA) = shape.TransposeA ? (shape.K, shape.M) : (shape.M, shape.K);
        var (rowsB, widthB) = shape.TransposeB ? (shape.N, shape.K) : (shape.K, shape.N);
        if (a < Extent(rowsA, widthA, plan.StrideA)) ThrowTooShort("A", rowsA, widthA, plan.StrideA, a);
        if (shape.PackedB ? b < PackedMatrix.Floats(shape.K, shape.N) : b < Extent(rowsB, widthB, plan.StrideB)) ThrowTooShort("B", rowsB, widthB, plan.StrideB, b);
        if (workspace < plan.WorkspaceFloats) ThrowTooShort("workspace", 1, plan.WorkspaceFloats, plan.WorkspaceFloats, workspace);
    }

    private static void CheckResult(GemmPlan plan, int c, in GemmTerms terms)
    {
        var shape = plan.Shape;
        var extent = Extent(shape.M, shape.N, plan.StrideC);
        if (c < extent) ThrowTooShort("C", shape.M, shape.N, plan.StrideC, c);
        if (!terms.Bias.IsEmpty && terms.Bias.Length < shape.N) ThrowTooShort("bias", 1, shape.N, shape.N, terms.Bias.Length);
        if (terms.Residual.IsEmpty) return;
        if (terms.Residual.Length < extent) ThrowTooShort("residual", shape.M, shape.N, plan.StrideC, terms.Residual.Length);
        if (terms.Accumulate) throw new ArgumentException("a product adds to C or to a residual, not to both", nameof(terms));
    }

    private static long Extent(int rows, int width, int stride) => rows == 0 || width == 0 ? 0 : ((rows - 1L) * stride) + width;

    private static void ThrowTooShort(string name, int rows, int width, int stride, int length) =>
        throw new ArgumentException($"{name} is [{rows}, {width}] with rows {stride} apart and does not fit in {length} floats", name);
}
