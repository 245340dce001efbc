namespace OnnxFunctional;

/// <content>Constants that a formula fills; they are computed in double precision when the model is built.</content>
public static partial class Ops
{
    /// <summary>Numbers from start (inclusive) to stop (exclusive) (https://keras.io/api/ops/numpy/#arange-function).</summary>
    /// <param name="start">The first number.</param>
    /// <param name="stop">The bound.</param>
    /// <param name="step">The distance between numbers.</param>
    /// <param name="dtype">Their type: float32, int32 or int64.</param>
    /// <exception cref="ModelException">The step is 0.</exception>
    public static SymbolicTensor Arange(double start, double stop, double step = 1, DType dtype = DType.Float32)
    {
        if (step == 0 || !double.IsFinite(start) || !double.IsFinite(stop) || !double.IsFinite(step))
            throw new ModelException($"Arange from {start} to {stop} by {step}; expected finite numbers and a step other than 0.");
        return Vector(Math.Max(0, (int)Math.Ceiling((stop - start) / step)), i => start + (i * step), dtype);
    }

    /// <summary>Numbers from 0 to stop (exclusive) (https://keras.io/api/ops/numpy/#arange-function).</summary>
    /// <param name="stop">The bound.</param>
    /// <param name="dtype">Their type: float32, int32 or int64.</param>
    /// <exception cref="ModelException">The bound is not finite.</exception>
    public static SymbolicTensor Arange(double stop, DType dtype = DType.Float32) => Arange(0, stop, 1, dtype);

    /// <summary>Numbers at equal distances (https://keras.io/api/ops/numpy/#linspace-function).</summary>
    /// <param name="start">The first number.</param>
    /// <param name="stop">The last number.</param>
    /// <param name="num">How many.</param>
    /// <param name="endpoint">Whether the last number is one of them.</param>
    /// <exception cref="ModelException">The number is negative.</exception>
    public static SymbolicTensor Linspace(double start, double stop, int num = 50, bool endpoint = true) =>
        Vector(Counted(num, nameof(Linspace)), i => At(start, stop, i, endpoint ? num - 1 : num));

    /// <summary>Powers of a base whose exponents are at equal distances (https://keras.io/api/ops/numpy/#logspace-function).</summary>
    /// <param name="start">The first exponent.</param>
    /// <param name="stop">The last exponent.</param>
    /// <param name="num">How many.</param>
    /// <param name="endpoint">Whether the last exponent is one of them.</param>
    /// <param name="basis">The base.</param>
    /// <exception cref="ModelException">The number is negative.</exception>
    public static SymbolicTensor Logspace(double start, double stop, int num = 50, bool endpoint = true, double basis = 10) =>
        Vector(Counted(num, nameof(Logspace)), i => Math.Pow(basis, At(start, stop, i, endpoint ? num - 1 : num)));

    /// <summary>Numbers whose neighbours have equal quotients (https://keras.io/api/ops/numpy/#geomspace-function).</summary>
    /// <param name="start">The first number.</param>
    /// <param name="stop">The last number, of the same sign.</param>
    /// <param name="num">How many.</param>
    /// <param name="endpoint">Whether the last number is one of them.</param>
    /// <exception cref="ModelException">The number is negative, or the bounds have not the same sign.</exception>
    public static SymbolicTensor Geomspace(double start, double stop, int num = 50, bool endpoint = true)
    {
        if (!(start * stop > 0)) throw new ModelException($"Geomspace from {start} to {stop}; expected two numbers of the same sign, other than 0.");
        var (first, last) = (Math.Log(Math.Abs(start)), Math.Log(Math.Abs(stop)));
        return Vector(Counted(num, nameof(Geomspace)), i => Math.Sign(start) * Math.Exp(At(first, last, i, endpoint ? num - 1 : num)));
    }

    /// <summary>A matrix with ones on a diagonal (https://keras.io/api/ops/numpy/#eye-function).</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns; as many as rows by default.</param>
    /// <param name="k">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <exception cref="ModelException">A number is negative.</exception>
    public static SymbolicTensor Eye(int rows, int? columns = null, int k = 0) => Matrix(rows, columns ?? rows, (i, j) => j - i == k ? 1 : 0, nameof(Eye));

