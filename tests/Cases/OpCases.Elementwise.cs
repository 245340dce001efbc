using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Training.Simd;
using Type = OnnxFunctional.DType;

namespace OnnxFunctional.Tests.Cases;

/// <content>Elementwise operators.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> Unary =>
    [
        One(new Abs(), Math.Abs, X(3, 7).Away(0)),
        One(new Acos(), Math.Acos, X(3, 7).In(-0.9, 0.9)),
        One(new Acosh(), Math.Acosh, X(3, 7).In(1.2, 4)),
        One(new Asin(), Math.Asin, X(3, 7).In(-0.9, 0.9)),
        One(new Asinh(), Math.Asinh, X(3, 7)),
        One(new Atan(), Math.Atan, X(3, 7)),
        One(new Atanh(), Math.Atanh, X(3, 7).In(-0.9, 0.9)),
        One(new Ceil(), Math.Ceiling, X(3, 7).Away(-2, -1, 0, 1, 2)),
        One(new Celu(0.7f), x => x > 0 ? x : 0.7 * (Math.Exp(x / 0.7) - 1), X(3, 7).Away(0)),
        One(new Clip(-1, 0.5f), x => Math.Clamp(x, -1, 0.5), X(3, 7).Away(-1, 0.5)),
        One(new Clip(float.NegativeInfinity, 1), x => Math.Min(x, 1), X(17).Away(1), "above"),
        One(new Clip(-1, float.PositiveInfinity), x => Math.Max(x, -1), X(17).Away(-1), "below"),
        One(new Cos(), Math.Cos, X(3, 7).In(-4, 4)),
        One(new Cosh(), Math.Cosh, X(3, 7)),
        One(new Elu(1.3f), x => x > 0 ? x : 1.3 * (Math.Exp(x) - 1), X(3, 7).Away(0)),
        One(new Erf(), ElementwiseReference.Erf, X(3, 7)),
        One(new Exp(), Math.Exp, X(3, 7)),
        One(new Exp(), Math.Exp, new OpInput([]), "scalar"),
        One(new Exp(), Math.Exp, X(1), "single"),
        One(new Exp(), Math.Exp, X(0, 3), "empty"),
        One(new Exp(), Math.Exp, X(3, 1, 17, 1), "rank4"),
        One(new Expm1(), x => Math.Exp(x) - 1, X(3, 7)),
        One(new Floor(), Math.Floor, X(3, 7).Away(-2, -1, 0, 1, 2)),
        One(new Gelu(false), x => 0.5 * x * (1 + ElementwiseReference.Erf(x / Math.Sqrt(2))), X(3, 7), "erf"),
        One(new Gelu(true), x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))), X(3, 7), "tanh"),
        One(new HardSigmoid(0.2f, 0.5f), x => Math.Clamp((0.2 * x) + 0.5, 0, 1), X(3, 7).In(-4, 4).Away(-2.5, 2.5)),
        One(new HardSwish(), x => x * Math.Clamp((x / 6) + 0.5, 0, 1), X(3, 7).In(-5, 5).Away(-3, 3)),
        One(new LeakyRelu(0.3f), x => x < 0 ? 0.3f * x : x, X(3, 7).Away(0)),
        One(new Log(), Math.Log, X(3, 7).In(0.3, 4)),
        One(new Log1p(), x => Math.Log(1 + x), X(3, 7).In(-0.7, 4)),
        One(new Mish(), x => x * Math.Tanh(Math.Log(1 + Math.Exp(x))), X(3, 7)),
        One(new Neg(), x => -x, X(3, 7)),
        One(new Reciprocal(), x => 1 / x, X(3, 7).Away(0, -0.1, 0.1)) with { GradientTolerance = 1e-2 },
        One(new Relu(), x => Math.Max(x, 0), X(3, 7).Away(0)),
        One(new Round(), x => Math.Round(x, MidpointRounding.ToEven), X(9).Given(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49, -0.51, 7)) with
        {
            Differentiable = false,
        },
        One(new Selu(), x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1)), X(3, 7).Away(0)),
        One(new Shrink(0.5f, 0.25f), x => x < -0.5 ? x + 0.25 : x > 0.5 ? x - 0.25 : 0, X(3, 7).Away(-0.5, 0.5)),
        One(new Sigmoid(), x => 1 / (1 + Math.Exp(-x)), X(3, 7)),
        One(new Sign(), x => Math.Sign(x), X(3, 7).Away(0)),
        One(new Sign(), x => Math.Sign(x), X(3).Given(0, -1, 2), "zero") with { Differentiable = false },
        One(new Sin(), Math.Sin, X(3, 7).In(-4, 4)),
        One(new Sinh(), Math.Sinh, X(3, 7)),
        One(new Softplus(), x => Math.Log(1 + Math.Exp(x)), X(3, 7)),
        One(new Softsign(), x => x / (1 + Math.Abs(x)), X(3, 7).Away(0)),
        One(new Sqrt(), Math.Sqrt, X(3, 7).In(0.3, 4)),
        One(new Tan(), Math.Tan, X(3, 7).In(-1.2, 1.2)),
        One(new Tanh(), Math.Tanh, X(3, 7)),
        One(new ThresholdedRelu(0.6f), x => x > 0.6f ? x : 0, X(3, 7).Away(0.6)),
        One(new Identity(), x => x, X(3, 7)),
        One(new MaskCount(), x => x, X(5, 1).In(1, 4)) with { Differentiable = false },
        One(new SumOverShards(), x => x, X(3, 7)),
        One(new StopGradient(), x => x, X(3, 7)) with { Differentiable = false },
        One(new IsNaN(), x => double.IsNaN(x) ? 1 : 0, X(5).Given(0, double.NaN, double.PositiveInfinity, -1, double.NaN)),
        One(new IsInf(), x => double.IsInfinity(x) ? 1 : 0, X(5).Given(0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 3)),
        One(new Not(), x => 1 - x, X(3, 7).Truth()),
    ];

    private static IEnumerable<OpCase> Binary =>
    [
        .. Pairs(new Add(), (x, y) => x + y, X(3, 7), W(7)),
        .. Pairs(new Sub(), (x, y) => x - y, X(3, 7), W(7)),
        .. Pairs(new Mul(), (x, y) => x * y, X(3, 7), W(7)),
        .. Pairs(new Div(), (x, y) => x / y, X(3, 7), W(7).In(0.5, 2)),
        Two(new Max(), Math.Max, X(3, 7).Apart(), X(3, 7).Apart() with { Low = -4.05, High = 3.95 }, ""),
        Two(new Min(), Math.Min, X(3, 7).Apart(), W(1, 7).In(5, 6), "broadcast"),
        Two(new Max(), Math.Max, X(3).Given(1, 2, 3), X(3).Given(1, 3, 2), "ties") with { Differentiable = false },
        Two(new Mod(), (x, y) => x - (y * Math.Floor(x / y)), X(6).Given(5.3, -5.3, 7.2, -0.5, 3, 2.5), X(6).Given(2, 2, -3, 1.5, -2, 7), "signs"),
        Two(new Pow(), Math.Pow, X(3, 7).In(0.5, 2), X(3, 7), ""),
        Two(new Pow(), Math.Pow, X(3, 7).Away(0), new OpInput([]).Given(2).Still(), "square"),
        Two(new Pow(), Math.Pow, X(3, 7).Away(0), new OpInput([]).Given(3).Still(), "cube"),
        Two(new PRelu(), (x, slope) => x < 0 ? slope * x : x, X(3, 7).Away(0), W(7), ""),
        Two(new PRelu(), (x, slope) => x < 0 ? slope * x : x, X(3, 5, 7).Away(0), W(1, 7), "shared"),
        Two(new Equal(), (x, y) => x == y ? 1 : 0, X(4).Given(1, 2, 3, 4), X(4).Given(1, 3, 3, 5), ""),
        Two(new Greater(), (x, y) => x > y ? 1 : 0, X(4).Given(1, 2, 3, 4), X(4).Given(1, 3, 2, 5), ""),
        Two(new GreaterOrEqual(), (x, y) => x >= y ? 1 : 0, X(4).Given(1, 2, 3, 4), X(4).Given(1, 3, 2, 5), ""),
        Two(new Less(), (x, y) => x < y ? 1 : 0, X(4).Given(1, 2, 3, 4), X(4).Given(1, 3, 2, 5), ""),
        Two(new LessOrEqual(), (x, y) => x <= y ? 1 : 0, X(4).Given(1, 2, 3, 4), X(4).Given(1, 3, 2, 5), ""),
        Two(new Less(), (x, y) => x < y ? 1 : 0, X(5, 7), W(7), "broadcast"),
        Two(new And(), (x, y) => x * y, X(3, 7).Truth(), X(3, 7).Truth(), ""),
        Two(new Or(), Math.Max, X(3, 7).Truth(), W(7).Truth(), ""),
        Two(new Xor(), (x, y) => x == y ? 0 : 1, X(3, 7).Truth(), W(3, 1).Truth(), ""),
        Two(new BitwiseAnd(), (x, y) => (long)x & (long)y, X(3, 7).Ids(1000), W(7).Ids(1000), ""),
        Two(
            new BitwiseAnd(),
            (x, y) => (long)x & (long)y,
            X(4).Ids(9, Type.Int32).Given(-1, -8, 123456789, -7),
            X(4).Ids(9, Type.Int32).Given(6, 5, 987654321, -3),
            "int32"),
        Two(new BitwiseOr(), (x, y) => (long)x | (long)y, X(3, 7).Ids(1000), W(3, 1).Ids(1000), ""),
        Two(new BitwiseXor(), (x, y) => (long)x ^ (long)y, X(3, 7).Ids(1000), X(3, 7).Ids(1000), ""),
        Choice("", X(3, 7).Truth(), X(3, 7), X(3, 7)),
        Choice("broadcast", W(3, 1).Truth(), X(3, 7), W(7)),
        Choice("scalar", X(3, 7).Truth(), new OpInput([]), X(3, 7)),
        Choice("int64", X(3, 7).Truth(), X(3, 7).Ids(9), W(7).Ids(9)),
        Choice("bool", X(3, 7).Truth(), X(3, 7).Truth(), W(7).Truth()),
        new("inference", new Phase(), X(3, 7), X(3, 7)) { Reference = x => [x[1]] },
        new("training", new Phase(true), X(3, 7), X(3, 7)) { Reference = x => [x[0]], Training = true },
    ];

    /// <summary>Types other than float32.</summary>
    private static IEnumerable<OpCase> Typed =>
    [
        Two(new Add(), (x, y) => x + y, X(3, 7).Ids(100), W(7).Ids(100), "int64"),
        Two(new Sub(), (x, y) => x - y, X(3, 7).Ids(100, Type.Int32), W(7).Ids(100, Type.Int32), "int32"),
        Two(new Equal(), (x, y) => x == y ? 1 : 0, X(3, 7).Ids(3), W(7).Ids(3), "int64"),
        Two(new Greater(), (x, y) => x > y ? 1 : 0, X(3, 7).Ids(9, Type.Int32), W(7).Ids(9, Type.Int32), "int32"),
        One(new Cast(Type.Float32), x => x, X(3, 7).Ids(9), "int64_to_float"),
        One(new Cast(Type.Float32), x => x, X(3, 7).Ids(9, Type.Int32), "int32_to_float"),
        One(new Cast(Type.Float32), x => x, X(3, 7).Truth(), "bool_to_float"),
        One(new Cast(Type.Int64), Math.Truncate, X(3, 7).In(-9, 9), "float_to_int64"),
        One(new Cast(Type.Int32), Math.Truncate, X(3, 7).In(-9, 9), "float_to_int32"),
        One(new Cast(Type.Int32), x => x, X(3, 7).Ids(9), "int64_to_int32"),
        One(new Cast(Type.Bool), x => x != 0 ? 1 : 0, X(5).Given(0, 1, -0.5, 0, 3), "float_to_bool"),
        One(new Cast(Type.Bool), x => x != 0 ? 1 : 0, X(3, 7).Ids(2), "int64_to_bool"),
        One(new Cast(Type.Int64), x => x, X(3, 7).Truth(), "bool_to_int64"),
    ];

    private static OpCase One(Op op, Func<double, double> function, OpInput x, string variation = "") =>
        new(variation, op, x) { Reference = inputs => [inputs[0].Map(function)], Twice = x.Type == Type.Float32 && variation.Length == 0 };

    private static OpCase Two(Op op, Func<double, double, double> function, OpInput x, OpInput y, string variation) =>
        new(variation, op, x, y)
        {
            Reference = inputs => [Plain.Of(Plain.Broadcast(inputs), place => function(inputs[0].At(place), inputs[1].At(place)))],
            Twice = variation.Length == 0,
        };

    /// <summary>Every way two shapes broadcast.</summary>
    private static IEnumerable<OpCase> Pairs(Op op, Func<double, double, double> function, OpInput x, OpInput y) =>
    [
        Two(op, function, x, y with { Dims = x.Dims, Batched = true }, ""),
        Two(op, function, x, y, "row"),
        Two(op, function, y, x with { Low = 0.5, High = 2 }, "row_left"),
        Two(op, function, x with { Dims = [3, 1], Batched = true }, y with { Dims = [1, 7] }, "outer"),
        Two(op, function, x with { Dims = [], Batched = false }, y with { Dims = [3, 7] }, "scalar_left"),
        Two(op, function, x, y with { Dims = [] }, "scalar"),
        Two(op, function, x with { Dims = [1, 3, 7], Batched = false }, y with { Dims = [5, 1, 1] }, "rank3"),
        Two(op, function, x with { Dims = [3, 5, 7], Batched = true }, y with { Dims = [5, 1] }, "column"),
        Two(op, function, x with { Dims = [3, 1, 5, 7], Batched = true }, y with { Dims = [3, 17, 1, 7], Batched = true }, "both"),
    ];

    private static OpCase Choice(string variation, OpInput condition, OpInput x, OpInput y) => new(variation, new Where(), condition, x, y)
    {
        Reference = inputs => [Plain.Of(Plain.Broadcast(inputs), place => inputs[0].At(place) != 0 ? inputs[1].At(place) : inputs[2].At(place))],
    };
}
