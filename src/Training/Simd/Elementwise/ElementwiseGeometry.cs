namespace OnnxFunctional.Training.Simd;

/// <summary>The element type of a program's input or output in memory. Inside a program all values are 32-bit lanes.</summary>
internal enum ElementwiseType : byte
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>One byte, zero or nonzero; a mask inside.</summary>
    Bool,

    /// <summary>32-bit integers, converted to floats and back.</summary>
    Int32,

    /// <summary>64-bit integers, converted to floats and back.</summary>
    Int64,

    /// <summary>IEEE halves, widened and rounded back.</summary>
    Float16,

    /// <summary>The upper halves of floats, widened and rounded back.</summary>
    BFloat16,

    /// <summary>8-bit signed integers, converted to floats and back.</summary>
    Int8,

    /// <summary>8-bit unsigned integers, converted to floats and back.</summary>
    UInt8,
}

/// <summary>Properties of element types in memory.</summary>
internal static class ElementwiseTypes
{
    /// <summary>The size of an element in bytes.</summary>
    public static int Size(this ElementwiseType type) => type switch
    {
        ElementwiseType.Bool or ElementwiseType.Int8 or ElementwiseType.UInt8 => 1,
        ElementwiseType.Float16 or ElementwiseType.BFloat16 => 2,
        ElementwiseType.Int64 => 8,
        _ => 4,
    };
}

/// <summary>How an input relates to the output from tile to tile.</summary>
internal enum ElementwisePattern : byte
{
    /// <summary>One value for all elements.</summary>
    Scalar,

    /// <summary>One value per tile: tiles are pieces of rows, and the input is constant along a row.</summary>
    TileScalar,

    /// <summary>The same run of values in every tile: tiles are whole rows, and the input varies only along a row.</summary>
    Periodic,

    /// <summary>Laid out like the output: the tile's values are one run, at the tile's own offset.</summary>
    Direct,

    /// <summary>The tile's values are one run, but at another offset: a piece of a row of an input whose rows are arranged differently.</summary>
    Segment,

    /// <summary>Anything else: values are gathered one row at a time.</summary>
    Gather,
}

/// <summary>The shape of the output and the strides of the inputs, reduced to as few axes as possible, and the division into tiles.</summary>
/// <remarks>
/// Axes that are contiguous in every input are merged. Then, if rows (the last axis) are longer than a tile, they are cut into equal pieces. Otherwise a tile
/// is as many whole rows as fit: a row that repeats, such as a bias, is then laid out once for all tiles.
/// </remarks>
internal sealed class ElementwiseGeometry
{
    private readonly long[] _shape;
    private readonly long[][] _strides;

    /// <summary>Merges the axes and computes the tiles.</summary>
    /// <param name="shape">The shape of the output.</param>
    /// <param name="strides">The strides of each input in elements, one per axis; 0 for broadcast axes.</param>
    /// <param name="largestTile">The maximum number of elements of a tile; a multiple of 64.</param>
    public ElementwiseGeometry(ReadOnlySpan<int> shape, IReadOnlyList<long[]> strides, int largestTile)
    {
        var axes = new List<long>();
        var merged = new List<long>[strides.Count];
        for (var i = 0; i < merged.Length; i++) merged[i] = [];
        Length = 1;
        for (var axis = 0; axis < shape.Length; axis++)
        {
            Length *= shape[axis];
            if (shape[axis] == 1) continue;
            var joins = axes.Count > 0;
            for (var i = 0; i < merged.Length && joins; i++) joins = merged[i][^1] == strides[i][axis] * shape[axis];
            if (joins) axes[^1] *= shape[axis];
            else axes.Add(shape[axis]);
            for (var i = 0; i < merged.Length; i++)
            {
                if (joins) merged[i][^1] = strides[i][axis];
                else merged[i].Add(strides[i][axis]);
            }
        }

        if (axes.Count == 0)
        {
            axes.Add(Length);
            foreach (var list in merged) list.Add(0);
        }

        _shape = [.. axes];
        _strides = new long[merged.Length][];
        for (var i = 0; i < merged.Length; i++) _strides[i] = [.. merged[i]];
        RowLength = _shape[^1];
        var rows = RowLength == 0 ? 0 : Length / RowLength;
        TilesPerRow = RowLength > largestTile ? (RowLength + largestTile - 1) / largestTile : 0;
        TileLength = (int)(TilesPerRow > 0
            ? (((RowLength + TilesPerRow - 1) / TilesPerRow) + 15) & ~15L
            : Math.Max(1, Math.Min(rows, largestTile / Math.Max(1, RowLength))) * RowLength);
        if (TilesPerRow > 0) TilesPerRow = (RowLength + TileLength - 1) / TileLength;
        Tiles = Length == 0 ? 0 : checked((int)(TilesPerRow > 0 ? rows * TilesPerRow : (Length + TileLength - 1) / TileLength));
    }

