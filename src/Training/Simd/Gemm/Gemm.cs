using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>What a product starts from and ends with; by default it is the plain product.</summary>
internal readonly ref struct GemmTerms
{
    /// <summary>A row [N] added to every row.</summary>
    public ReadOnlySpan<float> Bias { get; init; }

    /// <summary>A matrix [M, N] that is added; its row stride is that of C.</summary>
    public ReadOnlySpan<float> Residual { get; init; }

    /// <summary>Whether to add to the content of C.</summary>
    public bool Accumulate { get; init; }

    /// <summary>Whether results below zero become zero.</summary>
    public bool Relu { get; init; }
}

/// <summary>
/// <c>C = epilogue(max(floor, op(A) op(B) + bias + residual))</c> in float32: the whole product on the calling thread, or single parts of it for a parallel
/// driver.
/// </summary>
/// <remarks>
/// Parts, blocks and the order of every sum depend on the shape alone, so the parts may run in any order on any threads and give the same bits.
/// </remarks>
internal static unsafe class Gemm
{
    /// <summary>Computes the product on this thread.</summary>
    // a: op(A) is [M, K]; b: op(B) is [K, N], or packed; c: [M, N]; workspace: blocking.WorkspaceFloats
    public static void Multiply(
        GemmBlocking blocking, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, Span<float> workspace, in GemmTerms terms = default) =>
        Multiply(blocking, a, b, c, workspace, terms, default(NoEpilogue));

    /// <summary>Computes the product on this thread and applies an epilogue.</summary>
    public static void Multiply<TEpilogue>(
        GemmBlocking blocking, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, Span<float> workspace, in GemmTerms terms, in TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        for (var part = 0; part < blocking.PackParts; part++) PackPart(blocking, a, b, workspace, part);
        for (var part = 0; part < blocking.Parts; part++) MultiplyPart(blocking, a, b, c, workspace, terms, epilogue, part);
    }

    /// <summary>Packs a piece of what several parts share. All pieces must be packed before the first <see cref="MultiplyPart"/>.</summary>
    public static void PackPart(GemmBlocking blocking, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> workspace, int part)
    {
        Check(blocking, a.Length, b.Length, workspace.Length);
        fixed (float* pointerA = a, pointerB = b, scratch = workspace)
        {
            var ofB = blocking.PackPartsOfB;
            if (part < ofB)
            {
                var panels = blocking.Panels - blocking.FirstPackedPanel;
                var first = blocking.FirstPackedPanel + (int)((long)panels * part / ofB);
                var end = blocking.FirstPackedPanel + (int)((long)panels * (part + 1) / ofB);
                for (var block = 0; block < blocking.DepthBlocks; block++) PackPanels(blocking, pointerB, scratch, first, end, block);
                return;
            }

            var height = GemmTile.MaxRows;
            var tiles = GemmBlocking.CeilingDivide(blocking.Shape.M, height);
            var row = (int)((long)tiles * (part - ofB) / blocking.PackPartsOfA) * height;
            var rowEnd = Math.Min(blocking.Shape.M, (int)((long)tiles * (part - ofB + 1) / blocking.PackPartsOfA) * height);
            for (var block = 0; block < blocking.DepthBlocks; block++)
                PackRows(blocking, pointerA, PackedA(blocking, scratch, 0, block) + ((nint)row * StepsOf(blocking, block)), row, rowEnd - row, block);
        }
    }

    /// <summary>Computes one part of the product.</summary>
    public static void MultiplyPart<TEpilogue>(
        GemmBlocking blocking, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, Span<float> workspace,
        in GemmTerms terms, in TEpilogue epilogue, int part)
        where TEpilogue : struct, IEpilogue
    {
        Check(blocking, a.Length, b.Length, workspace.Length);
        var shape = blocking.Shape;
        if (shape.M == 0 || shape.N == 0) return;
        CheckResult(blocking, c.Length, terms);
        fixed (float* pointerA = a, pointerB = b, pointerC = c, scratch = workspace, bias = terms.Bias, residual = terms.Residual)
        {
            var start = terms.Accumulate ? pointerC : residual;
            VectorDispatch.Run(new PartLoop<TEpilogue>(blocking, pointerA, pointerB, pointerC, scratch, bias, start, terms.Relu, part, epilogue));
        }
    }

