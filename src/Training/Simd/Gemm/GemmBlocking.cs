namespace OnnxFunctional.Training.Simd;

/// <summary>The product <c>C[M, N] = op(A)[M, K] op(B)[K, N]</c> of row-major matrices, where op transposes or not.</summary>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">The number of terms of every sum; 0 leaves C at its starting value.</param>
internal readonly record struct GemmShape(int M, int N, int K)
{
    /// <summary>Whether A is stored as [K, M].</summary>
    public bool TransposeA { get; init; }

    /// <summary>Whether B is stored as [N, K].</summary>
    public bool TransposeB { get; init; }

    /// <summary>Whether B is a <see cref="PackedMatrix"/> of [K, N].</summary>
    public bool PackedB { get; init; }

    /// <summary>The row stride of A as stored, in floats; 0 if rows are adjacent.</summary>
    public int StrideA { get; init; }

    /// <summary>The row stride of B as stored, in floats; 0 if rows are adjacent.</summary>
    public int StrideB { get; init; }

    /// <summary>The row stride of C, in floats; 0 if rows are adjacent.</summary>
    public int StrideC { get; init; }
}

/// <summary>How one product is divided: cache blocks, parts, what is packed and where. Determined once, from the shape and the vector width alone.</summary>
internal sealed class GemmBlocking
{
    // Deeper blocks save little (a pass over C each) and push A's block out of L2.
    private const int MaxDepth = 512;

    // 144 rows by 512 steps of packed A are 288 KB; with a panel of B (64 KB) that is a third of a 1 MB L2.
    private const int MaxBlockRows = 144;

    // About 20 microseconds of arithmetic at 100 GFLOP/s: with less, handing a part to another thread costs as much as it saves.
    private const double OperationsPerPart = 2e6;

    // A product with a vector reads every element once, so it runs at a quarter of that speed.
    private const double OperationsPerVectorPart = 5e5;
    private const int MaxParts = 16;
    private const int PageFloats = 1024;
    private const int FloatsPerPackPart = 1 << 16;

    /// <summary>Validates the shape and makes all decisions.</summary>
    public GemmBlocking(GemmShape shape)
    {
        if (shape.M < 0 || shape.N < 0 || shape.K < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(shape), "a matrix product needs sizes of at least 0, got " + shape);
        }
        Shape = shape;
        StrideA = Stride(shape.StrideA, shape.TransposeA ? shape.M : shape.K, nameof(shape.StrideA));
        StrideB = Stride(shape.StrideB, shape.TransposeB ? shape.K : shape.N, nameof(shape.StrideB));
        StrideC = Stride(shape.StrideC, shape.N, nameof(shape.StrideC));

        DepthBlocks = Math.Max(1, CeilingDivide(shape.K, MaxDepth));
        Depth = RoundUp(CeilingDivide(shape.K, DepthBlocks), 8);
        Panels = CeilingDivide(shape.N, GemmTile.MaxColumns);
        LastPanelColumns = PackedMatrix.PanelColumns(shape.N, Panels - 1);
        Path = ChoosePath();
        CutIntoParts();