    /// <summary>A matrix with ones on a diagonal and below it (https://keras.io/api/ops/numpy/#tri-function).</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns; as many as rows by default.</param>
    /// <param name="k">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <exception cref="ModelException">A number is negative.</exception>
    public static SymbolicTensor Tri(int rows, int? columns = null, int k = 0) => Matrix(rows, columns ?? rows, (i, j) => j - i <= k ? 1 : 0, nameof(Tri));

    /// <summary>The triangular window of Bartlett, with zeros at both ends (https://keras.io/api/ops/numpy/#bartlett-function).</summary>
    /// <param name="size">How many numbers.</param>
    /// <exception cref="ModelException">The size is negative.</exception>
    public static SymbolicTensor Bartlett(int size) => Window(size, "bartlett", nameof(Bartlett));

    /// <summary>Blackman's window (https://keras.io/api/ops/numpy/#blackman-function).</summary>
    /// <param name="size">How many numbers.</param>
    /// <exception cref="ModelException">The size is negative.</exception>
    public static SymbolicTensor Blackman(int size) => Window(size, "blackman", nameof(Blackman));

    /// <summary>Hamming's window (https://keras.io/api/ops/numpy/#hamming-function).</summary>
    /// <param name="size">How many numbers.</param>
    /// <exception cref="ModelException">The size is negative.</exception>
    public static SymbolicTensor Hamming(int size) => Window(size, "hamming", nameof(Hamming));

    /// <summary>Hann's window (https://keras.io/api/ops/numpy/#hanning-function).</summary>
    /// <param name="size">How many numbers.</param>
    /// <exception cref="ModelException">The size is negative.</exception>
    public static SymbolicTensor Hanning(int size) => Window(size, "hann", nameof(Hanning));

    /// <summary>Kaiser's window (https://keras.io/api/ops/numpy/#kaiser-function).</summary>
    /// <param name="size">How many numbers.</param>
    /// <param name="beta">How narrow it is.</param>
    /// <exception cref="ModelException">The size is negative.</exception>
    public static SymbolicTensor Kaiser(int size, double beta) => Vector(
        Counted(size, nameof(Kaiser)),
        i => size == 1 ? 1 : Bessel(beta * Math.Sqrt(Math.Max(0, 1 - Math.Pow((2 * i / (size - 1.0)) - 1, 2)))) / Bessel(beta));

    /// <summary>A constant matrix, element by element.</summary>
    internal static SymbolicTensor Matrix(int rows, int columns, Func<int, int, double> element, string what)
    {
        var values = new float[(long)Counted(rows, what) * Counted(columns, what)];
        for (var i = 0; i < rows; i++)
        {
            // A zero has no sign: files hold none.
            for (var j = 0; j < columns; j++) values[(i * columns) + j] = (float)element(i, j) + 0f;
        }

        return Constant(Shape.Of(rows, columns), values);
    }

    /// <summary>A constant of booleans by their positions.</summary>
    internal static SymbolicTensor Mask(Shape shape, Func<int, bool> element) =>
        Make(new Operators.Constant(TensorData.Of(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(element)])));

    /// <summary>A constant vector, element by element.</summary>
    internal static SymbolicTensor Vector(int size, Func<int, double> element, DType type = DType.Float32)
    {
        var values = Enumerable.Range(0, size).Select(element).ToArray();
        var shape = Shape.Of(size);
        return type switch
        {
            DType.Float32 => Constant(shape, [.. values.Select(value => (float)value)]),
            DType.Int64 => Constant(shape, [.. values.Select(value => (long)value)]),
            DType.Int32 => Make(new Operators.Constant(TensorData.Of(shape, [.. values.Select(value => (int)value)]))),
            _ => throw new ModelException($"a range of {type.KerasName()} is not made; expected float32, int32 or int64. Use Ops.Cast."),
        };
    }

    private static SymbolicTensor Window(int size, string window, string what)
    {
        var values = Initializers.AnalysisWindows.Of(window, Counted(size, what), periodic: false);
        return Vector(size, i => values[i]);
    }

    private static double At(double start, double stop, int i, int steps) => steps < 1 ? start : i == steps ? stop : start + ((stop - start) / steps * i);

    private static int Counted(int count, string what) => count >= 0 ? count : throw new ModelException($"{what} of {count} numbers; expected at least 0.");

    /// <summary>I0(x) by its power series, whose terms fall once k exceeds x / 2.</summary>
    private static double Bessel(double x)
    {
        var (sum, term) = (1.0, 1.0);
        for (var k = 1; term > sum * 1e-17; k++) sum += term *= x * x / (4.0 * k * k);
        return sum;
    }
}
