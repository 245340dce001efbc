namespace OnnxFunctional.Training.Simd;

/// <summary>What one run of tiles reads and writes; all steps count floats.</summary>
/// <remarks>
/// Row <c>r</c> of a tile reads from <c>Source + r / 3 * RowGroupStep + r % 3 * RowStep</c>. Each segment starts <c>Segments[s]</c> behind that, and runs
/// <c>SegmentLength</c> values <c>InnerStep</c> apart, while the panel moves on by <c>PanelStep</c>.
/// </remarks>
internal unsafe struct ConvTileJob
{
    public float* Source;
    public nint RowStep;
    public nint RowGroupStep;
    public nint TileStep;
    public nint InnerStep;
    public int* Segments;
    public int SegmentCount;
    public int SegmentLength;
    public float* Panel;
    public nint PanelStep;
    public float* Bias;
    public float* Destination;
    public nint DestinationStep;

    /// <summary>From an element of the destination to the value that is added to it; only read if <see cref="HasAddend"/>.</summary>
    public nint AddendOffset;
    public bool HasAddend;
    public bool Relu;

    /// <summary>A product of two matrices: <c>c[r, j] = sum_k a[r, k] * panel[k, j]</c>.</summary>
    /// <param name="rowStep">Between the rows of a.</param>
    /// <param name="innerStep">Between the columns of a.</param>
    /// <param name="depth">Terms of a sum.</param>
    /// <param name="segment">A zero: the only segment begins with the row.</param>
    /// <param name="zeros">Two vectors of zeros.</param>
    /// <param name="destinationStep">Between the rows of c.</param>
    public static ConvTileJob Product(nint rowStep, nint innerStep, int depth, int* segment, float* zeros, nint destinationStep) => new()
    {
        RowStep = rowStep,
        RowGroupStep = 3 * rowStep,
        InnerStep = innerStep,
        Segments = segment,
        SegmentCount = 1,
        SegmentLength = depth,
        Bias = zeros,
        DestinationStep = destinationStep,
    };
}

/// <summary>Rows cut into tiles of equal height, rather than full tiles and a small rest: 29 rows run as 10 + 10 + 9.</summary>
internal readonly struct EvenTiles
{
    public EvenTiles(int rows, int maxRows)
    {
        Count = (rows + maxRows - 1) / maxRows;
        Height = rows / Count;
        Higher = rows - Count * Height;
    }

    public int Count { get; }

    /// <summary>Rows of the last tiles.</summary>
    public int Height { get; }

    /// <summary>How many tiles, the first, have a row more.</summary>
    public int Higher { get; }

    public int HeightOf(int tile) => tile < Higher ? Height + 1 : Height;
}
