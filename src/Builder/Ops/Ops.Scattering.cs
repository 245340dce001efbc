using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>What becomes of an element that is updated.</summary>
public enum ScatterReduction
{
    /// <summary>It is replaced; of several updates the last counts.</summary>
    None,

    /// <summary>The updates are added to it.</summary>
    Add,

    /// <summary>It is the largest of itself and the updates.</summary>
    Max,

    /// <summary>It is the smallest of itself and the updates.</summary>
    Min,

    /// <summary>It is multiplied by the updates.</summary>
    Mul,
}

/// <content>Elements put to places that integers name.</content>
public static partial class Ops
{
    /// <summary>The sums of the rows of each segment (https://keras.io/api/ops/math/#segment_sum-function).</summary>
    /// <param name="data">Rows, (n, ...).</param>
    /// <param name="segmentIds">The segment of each row, (n), as integers; rows of negative or too large ones are left out.</param>
    /// <param name="numSegments">The number of segments.</param>
    /// <returns>(segments, ...); 0 for a segment without rows.</returns>
    /// <exception cref="ModelException">The segments are no vector of integers, or there is none.</exception>
    public static SymbolicTensor SegmentSum(SymbolicTensor data, SymbolicTensor segmentIds, int numSegments)
    {
        (data, segmentIds) = Segments(data, segmentIds, numSegments, nameof(SegmentSum));
        var rest = data.Shape.Dims[1..].ToArray();
        if (rest.Contains(Shape.Unknown)) throw new ModelException($"SegmentSum takes rows of known sizes, but got {data.Shape}. Set sizes in Model.Input.");

        // Rows of no segment go to one more, which is dropped.
        var ids = Known(segmentIds) is { } known
            ? Vector(known.Length, i => known[i] < 0 || known[i] >= numSegments ? numSegments : known[i], DType.Int64)
            : Where(LogicalOr(Less(segmentIds, 0), GreaterEqual(segmentIds, numSegments)), numSegments, segmentIds);
        var sums = Make(new GatherGradient(0), Floats(data), ids, Filled(Shape.Of([numSegments + 1, .. rest]), 0));
        return Cast(Slice(sums, 0, 0, numSegments), data.DType == DType.Bool ? DType.Int32 : data.DType);
    }

    /// <summary>The largest elements of the rows of each segment (https://keras.io/api/ops/math/#segment_max-function).</summary>
    /// <param name="data">Rows, (n, ...).</param>
    /// <param name="segmentIds">The segment of each row, (n), as integers; rows of negative or too large ones are left out.</param>
    /// <param name="numSegments">The number of segments.</param>
    /// <returns>(segments, ...) as floating-point numbers; negative infinity for a segment without rows.</returns>
    /// <exception cref="ModelException">The segments are no vector of integers, or there is none.</exception>
    public static SymbolicTensor SegmentMax(SymbolicTensor data, SymbolicTensor segmentIds, int numSegments) =>
        Max(OfSegments(data, segmentIds, numSegments, double.NegativeInfinity, nameof(SegmentMax)), 1);

    /// <summary>The smallest elements of the rows of each segment (https://keras.io/api/ops/math/#segment_min-function).</summary>
    /// <param name="data">Rows, (n, ...).</param>
    /// <param name="segmentIds">The segment of each row, (n), as integers; rows of negative or too large ones are left out.</param>
    /// <param name="numSegments">The number of segments.</param>
    /// <returns>(segments, ...) as floating-point numbers; infinity for a segment without rows.</returns>
    /// <exception cref="ModelException">The segments are no vector of integers, or there is none.</exception>
    public static SymbolicTensor SegmentMin(SymbolicTensor data, SymbolicTensor segmentIds, int numSegments) =>
        Min(OfSegments(data, segmentIds, numSegments, double.PositiveInfinity, nameof(SegmentMin)), 1);

    /// <summary>The products of the rows of each segment (https://keras.io/api/ops/math/#segment_prod-function).</summary>
    /// <param name="data">Rows, (n, ...).</param>
    /// <param name="segmentIds">The segment of each row, (n), as integers; rows of negative or too large ones are left out.</param>
    /// <param name="numSegments">The number of segments.</param>
    /// <returns>(segments, ...) as floating-point numbers; 1 for a segment without rows.</returns>
    /// <exception cref="ModelException">The segments are no vector of integers, or there is none.</exception>
    public static SymbolicTensor SegmentProd(SymbolicTensor data, SymbolicTensor segmentIds, int numSegments) =>
        Prod(OfSegments(data, segmentIds, numSegments, 1, nameof(SegmentProd)), 1);

