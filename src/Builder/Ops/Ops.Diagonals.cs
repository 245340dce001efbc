using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Diagonals, and parts by index.</content>
public static partial class Ops
{
    /// <summary>The elements on a diagonal of two axes, as a new last axis (https://keras.io/api/ops/numpy/#diagonal-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="offset">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <param name="axis1">The axis of rows, whose size is known.</param>
    /// <param name="axis2">The axis of columns, whose size is known.</param>
    /// <exception cref="ModelException">There are no such axes, or their sizes are unknown.</exception>
    public static SymbolicTensor Diagonal(SymbolicTensor x, int offset = 0, int axis1 = 0, int axis2 = 1)
    {
        ArgumentNullException.ThrowIfNull(x);
        var (rowAxis, columnAxis) = (ShapeRules.Axis(axis1, x.Rank, nameof(Diagonal)), ShapeRules.Axis(axis2, x.Rank, nameof(Diagonal)));
        if (rowAxis == columnAxis) throw new ModelException($"Diagonal of {x.Shape} along axis {rowAxis} twice; expected two different axes.");
        var (rows, columns) = (SizeOf(x, rowAxis, nameof(Diagonal)), SizeOf(x, columnAxis, nameof(Diagonal)));
        int[] order = [.. Enumerable.Range(0, x.Rank).Where(axis => axis != rowAxis && axis != columnAxis), rowAxis, columnAxis];
        if (!order.SequenceEqual(Enumerable.Range(0, x.Rank))) x = Transpose(x, order);
        var first = (Row: Math.Max(0, -offset), Column: Math.Max(0, offset));
        var count = Math.Max(0, Math.Min(rows - first.Row, columns - first.Column));
        var places = Enumerable.Range(0, count).Select(i => ((first.Row + i) * (long)columns) + first.Column + i).ToArray();
        return Take(Reshape(x, [.. Enumerable.Repeat(0, x.Rank - 2), rows * columns]), Constant(Shape.Of(count), places), x.Rank - 2);
    }

    /// <summary>The sum of the elements on a diagonal of two axes (https://keras.io/api/ops/numpy/#trace-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="offset">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <param name="axis1">The axis of rows, whose size is known.</param>
    /// <param name="axis2">The axis of columns, whose size is known.</param>
    /// <exception cref="ModelException">There are no such axes, or their sizes are unknown.</exception>
    public static SymbolicTensor Trace(SymbolicTensor x, int offset = 0, int axis1 = 0, int axis2 = 1)
    {
        var diagonal = Diagonal(x, offset, axis1, axis2);
        return Cast(Sum(diagonal, -1), diagonal.DType == DType.Bool ? DType.Int32 : diagonal.DType);
    }

    /// <summary>
    /// A vector as the diagonal of a matrix of zeros, or the diagonal of a matrix (https://keras.io/api/ops/numpy/#diag-function).
    /// </summary>
    /// <param name="x">A vector or a matrix of known sizes.</param>
    /// <param name="k">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <exception cref="ModelException">The tensor is neither a vector nor a matrix, or a size is unknown.</exception>
    public static SymbolicTensor Diag(SymbolicTensor x, int k = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank is not (1 or 2)) throw new ModelException($"Diag takes a vector or a matrix, but got {x.Shape}.");
        if (x.Rank == 2) return Diagonal(x, k);

