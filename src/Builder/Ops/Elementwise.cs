namespace OnnxFunctional.Operators;

/// <summary>A function of each element; the shape stays.</summary>
internal abstract record UnaryOp : Op
{
    public override bool TakesFloats(int input) => true;

    public sealed override bool IsElementwise => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        return [inputs[0]];
    }
}

/// <summary>A function of two elements, broadcast as in NumPy.</summary>
internal abstract record BinaryOp : Op
{
    public sealed override bool IsElementwise => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (inputs[0].Type != inputs[1].Type)
        {
            throw new ModelException(
                $"{Name} of {inputs[0].Type.KerasName()} and {inputs[1].Type.KerasName()}: expected the same element type on both sides. "
                + "Use Ops.Cast on one of them.");
        }

        ShapeRules.Refuse8Bit(inputs[0], Name);
        if (inputs[0].Type == DType.Bool && this is not LogicalOp)
            throw new ModelException($"{Name} takes numbers, but got bool. Use the function of Ops, which converts, or Ops.LogicalAnd, LogicalOr, LogicalXor.");
        return [new(ShapeRules.Broadcast(inputs[0].Shape, inputs[1].Shape, Name), Result(inputs[0].Type))];
    }

    protected virtual DType Result(DType operand) => operand;
}

/// <summary>A comparison of two elements.</summary>
internal abstract record ComparisonOp : BinaryOp
{
    protected sealed override DType Result(DType operand) => DType.Bool;
}

/// <summary>A function of two booleans.</summary>
internal abstract record LogicalOp : BinaryOp
{
    protected sealed override DType Result(DType operand) =>
        operand == DType.Bool
            ? DType.Bool
            : throw new ModelException($"{Name} takes booleans, but got {operand.KerasName()}. Compare first, for example Ops.NotEqual(x, 0).");
}

internal sealed record Abs : UnaryOp;

internal sealed record Acos : UnaryOp;

internal sealed record Acosh : UnaryOp;

internal sealed record Asin : UnaryOp;

internal sealed record Asinh : UnaryOp;

internal sealed record Atan : UnaryOp;

internal sealed record Atanh : UnaryOp;

internal sealed record Ceil : UnaryOp;

internal sealed record Celu(float Alpha) : UnaryOp;

/// <summary><c>min(max(x, Minimum), Maximum)</c>; an infinite bound is no bound.</summary>
internal sealed record Clip(float Minimum, float Maximum) : UnaryOp;

internal sealed record Cos : UnaryOp;

internal sealed record Cosh : UnaryOp;

internal sealed record Elu(float Alpha) : UnaryOp;

internal sealed record Erf : UnaryOp;

internal sealed record Exp : UnaryOp;

/// <summary><c>e^x - 1</c>, accurate near 0 too.</summary>
internal sealed record Expm1 : UnaryOp;

internal sealed record Floor : UnaryOp;

/// <summary><c>x * Phi(x)</c>: by erf, or by the tanh approximation.</summary>
internal sealed record Gelu(bool Approximate) : UnaryOp;

/// <summary><c>max(0, min(1, Alpha * x + Beta))</c>.</summary>
internal sealed record HardSigmoid(float Alpha, float Beta) : UnaryOp;

internal sealed record HardSwish : UnaryOp;

internal sealed record LeakyRelu(float Alpha) : UnaryOp;

internal sealed record Log : UnaryOp;

/// <summary><c>log(1 + x)</c>, accurate near 0 too.</summary>
internal sealed record Log1p : UnaryOp;

internal sealed record Mish : UnaryOp;

internal sealed record Neg : UnaryOp;

internal sealed record Reciprocal : UnaryOp;

internal sealed record Relu : UnaryOp;

/// <summary>Rounds to the nearest integer, halves to even.</summary>
internal sealed record Round : UnaryOp;

internal sealed record Selu : UnaryOp;

/// <summary><c>x &lt; -Lambda: x + Bias; x > Lambda: x - Bias; otherwise 0</c>.</summary>
internal sealed record Shrink(float Lambda, float Bias) : UnaryOp;

internal sealed record Sigmoid : UnaryOp;

internal sealed record Sign : UnaryOp;

internal sealed record Sin : UnaryOp;

internal sealed record Sinh : UnaryOp;

internal sealed record Softplus : UnaryOp;

