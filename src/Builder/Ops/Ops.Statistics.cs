using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Statistics of elements along axes; without axes, of all. Those named Nan leave out what is no number.</content>
public static partial class Ops
{
    /// <summary>
    /// The mean along the axes, each element by its weight: <c>sum(x w) / sum(w)</c> (https://keras.io/api/ops/numpy/#average-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="weights">The weights: of the shape of x, or a vector for one axis; equal ones by default.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis, or the weights do not fit.</exception>
    public static SymbolicTensor Average(SymbolicTensor x, SymbolicTensor? weights = null, Axes axis = default, bool keepdims = false)
    {
        x = Floats(x);
        if (weights is null) return Mean(x, axis, keepdims);
        weights = Floats(weights);
        if (weights.Rank == 1 && x.Rank > 1)
        {
            if (axis.List.Count != 1) throw new ModelException($"Average of {x.Shape} with weights {weights.Shape} takes one axis, but got {axis.List}.");
            var along = ShapeRules.Axis(axis.List[0], x.Rank, nameof(Average));
            int[] others = [.. Enumerable.Range(0, x.Rank).Where(each => each != along)];
            weights = ExpandDims(weights, Axes.Create(others));
        }

        return Sum(x * weights, axis, keepdims) / Sum(OnesLike(x) * weights, axis, keepdims);
    }

    /// <summary>The variance along the axes: <c>mean((x - mean(x))^2)</c> (https://keras.io/api/ops/numpy/#var-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor Var(SymbolicTensor x, Axes axis = default, bool keepdims = false) =>
        Mean(Square(Floats(x) - Mean(x, axis, keepdims: true)), axis, keepdims);

    /// <summary>The standard deviation along the axes: <c>sqrt(var(x))</c> (https://keras.io/api/ops/numpy/#std-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor Std(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Sqrt(Var(x, axis, keepdims));

    /// <summary>The largest element along the axes that is a number (https://keras.io/api/ops/numpy/#nanmax-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor NanMax(SymbolicTensor x, Axes axis = default, bool keepdims = false) =>
        OrNaN(Max(Where(IsNaN(x), double.NegativeInfinity, x), axis, keepdims), x, axis, keepdims);

    /// <summary>The smallest element along the axes that is a number (https://keras.io/api/ops/numpy/#nanmin-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor NanMin(SymbolicTensor x, Axes axis = default, bool keepdims = false) =>
        OrNaN(Min(Where(IsNaN(x), double.PositiveInfinity, x), axis, keepdims), x, axis, keepdims);

    /// <summary>The mean along the axes of the elements that are numbers (https://keras.io/api/ops/numpy/#nanmean-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor NanMean(SymbolicTensor x, Axes axis = default, bool keepdims = false) =>
        Sum(Where(IsNaN(x), 0, x), axis, keepdims) / CountOfNumbers(x, axis, keepdims);

    /// <summary>The variance along the axes of the elements that are numbers (https://keras.io/api/ops/numpy/#nanvar-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor NanVar(SymbolicTensor x, Axes axis = default, bool keepdims = false) =>
        NanMean(Square(x - NanMean(x, axis, keepdims: true)), axis, keepdims);

    /// <summary>The correlation of each pair of rows, each a variable (https://keras.io/api/ops/numpy/#corrcoef-function).</summary>
    /// <param name="x">Variables, (variables, observations).</param>
    /// <exception cref="ModelException">The tensor is no matrix.</exception>
    public static SymbolicTensor CorrCoef(SymbolicTensor x)
    {
        x = Floats(x);
        if (x.Rank != 2) throw new ModelException($"CorrCoef takes (variables, observations), but got {x.Shape}.");
        var centered = x - Mean(x, -1, keepdims: true);
        var normal = centered / Norm(centered, -1, keepdims: true);
        return Make(new MatMul(TransposeRight: true), normal, normal);
    }

    /// <summary>The distance of each vector of x to each of y (https://keras.io/api/ops/math/#cdist-function).</summary>
    /// <param name="x">Vectors, (..., n, d).</param>
    /// <param name="y">Vectors, (..., m, d).</param>
    /// <returns>Distances, (..., n, m).</returns>
    /// <exception cref="ModelException">The vectors differ in size.</exception>
    public static SymbolicTensor Cdist(SymbolicTensor x, SymbolicTensor y) => Norm(ExpandDims(Floats(x), -2) - ExpandDims(Floats(y), -3), -1);

