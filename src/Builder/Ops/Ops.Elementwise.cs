using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>
/// Functions of each element. One input: the result has its shape. Several inputs: shapes broadcast as in NumPy, and integers next to floating-point numbers
/// become floating-point.
/// Comparisons and logical functions give <see cref="DType.Bool"/>.
/// </content>
public static partial class Ops
{
    /// <summary>The absolute value of each element: <c>|x|</c> (https://keras.io/api/ops/numpy/#absolute-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Abs(SymbolicTensor x) => Make(new Abs(), x);

    /// <summary>The inverse cosine of each element: <c>acos(x)</c> (https://keras.io/api/ops/numpy/#arccos-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Acos(SymbolicTensor x) => Make(new Acos(), x);

    /// <summary>The inverse hyperbolic cosine of each element: <c>acosh(x)</c> (https://keras.io/api/ops/numpy/#arccosh-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Acosh(SymbolicTensor x) => Make(new Acosh(), x);

    /// <summary>The inverse sine of each element: <c>asin(x)</c> (https://keras.io/api/ops/numpy/#arcsin-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Asin(SymbolicTensor x) => Make(new Asin(), x);

    /// <summary>The inverse hyperbolic sine of each element: <c>asinh(x)</c> (https://keras.io/api/ops/numpy/#arcsinh-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Asinh(SymbolicTensor x) => Make(new Asinh(), x);

    /// <summary>The inverse tangent of each element: <c>atan(x)</c> (https://keras.io/api/ops/numpy/#arctan-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Atan(SymbolicTensor x) => Make(new Atan(), x);

    /// <summary>The inverse hyperbolic tangent of each element: <c>atanh(x)</c> (https://keras.io/api/ops/numpy/#arctanh-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Atanh(SymbolicTensor x) => Make(new Atanh(), x);

    /// <summary>Each element rounded up to an integer: <c>ceil(x)</c> (https://keras.io/api/ops/numpy/#ceil-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Ceil(SymbolicTensor x) => Make(new Ceil(), x);

    /// <summary>The cosine of each element: <c>cos(x)</c> (https://keras.io/api/ops/numpy/#cos-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Cos(SymbolicTensor x) => Make(new Cos(), x);

    /// <summary>The hyperbolic cosine of each element: <c>cosh(x)</c> (https://keras.io/api/ops/numpy/#cosh-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Cosh(SymbolicTensor x) => Make(new Cosh(), x);

    /// <summary>The error function of each element: <c>erf(x)</c> (https://keras.io/api/ops/math/#erf-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Erf(SymbolicTensor x) => Make(new Erf(), x);

    /// <summary>The exponential of each element: <c>exp(x)</c> (https://keras.io/api/ops/numpy/#exp-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Exp(SymbolicTensor x) => Make(new Exp(), x);

    /// <summary>The exponential of each element, minus one, accurate near 0 too: <c>exp(x) - 1</c> (https://keras.io/api/ops/numpy/#expm1-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Expm1(SymbolicTensor x) => Make(new Expm1(), x);

    /// <summary>Each element rounded down to an integer: <c>floor(x)</c> (https://keras.io/api/ops/numpy/#floor-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Floor(SymbolicTensor x) => Make(new Floor(), x);

    /// <summary>True where an element is infinite, of either sign (https://keras.io/api/ops/numpy/#isinf-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor IsInf(SymbolicTensor x) => Make(new IsInf(), x);

    /// <summary>True where an element is not a number (https://keras.io/api/ops/numpy/#isnan-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor IsNaN(SymbolicTensor x) => Make(new IsNaN(), x);

    /// <summary>The natural logarithm of each element: <c>log(x)</c> (https://keras.io/api/ops/numpy/#log-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Log(SymbolicTensor x) => Make(new Log(), x);

    /// <summary>True where an element is false: <c>not x</c> (https://keras.io/api/ops/numpy/#logical_not-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor is not bool.</exception>
    public static SymbolicTensor LogicalNot(SymbolicTensor x) => Make(new Not(), x);

    /// <summary>Each element with the opposite sign: <c>-x</c> (https://keras.io/api/ops/numpy/#negative-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Negative(SymbolicTensor x) => Make(new Neg(), x);

    /// <summary>The reciprocal of each element: <c>1 / x</c> (https://keras.io/api/ops/numpy/#reciprocal-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Reciprocal(SymbolicTensor x) => Make(new Reciprocal(), x);

