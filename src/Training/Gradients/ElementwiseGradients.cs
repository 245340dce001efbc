using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Gradients of elementwise operators that take more than one line.</summary>
internal static class ElementwiseGradients
{
    private const float SeluAlpha = 1.6732632423543772f;
    private const float SeluScale = 1.0507009873554805f;

    /// <summary><c>x > 0: 1; otherwise exp(x / alpha) = 1 + y / alpha</c>.</summary>
    public static SymbolicTensor Celu(GradientContext c, Celu op) =>
        Ops.Where(Ops.Greater(c.Output(), 0), c.Upstream(), c.Upstream() * ((c.Output() / op.Alpha) + 1));

    /// <summary><c>x > 0: scale; otherwise scale alpha exp(x) = y + scale alpha</c>.</summary>
    public static SymbolicTensor Selu(GradientContext c) =>
        c.Upstream() * Ops.Where(Ops.Greater(c.Output(), 0), SeluScale, c.Output() + (SeluScale * SeluAlpha));

    /// <summary>1 inside the bounds, 0 outside.</summary>
    public static SymbolicTensor Clip(GradientContext c, Clip op) =>
        Ops.Where(Ops.LogicalAnd(Ops.GreaterEqual(c.Input(0), op.Minimum), Ops.LessEqual(c.Input(0), op.Maximum)), c.Upstream(), 0);

    public static SymbolicTensor HardSigmoid(GradientContext c, HardSigmoid op) =>
        Ops.Where(Ops.LogicalAnd(Ops.Greater(c.Output(), 0), Ops.Less(c.Output(), 1)), c.Upstream() * op.Alpha, 0);

    /// <summary><c>y = x hard_sigmoid(x)</c>: 0 below -3, 1 above 3, <c>x / 3 + 1 / 2</c> between.</summary>
    public static SymbolicTensor HardSwish(GradientContext c)
    {
        var x = c.Input(0);
        return c.Upstream() * Ops.Where(Ops.Less(x, -3), 0, Ops.Where(Ops.Greater(x, 3), 1, (x * (1f / 3)) + 0.5f));
    }

    /// <summary><c>Phi(x) + x phi(x)</c>, or the derivative of the tanh form.</summary>
    public static SymbolicTensor Gelu(GradientContext c, Gelu op)
    {
        var x = c.Input(0);
        if (!op.Approximate)
        {
            var cumulative = (Ops.Erf(x * MathF.Sqrt(0.5f)) + 1) * 0.5f;
            var density = Ops.Exp(Ops.Square(x) * -0.5f) * (1 / MathF.Sqrt(2 * MathF.PI));
            return c.Upstream() * (cumulative + (x * density));
        }

        var scale = MathF.Sqrt(2 / MathF.PI);
        var tanh = Ops.Tanh((x + (x * Ops.Square(x) * 0.044715f)) * scale);
        var inner = (Ops.Square(x) * (3 * 0.044715f * scale)) + scale;
        return c.Upstream() * (((tanh + 1) * 0.5f) + (x * (1 - Ops.Square(tanh)) * inner * 0.5f));
    }

    /// <summary><c>tanh(s) + x (1 - tanh(s)^2) sigmoid(x)</c> with <c>s = softplus(x)</c>.</summary>
    public static SymbolicTensor Mish(GradientContext c)
    {
        var x = c.Input(0);
        var tanh = Ops.Tanh(Ops.Softplus(x));
        return c.Upstream() * (tanh + (x * (1 - Ops.Square(tanh)) * Ops.Sigmoid(x)));
    }

    /// <summary>The gradient goes to the chosen side; equal sides share it, as in Keras' backends.</summary>
    public static SymbolicTensor?[] Chosen(GradientContext c, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> wins)
    {
        var (a, b, dy) = (c.Input(0), c.Input(1), c.Upstream());
        var tie = Ops.Where(Ops.Equal(a, b), dy * 0.5f, 0);
        return [c.Unbroadcast(Ops.Where(wins(a, b), dy, tie), 0), c.Unbroadcast(Ops.Where(wins(b, a), dy, tie), 1)];
    }

    /// <summary><c>da = b a^(b-1)</c>, <c>db = a^b log(a)</c>, the latter 0 where a is not positive.</summary>
    public static SymbolicTensor?[] Pow(GradientContext c)
    {
        var (a, b, dy) = (c.Input(0), c.Input(1), c.Upstream());
        var toBase = c.Wants(0) ? c.Unbroadcast(dy * b * Ops.Power(a, b - 1), 0) : null;
        var positive = Ops.Greater(a, 0);
        var toExponent = c.Wants(1) ? c.Unbroadcast(Ops.Where(positive, dy * c.Output() * Ops.Log(Ops.Where(positive, a, 1)), 0), 1) : null;
        return [toBase, toExponent];
    }

    public static SymbolicTensor?[] PRelu(GradientContext c)
    {
        var (x, slope, dy) = (c.Input(0), c.Input(1), c.Upstream());
        var positive = Ops.Greater(x, 0);
        return [Ops.Where(positive, dy, dy * slope), c.Unbroadcast(Ops.Where(positive, 0, dy * x), 1)];
    }

    public static SymbolicTensor?[] Where(GradientContext c)
    {
        var (condition, dy) = (c.Input(0), c.Upstream());
        return [null, c.Wants(1) ? c.Unbroadcast(Ops.Where(condition, dy, 0), 1) : null, c.Wants(2) ? c.Unbroadcast(Ops.Where(condition, 0, dy), 2) : null];
    }
}