    /// <summary>Zeros with values added at places (https://keras.io/api/ops/core/#scatter-function).</summary>
    /// <param name="indices">The places, (..., k): an index for each of the first k axes.</param>
    /// <param name="values">The values, (..., and the other axes).</param>
    /// <param name="shape">The shape of the result, all known.</param>
    /// <exception cref="ModelException">The indices are not integers, or the shapes do not fit.</exception>
    public static SymbolicTensor Scatter(SymbolicTensor indices, SymbolicTensor values, Shape shape)
    {
        var (places, rows, flat) = Places(indices, values, shape, nameof(Scatter));
        return Reshape(SegmentSum(rows, places, flat.Dims[0]), shape.Dims);
    }

    /// <summary>The elements of a tensor, some of them updated (https://keras.io/api/ops/core/#scatter_update-function).</summary>
    /// <param name="x">The tensor, of known sizes.</param>
    /// <param name="indices">The places, (..., k): an index for each of the first k axes.</param>
    /// <param name="updates">The updates, (..., and the other axes).</param>
    /// <param name="reduction">What becomes of an element that is updated.</param>
    /// <exception cref="ModelException">The indices are not integers, a size is unknown, or the shapes do not fit.</exception>
    public static SymbolicTensor ScatterUpdate(
        SymbolicTensor x, SymbolicTensor indices, SymbolicTensor updates, ScatterReduction reduction = ScatterReduction.None)
    {
        ArgumentNullException.ThrowIfNull(x);
        var (places, rows, flat) = Places(indices, updates, x.Shape, nameof(ScatterUpdate));
        var count = flat.Dims[0];
        var before = Reshape(x, flat.Dims);
        (before, rows) = Promote(before, rows);
        var after = reduction switch
        {
            ScatterReduction.Add => before + SegmentSum(rows, places, count),
            ScatterReduction.Max => Cast(Maximum(before, SegmentMax(rows, places, count)), x.DType),
            ScatterReduction.Min => Cast(Minimum(before, SegmentMin(rows, places, count)), x.DType),
            ScatterReduction.Mul => Cast(before * SegmentProd(rows, places, count), x.DType),
            _ => Replaced(before, rows, places),
        };
        return Reshape(after, x.Shape.Dims);
    }

    /// <summary>The elements of a tensor, a block of them replaced (https://keras.io/api/ops/core/#slice_update-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="start">The first index of the block along each axis.</param>
    /// <param name="updates">The block.</param>
    /// <exception cref="ModelException">The block does not lie in the tensor, or a size is unknown where it does not cover the axis.</exception>
    public static SymbolicTensor SliceUpdate(SymbolicTensor x, ReadOnlySpan<int> start, SymbolicTensor updates)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(updates);
        if (start.Length != x.Rank || updates.Rank != x.Rank)
        {
            throw new ModelException(
                $"SliceUpdate of {x.Shape} at {start.Length} indices by {updates.Shape}; expected one index for each axis, and a block of the same rank.");
        }

        // Around the block, from the last axis to the first, comes what stays.
        var block = Cast(updates, x.DType);
        for (var axis = x.Rank - 1; axis >= 0; axis--)
        {
            if (start[axis] == 0 && x.Shape.Symbols[axis] == updates.Shape.Symbols[axis]) continue;
            var (size, width) = (SizeOf(x, axis, nameof(SliceUpdate)), SizeOf(updates, axis, nameof(SliceUpdate)));
            if (start[axis] < 0 || start[axis] + width > size)
                throw new ModelException($"SliceUpdate: {width} elements from {start[axis]} on do not lie in axis {axis} of {x.Shape}.");
            var around = x;
            for (var i = 0; i < axis; i++)
            {
                if (start[i] != 0 || x.Shape.Symbols[i] != updates.Shape.Symbols[i])
                    around = Slice(around, i, start[i], start[i] + SizeOf(updates, i, nameof(SliceUpdate)));
            }

            var parts = new List<SymbolicTensor> { block };
            if (start[axis] > 0) parts.Insert(0, Slice(around, axis, 0, start[axis]));
            if (start[axis] + width < size) parts.Add(Slice(around, axis, start[axis] + width));
            block = Concatenate(parts.ToArray(), axis);
        }

