using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Functions of every element: shapes stay, or broadcast as in NumPy.</content>
public static partial class Ops
{
    /// <summary>Absolute value of every element: <c>|x|</c>.</summary>
    public static SymbolicTensor Abs(SymbolicTensor x) => Make(new Abs(), x);

    /// <summary>Inverse cosine of every element: <c>acos(x)</c>.</summary>
    public static SymbolicTensor Acos(SymbolicTensor x) => Make(new Acos(), x);

    /// <summary>Inverse hyperbolic cosine of every element: <c>acosh(x)</c>.</summary>
    public static SymbolicTensor Acosh(SymbolicTensor x) => Make(new Acosh(), x);

    /// <summary>Inverse sine of every element: <c>asin(x)</c>.</summary>
    public static SymbolicTensor Asin(SymbolicTensor x) => Make(new Asin(), x);

    /// <summary>Inverse hyperbolic sine of every element: <c>asinh(x)</c>.</summary>
    public static SymbolicTensor Asinh(SymbolicTensor x) => Make(new Asinh(), x);

    /// <summary>Inverse tangent of every element: <c>atan(x)</c>.</summary>
    public static SymbolicTensor Atan(SymbolicTensor x) => Make(new Atan(), x);

    /// <summary>Inverse hyperbolic tangent of every element: <c>atanh(x)</c>.</summary>
    public static SymbolicTensor Atanh(SymbolicTensor x) => Make(new Atanh(), x);

    /// <summary>The next whole number above of every element: <c>ceil(x)</c>.</summary>
    public static SymbolicTensor Ceil(SymbolicTensor x) => Make(new Ceil(), x);

    /// <summary>Cosine of every element: <c>cos(x)</c>.</summary>
    public static SymbolicTensor Cos(SymbolicTensor x) => Make(new Cos(), x);

    /// <summary>Hyperbolic cosine of every element: <c>cosh(x)</c>.</summary>
    public static SymbolicTensor Cosh(SymbolicTensor x) => Make(new Cosh(), x);

    /// <summary>Error function of every element: <c>erf(x)</c>.</summary>
    public static SymbolicTensor Erf(SymbolicTensor x) => Make(new Erf(), x);

    /// <summary>Exponential of every element: <c>exp(x)</c>.</summary>
    public static SymbolicTensor Exp(SymbolicTensor x) => Make(new Exp(), x);

    /// <summary>The next whole number below of every element: <c>floor(x)</c>.</summary>
    public static SymbolicTensor Floor(SymbolicTensor x) => Make(new Floor(), x);

    /// <summary>Whether each element is infinite of every element: <c>|x| is infinite</c>.</summary>
    public static SymbolicTensor IsInf(SymbolicTensor x) => Make(new IsInf(), x);

    /// <summary>Whether each element is not a number of every element: <c>x is NaN</c>.</summary>
    public static SymbolicTensor IsNaN(SymbolicTensor x) => Make(new IsNaN(), x);

    /// <summary>Natural logarithm of every element: <c>log(x)</c>.</summary>
    public static SymbolicTensor Log(SymbolicTensor x) => Make(new Log(), x);

    /// <summary>Negation of truth values of every element: <c>not x</c>.</summary>
    public static SymbolicTensor LogicalNot(SymbolicTensor x) => Make(new Not(), x);

    /// <summary>Negation of every element: <c>-x</c>.</summary>
    public static SymbolicTensor Negative(SymbolicTensor x) => Make(new Neg(), x);

    /// <summary>One over each element of every element: <c>1 / x</c>.</summary>
    public static SymbolicTensor Reciprocal(SymbolicTensor x) => Make(new Reciprocal(), x);

    /// <summary>Rectified linear unit of every element: <c>max(x, 0)</c>.</summary>
    public static SymbolicTensor Relu(SymbolicTensor x) => Make(new Relu(), x);

    /// <summary>The nearest whole number, halves to even of every element: <c>round(x)</c>.</summary>
    public static SymbolicTensor Round(SymbolicTensor x) => Make(new Round(), x);

    /// <summary>Logistic function of every element: <c>1 / (1 + exp(-x))</c>.</summary>
    public static SymbolicTensor Sigmoid(SymbolicTensor x) => Make(new Sigmoid(), x);

