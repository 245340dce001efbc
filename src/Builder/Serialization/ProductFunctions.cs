using System.Collections.Frozen;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' products of tensors, in its module numpy.</summary>
internal static class ProductFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["Correlate"] = call => Ops.Correlate(
            call.Tensor(0, "x1"),
            call.Tensor(1, "x2"),
            call.Choice<Padding?>("mode", "valid", ("valid", Padding.Valid), ("same", Padding.Same), ("full", null))),
        ["Cross"] = Cross,
        ["Dot"] = Pair(Ops.Dot),
        ["Einsum"] = call => Ops.Einsum(call.Text("subscripts"), call.AllTensors()),
        ["Inner"] = Pair(Ops.Inner),
        ["Kron"] = Pair(Ops.Kron),
        ["Matmul"] = Matmul,
        ["Outer"] = Pair(Ops.Outer),
        ["Slogdet"] = call => Both(Ops.SLogDet(call.Tensor(0, "x"))),
        ["Tensordot"] = Tensordot,
        ["Vdot"] = Pair((a, b) => Ops.Sum(Ops.Reshape(a, -1) * Ops.Reshape(b, -1))),
    }.ToFrozenDictionary();

    private static SymbolicTensors Matmul(FunctionArguments call)
    {
        var (a, b) = (call.Tensor(0, "x1"), call.Tensor(1, "x2"));
        return b.DType.IsFloating() ? Ops.MatMul(a, b) : Whole(a, Ops.MatMul(a, b));
    }

    /// <summary>The axes of vectors go last, and that of the result to its place.</summary>
    private static SymbolicTensors Cross(FunctionArguments call)
    {
        var (a, b) = (call.Tensor(0, "x1"), call.Tensor(1, "x2"));
        var all = call.Config("axis");
        var (first, second, result) = (Axis("axisa"), Axis("axisb"), Axis("axisc"));
        var product = Ops.Cross(Last(a, first), Last(b, second));
        return product.Rank < Math.Max(a.Rank, b.Rank) || ShapeRules.Axis(result, product.Rank, "Cross") == product.Rank - 1
            ? product
            : Ops.MoveAxis(product, -1, result);

        int Axis(string key) => call.Integer(key, -1) is var own && all.IsNull ? own : all.Integer("axis");

        static SymbolicTensor Last(SymbolicTensor x, int axis) => ShapeRules.Axis(axis, x.Rank, "Cross") == x.Rank - 1 ? x : Ops.MoveAxis(x, axis, -1);
    }

    /// <summary>A number of axes: the last of the left meet the first of the right.</summary>
    private static SymbolicTensors Tensordot(FunctionArguments call)
    {
        var (a, b) = (call.Tensor(0, "x1"), call.Tensor(1, "x2"));
        if (call.Config("axes") is CallValue.List { Items: [var left, var right] })
            return Ops.Tensordot(a, b, Axes.Create(left.Integers("axes")), Axes.Create(right.Integers("axes")));
        var count = call.Integer("axes", 2);
        return Ops.Tensordot(a, b, Axes.Create([.. Enumerable.Range(a.Rank - count, count)]), Axes.Create([.. Enumerable.Range(0, count)]));
    }
}