        return block;
    }

    /// <summary>The elements of a constant of integers; null for other tensors.</summary>
    private static long[]? Known(SymbolicTensor x) => x.Value.Producer.Op is not Operators.Constant { Data: var data } ? null
        : data.Type == DType.Int64 ? data.As<long>().ToArray()
        : [.. data.As<int>().ToArray().Select(element => (long)element)];

    private static (SymbolicTensor Data, SymbolicTensor Ids) Segments(SymbolicTensor data, SymbolicTensor ids, int count, string what)
    {
        ArgumentNullException.ThrowIfNull(data);
        ids = Integers(ids, what);
        Check.Positive(count, what, "numSegments");
        return ids.Rank == 1 && data.Rank >= 1
            ? (data, ids)
            : throw new ModelException($"{what} takes rows and a vector of their segments, but got {data.Shape} and {ids.Shape}.");
    }

    /// <summary>The rows for each segment, those of others replaced: (segments, n, ...).</summary>
    private static SymbolicTensor OfSegments(SymbolicTensor data, SymbolicTensor ids, int count, double others, string what)
    {
        (data, ids) = Segments(data, ids, count, what);
        var isMember = Known(ids) is { Length: var length } known
            ? Mask(Shape.Of(count, length), i => known[i % length] == i / length)
            : Equal(ExpandDims(ids, 0), ExpandDims(Vector(count, i => i, ids.DType), 1));
        if (data.Rank > 1) isMember = ExpandDims(isMember, Axes.Create([.. Enumerable.Range(2, data.Rank - 1)]));
        return Where(isMember, ExpandDims(Floats(data), 0), others);
    }

    /// <summary>The last row for each place, or the row that was there.</summary>
    private static SymbolicTensor Replaced(SymbolicTensor before, SymbolicTensor rows, SymbolicTensor places)
    {
        var count = SizeOf(before, 0, nameof(ScatterUpdate));
        var updates = SizeOf(rows, 0, nameof(ScatterUpdate));
        if (Known(places) is { } known)
        {
            var sources = Enumerable.Range(0, count).Select(i => Array.LastIndexOf(known, i) is >= 0 and var update ? count + update : i).ToArray();
            return Take(Concatenate([before, rows], 0), Vector(count, i => sources[i], DType.Int64));
        }

        var numbers = Vector(updates, i => i + 1);
        var last = Max(OfSegments(numbers, places, count, 0, nameof(ScatterUpdate)), 1);
        var source = Where(Greater(last, 0), last + (count - 1), Vector(count, i => i));
        return Take(Concatenate([before, rows], 0), Cast(source, DType.Int64));
    }

    /// <summary>Places as positions in the flat order of the axes that they index, the rows for them, and the tensor's shape with these axes as one.</summary>
    private static (SymbolicTensor Places, SymbolicTensor Rows, Shape Flat) Places(SymbolicTensor indices, SymbolicTensor values, Shape shape, string what)
    {
        ArgumentNullException.ThrowIfNull(values);
        indices = Integers(indices, what);
        var axes = indices.Rank == 0 ? 0 : SizeOf(indices, indices.Rank - 1, what);
        if (!shape.IsKnown || axes == 0 || axes > shape.Rank)
        {
            throw new ModelException(
                $"{what} at indices {indices.Shape} of {shape}; expected known sizes, and as last axis an index for each of the first axes.");
        }

        var indexed = shape.Dims[..axes].ToArray();
        var count = indexed.Aggregate(1, (product, size) => product * size);
        int[] rest = [.. shape.Dims[axes..]];
        if (Known(indices) is { } known) return (FlatPlaces(known, indexed), Reshape(values, [-1, .. rest]), Shape.Of([count, .. rest]));
        SymbolicTensor? places = null;
        for (var axis = 0; axis < axes; axis++)
        {
            var along = Reshape(Slice(indices, indices.Rank - 1, axis, axis + 1), -1);
            var (size, stride) = (indexed[axis], indexed[(axis + 1)..].Aggregate(1, (product, next) => product * next));
            along = Where(Less(along, 0), along + size, along) * stride;
            places = places is null ? along : places + along;
        }

        return (places!, Reshape(values, [-1, .. rest]), Shape.Of([count, .. rest]));
    }

    /// <summary>The same for constants: a file has no form for steps without tensors.</summary>
    private static SymbolicTensor FlatPlaces(long[] indices, int[] sizes)
    {
        var places = indices.Chunk(sizes.Length).Select(row => row.Zip(sizes).Aggregate(0L, (place, pair) =>
            (place * pair.Second) + (pair.First < 0 ? pair.First + pair.Second : pair.First))).ToArray();
        return Constant(Shape.Of(places.Length), places);
    }
}