internal sealed record Softsign : UnaryOp;

internal sealed record Sqrt : UnaryOp;

internal sealed record Tan : UnaryOp;

internal sealed record Tanh : UnaryOp;

internal sealed record ThresholdedRelu(float Alpha) : UnaryOp;

/// <summary>The value itself, treated as a constant by gradients.</summary>
internal sealed record StopGradient : UnaryOp
{
    public override bool TakesFloats(int input) => false;

    public override bool Moves(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];
}

/// <summary>
/// The sum over the parts into which several processes cut a batch: the value itself where a batch is not cut. Its gradient is the sum of their gradients.
/// </summary>
internal sealed record SumOverShards : UnaryOp;

/// <summary>The numbers of unmasked steps that a mean divides by: themselves. Where one is 0, the engine gives a warning, once per layer.</summary>
internal sealed record MaskCount : UnaryOp;

internal sealed record IsNaN : UnaryOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [base.Infer(inputs)[0] with { Type = DType.Bool }];
}

internal sealed record IsInf : UnaryOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [base.Infer(inputs)[0] with { Type = DType.Bool }];
}

internal sealed record Not : UnaryOp
{
    public override bool TakesFloats(int input) => false;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) =>
        inputs[0].Type == DType.Bool ? [inputs[0]] : throw new ModelException($"Not takes booleans, but got {inputs[0]}.");
}

/// <summary>The elements as another type.</summary>
/// <param name="To">The type.</param>
/// <param name="IsStorage">The value may be stored in that type, but need not be rounded to it: a reader may still see the original.</param>
internal sealed record Cast(DType To, bool IsStorage = false) : UnaryOp
{
    public override bool TakesFloats(int input) => false;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Type = To }];
}

internal sealed record Add : BinaryOp;

internal sealed record Div : BinaryOp;

internal sealed record Max : BinaryOp;

internal sealed record Min : BinaryOp;

/// <summary>The remainder with the sign of the divisor, as in Python.</summary>
internal sealed record Mod : BinaryOp;

internal sealed record Mul : BinaryOp;

internal sealed record Pow : BinaryOp;

/// <summary><c>x &lt; 0 ? slope * x : x</c>, the slope broadcast to x.</summary>
internal sealed record PRelu : BinaryOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var x = inputs[0].Shape;
        return base.Infer(inputs)[0].Shape.IsCompatibleWith(x)
            ? [inputs[0]]
            : throw new ModelException($"PRelu of {x} takes one slope per element or a shape that broadcasts to {x}, but got {inputs[1].Shape}.");
    }
}

internal sealed record Sub : BinaryOp;

internal sealed record Equal : ComparisonOp;

internal sealed record Greater : ComparisonOp;

internal sealed record GreaterOrEqual : ComparisonOp;

internal sealed record Less : ComparisonOp;

internal sealed record LessOrEqual : ComparisonOp;

internal sealed record And : LogicalOp;

internal sealed record Or : LogicalOp;

internal sealed record Xor : LogicalOp;

/// <summary>A function of the bits of two integers.</summary>
internal abstract record BitwiseOp : BinaryOp
{
    protected sealed override DType Result(DType operand) =>
        operand.IsInteger() ? operand : throw new ModelException($"{Name} takes integers, but got {operand.KerasName()}. Use Ops.Cast.");
}

internal sealed record BitwiseAnd : BitwiseOp;

internal sealed record BitwiseOr : BitwiseOp;

internal sealed record BitwiseXor : BitwiseOp;

/// <summary><c>condition ? x : y</c>, all three broadcast.</summary>
internal sealed record Where : Op
{
    public override bool IsElementwise => true;

    public override bool Moves(int input) => input > 0;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (inputs[0].Type != DType.Bool) throw new ModelException($"Where takes a condition of booleans first, but got {inputs[0]}.");
        if (inputs[1].Type != inputs[2].Type)
            throw new ModelException($"Where chooses between {inputs[1]} and {inputs[2]}: expected the same element type. Use Ops.Cast on one of them.");
        ShapeRules.Refuse8Bit(inputs[1], Name);
        return [new(ShapeRules.Broadcast(inputs[0].Shape, ShapeRules.Broadcast(inputs[1].Shape, inputs[2].Shape, Name), Name), inputs[1].Type)];
    }
}
