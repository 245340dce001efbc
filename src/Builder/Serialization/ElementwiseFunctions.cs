using System.Collections.Frozen;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions of each element of tensors, in its module numpy.</summary>
internal static class ElementwiseFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["Abs"] = KeepsWhole(Ops.Abs),
        ["Absolute"] = KeepsWhole(Ops.Abs),
        ["Add"] = Binary(Ops.Add),
        ["AllClose"] = call => Ops.All(IsClose(call, name => call.Number(name, name == "rtol" ? 1e-5f : 1e-8f))),
        ["Angle"] = Unary(x => Ops.Where(Ops.IsNaN(x), double.NaN, Ops.Where(Ops.Less(x, 0), Math.PI, 0))),
        ["Arccos"] = Unary(Ops.Acos),
        ["Arccosh"] = Unary(Ops.Acosh),
        ["Arcsin"] = Unary(Ops.Asin),
        ["Arcsinh"] = Unary(Ops.Asinh),
        ["Arctan"] = Unary(Ops.Atan),
        ["Arctan2"] = Binary(Ops.Atan2),
        ["Arctanh"] = Unary(Ops.Atanh),
        ["Array"] = call => Typed(call, call.Tensor(0, "x")),
        ["BitwiseAnd"] = Pair(Ops.BitwiseAnd),
        ["BitwiseInvert"] = Unary(Ops.BitwiseNot),
        ["BitwiseLeftShift"] = Pair(Ops.LeftShift),
        ["BitwiseNot"] = Unary(Ops.BitwiseNot),
        ["BitwiseOr"] = Pair(Ops.BitwiseOr),
        ["BitwiseRightShift"] = Pair(Ops.RightShift),
        ["BitwiseXor"] = Pair(Ops.BitwiseXor),
        ["Cbrt"] = Unary(Ops.Cbrt),
        ["Ceil"] = Unary(Ops.Ceil),
        ["Clip"] = call => KeepsWhole(
            x => Ops.Clip(x, call.Number("x_min", float.NegativeInfinity), call.Number("x_max", float.PositiveInfinity)))(call),
        ["Conj"] = Unary(Same),
        ["Conjugate"] = Unary(Same),
        ["Copy"] = Unary(x => Ops.Make(new Identity(), x)),
        ["Cos"] = Unary(Ops.Cos),
        ["Cosh"] = Unary(Ops.Cosh),
        ["Deg2rad"] = Unary(x => Ops.Floats(x) * (Math.PI / 180)),
        ["Divide"] = Binary(Quotient),
        ["DivideNoNan"] = Binary(Ops.DivideNoNan),
        ["EmptyLike"] = call => Like(call, 0),
        ["Equal"] = Binary(Ops.Equal),
        ["Exp"] = Unary(Ops.Exp),
        ["Exp2"] = Unary(x => Ops.Power(2, x)),
        ["Expm1"] = Unary(Ops.Expm1),
        ["Fabs"] = Unary(x => Ops.Abs(Ops.Floats(x))),
        ["Floor"] = Unary(Ops.Floor),
        ["FloorDivide"] = Binary(Ops.FloorDivide),
        ["Fmax"] = Binary((a, b) => OfNumbers(a, b, Ops.Maximum)),
        ["Fmin"] = Binary((a, b) => OfNumbers(a, b, Ops.Minimum)),
        ["Fmod"] = Binary(Ops.Fmod),
        ["FullLike"] = Of((x, call) => Ops.Make(new ExpandLike(), Typed(call, Ops.Cast(call.Tensor(1, "fill_value"), x.DType)), x)),
        ["Gcd"] = Binary(Ops.Gcd),
        ["Greater"] = Binary(Ops.Greater),
        ["GreaterEqual"] = Binary(Ops.GreaterEqual),
        ["Heaviside"] = Binary(Ops.Heaviside),
        ["Hypot"] = Binary(Ops.Hypot),
        ["I0"] = Unary(Ops.I0),
        ["Imag"] = Unary(Ops.ZerosLike),
        ["Isclose"] = call => IsClose(call, name => call.Argument(name == "rtol" ? 2 : 3, name) switch
        {
            { IsNull: false } given => given.Number(name),
            _ => name == "rtol" ? 1e-5f : 1e-8f,
        }),
        ["Isfinite"] = Unary(Ops.IsFinite),
        ["Isinf"] = Unary(Ops.IsInf),
        ["Isnan"] = Unary(Ops.IsNaN),
        ["Isneginf"] = Unary(x => Ops.LogicalAnd(Ops.IsInf(x), Ops.Less(x, 0))),
        ["Isposinf"] = Unary(x => Ops.LogicalAnd(Ops.IsInf(x), Ops.Greater(x, 0))),
        ["Isreal"] = Unary(x => Ops.Equal(Ops.ZerosLike(x), 0)),
        ["Lcm"] = Binary(Ops.Lcm),
        ["Ldexp"] = Binary((a, b) => Ops.Floats(a) * Ops.Power(2, Ops.Floats(b))),
        ["LeftShift"] = Pair(Ops.LeftShift),
        ["Less"] = Binary(Ops.Less),
        ["LessEqual"] = Binary(Ops.LessEqual),
        ["Log"] = Unary(Ops.Log),
        ["Log10"] = Unary(Ops.Log10),
        ["Log1p"] = Unary(Ops.Log1p),
        ["Log2"] = Unary(Ops.Log2),
        ["Logaddexp"] = Binary(Ops.LogAddExp),
        ["Logaddexp2"] = Binary((a, b) => Ops.LogAddExp(Ops.Floats(a) * Math.Log(2), Ops.Floats(b) * Math.Log(2)) / Math.Log(2)),
        ["LogicalAnd"] = Binary((a, b) => Ops.LogicalAnd(Truth(a), Truth(b))),
        ["LogicalNot"] = Unary(x => Ops.LogicalNot(Truth(x))),
        ["LogicalOr"] = Binary((a, b) => Ops.LogicalOr(Truth(a), Truth(b))),
        ["LogicalXor"] = Binary((a, b) => Ops.LogicalXor(Truth(a), Truth(b))),
        ["Maximum"] = Binary(Ops.Maximum),
        ["Minimum"] = Binary(Ops.Minimum),
        ["Mod"] = Binary(Ops.Mod),
        ["Multiply"] = Binary(Ops.Multiply),
        ["NanToNum"] = Of((x, call) => Ops.NanToNum(
            x, call.Number("nan", 0), OptionalNumber(call, "posinf"), OptionalNumber(call, "neginf"))),
        ["Negative"] = KeepsWhole(Ops.Negative),
        ["Nextafter"] = Binary(Ops.NextAfter),
        ["NotEqual"] = Binary(Ops.NotEqual),
        ["OnesLike"] = call => Like(call, 1),
        ["Power"] = Binary(Ops.Power),
        ["Rad2deg"] = Unary(x => Ops.Floats(x) * (180 / Math.PI)),
        ["Real"] = Unary(Same),
        ["Reciprocal"] = Unary(Ops.Reciprocal),
        ["RightShift"] = Pair(Ops.RightShift),
        ["Round"] = Of((x, call) => Ops.Round(x, call.Integer("decimals", 0))),
        ["Select"] = Select,
        ["Sign"] = KeepsWhole(Ops.Sign),
        ["Signbit"] = Unary(x => Ops.Less(x, 0)),
        ["Sin"] = Unary(Ops.Sin),
        ["Sinc"] = Unary(Ops.Sinc),
        ["Sinh"] = Unary(Ops.Sinh),
        ["Sqrt"] = Unary(Ops.Sqrt),
        ["Square"] = Unary(Ops.Square),
        ["Subtract"] = Binary(Ops.Subtract),
        ["Tan"] = Unary(Ops.Tan),
        ["Tanh"] = Unary(Ops.Tanh),
        ["TrueDivide"] = Binary(Quotient),
        ["Trunc"] = KeepsWhole(Ops.Trunc),
        ["Where"] = call =>
        {
            var (x, y) = call.Operands(1);
            return Ops.Where(Truth(call.Tensor(0, "condition")), x, y);
        },
        ["ZerosLike"] = call => Like(call, 0),
    }.ToFrozenDictionary();

    private static SymbolicTensor Same(SymbolicTensor x) => Ops.Make(new Identity(), x);

    private static SymbolicTensor IsClose(FunctionArguments call, Func<string, float> tolerance)
    {
        var (a, b) = call.Operands();
        return Ops.IsClose(a, b, tolerance("rtol"), tolerance("atol"), call.Flag("equal_nan"));
    }

    /// <summary>A function of two numbers; beside NaN the other operand.</summary>
    private static SymbolicTensor OfNumbers(SymbolicTensor a, SymbolicTensor b, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function) =>
        Ops.Where(Ops.IsNaN(a), b, Ops.Where(Ops.IsNaN(b), a, function(a, b)));

    /// <summary>For each element the choice of the first condition that holds.</summary>
    private static SymbolicTensors Select(FunctionArguments call)
    {
        var (conditions, choices) = (call.Tensors(0, "condlist"), call.Tensors(1, "choicelist"));
        if (conditions.Count != choices.Count)
            throw new ModelException($"Select has {conditions.Count} conditions and {choices.Count} choices; expected as many of both.");
        var result = call.Argument(2, "default").IsNull ? (SymbolicTensor)0.0 : call.Tensor(2, "default");
        for (var i = conditions.Count - 1; i >= 0; i--) result = Ops.Where(Truth(conditions[i]), choices[i], result);
        return result;
    }
}