    /// <summary>The rectified linear unit of each element: <c>max(x, 0)</c> (https://keras.io/api/ops/nn/#relu-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Relu(SymbolicTensor x) => Make(new Relu(), x);

    /// <summary>Each element rounded to the nearest integer, halves to even: <c>round(x)</c> (https://keras.io/api/ops/numpy/#round-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Round(SymbolicTensor x) => Make(new Round(), x);

    /// <summary>The logistic function of each element: <c>1 / (1 + exp(-x))</c> (https://keras.io/api/ops/nn/#sigmoid-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Sigmoid(SymbolicTensor x) => Make(new Sigmoid(), x);

    /// <summary>The sign of each element: <c>x &lt; 0 ? -1 : x > 0 ? 1 : 0</c> (https://keras.io/api/ops/numpy/#sign-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Sign(SymbolicTensor x) => Make(new Sign(), x);

    /// <summary>The sine of each element: <c>sin(x)</c> (https://keras.io/api/ops/numpy/#sin-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Sin(SymbolicTensor x) => Make(new Sin(), x);

    /// <summary>The hyperbolic sine of each element: <c>sinh(x)</c> (https://keras.io/api/ops/numpy/#sinh-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Sinh(SymbolicTensor x) => Make(new Sinh(), x);

    /// <summary>The softplus of each element: <c>log(1 + exp(x))</c> (https://keras.io/api/ops/nn/#softplus-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Softplus(SymbolicTensor x) => Make(new Softplus(), x);

    /// <summary>The softsign of each element: <c>x / (1 + |x|)</c> (https://keras.io/api/ops/nn/#softsign-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Softsign(SymbolicTensor x) => Make(new Softsign(), x);

    /// <summary>The square root of each element: <c>sqrt(x)</c> (https://keras.io/api/ops/numpy/#sqrt-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Sqrt(SymbolicTensor x) => Make(new Sqrt(), x);

    /// <summary>The tangent of each element: <c>tan(x)</c> (https://keras.io/api/ops/numpy/#tan-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Tan(SymbolicTensor x) => Make(new Tan(), x);

    /// <summary>The hyperbolic tangent of each element: <c>tanh(x)</c> (https://keras.io/api/ops/numpy/#tanh-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Tanh(SymbolicTensor x) => Make(new Tanh(), x);

    /// <summary>The sum: <c>a + b</c>, or <c>a or b</c> of booleans (https://keras.io/api/ops/numpy/#add-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Add(SymbolicTensor a, SymbolicTensor b) => Binary(AreBools(a, b) ? new Or() : new Add(), a, b);

    /// <summary>The quotient: <c>a / b</c> (https://keras.io/api/ops/numpy/#divide-function).</summary>
    /// <param name="a">The dividend.</param>
    /// <param name="b">The divisor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Divide(SymbolicTensor a, SymbolicTensor b) => Binary(new Div(), a, b);

    /// <summary>True where elements are equal: <c>a = b</c> (https://keras.io/api/ops/numpy/#equal-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Equal(SymbolicTensor a, SymbolicTensor b) => Binary(new Equal(), a, b);

    /// <summary>True where a is greater than b: <c>a > b</c> (https://keras.io/api/ops/numpy/#greater-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Greater(SymbolicTensor a, SymbolicTensor b) => Binary(new Greater(), a, b);

    /// <summary>True where a is greater than or equal to b: <c>a >= b</c> (https://keras.io/api/ops/numpy/#greater_equal-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor GreaterEqual(SymbolicTensor a, SymbolicTensor b) => Binary(new GreaterOrEqual(), a, b);

    /// <summary>True where a is less than b: <c>a &lt; b</c> (https://keras.io/api/ops/numpy/#less-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Less(SymbolicTensor a, SymbolicTensor b) => Binary(new Less(), a, b);

    /// <summary>True where a is less than or equal to b: <c>a &lt;= b</c> (https://keras.io/api/ops/numpy/#less_equal-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor LessEqual(SymbolicTensor a, SymbolicTensor b) => Binary(new LessOrEqual(), a, b);

    /// <summary>True where both are true: <c>a and b</c> (https://keras.io/api/ops/numpy/#logical_and-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not bool.</exception>
    public static SymbolicTensor LogicalAnd(SymbolicTensor a, SymbolicTensor b) => Binary(new And(), a, b);

    /// <summary>True where at least one is true: <c>a or b</c> (https://keras.io/api/ops/numpy/#logical_or-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not bool.</exception>
    public static SymbolicTensor LogicalOr(SymbolicTensor a, SymbolicTensor b) => Binary(new Or(), a, b);