        var rowsInBlock = Math.Min(RowsPerPart, MaxBlockRows);
        var rowBlocks = Math.Max(1, CeilingDivide(RowsPerPart, MaxBlockRows));
        RowBlock = rowBlocks == 1 ? rowsInBlock : RoundUp(CeilingDivide(RowsPerPart, rowBlocks), GemmTile.MaxRows);
        if (Path == GemmPath.Tiles) ChoosePacking();
    }

    public GemmShape Shape { get; }

    public int StrideA { get; }
    public int StrideB { get; }
    public int StrideC { get; }

    /// <summary>Which loop computes the product.</summary>
    public GemmPath Path { get; }

    /// <summary>The number of parts, which may run in parallel once all <see cref="PackParts"/> have run.</summary>
    public int Parts => RowParts * ColumnParts;

    /// <summary>The number of parts of the shared packing; 0 if every part packs what it needs itself.</summary>
    public int PackParts => PackPartsOfB + PackPartsOfA;

    /// <summary>The scratch memory that a product needs, in floats.</summary>
    public int WorkspaceFloats => RoundUp(PackedBFloats + PackedAFloats, 16);

    /// <summary>The steps of one block of the sum, and the number of blocks.</summary>
    public int Depth { get; }
    public int DepthBlocks { get; }

    /// <summary>The number of panels of B, each of <see cref="GemmTile.MaxColumns"/> columns except the last.</summary>
    public int Panels { get; }
    public int LastPanelColumns { get; }

    public int RowParts { get; private set; }
    public int RowsPerPart { get; private set; }
    public int ColumnParts { get; private set; }

    /// <summary>The panels of a part, or its columns on the vector paths.</summary>
    public int PanelsPerPart { get; private set; }

    /// <summary>The rows of A that are multiplied with all panels before the next rows follow.</summary>
    public int RowBlock { get; }

    public bool PacksA { get; private set; }

    /// <summary>The first panel that is packed: <see cref="Panels"/> for none, the last one if only that is partial, 0 for all.</summary>
    public int FirstPackedPanel { get; private set; }

    public int PackedBFloats { get; private set; }
    public int PackedAFloats { get; private set; }
    public int PackPartsOfA { get; private set; }
    public int PackPartsOfB { get; private set; }

    /// <summary>The rows of packed A: all if parts share it, else those of one part.</summary>
    public int PackedARows => ColumnParts > 1 ? RoundUp(Shape.M, GemmTile.MaxRows) : RoundUp(RowBlock, GemmTile.MaxRows);

    public static int CeilingDivide(int value, int divisor) => (int)(((long)value + divisor - 1) / divisor);

    public static int RoundUp(int value, int multiple) => checked(CeilingDivide(value, multiple) * multiple);

    private static int Stride(int given, int width, string name)
    {
        if (given != 0 && given < width) throw new ArgumentOutOfRangeException(name, $"a row stride of {given} is less than the {width} floats of a row");
        return given == 0 ? width : given;
    }

    // A single row or column offers nothing to reuse from registers: dot products or sums of rows read the matrix once, in place.
    private GemmPath ChoosePath()
    {
        if (Shape.PackedB) return GemmPath.Tiles;
        if (Shape.N == 1 && (Shape.TransposeB || StrideB == 1))
        {
            if (!Shape.TransposeA) return GemmPath.RowsOfATimesVector;
            if (StrideC == 1) return GemmPath.SumOfRowsOfA;
        }

        if (Shape.M == 1 && (!Shape.TransposeA || StrideA == 1)) return Shape.TransposeB ? GemmPath.RowsOfBTimesVector : GemmPath.SumOfRowsOfB;
        return GemmPath.Tiles;
    }

    private void CutIntoParts()
    {
        var operations = 2.0 * Shape.M * Shape.N * Shape.K;
        if (Path != GemmPath.Tiles)
        {
            // When columns are divided, sums of rows read short pieces of every row: with 1024 columns per piece that costs 5 %, with 256 half of the speed.
            var length = Math.Max(1, Shape.M * Shape.N);
            var fewest = Path is GemmPath.SumOfRowsOfA or GemmPath.SumOfRowsOfB ? 1024 : 16;
            var pieces = (int)Math.Clamp(operations / OperationsPerVectorPart, 1, 4);
            var size = Math.Max(fewest, RoundUp(CeilingDivide(length, pieces), 16));
            (RowParts, RowsPerPart, ColumnParts, PanelsPerPart) = (1, 1, CeilingDivide(length, size), size);
            return;
        }

        // Rows first: parts of different columns read the same rows of A. With an even number of parts, two threads finish together.
        var wanted = (int)Math.Clamp(operations / OperationsPerPart, 1, MaxParts);
        wanted += wanted & 1;
        if (operations < 2 * OperationsPerPart) wanted = 1;
        var fewestRows = 2 * GemmTile.MaxRows;
        RowParts = Math.Clamp(CeilingDivide(Shape.M, MaxBlockRows), 1, wanted);
        ColumnParts = Math.Clamp(wanted / RowParts, 1, Math.Max(1, Panels));
        RowParts = Math.Max(RowParts, Math.Min(wanted / ColumnParts, Shape.M / fewestRows));
        if (wanted > 1 && (RowParts * ColumnParts & 1) != 0 && RowParts > 1) RowParts++;
        RowsPerPart = RoundUp(CeilingDivide(Math.Max(1, Shape.M), RowParts), GemmTile.MaxRows);
        RowParts = Math.Max(1, CeilingDivide(Shape.M, RowsPerPart));
        PanelsPerPart = Math.Max(1, CeilingDivide(Panels, ColumnParts));
        ColumnParts = Math.Max(1, CeilingDivide(Panels, PanelsPerPart));
    }

    private void ChoosePacking()
    {
        FirstPackedPanel = Panels;
        if (!Shape.PackedB)
        {
            if (PackingBPays()) FirstPackedPanel = 0;
            else if (Panels * GemmTile.MaxColumns != Shape.N && (Panels - 1) * GemmTile.MaxColumns + LastPanelColumns != Shape.N) FirstPackedPanel = Panels - 1;
        }

        var packedColumns = FirstPackedPanel == Panels ? 0 : PackedMatrix.Columns(Shape.N) - (FirstPackedPanel * GemmTile.MaxColumns);
        PackedBFloats = checked(packedColumns * Shape.K);
        if (RowParts > 1) PackPartsOfB = Math.Min(Panels - FirstPackedPanel, CeilingDivide(PackedBFloats, FloatsPerPackPart));

        PacksA = PackingAPays();
        if (!PacksA) return;
        if (ColumnParts > 1)
        {
            PackedAFloats = checked(RoundUp(Shape.M, GemmTile.MaxRows) * Shape.K);
            PackPartsOfA = Math.Min(CeilingDivide(Shape.M, GemmTile.MaxRows), CeilingDivide(PackedAFloats, FloatsPerPackPart));
        }
        else
        {
            PackedAFloats = checked(RowParts * RoundUp(RowBlock, GemmTile.MaxRows) * Depth);
        }
    }

    // Operands are read in place unless that is slow. Rows whose stride is a multiple of 4 KB map to the same few sets of every cache and evict each other
    // (2048 x 2048: 62 instead of 103 GFLOP/s). Rows of B of a page or more cost an address translation per step (1000 x 1000: 79 instead of 98), which packing
    // (5 % at M = 128) only repays over many rows. Everything else is as fast as packed: 784 x 512 reaches 107 to 114 either way. Narrower vectors mean
    // narrower panels and twice as many passes over the rows, so packing pays sooner (AVX2, 128 x 512 x 784: 106 instead of 101).
    private bool PackingBPays() =>
        Shape.TransposeB
        || (StrideB % PageFloats == 0 && Shape.M >= 96)
        || (StrideB > PageFloats * 3 / 4 && Shape.M >= 192)
        || (GemmTile.MaxColumns < GemmTile.MostColumns && Shape.M >= 96 && Shape.N >= 128);

    private bool PackingAPays() => StrideA % PageFloats == 0 && Shape.N >= 128;
}

/// <summary>The loops that compute products.</summary>
internal enum GemmPath
{
    /// <summary>Register tiles over panels of B.</summary>
    Tiles,

    /// <summary>N = 1: every row of A times the column B.</summary>
    RowsOfATimesVector,

    /// <summary>M = 1, B transposed: every row of B times the row A.</summary>
    RowsOfBTimesVector,

    /// <summary>N = 1, A transposed: the rows of A, weighted by B.</summary>
    SumOfRowsOfA,

    /// <summary>M = 1: the rows of B, weighted by A.</summary>
    SumOfRowsOfB,
}
