namespace OnnxFunctional.Training.Simd;

/// <summary>What one run of tiles reads and writes. All steps are in floats.</summary>
/// <remarks>
/// Row <c>r</c> of a tile reads from <c>Source + r / 3 * RowGroupStep + r % 3 * RowStep</c>. Segment <c>s</c> begins at offset <c>Segments[s]</c> from there
/// and has <c>SegmentLength</c> values with a step of <c>InnerStep</c>, while the panel advances by <c>PanelStep</c>.
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

    /// <summary>The offset from an element of the destination to the value that is added to it; read only if <see cref="HasAddend"/>.</summary>
    public nint AddendOffset;
    public bool HasAddend;
    public bool Relu;

    /// <summary>The job of a product of two matrices: <c>c[r, j] = sum_k a[r, k] * panel[k, j]</c>.</summary>
    /// <param name="rowStep">The distance between the rows of a.</param>
    /// <param name="innerStep">The distance between the columns of a.</param>
    /// <param name="depth">The number of terms of a sum.</param>
    /// <param name="segment">Points to a zero: the only segment begins with the row.</param>
    /// <param name="zeros">Two vectors of zeros.</param>
    /// <param name="destinationStep">The distance between the rows of c.</param>
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

/// <summary>Rows divided into tiles of equal height, rather than full tiles and a small remainder: 29 rows run as 10 + 10 + 9.</summary>
internal readonly struct EvenTiles
{
    public EvenTiles(int rows, int maxRows)
    {
        Count = (rows + maxRows - 1) / maxRows;
        Height = rows / Count;
        Higher = rows - Count * Height;
    }

    public int Count { get; }

    /// <summary>The rows of the lower tiles, which come last.</summary>
    public int Height { get; }

    /// <summary>The number of tiles with one more row, which come first.</summary>
    public int Higher { get; }

    public int HeightOf(int tile) => tile < Higher ? Height + 1 : Height;
}