    /// <summary>True where exactly one is true: <c>a xor b</c> (https://keras.io/api/ops/numpy/#logical_xor-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not bool.</exception>
    public static SymbolicTensor LogicalXor(SymbolicTensor a, SymbolicTensor b) => Binary(new Xor(), a, b);

    /// <summary>The larger of two elements: <c>max(a, b)</c>, or <c>a or b</c> of booleans (https://keras.io/api/ops/numpy/#maximum-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Maximum(SymbolicTensor a, SymbolicTensor b) => Binary(AreBools(a, b) ? new Or() : new Max(), a, b);

    /// <summary>The smaller of two elements: <c>min(a, b)</c>, or <c>a and b</c> of booleans (https://keras.io/api/ops/numpy/#minimum-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Minimum(SymbolicTensor a, SymbolicTensor b) => Binary(AreBools(a, b) ? new And() : new Min(), a, b);

    /// <summary>The remainder, with the sign of the divisor: <c>a - b floor(a / b)</c> (https://keras.io/api/ops/numpy/#mod-function).</summary>
    /// <param name="a">The dividend.</param>
    /// <param name="b">The divisor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Mod(SymbolicTensor a, SymbolicTensor b) => Binary(new Mod(), a, b);

    /// <summary>The product: <c>a b</c>, or <c>a and b</c> of booleans (https://keras.io/api/ops/numpy/#multiply-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Multiply(SymbolicTensor a, SymbolicTensor b) => Binary(AreBools(a, b) ? new And() : new Mul(), a, b);

    /// <summary>The power: <c>a^b</c> (https://keras.io/api/ops/numpy/#power-function).</summary>
    /// <param name="a">The base.</param>
    /// <param name="b">The exponent; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Power(SymbolicTensor a, SymbolicTensor b) => Binary(new Pow(), a, b);

    /// <summary>The difference: <c>a - b</c> (https://keras.io/api/ops/numpy/#subtract-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor Subtract(SymbolicTensor a, SymbolicTensor b) => Binary(new Sub(), a, b);

    /// <summary>True where elements differ: <c>a != b</c> (https://keras.io/api/ops/numpy/#not_equal-function).</summary>
    /// <param name="a">The left tensor.</param>
    /// <param name="b">The right tensor; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor holds text.</exception>
    public static SymbolicTensor NotEqual(SymbolicTensor a, SymbolicTensor b) => LogicalNot(Equal(a, b));

    /// <summary>The square of each element: <c>x^2</c> (https://keras.io/api/ops/numpy/#square-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Square(SymbolicTensor x) => Multiply(x, x);

    /// <summary>The reciprocal of the square root of each element: <c>1 / sqrt(x)</c> (https://keras.io/api/ops/math/#rsqrt-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Rsqrt(SymbolicTensor x) => Reciprocal(Sqrt(x));

    /// <summary>
    /// The natural logarithm of one plus each element, accurate near 0 too: <c>log(1 + x)</c> (https://keras.io/api/ops/numpy/#log1p-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Log1p(SymbolicTensor x) => Make(new Log1p(), x);

    /// <summary>Each element limited to a range: <c>min(max(x, minimum), maximum)</c> (https://keras.io/api/ops/numpy/#clip-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="minimum">The lower bound.</param>
    /// <param name="maximum">The upper bound.</param>
    /// <exception cref="ModelException">The tensor holds text.</exception>
    public static SymbolicTensor Clip(SymbolicTensor x, double minimum, double maximum) => Make(new Clip((float)minimum, (float)maximum), x);

    /// <summary>
    /// Chooses by a condition: <c>condition ? x : y</c> for each element, all three broadcast (https://keras.io/api/ops/numpy/#where-function).
    /// </summary>
    /// <param name="condition">A bool tensor.</param>
    /// <param name="x">What is taken where the condition holds.</param>
    /// <param name="y">What is taken elsewhere.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or the condition is not bool.</exception>
    public static SymbolicTensor Where(SymbolicTensor condition, SymbolicTensor x, SymbolicTensor y)
    {
        (x, y) = Promote(x, y);
        return Make(new Where(), condition, x, y);
    }