        // Each row repeats the element of its place; the others are zeros whatever it is.
        var size = SizeOf(x, 0, nameof(Diag)) + Math.Abs(k);
        var padded = Pad(x, [Math.Max(0, -k)], [Math.Max(0, k)]);
        return Where(Mask(Shape.Of(size, size), i => (i % size) - (i / size) == k), ExpandDims(padded, 1), 0);
    }

    /// <summary>
    /// The elements of a tensor as the diagonal of a matrix of zeros (https://keras.io/api/ops/numpy/#diagflat-function).
    /// </summary>
    /// <param name="x">A tensor of known sizes.</param>
    /// <param name="k">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <exception cref="ModelException">A size is unknown.</exception>
    public static SymbolicTensor DiagFlat(SymbolicTensor x, int k = 0) => Diag(Reshape(x, -1), k);

    /// <summary>
    /// The indices along each axis of a shape that positions in its flat order have (https://keras.io/api/ops/numpy/#unravel_index-function).
    /// </summary>
    /// <param name="indices">Integers; negative ones count from the end.</param>
    /// <param name="shape">The dimensions, all known.</param>
    /// <returns>A tensor of the shape of the indices for each axis.</returns>
    /// <exception cref="ModelException">The tensor is not of integers, or a dimension is unknown.</exception>
    public static SymbolicTensors UnravelIndex(SymbolicTensor indices, Shape shape)
    {
        if (!shape.IsKnown) throw new ModelException($"UnravelIndex takes a shape of known dimensions, but got {shape}.");
        var place = Mod(Integers(indices, nameof(UnravelIndex)), shape.ElementCount);
        var parts = new SymbolicTensor[shape.Rank];
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            parts[axis] = Mod(place, shape.Dims[axis]);
            if (axis > 0) place = FloorDivide(place, shape.Dims[axis]);
        }

        return parts;
    }

    /// <summary>
    /// Windows along the last axis: (..., n) becomes (..., windows, length) (https://keras.io/api/ops/math/#extract_sequences-function).
    /// </summary>
    /// <param name="x">The tensor, its last size known.</param>
    /// <param name="length">The length of a window.</param>
    /// <param name="stride">The distance between windows.</param>
    /// <exception cref="ModelException">The last size is unknown or less than a window, or a number is not positive.</exception>
    public static SymbolicTensor ExtractSequences(SymbolicTensor x, int length, int stride)
    {
        ArgumentNullException.ThrowIfNull(x);
        Check.Positive(length, nameof(ExtractSequences), nameof(length));
        Check.Positive(stride, nameof(ExtractSequences), nameof(stride));
        var size = SizeOf(x, x.Rank - 1, nameof(ExtractSequences));
        if (size < length) throw new ModelException($"ExtractSequences of {length} elements takes at least as many along the last axis, but got {x.Shape}.");
        var count = ((size - length) / stride) + 1;
        var places = new long[count * length];
        for (var i = 0; i < places.Length; i++) places[i] = (i / length * stride) + (i % length);
        return Take(x, Constant(Shape.Of(count, length), places), -1);
    }

    /// <summary>
    /// Moves channels to blocks of positions: (batch, h, w, block block c) becomes (batch, h block, w block, c)
    /// (https://keras.io/api/ops/nn/#depth_to_space-function).
    /// </summary>
    /// <param name="x">Images, channels last.</param>
    /// <param name="blockSize">The size of a block.</param>
    /// <exception cref="ModelException">The channels are no multiple of the block's square.</exception>
    public static SymbolicTensor DepthToSpace(SymbolicTensor x, int blockSize)
    {
        var (height, width, channels) = Image(x, nameof(DepthToSpace));
        if (blockSize < 1 || channels % (blockSize * blockSize) != 0)
            throw new ModelException($"DepthToSpace of {x.Shape} in blocks of {blockSize}; expected channels that are a multiple of the block's square.");
        var rest = channels / (blockSize * blockSize);
        var blocks = Transpose(Reshape(x, -1, height, width, blockSize, blockSize, rest), 0, 1, 3, 2, 4, 5);
        return Reshape(blocks, -1, height * blockSize, width * blockSize, rest);
    }

    /// <summary>
    /// Moves blocks of positions to channels: (batch, h block, w block, c) becomes (batch, h, w, block block c)
    /// (https://keras.io/api/ops/nn/#space_to_depth-function).
    /// </summary>
    /// <param name="x">Images, channels last.</param>
    /// <param name="blockSize">The size of a block.</param>
    /// <exception cref="ModelException">The height or width is no multiple of the block.</exception>
    public static SymbolicTensor SpaceToDepth(SymbolicTensor x, int blockSize)
    {
        var (height, width, channels) = Image(x, nameof(SpaceToDepth));
        if (blockSize < 1 || height % blockSize != 0 || width % blockSize != 0)
            throw new ModelException($"SpaceToDepth of {x.Shape} in blocks of {blockSize}; expected a height and width that are multiples of the block.");
        var (high, wide) = (height / blockSize, width / blockSize);
        var blocks = Transpose(Reshape(x, -1, high, blockSize, wide, blockSize, channels), 0, 1, 3, 2, 4, 5);
        return Reshape(blocks, -1, high, wide, blockSize * blockSize * channels);
    }

    private static (int Height, int Width, int Channels) Image(SymbolicTensor x, string what)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Rank == 4
            ? (SizeOf(x, 1, what), SizeOf(x, 2, what), SizeOf(x, 3, what))
            : throw new ModelException($"{what} takes images, (batch, height, width, channels), but got {x.Shape}.");
    }
}