    /// <summary>
    /// The ratio of the largest possible signal to the difference, in decibels: <c>20 log10(max) - 10 log10(mean((a - b)^2))</c>
    /// (https://keras.io/api/ops/nn/#psnr-function).
    /// </summary>
    /// <param name="a">One tensor.</param>
    /// <param name="b">The other one.</param>
    /// <param name="maxVal">The largest value that an element may have.</param>
    /// <returns>One number for all elements, the batch included.</returns>
    /// <exception cref="ModelException">The shapes do not fit, or the largest value is not positive.</exception>
    public static SymbolicTensor Psnr(SymbolicTensor a, SymbolicTensor b, double maxVal) => maxVal > 0
        ? (20 * Math.Log10(maxVal)) - (10 * Log10(Mean(Square(a - b))))
        : throw new ModelException($"Psnr: maxVal is {maxVal}; expected a positive number.");

    /// <summary>
    /// How often each integer from 0 occurs, or the sum of its weights, along the last axis (https://keras.io/api/ops/numpy/#bincount-function).
    /// </summary>
    /// <param name="x">Integers, (n) or (batch, n).</param>
    /// <param name="size">How many integers are counted; larger ones are left out. Keras finds the largest itself.</param>
    /// <param name="weights">The weight of each element, of the shape of x.</param>
    /// <returns>Counts as int32, or sums of weights, (size) or (batch, size).</returns>
    /// <exception cref="ModelException">The tensor is not of integers.</exception>
    public static SymbolicTensor BinCount(SymbolicTensor x, int size, SymbolicTensor? weights = null)
    {
        var hits = OneHot(Integers(x, nameof(BinCount)), size);
        return weights is null ? Cast(Sum(hits, -2), DType.Int32) : Sum(hits * ExpandDims(Floats(weights), -1), -2);
    }

    /// <summary>How many elements lie in each of some bins of equal width (https://keras.io/api/ops/numpy/#histogram-function).</summary>
    /// <param name="x">The tensor, all its elements.</param>
    /// <param name="bins">The number of bins.</param>
    /// <param name="range">The first and the last border; by default the smallest and the largest element.</param>
    /// <returns>The counts as int32, (bins), and the borders, (bins + 1); the last bin holds its upper border too.</returns>
    /// <exception cref="ModelException">There is no bin, or the borders are not in ascending order.</exception>
    public static (SymbolicTensor Counts, SymbolicTensor Edges) Histogram(SymbolicTensor x, int bins = 10, (double Low, double High)? range = null)
    {
        Check.Positive(bins, nameof(Histogram), nameof(bins));
        if (range is var (from, to) && !(from < to))
            throw new ModelException($"Histogram: range is from {from} to {to}; expected two numbers in ascending order.");
        x = Reshape(Floats(x), -1);
        var (low, high) = range is { } given ? (Constant(given.Low), Constant(given.High)) : (Min(x), Max(x));
        if (range is null)
        {
            // As in NumPy, equal elements have a bin of width 1 around them.
            var isOne = Equal(low, high);
            (low, high) = (Where(isOne, low - 0.5, low), Where(isOne, high + 0.5, high));
        }

        var each = ExpandDims(x, -1);
        var atLeast = Cast(GreaterEqual(each, Edges(0, bins)), DType.Float32);
        var past = ExpandDims(Cast(Greater(x, high), DType.Float32), -1);
        if (bins > 1) past = Concatenate([Cast(GreaterEqual(each, Edges(1, bins - 1)), DType.Float32), past], -1);
        return (Cast(Sum(atLeast - past, 0), DType.Int32), Edges(0, bins + 1));

        SymbolicTensor Edges(int first, int count) => range is { } known
            ? Vector(count, i => At(known.Low, known.High, first + i, bins))
            : low + ((high - low) * Vector(count, i => (double)(first + i) / bins));
    }

    private static SymbolicTensor CountOfNumbers(SymbolicTensor x, Axes axis, bool keepdims) => Sum(Cast(LogicalNot(IsNaN(x)), DType.Float32), axis, keepdims);

    /// <summary>A result, NaN where no element was a number.</summary>
    private static SymbolicTensor OrNaN(SymbolicTensor result, SymbolicTensor x, Axes axis, bool keepdims) =>
        Where(All(IsNaN(x), axis, keepdims), double.NaN, result);
}
