using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Products of two tensors over some of their axes, and sums of neighbours.</content>
public static partial class Ops
{
    /// <summary>
    /// The product of NumPy's <c>dot</c>: over the last axis of a and the second-last (or only one) of b (https://keras.io/api/ops/numpy/#dot-function).
    /// </summary>
    /// <param name="a">The left tensor; a number multiplies.</param>
    /// <param name="b">The right tensor; a number multiplies.</param>
    /// <exception cref="ModelException">The sizes of the axes differ.</exception>
    public static SymbolicTensor Dot(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Rank == 0 || b.Rank == 0) return a * b;
        return b.Rank <= 2 ? MatMul(a, b) : Tensordot(a, b, -1, -2);
    }

    /// <summary>Sums of products over some axes of both tensors (https://keras.io/api/ops/numpy/#tensordot-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor.</param>
    /// <param name="axesA">The axes of a.</param>
    /// <param name="axesB">The axes of b that they meet, in the same order.</param>
    /// <returns>The other axes of a, then those of b.</returns>
    /// <exception cref="ModelException">There are not as many axes of one as of the other, or their sizes differ.</exception>
    public static SymbolicTensor Tensordot(SymbolicTensor a, SymbolicTensor b, Axes axesA, Axes axesB)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (axesA.List.Count != axesB.List.Count)
            throw new ModelException($"Tensordot over axes {axesA.List} of the left and {axesB.List} of the right; expected as many of both.");
        var left = Enumerable.Range(0, a.Rank).Select(i => (char)('a' + i)).ToArray();
        var right = Enumerable.Range(a.Rank, b.Rank).Select(i => (char)('a' + i)).ToArray();
        foreach (var (i, j) in axesA.Zip(axesB))
            right[ShapeRules.Axis(j, b.Rank, nameof(Tensordot))] = left[ShapeRules.Axis(i, a.Rank, nameof(Tensordot))];
        var result = left.Where(letter => !right.Contains(letter)).Concat(right.Where(letter => !left.Contains(letter)));
        return Einsum($"{new string(left)},{new string(right)}->{string.Concat(result)}", a, b);
    }

    /// <summary>Sums of products over the last axis of both tensors (https://keras.io/api/ops/numpy/#inner-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor.</param>
    /// <returns>The other axes of a, then those of b.</returns>
    /// <exception cref="ModelException">The sizes of the last axes differ.</exception>
    public static SymbolicTensor Inner(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.Rank == 0 || b.Rank == 0 ? a * b : Tensordot(a, b, -1, -1);
    }

    /// <summary>Each element of a times each of b, (n, m) (https://keras.io/api/ops/numpy/#outer-function).</summary>
    /// <param name="a">The rows, in one row if it has several axes.</param>
    /// <param name="b">The columns, in one row if it has several axes.</param>
    /// <exception cref="ModelException">A tensor holds text.</exception>
    public static SymbolicTensor Outer(SymbolicTensor a, SymbolicTensor b) => Reshape(a, -1, 1) * Reshape(b, 1, -1);

    /// <summary>Each element of a times the whole of b, in its place (https://keras.io/api/ops/numpy/#kron-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor, its sizes known.</param>
    /// <exception cref="ModelException">A size of the right tensor is unknown, or more than one of the left.</exception>
    public static SymbolicTensor Kron(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var rank = Math.Max(a.Rank, b.Rank);
        if (rank == 0) return a * b;
        if (a.Rank < rank) a = ExpandDims(a, Axes.Create([.. Enumerable.Range(0, rank - a.Rank)]));
        if (b.Rank < rank) b = ExpandDims(b, Axes.Create([.. Enumerable.Range(0, rank - b.Rank)]));
        var sizes = Enumerable.Range(0, rank).Select(axis => a.Shape[axis] is { } size ? size * SizeOf(b, axis, nameof(Kron)) : -1).ToArray();
        if (sizes.Count(size => size < 0) > 1) throw new ModelException($"Kron of {a.Shape}: at most one size may be unknown. Set sizes in Model.Input.");
        int[] odd = [.. Enumerable.Range(0, rank).Select(axis => (2 * axis) + 1)];
        int[] even = [.. Enumerable.Range(0, rank).Select(axis => 2 * axis)];
        return Reshape(ExpandDims(a, Axes.Create(odd)) * ExpandDims(b, Axes.Create(even)), sizes);
    }

    /// <summary>The cross product of vectors along the last axis, of 3 elements (https://keras.io/api/ops/numpy/#cross-function).</summary>
    /// <param name="a">Vectors, (..., 3), or (..., 2) for vectors of a plane.</param>
    /// <param name="b">Vectors, (..., 3) or (..., 2); other axes broadcast.</param>
    /// <returns>Vectors, (..., 3); of two vectors of a plane the third element, (...).</returns>
    /// <exception cref="ModelException">The last axes have other sizes.</exception>
    public static SymbolicTensor Cross(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var (m, n) = (a.Shape[^1], b.Shape[^1]);
        if (m is not (2 or 3) || n is not (2 or 3))
            throw new ModelException($"Cross takes vectors of 2 or 3 elements along the last axis, but got {a.Shape} and {b.Shape}.");
        var third = (At(a, 0) * At(b, 1)) - (At(a, 1) * At(b, 0));
        if (m == 2 && n == 2) return Squeeze(third, -1);
        SymbolicTensor first, second;
        if (m == 2) (first, second) = (At(a, 1) * At(b, 2), -(At(a, 0) * At(b, 2)));
        else if (n == 2) (first, second) = (-(At(a, 2) * At(b, 1)), At(a, 2) * At(b, 0));
        else (first, second) = ((At(a, 1) * At(b, 2)) - (At(a, 2) * At(b, 1)), (At(a, 2) * At(b, 0)) - (At(a, 0) * At(b, 2)));
        return Concatenate([first, second, third], -1);

        static SymbolicTensor At(SymbolicTensor x, int i) => Position(x, x.Rank - 1, i);
    }

    /// <summary>Cumulative products along an axis; the shape stays (https://keras.io/api/ops/numpy/#cumprod-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, whose size is known.</param>
    /// <exception cref="ModelException">There is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor CumProd(SymbolicTensor x, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Cumulated(new Operators.Mul(), x, axis, 1, nameof(CumProd));
    }

    /// <summary>The elements along an axis combined up to each position, in which a number changes nothing.</summary>
    internal static SymbolicTensor Cumulated(Op op, SymbolicTensor x, int axis, int neutral, string what)
    {
        var along = ShapeRules.Axis(axis, x.Rank, what);
        var (before, after) = (new int[x.Rank], new int[x.Rank]);

        // After steps 1, 2, 4 ... each element combines twice as many elements up to its own.
        for (var step = 1; step < SizeOf(x, along, what); step *= 2)
        {
            before[along] = step;
            x = Make(op, x, Pad(Slice(x, along, 0, -step), before, after, neutral));
        }

        return x;
    }

    /// <summary>Differences of neighbours along an axis (https://keras.io/api/ops/numpy/#diff-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="n">How often differences are taken.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ModelException">There is no such axis, or n is negative.</exception>
    public static SymbolicTensor Diff(SymbolicTensor x, int n = 1, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(x);
        var along = ShapeRules.Axis(axis, x.Rank, nameof(Diff));
        if (n < 0) throw new ModelException($"Diff: n is {n}; expected at least 0.");
        for (var i = 0; i < n; i++)
        {
            var (next, here) = (Slice(x, along, 1), Slice(x, along, 0, -1));
            x = x.DType == DType.Bool ? LogicalXor(next, here) : next - here;
        }

        return x;
    }

    /// <summary>The integral along an axis by the trapezoidal rule (https://keras.io/api/ops/numpy/#trapezoid-function).</summary>
    /// <param name="y">The values of the function.</param>
    /// <param name="x">Where they are: of the shape of y, or a vector; by default at equal distances.</param>
    /// <param name="dx">The distance if <paramref name="x"/> is not given.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ModelException">There is no such axis, or the places do not fit.</exception>
    public static SymbolicTensor Trapezoid(SymbolicTensor y, SymbolicTensor? x = null, double dx = 1, int axis = -1)
    {
        y = Floats(y);
        var along = ShapeRules.Axis(axis, y.Rank, nameof(Trapezoid));
        var heights = (Slice(y, along, 1) + Slice(y, along, 0, -1)) * 0.5;
        if (x is null) return Sum(heights, along) * dx;

        // A file has no form for differences of a constant.
        var widths = x.Rank != 1 ? Diff(Floats(x), 1, along)
            : Floats(x) is { Value.Producer.Op: Operators.Constant { Data: var places } }
            ? Vector(places.Shape.Dims[0] - 1, i => (double)places.As<float>()[i + 1] - places.As<float>()[i])
            : Diff(Floats(x));
        if (x.Rank == 1 && along < y.Rank - 1) widths = ExpandDims(widths, Axes.Create([.. Enumerable.Range(1, y.Rank - 1 - along)]));
        return Sum(heights * widths, along);
    }

    /// <summary>The correlation of two vectors: <c>sum over k of a[n + k] v[k]</c> (https://keras.io/api/ops/numpy/#correlate-function).</summary>
    /// <param name="a">A vector of known size.</param>
    /// <param name="v">A vector of known size.</param>
    /// <param name="mode">Valid: where they overlap completely; Same: as many places as the longer one has; null: all places of overlap.</param>
    /// <exception cref="ModelException">A tensor is no vector of known size, or the mode is Causal.</exception>
    public static SymbolicTensor Correlate(SymbolicTensor a, SymbolicTensor v, Padding? mode = Padding.Valid)
    {
        (a, v) = (Floats(a), Floats(v));
        if (a.Rank != 1 || v.Rank != 1 || mode == Padding.Causal)
            throw new ModelException($"Correlate takes two vectors, and Valid, Same or null as mode, but got {a.Shape}, {v.Shape} and {mode}.");
        var (n, m) = (SizeOf(a, 0, nameof(Correlate)), SizeOf(v, 0, nameof(Correlate)));
        if (m > n) return Flip(Correlate(v, a, mode));
        var before = mode switch { null => m - 1, Padding.Same => m / 2, _ => 0 };
        var count = mode switch { null => n + m - 1, Padding.Same => n, _ => n - m + 1 };
        var places = new long[count * m];
        for (var i = 0; i < places.Length; i++) places[i] = (i / m) + (i % m);
        return MatMul(Take(Pad(a, [before], [count + m - 1 - n - before]), Constant(Shape.Of(count, m), places)), v);
    }

    /// <summary>The powers of each element of a vector, as a row (https://keras.io/api/ops/numpy/#vander-function).</summary>
    /// <param name="x">A vector.</param>
    /// <param name="columns">How many powers; by default as many as elements.</param>
    /// <param name="increasing">Whether the powers begin with 0.</param>
    /// <exception cref="ModelException">The tensor is no vector, or the number of powers is unknown.</exception>
    public static SymbolicTensor Vander(SymbolicTensor x, int? columns = null, bool increasing = false)
    {
        x = Floats(x);
        if (x.Rank != 1) throw new ModelException($"Vander takes a vector, but got {x.Shape}.");
        var count = columns ?? SizeOf(x, 0, nameof(Vander));
        var powers = new List<SymbolicTensor> { OnesLike(x) };
        while (powers.Count < count) powers.Add(powers.Count == 1 ? x : powers[^1] * x);
        if (!increasing) powers.Reverse();
        return Stack(powers.Take(count).ToArray(), 1);
    }
}
