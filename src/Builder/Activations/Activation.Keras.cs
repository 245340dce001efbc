using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Keras' activations.</content>
public sealed partial class Activation
{
    /// <summary><c>x</c>.</summary>
    public static Activation Linear { get; } = new("linear", x => x);

    /// <summary><c>max(x, 0)</c>.</summary>
    public static Activation Relu { get; } = new("relu", Ops.Relu);

    /// <summary><c>min(max(x, 0), 6)</c>.</summary>
    public static Activation Relu6 { get; } = new("relu6", x => Ops.Clip(x, 0, 6));

    /// <summary><c>x > 0 ? x : 0.2 x</c>; the layer LeakyRelu has a slope of 0.3.</summary>
    public static Activation LeakyRelu { get; } = new("leaky_relu", x => Ops.Make(new LeakyRelu(0.2f), x));

    /// <summary><c>x > 0 ? x : exp(x) - 1</c>.</summary>
    public static Activation Elu { get; } = new("elu", x => Ops.Make(new Elu(1), x));

    /// <summary><c>1.0507 (x > 0 ? x : 1.6733 (exp(x) - 1))</c>.</summary>
    public static Activation Selu { get; } = new("selu", x => Ops.Make(new Selu(), x));

    /// <summary><c>max(x, 0) + min(0, exp(x) - 1)</c>.</summary>
    public static Activation Celu { get; } = new("celu", x => Ops.Make(new Celu(1), x));

    /// <summary><c>1 / (1 + exp(-x))</c>.</summary>
    public static Activation Sigmoid { get; } = new("sigmoid", Ops.Sigmoid);

    /// <summary><c>exp(x) / sum(exp(x))</c> along the last axis.</summary>
    public static Activation Softmax { get; } = new("softmax", x => Ops.Softmax(x));

    /// <summary><c>x - log(sum(exp(x)))</c> along the last axis.</summary>
    public static Activation LogSoftmax { get; } = new("log_softmax", x => Ops.LogSoftmax(x));

    /// <summary><c>tanh(x)</c>.</summary>
    public static Activation Tanh { get; } = new("tanh", Ops.Tanh);

    /// <summary><c>x - tanh(x)</c>.</summary>
    public static Activation TanhShrink { get; } = new("tanh_shrink", x => x - Ops.Tanh(x));

    /// <summary><c>log(1 + exp(x))</c>.</summary>
    public static Activation Softplus { get; } = new("softplus", Ops.Softplus);

    /// <summary><c>x / (1 + |x|)</c>.</summary>
    public static Activation Softsign { get; } = new("softsign", Ops.Softsign);

    /// <summary><c>(x + sqrt(x^2 + 4)) / 2</c>.</summary>
    public static Activation Squareplus { get; } = new("squareplus", x => (x + Ops.Sqrt(Ops.Square(x) + 4)) * 0.5f);

    /// <summary><c>x sigmoid(x)</c>.</summary>
    public static Activation Silu { get; } = new("silu", x => x * Ops.Sigmoid(x));

    /// <summary><c>x Phi(x)</c>, exact.</summary>
    public static Activation Gelu { get; } = new("gelu", x => Ops.Make(new Gelu(false), x));

    /// <summary>The first half of the last axis times the sigmoid of the second: the axis is halved.</summary>
    public static Activation Glu { get; } = new("glu", Gate);

    /// <summary><c>exp(x)</c>.</summary>
    public static Activation Exponential { get; } = new("exponential", Ops.Exp);

    /// <summary><c>min(max(x / 6 + 0.5, 0), 1)</c>.</summary>
    public static Activation HardSigmoid { get; } = new("hard_sigmoid", x => Ops.Make(new HardSigmoid(1f / 6, 0.5f), x));

    /// <summary><c>x hard_sigmoid(x)</c>.</summary>
    public static Activation HardSilu { get; } = new("hard_silu", x => Ops.Make(new HardSwish(), x));

    /// <summary><c>min(max(x, -1), 1)</c>.</summary>
    public static Activation HardTanh { get; } = new("hard_tanh", x => Ops.Clip(x, -1, 1));

    /// <summary><c>|x| > 0.5 ? x : 0</c>.</summary>
    public static Activation HardShrink { get; } = new("hard_shrink", x => Ops.Make(new Shrink(0.5f, 0), x));

    /// <summary><c>x > 0.5 ? x - 0.5 : x &lt; -0.5 ? x + 0.5 : 0</c>.</summary>
    public static Activation SoftShrink { get; } = new("soft_shrink", x => Ops.Make(new Shrink(0.5f, 0.5f), x));

    /// <summary><c>x tanh(softplus(x))</c>.</summary>
    public static Activation Mish { get; } = new("mish", x => Ops.Make(new Mish(), x));

    /// <summary><c>-log(1 + exp(-x))</c>.</summary>
    public static Activation LogSigmoid { get; } = new("log_sigmoid", x => -Ops.Softplus(-x));

    /// <summary><c>x &lt;= -1: 0; x >= 1: x; otherwise (x + 1)^2 / 4</c>.</summary>
    public static Activation SparsePlus { get; } = new("sparse_plus", x => Ops.Where(Ops.GreaterEqual(x, 1), x, Ops.Square(Ops.Maximum(x, -1) + 1) * 0.25f));

    /// <summary><c>min(max((x + 1) / 2, 0), 1)</c>.</summary>
    public static Activation SparseSigmoid { get; } = new("sparse_sigmoid", x => Ops.Make(new HardSigmoid(0.5f, 0.5f), x));

    /// <summary>The point of the probability simplex nearest to x along the last axis (Martins and Astudillo 2016).</summary>
    public static Activation Sparsemax { get; } = new("sparsemax", Project);

    /// <summary>All activations by Keras' name.</summary>
    internal static IReadOnlyDictionary<string, Activation> ByName { get; } = new Activation[]
    {
        Linear, Relu, Relu6, LeakyRelu, Elu, Selu, Celu, Sigmoid, Softmax, LogSoftmax, Tanh, TanhShrink, Softplus, Softsign, Squareplus, Silu, Gelu, Glu,
        Exponential, HardSigmoid, HardSilu, HardTanh, HardShrink, SoftShrink, Mish, LogSigmoid, SparsePlus, SparseSigmoid, Sparsemax,
    }.ToDictionary(activation => activation.Name);

    private static SymbolicTensor Gate(SymbolicTensor x)
    {
        var width = x.Shape[^1]
            ?? throw new ModelException(
                $"glu halves the last axis, whose size is unknown in {x.Shape}. Set that size in Model.Input instead of null.");
        if (width % 2 != 0) throw new ModelException($"glu halves the last axis, but {x.Shape} has {width}; expected an even size.");
        var halves = Ops.Split(x, [width / 2, width / 2]);
        return halves[0] * Ops.Sigmoid(halves[1]);
    }

    private static SymbolicTensor Project(SymbolicTensor x)
    {
        var classes = x.Shape[^1]
            ?? throw new ModelException(
                $"sparsemax needs the size of the last axis, which is unknown in {x.Shape}. Set that size in Model.Input instead of null.");
        var sorted = Ops.TopK(x, classes).Values;
        var sums = Ops.CumSum(sorted);
        var ranks = Ops.Constant([classes], [.. Enumerable.Range(1, classes).Select(rank => (float)rank)]);
        var inside = Ops.Cast(Ops.Greater((sorted * ranks) + 1, sums), DType.Float32);
        var support = Ops.Sum(inside, -1, keepdims: true);
        var threshold = (Ops.Sum(sorted * inside, -1, keepdims: true) - 1) / support;
        return Ops.Relu(x - threshold);
    }
}