    /// <summary>
    /// The elements as another type; floating-point numbers become integers by dropping the fraction (https://keras.io/api/ops/core/#cast-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="dtype">The type of the result.</param>
    /// <exception cref="ModelException">Text cannot be cast.</exception>
    public static SymbolicTensor Cast(SymbolicTensor x, DType dtype)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.DType == dtype ? x : Make(new Cast(dtype), x);
    }

    /// <summary>The value itself, treated as a constant by gradients (https://keras.io/api/ops/core/#stop_gradient-function).</summary>
    /// <param name="x">The tensor.</param>
    public static SymbolicTensor StopGradient(SymbolicTensor x) => Make(new StopGradient(), x);

    /// <summary>The first value in training, the second in prediction, evaluation and exported models; both have the same shape and type.</summary>
    /// <param name="training">What training computes with.</param>
    /// <param name="otherwise">What predictions, evaluations and files compute with; of the same shape.</param>
    /// <exception cref="ModelException">The tensors differ in shape or type.</exception>
    public static SymbolicTensor WhenTraining(SymbolicTensor training, SymbolicTensor otherwise) => Make(new Phase(), training, otherwise);

    /// <summary>The tensor in a type that is computed with: 8-bit integers are not, int32 holds them.</summary>
    private static SymbolicTensor Computed(SymbolicTensor x) => x?.DType.Is8Bit() == true ? Cast(x, DType.Int32) : x!;

    private static bool AreBools(SymbolicTensor a, SymbolicTensor b) => a?.DType == DType.Bool && b?.DType == DType.Bool;

    private static SymbolicTensor Binary(Op op, SymbolicTensor a, SymbolicTensor b)
    {
        // Other functions of two booleans compute with 0 and 1.
        if (AreBools(a, b) && op is not LogicalOp) (a, b) = (Cast(a, DType.Int32), Cast(b, DType.Int32));
        (a, b) = Promote(Computed(a), Computed(b));
        return Make(op, a, b);
    }

    /// <summary>
    /// Casts two tensors to one type: integers become floating-point next to floating-point numbers, and a literal takes the type of the other side.
    /// </summary>
    private static (SymbolicTensor A, SymbolicTensor B) Promote(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.DType == b.DType) return (a, b);
        if (IsLiteral(a) && b.DType.IsFloating()) return (Cast(a, b.DType), b);
        if (IsLiteral(b) && a.DType.IsFloating()) return (a, Cast(b, a.DType));
        if (WholeOf(a) is { } left && Takes(b.DType, left)) return (Like(left, b.DType), b);
        if (WholeOf(b) is { } right && Takes(a.DType, right)) return (a, Like(right, a.DType));
        var type = Rank(a.DType) >= Rank(b.DType) ? a.DType : b.DType;
        return (Cast(a, type), Cast(b, type));

        static bool IsLiteral(SymbolicTensor x) => x.Value.Producer.Op is Operators.Constant { Data: { Type: DType.Float32, Shape.Count: 0 } };

        static bool Takes(DType type, long number) => type == DType.Int64 || (type == DType.Int32 && FitsInt32(number)) || type.IsFloating();

        // Not a Cast of the literal: a file has no form for a step without tensors.
        static SymbolicTensor Like(long number, DType type) => type.IsInteger() ? WholeNumber(number, type) : Cast(Constant(number), type);

        // Integers up to the largest that float32 holds are no literals: those are float32.
        static long? WholeOf(SymbolicTensor x) => x.Value.Producer.Op is not Operators.Constant { Data: { Shape.Count: 0 } data } ? null : data.Type switch
        {
            DType.Float32 when float.IsInteger(data.As<float>()[0]) && Math.Abs(data.As<float>()[0]) < long.MaxValue => (long)data.As<float>()[0],
            DType.Int32 when Math.Abs((double)data.As<int>()[0]) > LargestExact => data.As<int>()[0],
            DType.Int64 when Math.Abs((double)data.As<long>()[0]) > LargestExact => data.As<long>()[0],
            _ => null,
        };
    }

    /// <summary>Casts tensors to the type of the highest rank among theirs.</summary>
    private static SymbolicTensors Promote(SymbolicTensors tensors)
    {
        if (tensors.Any(tensor => tensor.DType != tensors[0].DType)) tensors = tensors.Select(Computed).ToArray();
        var type = tensors.MaxBy(tensor => Rank(tensor.DType))!.DType;
        return tensors.Any(tensor => Rank(tensor.DType) < 0) ? tensors : tensors.Select(tensor => Cast(tensor, type)).ToArray();
    }

    private static int Rank(DType type) => type switch
    {
        DType.Bool => 0,
        DType.Int32 => 1,
        DType.Int64 => 2,
        DType.BFloat16 => 3,
        DType.Float16 => 4,
        DType.Float32 => 5,
        DType.Float64 => 6,
        _ => -1,
    };
}
