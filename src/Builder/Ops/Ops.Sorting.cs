using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>Which number a quantile is if it lies between two elements.</summary>
public enum QuantileMethod
{
    /// <summary>The number in between, by its place.</summary>
    Linear,

    /// <summary>The smaller element.</summary>
    Lower,

    /// <summary>The larger element.</summary>
    Higher,

    /// <summary>The mean of both.</summary>
    Midpoint,

    /// <summary>The nearer element.</summary>
    Nearest,
}

/// <content>Order among elements. Integers are compared as float32, which is exact up to 2^24.</content>
public static partial class Ops
{
    /// <summary>The elements along an axis in ascending order (https://keras.io/api/ops/numpy/#sort-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, whose size is known.</param>
    /// <exception cref="ModelException">There is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor Sort(SymbolicTensor x, int axis = -1) => Sorted(x, axis, nameof(Sort)).Values;

    /// <summary>
    /// The positions of the elements along an axis in ascending order, as int64; of equal elements the first comes first
    /// (https://keras.io/api/ops/numpy/#argsort-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, whose size is known.</param>
    /// <exception cref="ModelException">There is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor ArgSort(SymbolicTensor x, int axis = -1) => Sorted(x, axis, nameof(ArgSort)).Indices;

    /// <summary>The middle of the elements along the axes, or the mean of the two in the middle (https://keras.io/api/ops/numpy/#median-function).</summary>
    /// <param name="x">The tensor, without NaN.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor Median(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Quantile(x, 0.5, axis, keepdims);