    /// <summary>Minus one, zero or one of every element: <c>sign(x)</c>.</summary>
    public static SymbolicTensor Sign(SymbolicTensor x) => Make(new Sign(), x);

    /// <summary>Sine of every element: <c>sin(x)</c>.</summary>
    public static SymbolicTensor Sin(SymbolicTensor x) => Make(new Sin(), x);

    /// <summary>Hyperbolic sine of every element: <c>sinh(x)</c>.</summary>
    public static SymbolicTensor Sinh(SymbolicTensor x) => Make(new Sinh(), x);

    /// <summary>Smooth rectifier of every element: <c>log(1 + exp(x))</c>.</summary>
    public static SymbolicTensor Softplus(SymbolicTensor x) => Make(new Softplus(), x);

    /// <summary>Softsign of every element: <c>x / (1 + |x|)</c>.</summary>
    public static SymbolicTensor Softsign(SymbolicTensor x) => Make(new Softsign(), x);

    /// <summary>Square root of every element: <c>sqrt(x)</c>.</summary>
    public static SymbolicTensor Sqrt(SymbolicTensor x) => Make(new Sqrt(), x);

    /// <summary>Tangent of every element: <c>tan(x)</c>.</summary>
    public static SymbolicTensor Tan(SymbolicTensor x) => Make(new Tan(), x);

    /// <summary>Hyperbolic tangent of every element: <c>tanh(x)</c>.</summary>
    public static SymbolicTensor Tanh(SymbolicTensor x) => Make(new Tanh(), x);

    /// <summary>Sum, element by element: <c>a + b</c>.</summary>
    public static SymbolicTensor Add(SymbolicTensor a, SymbolicTensor b) => Binary(new Add(), a, b);

    /// <summary>Quotient, element by element: <c>a / b</c>.</summary>
    public static SymbolicTensor Divide(SymbolicTensor a, SymbolicTensor b) => Binary(new Div(), a, b);

    /// <summary>Whether both are equal, element by element: <c>a = b</c>.</summary>
    public static SymbolicTensor Equal(SymbolicTensor a, SymbolicTensor b) => Binary(new Equal(), a, b);

    /// <summary>Whether the left is larger, element by element: <c>a > b</c>.</summary>
    public static SymbolicTensor Greater(SymbolicTensor a, SymbolicTensor b) => Binary(new Greater(), a, b);

    /// <summary>Whether the left is at least the right, element by element: <c>a >= b</c>.</summary>
    public static SymbolicTensor GreaterEqual(SymbolicTensor a, SymbolicTensor b) => Binary(new GreaterOrEqual(), a, b);

    /// <summary>Whether the left is smaller, element by element: <c>a &lt; b</c>.</summary>
    public static SymbolicTensor Less(SymbolicTensor a, SymbolicTensor b) => Binary(new Less(), a, b);

    /// <summary>Whether the left is at most the right, element by element: <c>a &lt;= b</c>.</summary>
    public static SymbolicTensor LessEqual(SymbolicTensor a, SymbolicTensor b) => Binary(new LessOrEqual(), a, b);

    /// <summary>Whether both are true, element by element: <c>a and b</c>.</summary>
    public static SymbolicTensor LogicalAnd(SymbolicTensor a, SymbolicTensor b) => Binary(new And(), a, b);

    /// <summary>Whether either is true, element by element: <c>a or b</c>.</summary>
    public static SymbolicTensor LogicalOr(SymbolicTensor a, SymbolicTensor b) => Binary(new Or(), a, b);

    /// <summary>Whether exactly one is true, element by element: <c>a xor b</c>.</summary>
    public static SymbolicTensor LogicalXor(SymbolicTensor a, SymbolicTensor b) => Binary(new Xor(), a, b);

    /// <summary>The larger of both, element by element: <c>max(a, b)</c>.</summary>
    public static SymbolicTensor Maximum(SymbolicTensor a, SymbolicTensor b) => Binary(new Max(), a, b);

    /// <summary>The smaller of both, element by element: <c>min(a, b)</c>.</summary>
    public static SymbolicTensor Minimum(SymbolicTensor a, SymbolicTensor b) => Binary(new Min(), a, b);