    private static void TilesPart<V, TEpilogue>(
        GemmBlocking blocking, float* a, float* b, float* c, float* scratch, float* bias, float* start, bool relu, int part, in TEpilogue epilogue)
        where V : struct, IVector<V>
        where TEpilogue : struct, IEpilogue
    {
        var shape = blocking.Shape;
        var height = blocking.RowBlock;
        var rowEnd = Math.Min(shape.M, (part / blocking.ColumnParts + 1) * blocking.RowsPerPart);
        var panel = part % blocking.ColumnParts * blocking.PanelsPerPart;
        var panelEnd = Math.Min(blocking.Panels, panel + blocking.PanelsPerPart);
        var column = panel * GemmTile.MaxColumns;
        var columns = Math.Min(shape.N, panelEnd * GemmTile.MaxColumns) - column;
        for (var row = part / blocking.ColumnParts * blocking.RowsPerPart; row < rowEnd; row += height)
        {
            var rows = Math.Min(height, rowEnd - row);
            for (var block = 0; block < blocking.DepthBlocks; block++)
            {
                if (blocking.RowParts == 1 && row == 0) PackPanels(blocking, b, scratch, Math.Max(panel, blocking.FirstPackedPanel), panelEnd, block);
                Block<V>(blocking, a, b, c, scratch, bias, start, relu, row, rows, panel, panelEnd, block);
            }

            if (TEpilogue.IsEmpty) continue;
            for (var i = row; i < row + rows; i++) epilogue.Apply(new Span<float>(c + ((nint)i * blocking.StrideC) + column, columns), i, column);
        }
    }

