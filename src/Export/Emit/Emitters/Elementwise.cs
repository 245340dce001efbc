using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Elementwise operators: they run in the layout of their operands.</summary>
internal static class Elementwise
{
    private const int FirstWithBits = 18;

    /// <summary>An ONNX operator with one operand.</summary>
    public static Emitter Unary(string op, params AttributeProto[] attributes) => (emission, node) =>
    {
        var layout = Operands.Choose(emission, node, node.Inputs[0]);
        emission.Result(node.Outputs[0], layout, op, [Operands.Read(emission, node.Inputs[0], layout)], attributes);
    };

    /// <summary>An ONNX operator whose operands are broadcast.</summary>
    public static Emitter Broadcast(string op, params AttributeProto[] attributes) => (emission, node) =>
    {
        var layout = Operands.Choose(emission, node, node.Inputs);
        emission.Result(node.Outputs[0], layout, op, [.. node.Inputs.Select(input => Operands.Read(emission, input, layout))], attributes);
    };

    /// <summary>Functions of bits, by the names that ONNX has for them since opset 18.</summary>
    public static void Bits(Emission emission, Node node)
    {
        if (emission.Opset >= FirstWithBits) Broadcast(node.Op.Name)(emission, node);
        else emission.Refuse(node, $"functions of bits came with opset {FirstWithBits}. Use opset {FirstWithBits} or later.");
    }

    /// <summary>The value itself: nothing is written.</summary>
    public static void Same(Emission emission, Node node) => emission.Alias(node.Outputs[0], node.Inputs[0]);

    /// <summary>Bounds are inputs in ONNX; infinite ones are omitted.</summary>
    public static Emitter Clip(Clip op) => (emission, node) =>
    {
        var layout = Operands.Choose(emission, node, node.Inputs[0]);
        var x = Operands.Read(emission, node.Inputs[0], layout);
        var minimum = float.IsNegativeInfinity(op.Minimum) ? "" : Bound("minimum", op.Minimum);
        var maximum = float.IsPositiveInfinity(op.Maximum) ? "" : Bound("maximum", op.Maximum);
        emission.Result(node.Outputs[0], layout, "Clip", [x, minimum, maximum]);

        string Bound(string role, float value) => emission.Constant(role, Casts.TryConvert(TensorData.Of(Shape.Of(), [value]), node.Inputs[0].Spec.Type)!);
    };

    /// <summary>A Cast reads its input in the order in which it was computed, see <see cref="Import.FragileFusion"/>.</summary>
    public static Emitter Cast(DType to) => (emission, node) =>
    {
        var source = Operands.Any(emission, node.Inputs[0]);
        emission.Result(node.Outputs[0], source.Layout, "Cast", [source.Name], Attributes.Type("to", to));
    };

    /// <summary>ONNX has Gelu since opset 20.</summary>
    public static void Gelu(Emission emission, Node node, bool approximate)
    {
        if (emission.Opset >= 20)
            Unary("Gelu", Attributes.Text("approximate", approximate ? "tanh" : "none"))(emission, node);
        else if (approximate)
            Definitions.Write(emission, node, x => x[0] * 0.5f * (Ops.Tanh((x[0] + (x[0] * x[0] * x[0] * 0.044715f)) * MathF.Sqrt(2 / MathF.PI)) + 1));
        else
            Definitions.Write(emission, node, x => x[0] * 0.5f * (Ops.Erf(x[0] / MathF.Sqrt(2)) + 1));
    }

    /// <summary>ONNX has Mish since opset 18.</summary>
    public static void Mish(Emission emission, Node node)
    {
        if (emission.Opset >= 18) Unary("Mish")(emission, node);
        else Definitions.Write(emission, node, x => x[0] * Ops.Tanh(Ops.Softplus(x[0])));
    }

    /// <summary>
    /// Integers: ONNX Runtime 1.31 refuses a divisor of 0, but the smallest number divided by -1 ends the process. <c>a / -1 = (a * -1) / 1</c>, which wraps
    /// around instead.
    /// </summary>
    public static void Div(Emission emission, Node node)
    {
        if (IsSafe(node)) Broadcast("Div")(emission, node);
        else Divide(emission, node, "Div");
    }

    /// <summary>The result of ONNX's Mod has the divisor's sign for integers only.</summary>
    public static void Mod(Emission emission, Node node)
    {
        if (node.Inputs[0].Spec.Type.IsInteger() && IsSafe(node)) Broadcast("Mod")(emission, node);
        else if (node.Inputs[0].Spec.Type.IsInteger()) Divide(emission, node, "Mod");
        else Definitions.Write(emission, node, x => x[0] - (Ops.Floor(x[0] / x[1]) * x[1]));
    }

    private static bool IsSafe(Node node) =>
        !node.Inputs[0].Spec.Type.IsInteger() || (node.Inputs[1].Producer.Op is Constant { Data.Number: { } number } && number is not (-1 or 0));

    private static void Divide(Emission emission, Node node, string op)
    {
        var layout = Operands.Choose(emission, node, node.Inputs);
        string a = Operands.Read(emission, node.Inputs[0], layout), b = Operands.Read(emission, node.Inputs[1], layout);
        var type = node.Inputs[0].Spec.Type;
        var minusOne = emission.Constant("minus_one", type == DType.Int64 ? TensorData.Of(Shape.Of(), [-1L]) : TensorData.Of(Shape.Of(), [-1]));
        var turns = emission.Add("Equal", null, [b, minusOne]);
        var divisor = emission.Add("Where", null, [turns, emission.Add("Mul", null, [b, b]), b]);
        if (op == "Div") a = emission.Add("Where", null, [turns, emission.Add("Mul", null, [a, b]), a]);
        emission.Result(node.Outputs[0], layout, op, [a, divisor]);
    }

    /// <summary>ONNX Runtime has no Where for bool.</summary>
    public static void Where(Emission emission, Node node)
    {
        if (node.Inputs[1].Spec.Type != DType.Bool) Broadcast("Where")(emission, node);
        else Definitions.Write(emission, node, x => Ops.LogicalOr(Ops.LogicalAnd(x[0], x[1]), Ops.LogicalAnd(Ops.LogicalNot(x[0]), x[2])));
    }
}