    /// <summary>Remainder with the sign of the divisor, element by element: <c>a mod b</c>.</summary>
    public static SymbolicTensor Mod(SymbolicTensor a, SymbolicTensor b) => Binary(new Mod(), a, b);

    /// <summary>Product, element by element: <c>a b</c>.</summary>
    public static SymbolicTensor Multiply(SymbolicTensor a, SymbolicTensor b) => Binary(new Mul(), a, b);

    /// <summary>Power, element by element: <c>a^b</c>.</summary>
    public static SymbolicTensor Power(SymbolicTensor a, SymbolicTensor b) => Binary(new Pow(), a, b);

    /// <summary>Difference, element by element: <c>a - b</c>.</summary>
    public static SymbolicTensor Subtract(SymbolicTensor a, SymbolicTensor b) => Binary(new Sub(), a, b);

    /// <summary>Whether both differ, element by element.</summary>
    public static SymbolicTensor NotEqual(SymbolicTensor a, SymbolicTensor b) => LogicalNot(Equal(a, b));

    /// <summary>Every element times itself.</summary>
    public static SymbolicTensor Square(SymbolicTensor x) => Multiply(x, x);

    /// <summary>One over the square root of every element.</summary>
    public static SymbolicTensor Rsqrt(SymbolicTensor x) => Reciprocal(Sqrt(x));

    /// <summary><c>log(1 + x)</c> of every element.</summary>
    public static SymbolicTensor Log1p(SymbolicTensor x) => Log(x + 1);

    /// <summary>Every element kept between two bounds.</summary>
    public static SymbolicTensor Clip(SymbolicTensor x, float minimum, float maximum) => Make(new Clip(minimum, maximum), x);

    /// <summary>Element by element <c>condition ? x : y</c>, broadcast.</summary>
    public static SymbolicTensor Where(SymbolicTensor condition, SymbolicTensor x, SymbolicTensor y)
    {
        (x, y) = Promote(x, y);
        return Make(new Where(), condition, x, y);
    }

    /// <summary>The elements as another type; from floating point to whole numbers towards zero.</summary>
    public static SymbolicTensor Cast(SymbolicTensor x, DType dtype)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.DType == dtype ? x : Make(new Cast(dtype), x);
    }

    /// <summary>The value itself; gradients do not flow back through it.</summary>
    public static SymbolicTensor StopGradient(SymbolicTensor x) => Make(new StopGradient(), x);

    /// <summary>The first value while training, the second when predicting, evaluating and in exported models; both have one shape.</summary>
    public static SymbolicTensor WhenTraining(SymbolicTensor training, SymbolicTensor otherwise) => Make(new Phase(), training, otherwise);

    private static SymbolicTensor Binary(Op op, SymbolicTensor a, SymbolicTensor b)
    {
        (a, b) = Promote(a, b);
        return Make(op, a, b);
    }

    /// <summary>Brings two element types together: whole numbers become floating point next to floating point, and a literal takes the other side's type.</summary>
    private static (SymbolicTensor A, SymbolicTensor B) Promote(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.DType == b.DType) return (a, b);
        if (IsWholeLiteral(a) && b.DType.IsInteger()) return (Cast(a, b.DType), b);
        if (IsWholeLiteral(b) && a.DType.IsInteger()) return (a, Cast(b, a.DType));
        if (IsLiteral(a) && b.DType.IsFloating()) return (Cast(a, b.DType), b);
        if (IsLiteral(b) && a.DType.IsFloating()) return (a, Cast(b, a.DType));
        var type = Rank(a.DType) >= Rank(b.DType) ? a.DType : b.DType;
        return (Cast(a, type), Cast(b, type));

        static int Rank(DType type) => type switch { DType.Bool => 0, DType.Int32 => 1, DType.Int64 => 2, DType.BFloat16 => 3, DType.Float16 => 4, DType.Float32 => 5, DType.Float64 => 6, _ => -1 };

        static bool IsLiteral(SymbolicTensor x) => x.Value.Producer.Op is Operators.Constant { Data: { Type: DType.Float32, Shape.Count: 0 } };

        static bool IsWholeLiteral(SymbolicTensor x) => IsLiteral(x) && float.IsInteger(((Operators.Constant)x.Value.Producer.Op).Data.As<float>()[0]);
    }
}
