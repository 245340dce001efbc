using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>
/// Linear algebra over the last two axes. ONNX has no such operators: the steps are written out, so matrices are small, and of known sizes. A gradient flows
/// through all of them.
/// </content>
public static partial class Ops
{
    // Each column is some ten operators; larger matrices make graphs that take longer to plan than to compute.
    private const int LargestMatrix = 64;

    /// <summary>The determinant (https://keras.io/api/ops/linalg/#det-function).</summary>
    /// <param name="x">Square matrices, (..., n, n), of at most 64 rows.</param>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size.</exception>
    public static SymbolicTensor Det(SymbolicTensor x) => Eliminated(x, null, nameof(Det)) is var (pivots, sign, _) ? Prod(pivots, -1) * sign : x;

    /// <summary>
    /// The sign of the determinant and the logarithm of its absolute value (https://keras.io/api/ops/linalg/#slogdet-function).
    /// </summary>
    /// <param name="x">Square matrices, (..., n, n), of at most 64 rows.</param>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size.</exception>
    public static (SymbolicTensor Sign, SymbolicTensor LogDet) SLogDet(SymbolicTensor x)
    {
        var (pivots, sign, _) = Eliminated(x, null, nameof(SLogDet));
        return (Prod(Sign(pivots), -1) * sign, Sum(Log(Abs(pivots)), -1));
    }

    /// <summary>The inverse of matrices (https://keras.io/api/ops/linalg/#inv-function).</summary>
    /// <param name="x">Square matrices, (..., n, n), of at most 64 rows.</param>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size.</exception>
    public static SymbolicTensor Inv(SymbolicTensor x) => Eliminated(x, Eye(Square(x, nameof(Inv))), nameof(Inv)).Solution!;

    /// <summary>The x of <c>a x = b</c>, by elimination with pivots (https://keras.io/api/ops/linalg/#solve-function).</summary>
    /// <param name="a">Square matrices, (..., n, n), of at most 64 rows.</param>
    /// <param name="b">Right sides: (..., n, m), or (..., n) where a has one axis more.</param>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size, or the right sides do not fit.</exception>
    public static SymbolicTensor Solve(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(b);
        var isVector = b.Rank == a.Rank - 1;
        var (_, _, solution) = Eliminated(a, isVector ? ExpandDims(Floats(b), -1) : Floats(b), nameof(Solve));
        return isVector ? Squeeze(solution!, -1) : solution!;
    }

    /// <summary>
    /// The triangular factors of matrices whose rows are exchanged, both in one matrix: L below the diagonal, whose own diagonal is ones, and U on and above it
    /// (https://keras.io/api/ops/linalg/#lu_factor-function).
    /// </summary>
    /// <param name="x">Square matrices, (..., n, n), of at most 64 rows.</param>
    /// <returns>The factors, and for each row with which row it was exchanged, as int32.</returns>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size.</exception>
    public static (SymbolicTensor Factors, SymbolicTensor Pivots) LuFactor(SymbolicTensor x)
    {
        var n = Square(x, nameof(LuFactor));
        x = Floats(x);
        var places = new SymbolicTensor[n];
        for (var k = 0; k < n; k++)
        {
            (var exchange, places[k]) = Pivot(x, k);
            x = exchange(x);
            var (row, pivot) = (RowOf(x, k), Position(RowOf(x, k), x.Rank - 1, k));
            var factors = ColumnOf(x, k) * Matrix(n, 1, (i, _) => i > k ? 1 : 0, nameof(LuFactor)) / Where(Equal(pivot, 0), 1, pivot);

            // Factors take the place of the zeros that they make.
            var rest = x - (factors * (row * Matrix(1, n, (_, j) => j > k ? 1 : 0, nameof(LuFactor))));
            x = Where(Mask(Shape.Of(n, n), i => i % n == k && i / n > k), factors, rest);
        }

        return (x, Cast(Squeeze(Concatenate(places, -2), -1), DType.Int32));
    }

