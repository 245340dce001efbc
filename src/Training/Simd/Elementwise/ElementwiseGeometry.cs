namespace OnnxFunctional.Training.Simd;

/// <summary>How the element type of a program's input or output lies in memory; inside, all values are 32-bit lanes.</summary>
internal enum ElementwiseType : byte
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>One byte, 0 or not; a mask inside.</summary>
    Bool,

    /// <summary>32-bit integers, converted to floats and back.</summary>
    Int32,

    /// <summary>64-bit integers, converted to floats and back.</summary>
    Int64,

    /// <summary>IEEE halves, widened and rounded back.</summary>
    Float16,

    /// <summary>The upper halves of floats, widened and rounded back.</summary>
    BFloat16,
}

/// <summary>How an input follows the output from tile to tile.</summary>
internal enum ElementwisePattern : byte
{
    /// <summary>One value for all elements.</summary>
    Scalar,

    /// <summary>One value a tile: tiles are pieces of rows, and the input does not change along a row.</summary>
    TileScalar,

    /// <summary>The same run of values in every tile: tiles are whole rows, and the input changes only along a row.</summary>
    Periodic,

    /// <summary>As the output lies: the tile's values are one run, at the tile's own place.</summary>
    Direct,

    /// <summary>The tile's values are one run, but at a place of their own: a piece of a row of an input whose rows lie elsewhere.</summary>
    Segment,

    /// <summary>Anything else: values are picked up one row at a time.</summary>
    Gather,
}

/// <summary>The shape of the output and the strides of the inputs, reduced to the fewest axes, and how it is cut into tiles.</summary>
/// <remarks>
/// Axes that every input walks through as one are merged. Then either rows (the last axis) are longer than a tile and are cut into equal pieces, or a tile is as many whole
/// rows as fit: a row that repeats, such as a bias, is then laid out once and serves for all tiles.
/// </remarks>
internal sealed class ElementwiseGeometry
{
    private readonly long[] _shape;
    private readonly long[][] _strides;

    /// <summary>Reduces and cuts.</summary>
    /// <param name="shape">Shape of the output.</param>
    /// <param name="strides">Strides of each input, in elements, one an axis; 0 where it is broadcast.</param>
    /// <param name="largestTile">The most elements a tile may have; a multiple of 64.</param>
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
        TilesARow = RowLength > largestTile ? (RowLength + largestTile - 1) / largestTile : 0;
        TileLength = (int)(TilesARow > 0
            ? (((RowLength + TilesARow - 1) / TilesARow) + 15) & ~15L
            : Math.Max(1, Math.Min(rows, largestTile / Math.Max(1, RowLength))) * RowLength);
        if (TilesARow > 0) TilesARow = (RowLength + TileLength - 1) / TileLength;
        Tiles = Length == 0 ? 0 : checked((int)(TilesARow > 0 ? rows * TilesARow : (Length + TileLength - 1) / TileLength));
    }

    /// <summary>Elements of the output.</summary>
    public long Length { get; }

    /// <summary>Elements of a full tile.</summary>
    public int TileLength { get; }

    /// <summary>Tiles in all.</summary>
    public int Tiles { get; }

    /// <summary>Length of the last axis after merging.</summary>
    public long RowLength { get; }

    /// <summary>Pieces a row is cut into, or 0 where tiles are whole rows.</summary>
    public long TilesARow { get; }

    /// <summary>Where a tile begins, and its elements.</summary>
    public (long Start, int Count) Tile(int tile)
    {
        if (TilesARow == 0)
        {
            var first = (long)tile * TileLength;
            return (first, (int)Math.Min(TileLength, Length - first));
        }

        var (row, piece) = Math.DivRem(tile, TilesARow);
        var begin = piece * TileLength;
        return ((row * RowLength) + begin, (int)Math.Min(TileLength, RowLength - begin));
    }

    /// <summary>How the input with this number follows the tiles.</summary>
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
        if (TilesARow > 0)
        {
            if (strides[^1] == 0) return ElementwisePattern.TileScalar;
            return strides[^1] == 1 ? ElementwisePattern.Segment : ElementwisePattern.Gather;
        }

        return outer ? ElementwisePattern.Gather : ElementwisePattern.Periodic;
    }

    /// <summary>The stride of an input along a row.</summary>
    public long InnerStride(int input) => _strides[input][^1];

    /// <summary>The stride of an input from one row to the next, for <see cref="RowsARun"/> rows.</summary>
    public long RowStride(int input) => _shape.Length > 1 ? _strides[input][^2] : 0;

    /// <summary>Length of the axis before the last after merging.</summary>
    public long RowsARun => _shape.Length > 1 ? _shape[^2] : 1;

    /// <summary>Where in an input the element at this place of the output lies, without the part along the row.</summary>
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

    /// <summary>The strides that broadcast <paramref name="from"/> to <paramref name="to"/> by numpy's rule.</summary>
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