    /// <summary>The number of elements of the output.</summary>
    public long Length { get; }

    /// <summary>The number of elements of a full tile.</summary>
    public int TileLength { get; }

    /// <summary>The number of tiles.</summary>
    public int Tiles { get; }

    /// <summary>The length of the last axis after merging.</summary>
    public long RowLength { get; }

    /// <summary>The number of pieces a row is cut into, or 0 if tiles are whole rows.</summary>
    public long TilesPerRow { get; }

    /// <summary>The first element and the number of elements of a tile.</summary>
    public (long Start, int Count) Tile(int tile)
    {
        if (TilesPerRow == 0)
        {
            var first = (long)tile * TileLength;
            return (first, (int)Math.Min(TileLength, Length - first));
        }

        var (row, piece) = Math.DivRem(tile, TilesPerRow);
        var begin = piece * TileLength;
        return ((row * RowLength) + begin, (int)Math.Min(TileLength, RowLength - begin));
    }

    /// <summary>The pattern of the input with this index.</summary>
    public ElementwisePattern Pattern(int input)
    {
        if (Length == 1) return ElementwisePattern.Direct;
        var strides = _strides[input];
        var contiguous = true;
        var outer = false;
        var expected = 1L;
        for (var axis = _shape.Length - 1; axis >= 0; axis--)
        {
            contiguous &= strides[axis] == expected;
            expected *= _shape[axis];
            outer |= axis < _shape.Length - 1 && strides[axis] != 0;
        }

        if (contiguous) return ElementwisePattern.Direct;
        if (!outer && strides[^1] == 0) return ElementwisePattern.Scalar;
        if (TilesPerRow > 0)
        {
            if (strides[^1] == 0) return ElementwisePattern.TileScalar;
            return strides[^1] == 1 ? ElementwisePattern.Segment : ElementwisePattern.Gather;
        }

        return outer ? ElementwisePattern.Gather : ElementwisePattern.Periodic;
    }

    /// <summary>The stride of an input along a row.</summary>
    public long InnerStride(int input) => _strides[input][^1];

    /// <summary>The stride of an input from one row to the next, for <see cref="RowsPerRun"/> rows.</summary>
    public long RowStride(int input) => _shape.Length > 1 ? _strides[input][^2] : 0;

    /// <summary>The length of the second-last axis after merging.</summary>
    public long RowsPerRun => _shape.Length > 1 ? _shape[^2] : 1;

    /// <summary>The offset in an input of the row that contains the given element of the output.</summary>
    public long RowOffset(int input, long element)
    {
        var strides = _strides[input];
        var rest = element / RowLength;
        var offset = 0L;
        for (var axis = _shape.Length - 2; axis >= 0 && rest > 0; axis--)
        {
            (rest, var index) = Math.DivRem(rest, _shape[axis]);
            offset += index * strides[axis];
        }

        return offset;
    }

    /// <summary>The strides that broadcast <paramref name="from"/> to <paramref name="to"/> by NumPy's rule.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static long[] BroadcastStrides(ReadOnlySpan<int> from, ReadOnlySpan<int> to)
    {
        var strides = new long[to.Length];
        var stride = 1L;
        for (var i = 1; i <= from.Length; i++)
        {
            var size = from[^i];
            if (i > to.Length ? size != 1 : size != 1 && size != to[^i])
            {
                throw new ArgumentException($"Shape [{Text(from)}] does not broadcast to [{Text(to)}].", nameof(from));
            }

            if (i <= to.Length) strides[^i] = size == 1 ? 0 : stride;
            stride *= size;
        }

        return strides;
    }

    private static string Text(ReadOnlySpan<int> shape)
    {
        var parts = new string[shape.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = shape[i].ToString(System.Globalization.CultureInfo.InvariantCulture);
        return string.Join(", ", parts);
    }
}