    // One block of the sum for some rows and panels: C = start + A B in the first block, C = C + A B in the others; the floor applies in the last.
    [SkipLocalsInit]
    private static void Block<V>(
        GemmBlocking blocking, float* a, float* b, float* c, float* scratch, float* bias, float* startMatrix, bool relu,
        int row, int rows, int panel, int panelEnd, int block)
        where V : struct, IVector<V>
    {
        var shape = blocking.Shape;
        var steps = StepsOf(blocking, block);
        nint from = block * blocking.Depth;
        nint strideC = blocking.StrideC;
        GemmTile tile;
        tile.Depth = steps;
        tile.Floor = relu && block == blocking.DepthBlocks - 1 ? 0 : float.NegativeInfinity;

        if (blocking.PacksA)
        {
            var packed = PackedA(blocking, scratch, row / blocking.RowsPerPart, block);
            if (blocking.ColumnParts > 1) a = packed + ((nint)row * steps);
            else
            {
                PackRows(blocking, a, packed, row, rows, block);
                a = packed;
            }

            tile.RowA = 1;
            tile.StepA = GemmTile.MaxRows;
        }
        else
        {
            nint strideA = blocking.StrideA;
            a += shape.TransposeA ? (from * strideA) + row : (row * strideA) + from;
            tile.RowA = shape.TransposeA ? 1 : strideA;
            tile.StepA = shape.TransposeA ? strideA : 1;
        }

        if (block > 0)
        {
            bias = null;
            startMatrix = c;
        }

        var nextTile = blocking.PacksA ? (nint)GemmTile.MaxRows * steps : GemmTile.MaxRows * tile.RowA;
        var edge = stackalloc float[GemmTile.MostRows * GemmTile.MostColumns];
        var first = stackalloc float[GemmTile.MostColumns];
        for (; panel < panelEnd; panel++)
        {
            var column = panel * GemmTile.MaxColumns;
            var width = panel == blocking.Panels - 1 ? blocking.LastPanelColumns : GemmTile.MaxColumns;
            var columns = Math.Min(width, shape.N - column);
            var packedHere = panel >= blocking.FirstPackedPanel;
            var panelB = packedHere ? PackedB(blocking, scratch, panel, block)
                : shape.PackedB ? b + (from * PackedMatrix.Columns(shape.N)) + ((nint)column * steps)
                : b + (from * blocking.StrideB) + column;
            tile.StepB = packedHere || shape.PackedB ? width : blocking.StrideB;

            // The accumulators start from one row for all (zeros or the bias), from a matrix, or from a tile that is assembled here if there are both or the
            // panel is partial.
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
                    {
                        var given = startMatrix + ((row + i + r) * strideC) + column;
                        Fill(edge + (r * GemmTile.MostColumns), given, bias == null ? null : bias + column, columns, width);
                    }
                }

                GemmMicroKernel.Run<V>(height, wide, &tile, tileA, panelB, gathers ? edge : start + (i * rowStart), whole ? panelC : edge);
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

    // Zeros beyond the columns: what the tile computes there is discarded, but garbage could be subnormal, and slow.
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

    private static void VectorPart<V, TEpilogue>(
        GemmBlocking blocking, float* a, float* b, float* c, float* bias, float* start, bool relu, int part, in TEpilogue epilogue)
        where V : struct, IVector<V>
        where TEpilogue : struct, IEpilogue
    {
        var shape = blocking.Shape;
        var from = part * blocking.PanelsPerPart;
        var count = Math.Min(blocking.PanelsPerPart, (shape.M * shape.N) - from);
        var column = shape.M == 1 && blocking.Path is GemmPath.RowsOfBTimesVector or GemmPath.SumOfRowsOfB;
        nint stride = column ? 1 : blocking.StrideC;
        c += from * stride;
        for (var i = 0; i < count; i++)
        {
            var sum = start == null ? 0 : start[(from + i) * stride];
            c[i * stride] = bias == null ? sum : sum + bias[column ? from + i : 0];
        }

        VectorSum<V>(blocking, a, b, c, from, count);
        if (relu)
        {
            for (var i = 0; i < count; i++) c[i * stride] = c[i * stride] < 0 ? 0 : c[i * stride];
        }

        if (TEpilogue.IsEmpty) return;
        if (column) epilogue.Apply(new Span<float>(c, count), 0, from);
        else for (var i = 0; i < count; i++) epilogue.Apply(new Span<float>(c + (i * stride), 1), from + i, 0);
    }

    private static void VectorSum<V>(GemmBlocking blocking, float* a, float* b, float* c, int from, int count) where V : struct, IVector<V>
    {
        var k = blocking.Shape.K;
        switch (blocking.Path)
        {
            case GemmPath.RowsOfATimesVector: GemmVector.Dot<V>(a + ((nint)from * blocking.StrideA), blocking.StrideA, b, count, k, c, blocking.StrideC); break;
            case GemmPath.RowsOfBTimesVector: GemmVector.Dot<V>(b + ((nint)from * blocking.StrideB), blocking.StrideB, a, count, k, c, 1); break;
            case GemmPath.SumOfRowsOfA: GemmVector.Sum<V>(a + from, blocking.StrideA, b, k, count, c); break;
            default: GemmVector.Sum<V>(b + from, blocking.StrideB, a, k, count, c); break;
        }
    }

    private static int StepsOf(GemmBlocking blocking, int block) => Math.Min(blocking.Depth, blocking.Shape.K - (block * blocking.Depth));

    private static float* PackedB(GemmBlocking blocking, float* scratch, int panel, int block)
    {
        var skipped = blocking.FirstPackedPanel * GemmTile.MaxColumns;
        var columns = PackedMatrix.Columns(blocking.Shape.N) - skipped;
        return scratch + ((nint)block * blocking.Depth * columns) + (((nint)panel * GemmTile.MaxColumns) - skipped) * StepsOf(blocking, block);
    }

    private static float* PackedA(GemmBlocking blocking, float* scratch, int rowPart, int block)
    {
        nint rows = blocking.PackedARows;
        return scratch + blocking.PackedBFloats + (blocking.ColumnParts > 1 ? block * blocking.Depth * rows : rowPart * rows * blocking.Depth);
    }

    private static void PackPanels(GemmBlocking blocking, float* b, float* scratch, int first, int end, int block)
    {
        if (first >= end) return;
        var shape = blocking.Shape;
        var steps = StepsOf(blocking, block);
        var packed = PackedB(blocking, scratch, first, block) - ((nint)first * GemmTile.MaxColumns * steps);
        GemmPacking.Panels(b, blocking.StrideB, shape.TransposeB, shape.N, first, end, block * blocking.Depth, steps, packed);
    }

    private static void PackRows(GemmBlocking blocking, float* a, float* packed, int row, int rows, int block)
    {
        nint from = block * blocking.Depth;
        nint stride = blocking.StrideA;
        var transposed = blocking.Shape.TransposeA;
        GemmPacking.Rows(a + (transposed ? (from * stride) + row : (row * stride) + from), stride, transposed, rows, StepsOf(blocking, block), packed);
    }

    private static void Check(GemmBlocking blocking, int a, int b, int workspace)
    {
        var shape = blocking.Shape;
        var (rowsA, widthA) = shape.TransposeA ? (shape.K, shape.M) : (shape.M, shape.K);
        var (rowsB, widthB) = shape.TransposeB ? (shape.N, shape.K) : (shape.K, shape.N);
        if (a < Extent(rowsA, widthA, blocking.StrideA)) ThrowTooShort("A", rowsA, widthA, blocking.StrideA, a);
        if (shape.PackedB ? b < PackedMatrix.Floats(shape.K, shape.N) : b < Extent(rowsB, widthB, blocking.StrideB))
        {
            ThrowTooShort("B", rowsB, widthB, blocking.StrideB, b);
        }
        if (workspace < blocking.WorkspaceFloats) ThrowTooShort("workspace", 1, blocking.WorkspaceFloats, blocking.WorkspaceFloats, workspace);
    }

    private static void CheckResult(GemmBlocking blocking, int c, in GemmTerms terms)
    {
        var shape = blocking.Shape;
        var extent = Extent(shape.M, shape.N, blocking.StrideC);
        if (c < extent) ThrowTooShort("C", shape.M, shape.N, blocking.StrideC, c);
        if (!terms.Bias.IsEmpty && terms.Bias.Length < shape.N) ThrowTooShort("bias", 1, shape.N, shape.N, terms.Bias.Length);
        if (terms.Residual.IsEmpty) return;
        if (terms.Residual.Length < extent) ThrowTooShort("residual", shape.M, shape.N, blocking.StrideC, terms.Residual.Length);
        if (terms.Accumulate) throw new ArgumentException("a product adds to C or to a residual, not to both", nameof(terms));
    }

    private static long Extent(int rows, int width, int stride) => rows == 0 || width == 0 ? 0 : ((rows - 1L) * stride) + width;

    private static void ThrowTooShort(string name, int rows, int width, int stride, int length) =>
        throw new ArgumentException($"{name} is [{rows}, {width}] with a row stride of {stride} and does not fit in {length} floats", name);

    private readonly struct PartLoop<TEpilogue>(
        GemmBlocking blocking, float* a, float* b, float* c, float* scratch, float* bias, float* start, bool relu, int part, TEpilogue epilogue) : IVectorLoop
        where TEpilogue : struct, IEpilogue
    {
        private readonly TEpilogue _epilogue = epilogue;

        public void Run<V>() where V : struct, IVector<V>
        {
            if (blocking.Path == GemmPath.Tiles) TilesPart<V, TEpilogue>(blocking, a, b, c, scratch, bias, start, relu, part, _epilogue);
            else VectorPart<V, TEpilogue>(blocking, a, b, c, bias, start, relu, part, _epilogue);
        }
    }
}
