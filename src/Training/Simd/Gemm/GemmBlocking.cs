namespace OnnxFunctional.Training.Simd;

/// <summary>The product <c>C[M, N] = op(A)[M, K] op(B)[K, N]</c> of row-major matrices, where op transposes or not.</summary>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">Terms of every sum; 0 leaves C at what it starts from.</param>
internal readonly record struct GemmShape(int M, int N, int K)
{
    /// <summary>A lies as [K, M].</summary>
    public bool TransposeA { get; init; }

    /// <summary>B lies as [N, K].</summary>
    public bool TransposeB { get; init; }

    /// <summary>B is a <see cref="PackedMatrix"/> of [K, N], whichever way it lay before.</summary>
    public bool PackedB { get; init; }

    /// <summary>Floats between two rows of A as it lies; 0 when they follow one another.</summary>
    public int StrideA { get; init; }

    /// <summary>Floats between two rows of B as it lies; 0 when they follow one another.</summary>
    public int StrideB { get; init; }

    /// <summary>Floats between two rows of C; 0 when they follow one another.</summary>
    public int StrideC { get; init; }
}

/// <summary>How one product is cut: cache blocks, parts, what is packed and where. A function of the shape (and of the vector width) alone, made once.</summary>
internal sealed class GemmBlocking
{
    // Deeper blocks save little (one more pass over C each) and push A's block out of L2.
    private const int MaxDepth = 512;

    // 144 rows by 512 steps of packed A are 288 KB: with a panel of B (64 KB) a third of a 1 MB L2.
    private const int MaxBlockRows = 144;

    // About 20 microseconds of arithmetic at 100 GFLOP/s: below that, handing a part to another thread costs as much as it saves.
    private const double OperationsPerPart = 2e6;

    // A product with a vector reads every element once, so it runs at a quarter of the speed.
    private const double OperationsPerVectorPart = 5e5;
    private const int MaxParts = 16;
    private const int PageFloats = 1024;
    private const int FloatsPerPackPart = 1 << 16;

    /// <summary>Checks the shape and makes all decisions.</summary>
    public GemmBlocking(GemmShape shape)
    {
        if (shape.M < 0 || shape.N < 0 || shape.K < 0) throw new ArgumentOutOfRangeException(nameof(shape), "a matrix product needs sizes of at least 0, got " + shape);
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

    /// <summary>Parts that may run at the same time once everything of <see cref="PackParts"/> has run.</summary>
    public int Parts => RowParts * ColumnParts;

    /// <summary>Parts of the packing that several parts share: 0 where every part packs what it needs itself.</summary>
    public int PackParts => PackPartsOfB + PackPartsOfA;

    /// <summary>Floats of scratch memory one product needs.</summary>
    public int WorkspaceFloats => RoundUp(PackedBFloats + PackedAFloats, 16);

    /// <summary>Steps of one block of the sum, and the number of blocks.</summary>
    public int Depth { get; }
    public int DepthBlocks { get; }

    /// <summary>Panels of B, each of <see cref="GemmTile.MaxColumns"/> columns but the last.</summary>
    public int Panels { get; }
    public int LastPanelColumns { get; }

    public int RowParts { get; private set; }
    public int RowsPerPart { get; private set; }
    public int ColumnParts { get; private set; }

    /// <summary>Panels of a part, or columns of one on the vector paths.</summary>
    public int PanelsPerPart { get; private set; }

    /// <summary>Rows of A that are walked with all panels before the next rows come.</summary>
    public int RowBlock { get; }

    public bool PacksA { get; private set; }

    /// <summary>First panel that is packed here: <see cref="Panels"/> for none, the last for an incomplete one, 0 for all.</summary>
    public int FirstPackedPanel { get; private set; }

    public int PackedBFloats { get; private set; }
    public int PackedAFloats { get; private set; }
    public int PackPartsOfA { get; private set; }
    public int PackPartsOfB { get; private set; }

    /// <summary>Floats of packed A for one block of the sum: of all rows where parts share it, else of one part.</summary>
    public int PackedARows => ColumnParts > 1 ? RoundUp(Shape.M, GemmTile.MaxRows) : RoundUp(RowBlock, GemmTile.MaxRows);

    public static int CeilingDivide(int value, int divisor) => (int)(((long)value + divisor - 1) / divisor);

    public static int RoundUp(int value, int multiple) => checked(CeilingDivide(value, multiple) * multiple);

    private static int Stride(int given, int width, string name)
    {
        if (given != 0 && given < width) throw new ArgumentOutOfRangeException(name, $"rows of {width} floats cannot lie {given} apart");
        return given == 0 ? width : given;
    }

    // A row or a column has nothing to hold in registers for reuse: dot products or sums of rows read the matrix once, as it lies.
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
            // Sums of rows read short pieces of every row when the columns are cut: at 1024 columns a piece that costs 5%, at 256 half of the speed.
            var length = Math.Max(1, Shape.M * Shape.N);
            var fewest = Path is GemmPath.SumOfRowsOfA or GemmPath.SumOfRowsOfB ? 1024 : 16;
            var pieces = (int)Math.Clamp(operations / OperationsPerVectorPart, 1, 4);
            var size = Math.Max(fewest, RoundUp(CeilingDivide(length, pieces), 16));
            (RowParts, RowsPerPart, ColumnParts, PanelsPerPart) = (1, 1, CeilingDivide(length, size), size);
            return;
        }

        // Rows first: parts of different columns read the same rows of A. An even number of parts lets two threads end together.
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

    // Operands are read where they lie unless that hurts. Rows that lie a multiple of 4 KB apart fall into the same few sets of every cache and throw each other
    // out (2048 x 2048: 62 instead of 103 GFLOP/s); rows of B of a page or more cost an address translation a step (1000 x 1000: 79 instead of 98), which
    // packing (5% at M = 128) only pays back over many rows. Anything else is as fast as packed: 784 x 512 reaches 107 to 114 either way. Narrower vectors
    // mean narrower panels and twice as many walks down the rows, so there packing pays sooner (AVX2, 128 x 512 x 784: 106 instead of 101).
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