    /// <summary>The x of <c>a x = b</c> for triangular matrices (https://keras.io/api/ops/linalg/#solve_triangular-function).</summary>
    /// <param name="a">Triangular matrices, (..., n, n), of at most 64 rows; the other elements are not read.</param>
    /// <param name="b">Right sides: (..., n, m), or (..., n) where a has one axis more.</param>
    /// <param name="lower">Whether the elements lie on and below the diagonal.</param>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size, or the right sides do not fit.</exception>
    public static SymbolicTensor SolveTriangular(SymbolicTensor a, SymbolicTensor b, bool lower = false)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return b.Rank == a.Rank - 1 ? Squeeze(Substituted(a, ExpandDims(Floats(b), -1), lower), -1) : Substituted(a, Floats(b), lower);
    }

    private static SymbolicTensor Substituted(SymbolicTensor a, SymbolicTensor rest, bool lower)
    {
        var n = Square(a, nameof(SolveTriangular));
        a = Floats(a);
        var rows = new SymbolicTensor[n];
        for (var step = 0; step < n; step++)
        {
            var k = lower ? step : n - 1 - step;
            rows[k] = RowOf(rest, k) / Position(RowOf(a, k), a.Rank - 1, k);
            if (step < n - 1) rest -= ColumnOf(a, k) * rows[k];
        }

        return Concatenate(rows, -2);
    }

    /// <summary>
    /// The triangular matrix L of <c>x = L L^T</c> for symmetric, positive definite matrices (https://keras.io/api/ops/linalg/#cholesky-function).
    /// </summary>
    /// <param name="x">Matrices, (..., n, n), of at most 64 rows.</param>
    /// <param name="upper">Whether the transpose of L is returned.</param>
    /// <returns>The lower triangle; NaN where a matrix is not positive definite.</returns>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size.</exception>
    public static SymbolicTensor Cholesky(SymbolicTensor x, bool upper = false)
    {
        var n = Square(x, nameof(Cholesky));
        x = Floats(x);
        var columns = new SymbolicTensor[n];
        for (var k = 0; k < n; k++)
        {
            // What lies above the diagonal is 0 but for rounding.
            var column = ColumnOf(x, k) * Matrix(n, 1, (i, _) => i >= k ? 1 : 0, nameof(Cholesky));
            columns[k] = column / Sqrt(Position(column, x.Rank - 2, k));
            if (k < n - 1) x -= Make(new MatMul(TransposeRight: true), columns[k], columns[k]);
        }

        var lower = Concatenate(columns, -1);
        return upper ? SwapAxes(lower, -1, -2) : lower;
    }

    /// <summary>The inverse of <c>L L^T</c> (https://keras.io/api/ops/linalg/#cholesky_inverse-function).</summary>
    /// <param name="x">The triangular matrices L of <see cref="Cholesky"/>.</param>
    /// <param name="upper">Whether they are transposed.</param>
    /// <exception cref="ModelException">The matrices are not square, too large, or of unknown size.</exception>
    public static SymbolicTensor CholeskyInverse(SymbolicTensor x, bool upper = false)
    {
        var inverse = Substituted(x, Eye(Square(x, nameof(CholeskyInverse))), lower: !upper);
        return upper ? Make(new MatMul(TransposeRight: true), inverse, inverse) : Make(new MatMul(TransposeLeft: true), inverse, inverse);
    }

    /// <summary>
    /// Orthogonal columns Q and a triangular R with <c>x = Q R</c>, by Householder's reflections (https://keras.io/api/ops/linalg/#qr-function).
    /// </summary>
    /// <param name="x">Matrices, (..., m, n), of at most 64 rows and columns.</param>
    /// <param name="complete">Whether Q has m columns rather than the smaller of m and n.</param>
    /// <exception cref="ModelException">The matrices are too large, or of unknown size.</exception>
    public static (SymbolicTensor Q, SymbolicTensor R) Qr(SymbolicTensor x, bool complete = false)
    {
        x = Floats(x);
        var (m, n) = Small(x, nameof(Qr));
        SymbolicTensor orthogonal = Eye(m);
        for (var k = 0; k < Math.Min(m - 1, n); k++)
        {
            // The reflection that makes the column a multiple of unit vector k; a column that is one stays, as in LAPACK.
            var column = ColumnOf(x, k) * Matrix(m, 1, (i, _) => i >= k ? 1 : 0, nameof(Qr));
            var first = Position(column, x.Rank - 2, k);
            var below = Sum(Square(column * Matrix(m, 1, (i, _) => i > k ? 1 : 0, nameof(Qr))), -2, keepdims: true);
            var isDone = Equal(below, 0);
            var length = Sqrt(Where(isDone, 1, Square(first) + below));
            var sign = Where(Less(first, 0), -1, 1);
            var mirror = column + (Matrix(m, 1, (i, _) => i == k ? 1 : 0, nameof(Qr)) * (sign * length));
            var factor = Where(isDone, 0, 1 / (length * (length + Abs(first))));
            x -= MatMul(mirror * factor, Make(new MatMul(TransposeLeft: true), mirror, x));
            orthogonal -= MatMul(MatMul(orthogonal, mirror), SwapAxes(mirror * factor, -1, -2));
        }

        var triangle = Triu(x);
        return complete || m <= n ? (orthogonal, triangle) : (Slice(orthogonal, orthogonal.Rank - 1, 0, n), Slice(triangle, x.Rank - 2, 0, n));
    }

    /// <summary>
    /// The x for which <c>|a x - b|</c> is smallest, and of several the shortest (https://keras.io/api/ops/linalg/#lstsq-function).
    /// </summary>
    /// <param name="a">A matrix of full rank, (m, n), of at most 64 rows and columns.</param>
    /// <param name="b">(m) or (m, k).</param>
    /// <exception cref="ModelException">The matrices are too large, of unknown size, or do not fit.</exception>
    public static SymbolicTensor Lstsq(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(b);
        var isVector = b.Rank == a.Rank - 1;
        var solution = MatMul(Pinv(a), isVector ? ExpandDims(Floats(b), -1) : Floats(b));
        return isVector ? Squeeze(solution, -1) : solution;
    }

    /// <summary>The pseudo-inverse of matrices of full rank (https://keras.io/api/ops/linalg/#pinv-function).</summary>
    /// <param name="x">Matrices of full rank, (..., m, n), of at most 64 rows and columns.</param>
    /// <exception cref="ModelException">The matrices are too large, or of unknown size.</exception>
    public static SymbolicTensor Pinv(SymbolicTensor x)
    {
        var (m, n) = Small(x, nameof(Pinv));
        if (m < n) return SwapAxes(Pinv(SwapAxes(x, -1, -2)), -1, -2);
        var (q, r) = Qr(x);
        return SolveTriangular(r, SwapAxes(q, -1, -2));
    }

    /// <summary>Matrices to an integer power (https://keras.io/api/ops/linalg/#matrix_power-function).</summary>
    /// <param name="x">Square matrices, (..., n, n).</param>
    /// <param name="n">The exponent; a negative one is a power of the inverse.</param>
    /// <exception cref="ModelException">The matrices are not square, or of unknown size.</exception>
    public static SymbolicTensor MatrixPower(SymbolicTensor x, int n)
    {
        var size = Square(x, nameof(MatrixPower));
        x = n < 0 ? Inv(x) : Floats(x);
        SymbolicTensor? result = null;
        for (var rest = Math.Abs((long)n); rest > 0; rest >>= 1)
        {
            if (rest % 2 == 1) result = result is null ? x : MatMul(result, x);
            if (rest > 1) x = MatMul(x, x);
        }

        return result ?? (ZerosLike(x) + Eye(size));
    }

    /// <summary>
    /// Elimination after Gauss and Jordan: the pivots (..., n), the sign that exchanges of rows give the determinant, and the solution for right sides.
    /// </summary>
    private static (SymbolicTensor Pivots, SymbolicTensor Sign, SymbolicTensor? Solution) Eliminated(SymbolicTensor a, SymbolicTensor? b, string what)
    {
        var n = Square(a, what);
        a = Floats(a);
        if (b is not null && (b.Rank < 2 || b.Shape[^2] != n))
            throw new ModelException($"{what} of {a.Shape} takes right sides of {n} rows, but got {b.Shape}.");
        var pivots = new SymbolicTensor[n];
        SymbolicTensor? sign = null;
        for (var k = 0; k < n; k++)
        {
            var (exchange, place) = Pivot(a, k);
            var turn = Where(Squeeze(Equal(place, Constant(Shape.Of(), [(long)k])), [-2, -1]), 1, -1);
            sign = sign is null ? turn : sign * turn;
            a = exchange(a);
            if (b is not null) b = exchange(b);
            var row = RowOf(a, k);
            pivots[k] = Position(row, a.Rank - 1, k);
            var others = ColumnOf(a, k) * Matrix(n, 1, (i, _) => i == k ? 0 : 1, what);
            var factors = others / Where(Equal(pivots[k], 0), 1, pivots[k]);
            a -= factors * row;
            if (b is not null) b -= factors * RowOf(b, k);
        }

        var diagonal = Concatenate(pivots, -1);
        return (Squeeze(diagonal, -2), sign!, b is null ? null : b / SwapAxes(diagonal, -1, -2));
    }

    /// <summary>What exchanges row k for the row at or below it with the largest element of column k, and where that is, (..., 1, 1).</summary>
    private static (Func<SymbolicTensor, SymbolicTensor> Exchange, SymbolicTensor Place) Pivot(SymbolicTensor a, int k)
    {
        var n = a.Shape.Dim(-1);
        var size = Abs(StopGradient(ColumnOf(a, k)));
        var place = ArgMax(Where(Mask(Shape.Of(n, 1), i => i >= k), size, -1), -2, keepdims: true);
        var (isPivot, isHere) = (Equal(Reshape(Vector(n, i => i, DType.Int64), n, 1), place), Mask(Shape.Of(n, 1), i => i == k));
        return (x => Where(isHere, Sum(Where(isPivot, x, 0), -2, keepdims: true), Where(isPivot, RowOf(x, k), x)), place);
    }

    private static SymbolicTensor RowOf(SymbolicTensor x, int k)
    {
        // A file has no form for a part of a constant.
        if (x.Value.Producer.Op is not Operators.Constant { Data: { Type: DType.Float32, Shape.Count: 2 } data }) return Position(x, x.Rank - 2, k);
        var columns = data.Shape.Dims[1];
        return Constant(Shape.Of(1, columns), data.As<float>().Slice(k * columns, columns));
    }

    private static SymbolicTensor ColumnOf(SymbolicTensor x, int k) => Position(x, x.Rank - 1, k);

    private static int Square(SymbolicTensor x, string what)
    {
        var (rows, columns) = Small(x, what);
        return rows == columns ? rows : throw new ModelException($"{what} takes square matrices, (..., n, n), but got {x.Shape}.");
    }

    private static (int Rows, int Columns) Small(SymbolicTensor x, string what)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank < 2) throw new ModelException($"{what} takes matrices, (..., m, n), but got {x.Shape}. Use Ops.ExpandDims.");
        var (rows, columns) = (SizeOf(x, x.Rank - 2, what), SizeOf(x, x.Rank - 1, what));
        return Math.Max(rows, columns) <= LargestMatrix
            ? (rows, columns)
            : throw new ModelException($"{what} takes matrices of at most {LargestMatrix} rows and columns, but got {x.Shape}. Compute it before the model.");
    }
}
