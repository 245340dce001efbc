using System.Collections.Frozen;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions of its module linalg.</summary>
internal static class LinearAlgebraFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["Cholesky"] = Of((x, call) => Ops.Cholesky(x, call.Flag("upper"))),
        ["CholeskyInverse"] = Of((x, call) => Ops.CholeskyInverse(x, call.Flag("upper"))),
        ["Det"] = Unary(Ops.Det),
        ["Inv"] = Unary(Ops.Inv),
        ["Lstsq"] = call => Ops.Lstsq(call.Tensor(0, "a"), call.Tensor(1, "b")),
        ["LuFactor"] = call => Both(Ops.LuFactor(call.Tensor(0, "x"))),
        ["MatrixPower"] = Of((x, call) => Ops.MatrixPower(x, call.Integer("n", 1))),
        ["Norm"] = call => KerasNorms.Of(call),
        ["Pinv"] = Unary(Ops.Pinv),
        ["Qr"] = call => Both(Ops.Qr(call.Tensor(0, "x"), call.Choice("mode", "reduced", ("reduced", false), ("complete", true)))),
        ["Solve"] = call => Ops.Solve(call.Tensor(0, "a"), call.Tensor(1, "b")),
        ["SolveTriangular"] = call => Ops.SolveTriangular(call.Tensor(0, "a"), call.Tensor(1, "b"), call.Flag("lower")),
    }.ToFrozenDictionary();
}