    /// <summary>The number below which a share of the elements lies (https://keras.io/api/ops/numpy/#quantile-function).</summary>
    /// <param name="x">The tensor, without NaN.</param>
    /// <param name="q">The share, from 0 to 1.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <param name="method">Which number it is between two elements.</param>
    /// <exception cref="ModelException">The share is not from 0 to 1, there is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor Quantile(
        SymbolicTensor x, double q, Axes axis = default, bool keepdims = false, QuantileMethod method = QuantileMethod.Linear)
    {
        if (q is not (>= 0 and <= 1)) throw new ModelException($"Quantile: q is {q}; expected a number from 0 to 1.");
        var (row, restore) = Row(Floats(x), axis, keepdims, nameof(Quantile));
        var size = SizeOf(row, row.Rank - 1, nameof(Quantile));
        if (size == 0) throw new ModelException($"Quantile of no elements, {x.Shape}; expected at least one along the axes.");
        var sorted = Sort(row);
        var place = q * (size - 1);
        var (below, above) = ((int)Math.Floor(place), (int)Math.Ceiling(place));
        var share = method switch
        {
            QuantileMethod.Lower => 0,
            QuantileMethod.Higher => 1,
            QuantileMethod.Midpoint => 0.5,
            QuantileMethod.Nearest => Math.Round(place) - below,
            _ => place - below,
        };
        var (low, high) = (Position(sorted, row.Rank - 1, below), Position(sorted, row.Rank - 1, above));
        return restore(below == above || share == 0 ? low : share == 1 ? high : low + ((high - low) * share));
    }

    /// <summary>The number below which a percentage of the elements lies (https://keras.io/api/ops/numpy/#percentile-function).</summary>
    /// <param name="x">The tensor, without NaN.</param>
    /// <param name="q">The percentage, from 0 to 100.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <param name="method">Which number it is between two elements.</param>
    /// <exception cref="ModelException">The percentage is not from 0 to 100, there is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor Percentile(
        SymbolicTensor x, double q, Axes axis = default, bool keepdims = false, QuantileMethod method = QuantileMethod.Linear) =>
        Quantile(x, q / 100, axis, keepdims, method);

    /// <summary>
    /// As <see cref="Quantile"/> of the elements that are numbers; NaN if there is none (https://keras.io/api/ops/numpy/#nanquantile-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="q">The share, from 0 to 1.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <param name="method">Which number it is between two elements.</param>
    /// <exception cref="ModelException">The share is not from 0 to 1, there is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor NanQuantile(
        SymbolicTensor x, double q, Axes axis = default, bool keepdims = false, QuantileMethod method = QuantileMethod.Linear)
    {
        if (q is not (>= 0 and <= 1)) throw new ModelException($"NanQuantile: q is {q}; expected a number from 0 to 1.");
        var (row, restore) = Row(Floats(x), axis, keepdims, nameof(NanQuantile));

        // What is no number comes last, so the others are the first ones, and how many there are gives the place.
        var isMissing = IsNaN(row);
        var sorted = Sort(Where(isMissing, double.PositiveInfinity, row));
        var place = (Sum(Cast(LogicalNot(isMissing), DType.Float32), -1, keepdims: true) - 1) * q;
        var below = Floor(place);
        SymbolicTensor share = method switch
        {
            QuantileMethod.Lower => 0,
            QuantileMethod.Higher => Ceil(place) - below,
            QuantileMethod.Midpoint => (Ceil(place) - below) * 0.5,
            QuantileMethod.Nearest => Round(place) - below,
            _ => place - below,
        };
        var low = TakeAlongAxis(sorted, Cast(Maximum(below, 0), DType.Int64));
        var high = TakeAlongAxis(sorted, Cast(Maximum(Ceil(place), 0), DType.Int64));
        var between = low + (Where(Equal(share, 0), 0, high - low) * share);
        return restore(Where(All(isMissing, -1, keepdims: true), double.NaN, between));
    }

    /// <summary>
    /// For each value, how many elements of a sorted vector come before it, as int32 (https://keras.io/api/ops/numpy/#searchsorted-function).
    /// </summary>
    /// <param name="sorted">A vector in ascending order.</param>
    /// <param name="values">The values, of any shape.</param>
    /// <param name="right">Whether equal elements come before the value.</param>
    /// <exception cref="ModelException">The first tensor is no vector.</exception>
    public static SymbolicTensor SearchSorted(SymbolicTensor sorted, SymbolicTensor values, bool right = false)
    {
        ArgumentNullException.ThrowIfNull(sorted);
        if (sorted.Rank != 1) throw new ModelException($"SearchSorted takes a sorted vector, but got {sorted.Shape}.");
        var each = ExpandDims(Floats(values), -1);
        var isBefore = right ? GreaterEqual(each, Floats(sorted)) : Greater(each, Floats(sorted));
        return Cast(Sum(Cast(isBefore, DType.Float32), -1), DType.Int32);
    }

    /// <summary>The number of the bin each element is in, 0 below the first border (https://keras.io/api/ops/numpy/#digitize-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="bins">The borders, a vector in ascending order; each belongs to the bin above it.</param>
    /// <exception cref="ModelException">The borders are no vector.</exception>
    public static SymbolicTensor Digitize(SymbolicTensor x, SymbolicTensor bins) => SearchSorted(bins, x, right: true);

    /// <summary>True where an element is one of some values (https://keras.io/api/ops/numpy/#isin-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="values">The values.</param>
    /// <param name="invert">Whether it is true where the element is none of them.</param>
    /// <exception cref="ModelException">A tensor holds text.</exception>
    public static SymbolicTensor IsIn(SymbolicTensor x, SymbolicTensor values, bool invert = false)
    {
        var found = Any(Equal(ExpandDims(x, -1), Reshape(values, -1)), -1);
        return invert ? LogicalNot(found) : found;
    }

    /// <summary>True where the score of the target is among the k largest of its row (https://keras.io/api/ops/math/#in_top_k-function).</summary>
    /// <param name="targets">The indices, (...).</param>
    /// <param name="predictions">The scores, (..., classes).</param>
    /// <param name="k">How many of the largest scores.</param>
    /// <exception cref="ModelException">The targets are not integers, or the shapes do not fit.</exception>
    public static SymbolicTensor InTopK(SymbolicTensor targets, SymbolicTensor predictions, int k)
    {
        Check.Positive(k, nameof(InTopK), nameof(k));
        var score = TakeAlongAxis(predictions, ExpandDims(targets, -1));
        return Less(Sum(Cast(Greater(predictions, score), DType.Float32), -1), k);
    }

    /// <summary>Elements along an axis by an index each; other axes broadcast (https://keras.io/api/ops/numpy/#take_along_axis-function).</summary>
    /// <param name="x">The tensor to select from.</param>
    /// <param name="indices">Integers, of the rank of x; negative ones count from the end.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <returns>The elements, of the shape of the indices.</returns>
    /// <exception cref="ModelException">The indices are not integers or have another rank, or there is no such axis.</exception>
    public static SymbolicTensor TakeAlongAxis(SymbolicTensor x, SymbolicTensor indices, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(indices);
        var along = ShapeRules.Axis(axis, x.Rank, nameof(TakeAlongAxis));
        if (indices.Rank == x.Rank)
        {
            // An axis of size 1 on one side takes the size of the other.
            var (data, places) = (new int?[x.Rank], new int?[x.Rank]);
            for (var i = 0; i < x.Rank; i++)
            {
                if (i == along) continue;
                if (x.Shape[i] == 1 && indices.Shape[i] > 1) data[i] = indices.Shape[i];
                if (indices.Shape[i] == 1 && x.Shape[i] > 1) places[i] = x.Shape[i];
            }

            (x, indices) = (BroadcastTo(x, Shape.Create(data)), BroadcastTo(indices, Shape.Create(places)));
        }

        return Make(new GatherElements(along), x, indices);
    }

    /// <summary>
    /// The most likely labels of sequences: the largest score of each step, without repetitions and blanks (https://keras.io/api/ops/nn/#ctc_decode-function).
    /// </summary>
    /// <param name="x">Scores, (batch, steps, classes), the number of steps known.</param>
    /// <param name="sequenceLengths">How many steps count, (batch), as integers.</param>
    /// <param name="mergeRepeated">Whether a label that repeats in neighbouring steps counts once.</param>
    /// <param name="maskIndex">The label that means a blank.</param>
    /// <returns>Labels, (1, batch, steps) as int64, -1 behind the last; and minus the sum of the scores, (batch, 1).</returns>
    /// <exception cref="ModelException">The tensors do not fit, or the number of steps is unknown.</exception>
    public static (SymbolicTensor Labels, SymbolicTensor Scores) CtcDecode(
        SymbolicTensor x, SymbolicTensor sequenceLengths, bool mergeRepeated = true, int maskIndex = 0)
    {
        x = Floats(x);
        if (x.Rank != 3) throw new ModelException($"CtcDecode takes (batch, steps, classes), but got {x.Shape}.");
        var steps = SizeOf(x, 1, nameof(CtcDecode));
        var lengths = ExpandDims(Integers(sequenceLengths, nameof(CtcDecode)), -1);
        var isPast = GreaterEqual(Vector(steps, i => i, lengths.DType), lengths);
        var labels = Where(isPast, maskIndex, ArgMax(x, -1));
        var isBlank = Equal(labels, maskIndex);
        if (mergeRepeated && steps > 1)
        {
            var repeats = Cast(Equal(Slice(labels, 1, 1), Slice(labels, 1, 0, -1)), DType.Float32);
            isBlank = LogicalOr(isBlank, Greater(Pad(repeats, [0, 1], [0, 0]), 0));
        }

        // Blanks go behind all labels, which keep their order.
        var order = ArgSort(Where(isBlank, steps, Vector(steps, i => i)));
        var decoded = TakeAlongAxis(Where(isBlank, -1, labels), order);
        return (ExpandDims(decoded, 0), -Sum(Where(isPast, 0, Max(x, -1)), 1, keepdims: true));
    }

    private static (SymbolicTensor Values, SymbolicTensor Indices) Sorted(SymbolicTensor x, int axis, string what)
    {
        ArgumentNullException.ThrowIfNull(x);
        var along = ShapeRules.Axis(axis, x.Rank, what);
        var last = x.Rank - 1;
        var size = SizeOf(x, along, what);
        var (values, indices) = TopK(-(along == last ? Floats(x) : SwapAxes(Floats(x), along, last)), size);
        values = -values;
        if (along != last) (values, indices) = (SwapAxes(values, along, last), SwapAxes(indices, along, last));
        return (Cast(values, x.DType), indices);
    }

    /// <summary>The tensor with some axes as its last one, and what puts a result for each of its rows into the shape of a reduction.</summary>
    private static (SymbolicTensor Row, Func<SymbolicTensor, SymbolicTensor> Restore) Row(SymbolicTensor x, Axes axes, bool keepdims, string what)
    {
        var along = ShapeRules.Axes(axes.List, x.Rank, what);
        int[] others = [.. Enumerable.Range(0, x.Rank).Where(axis => !along.Contains(axis))];
        int[] order = [.. others, .. along];
        var moved = order.SequenceEqual(Enumerable.Range(0, x.Rank)) ? x : Transpose(x, order);
        var size = along.Aggregate(1, (product, axis) => product * SizeOf(x, axis, what));
        if (along.Length != 1) moved = Reshape(moved, [.. Enumerable.Repeat(0, others.Length), size]);
        return (moved, result => Squeeze(result, -1) is var row && keepdims ? ExpandDims(row, Axes.Create(along)) : row);
    }
}
