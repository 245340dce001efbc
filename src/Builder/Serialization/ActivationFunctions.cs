using System.Collections.Frozen;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' activations, in its module nn.</summary>
internal static class ActivationFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["Celu"] = call => Ops.Make(new Celu(call.Number("alpha", 1)), call.Tensor(0, "x")),
        ["Elu"] = call => Ops.Make(new Elu(call.Number("alpha", 1)), call.Tensor(0, "x")),
        ["Gelu"] = call => Ops.Make(new Gelu(call.Flag("approximate", true)), call.Tensor(0, "x")),
        ["Glu"] = OnLastAxis(Activation.Glu),
        ["HardShrink"] = call => Ops.Make(new Shrink(call.Number("threshold", 0.5f), 0), call.Tensor(0, "x")),
        ["HardSigmoid"] = Unary(Activation.HardSigmoid.Apply),
        ["HardSilu"] = Unary(Activation.HardSilu.Apply),
        ["HardTanh"] = Unary(Activation.HardTanh.Apply),
        ["LeakyRelu"] = call => Ops.Make(new LeakyRelu(call.Number("negative_slope", 0.2f)), call.Tensor(0, "x")),
        ["LogSigmoid"] = Unary(Activation.LogSigmoid.Apply),
        ["LogSoftmax"] = Of((x, call) => Ops.OverAxes(x, AxesOrLast(call), Ops.LogSoftmax)),
        ["Relu"] = KeepsWhole(Ops.Relu),
        ["Relu6"] = KeepsWhole(Activation.Relu6.Apply),
        ["Selu"] = Unary(Activation.Selu.Apply),
        ["Sigmoid"] = Unary(Ops.Sigmoid),
        ["Silu"] = Unary(Activation.Silu.Apply),
        ["SoftShrink"] = call => Ops.Make(new Shrink(call.Number("threshold", 0.5f), call.Number("threshold", 0.5f)), call.Tensor(0, "x")),
        ["Softmax"] = Of((x, call) => Ops.OverAxes(x, AxesOrLast(call), Ops.Softmax)),
        ["Softplus"] = Unary(Ops.Softplus),
        ["Softsign"] = Unary(Ops.Softsign),
        ["SparsePlus"] = Unary(Activation.SparsePlus.Apply),
        ["SparseSigmoid"] = Unary(Activation.SparseSigmoid.Apply),
        ["Sparsemax"] = OnLastAxis(Activation.Sparsemax),
        ["Squareplus"] = Of((x, call) => (x + Ops.Sqrt(Ops.Square(x) + call.Number("b", 4))) * 0.5f),
        ["TanhShrink"] = Unary(Activation.TanhShrink.Apply),
        ["Threshold"] = Of((x, call) => Ops.Threshold(x, call.Number("threshold", 0), call.Number("default_value", 0))),
    }.ToFrozenDictionary();

    /// <summary>Axes, all for None, and the last if the file says nothing.</summary>
    private static Axes AxesOrLast(FunctionArguments call) => call.Has("axis") ? call.Axis : -1;

    /// <summary>A function along the last axis, along any other one.</summary>
    private static Rule OnLastAxis(Activation activation) => Of((x, call) =>
    {
        var axis = ShapeRules.Axis(call.Integer("axis", -1), x.Rank, activation.Name);
        return axis == x.Rank - 1 ? activation.Apply(x) : Ops.MoveAxis(activation.Apply(Ops.MoveAxis(x, axis, -1)), -1, axis);
    });
}
