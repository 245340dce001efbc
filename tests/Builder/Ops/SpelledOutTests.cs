using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Builder;

/// <summary>LayerNormalization and Gelu in arithmetic, as programs write them into files: found, equal to the arithmetic, with the same gradient.</summary>
[TestClass]
public sealed class SpelledOutTests
{
    private const float Epsilon = 1e-5f;

    private static readonly WorkerPool s_pool = new(1);

    private delegate SymbolicTensor Normalization(SymbolicTensor x, SymbolicTensor scale, SymbolicTensor bias);

    // torch.onnx writes Pow, Sqrt and Div, tf2onnx a product of differences and Reciprocal, Keras on PyTorch the mean of squares.
    private static readonly Dictionary<string, Normalization> s_normalizations = new()
    {
        ["torch.onnx"] = (x, g, b) => (Centered(x) / Ops.Sqrt(Mean(Ops.Power(Centered(x), 2)) + Epsilon) * g) + b,
        ["a difference computed once"] = (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(Ops.Power(c, 2)) + Epsilon) * g) + b),
        ["a product with itself"] = (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * g) + b),
        ["operands exchanged"] = (x, g, b) => With(Centered(x), c => b + (g * (c / Ops.Sqrt(Epsilon + Mean(c * c))))),
        ["Reciprocal"] = (x, g, b) => With(Centered(x), c => (c * Ops.Reciprocal(Ops.Sqrt(Mean(c * c) + Epsilon)) * g) + b),
        ["one divided by the root"] = (x, g, b) => With(Centered(x), c => (c * (1 / Ops.Sqrt(Mean(c * c) + Epsilon)) * g) + b),
        ["the root as a power"] = (x, g, b) => With(Centered(x), c => (c / Ops.Power(Mean(c * c) + Epsilon, 0.5) * g) + b),
        ["the inverse root as a power"] = (x, g, b) => With(Centered(x), c => (c * Ops.Power(Mean(c * c) + Epsilon, -0.5) * g) + b),
        ["scale before the difference"] = (x, g, b) => With(Centered(x), c => (c * (Ops.Rsqrt(Mean(c * c) + Epsilon) * g)) + b),
        ["scale on the difference"] = (x, g, b) => With(Centered(x), c => (g * c / Ops.Sqrt(Mean(c * c) + Epsilon)) + b),
        ["tf.nn.batch_normalization"] = (x, g, b) =>
            With(Mean(x), m => With(Ops.Rsqrt(Mean(Ops.Square(x - m)) + Epsilon) * g, s => (x * s) + (b - (m * s)))),
        ["Keras"] = (x, g, b) =>
            With(Mean(x), m => With(Ops.Rsqrt(Mean(Ops.Square(x - m)) + Epsilon) * g, s => (x * s) + ((-m * s) + b))),
        ["Keras on PyTorch"] = (x, g, b) =>
            With(Mean(x), m => ((x - m) * Ops.Rsqrt(Mean(Ops.Square(x)) - Ops.Square(m) + Epsilon) * g) + b),
        ["the mean computed twice"] = (x, g, b) => ((x - Mean(x)) / Ops.Sqrt(Mean(Ops.Square(x - Mean(x))) + Epsilon) * g) + b,
        ["negative axes"] = (x, g, b) => With(x - Ops.Make(new ReduceMean([-1], true), x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * g) + b),
        ["Identity between"] = (x, g, b) => With(Same(Centered(x)), c => (c / Same(Ops.Sqrt(Same(Mean(c * c)) + Epsilon)) * g) + b),
        ["scale and bias with leading ones"] = (x, g, b) =>
            With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * Ops.ExpandDims(g, 0)) + Ops.ExpandDims(Ops.ExpandDims(b, 0), 0)),
        ["without bias"] = (x, g, _) => With(Centered(x), c => c / Ops.Sqrt(Mean(c * c) + Epsilon) * g),
        ["without scale"] = (x, _, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon)) + b),
        ["without both"] = (x, _, _) => With(Centered(x), c => c / Ops.Sqrt(Mean(c * c) + Epsilon)),
        ["tf.nn.batch_normalization without bias"] = (x, g, _) =>
            With(Mean(x), m => With(Ops.Rsqrt(Mean(Ops.Square(x - m)) + Epsilon) * g, s => (x * s) - (m * s))),
        ["LayerNormalization and a bias behind it"] = (x, g, b) => Ops.Make(new LayerNormalization(2, Epsilon), x, g, Ops.Filled(g.Shape, 0)) + b,
    };

    // Parts of these are no LayerNormalization over the last axis of x, or are one that something else is done to.
    private static readonly Dictionary<string, (int Found, Normalization Formula)> s_otherNormalizations = new()
    {
        ["another axis"] = (0, (x, g, b) => With(x - Ops.Mean(x, 1, true), c => (c / Ops.Sqrt(Ops.Mean(c * c, 1, true) + Epsilon) * g) + b)),
        ["means along different axes"] = (0, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Ops.Mean(c * c, 1, true) + Epsilon) * g) + b)),
        ["epsilon behind the root"] = (0, (x, g, b) => With(Centered(x), c => (c / (Ops.Sqrt(Mean(c * c)) + Epsilon) * g) + b)),
        ["no epsilon"] = (0, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c)) * g) + b)),
        ["a negative epsilon"] = (0, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) - Epsilon) * g) + b)),
        ["an epsilon for each feature"] = (0, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Ops.Square(g) + 1) * g) + b)),
        ["exponent 3"] = (0, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(Ops.Power(c, 3)) + 9) * g) + b)),
        ["exponent 4"] = (0, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(Ops.Power(c, 4)) + Epsilon) * g) + b)),
        ["the variance of another value"] = (0, (x, g, b) => With(Centered(Ops.Sin(x)), c => (Centered(x) / Ops.Sqrt(Mean(c * c) + Epsilon) * g) + b)),
        ["the mean of another value"] = (0, (x, g, b) => With(Ops.Sin(x) - Mean(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * g) + b)),
        ["a sum with the mean"] = (0, (x, g, b) => With(x + Mean(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * g) + b)),
        ["no mean is subtracted"] = (0, (x, g, b) => (x / Ops.Sqrt(Mean(x * x) + Epsilon) * g) + b),
        ["the variance of n - 1"] = (0, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt((Mean(c * c) * 1.5f) + Epsilon) * g) + b)),
        ["the mean of squares plus the squared mean"] = (0, (x, g, b) =>
            With(Mean(x), m => ((x - m) * Ops.Rsqrt(Mean(Ops.Square(x)) + Ops.Square(m) + Epsilon) * g) + b)),
        ["means without kept axes"] = (0, (x, g, b) =>
            With(x - Ops.Mean(x, -1), c => (c / Ops.Sqrt(Ops.Mean(c * c, -1) + Epsilon) * g) + b)),
        ["a root of the difference"] = (0, (x, g, b) => With(Centered(x), c => (Ops.Sqrt(Mean(c * c) + Epsilon) / c * g) + b)),
        ["the scale subtracted"] = (1, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon)) - g + b)),
        ["a scale of each sample"] = (1, (x, g, b) =>
            With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * Ops.Sum(x, -1, keepdims: true)) + b)),
        ["a residual in place of the bias"] = (1, (x, g, _) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * g) + x)),
        ["a scale that makes the result larger"] = (1, (x, g, b) =>
            With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * Ops.Reshape(Ops.Stack([g, b], 0), 2, 1, 1, -1)) + b)),
        ["scaled twice"] = (1, (x, g, b) => With(Centered(x), c => (c / Ops.Sqrt(Mean(c * c) + Epsilon) * g * b) + b)),
    };

    // Factors in the order in which torch.onnx, TensorFlow, Keras and Transformers write them, and others.
    private static readonly Dictionary<string, (bool IsTanh, Func<SymbolicTensor, SymbolicTensor> Formula)> s_gelus = new()
    {
        ["torch.onnx"] = (false, x => x * (Ops.Erf(x / Ops.Sqrt(2)) + 1) * 0.5f),
        ["torch.onnx with a known root"] = (false, x => x * (Ops.Erf(x / 1.4142135f) + 1) * 0.5f),
        ["half of x first"] = (false, x => 0.5f * x * (1 + Ops.Erf(x / 1.4142135f))),
        ["half of the sum first"] = (false, x => x * (0.5f * (1 + Ops.Erf(x / 1.4142135f)))),
        ["half of the sum, exchanged"] = (false, x => (0.5f * (1 + Ops.Erf(0.70710678f * x))) * x),
        ["a product with the inverse root"] = (false, x => x * 0.5f * (1 + Ops.Erf(x * 0.70710678f))),
        ["a division by two"] = (false, x => x * (1 + Ops.Erf(x * 0.70710678f)) / 2),
        ["terms multiplied out"] = (false, x => (0.5f * x) + (0.5f * x * Ops.Erf(x * 0.70710678f))),
        ["the complement"] = (false, x => x - (0.5f * x * (1 - Ops.Erf(x / 1.4142135f)))),
        ["tanh"] = (true, x => 0.5f * x * (1 + Ops.Tanh(0.7978845608f * (x + (0.044715f * Ops.Power(x, 3)))))),
        ["tanh of products"] = (true, x => 0.5f * x * (1 + Ops.Tanh(0.7978845608f * (x + (0.044715f * x * x * x))))),
        ["tanh, the cube first"] = (true, x => x * 0.5f * (Ops.Tanh(((Ops.Power(x, 3) * 0.044715f) + x) * 0.7978845608f) + 1)),
        ["tanh with x in front"] = (true, x => 0.5f * x * (1 + Ops.Tanh(x * 0.7978845608f * (1 + (0.044715f * x * x))))),
        ["tanh, multiplied out"] = (true, x => x * (0.5f * (1 + Ops.Tanh((x * 0.7978845608f) + (x * x * x * 0.0356774081f))))),
        ["tanh of a square"] = (true, x => 0.5f * x * (1 + Ops.Tanh(x * (0.7978845608f + (0.0356774081f * Ops.Square(x)))))),
    };

    private static readonly Dictionary<string, Func<SymbolicTensor, SymbolicTensor>> s_otherGelus = new()
    {
        ["another root"] = x => 0.5f * x * (1 + Ops.Erf(x / 1.5f)),
        ["erf of another value"] = x => 0.5f * x * (1 + Ops.Erf(Ops.Sin(x) / 1.4142135f)),
        ["erf of minus x"] = x => 0.5f * x * (1 + Ops.Erf(-x / 1.4142135f)),
        ["not halved"] = x => x * (1 + Ops.Erf(x / 1.4142135f)),
        ["two in place of one"] = x => 0.5f * x * (2 + Ops.Erf(x / 1.4142135f)),
        ["a square in front"] = x => 0.5f * x * x * (1 + Ops.Erf(x / 1.4142135f)),
        ["no x in front"] = x => 0.5f * (1 + Ops.Erf(x / 1.4142135f)),
        ["tanh in place of erf"] = x => 0.5f * x * (1 + Ops.Tanh(x / 1.4142135f)),
        ["tanh of a square"] = x => 0.5f * x * (1 + Ops.Tanh(0.7978845608f * (x + (0.044715f * x * x)))),
        ["another coefficient"] = x => 0.5f * x * (1 + Ops.Tanh(0.7978845608f * (x + (0.0447f * x * x * x)))),
        ["a constant that makes the result larger"] = x => x * (1 + Ops.Erf(x / 1.4142135f)) * Ops.Filled(Shape.Of(1, 1, 1, 1), 0.5f),
        ["one sided"] = x => 0.5f * Ops.Max(x, -1, keepdims: true) * (1 + Ops.Erf(x / 1.4142135f)),
    };

    public static IEnumerable<object[]> Normalizations => Rows(s_normalizations.Keys);

    public static IEnumerable<object[]> OtherNormalizations => Rows(s_otherNormalizations.Keys);

    public static IEnumerable<object[]> Gelus => Rows(s_gelus.Keys);

    public static IEnumerable<object[]> OtherGelus => Rows(s_otherGelus.Keys);

    [TestMethod]
    [DynamicData(nameof(Normalizations))]
    public void A_normalization_in_arithmetic_is_one_operator_with_the_same_values_and_gradients(string name)
    {
        foreach (var (batch, steps, features) in new[] { (1, 1, 1), (3, 1, 7), (2, 5, 17), (1, 7, 3) })
        {
            SymbolicTensor[] inputs = [OpRun.Input([batch, steps, features]), OpRun.Input([features]), OpRun.Input([features])];
            var found = AssertSame(inputs, s_normalizations[name](inputs[0], inputs[1], inputs[2]));
            Assert.IsTrue(
                found.Where(op => op is not (ViewOp or Unsqueeze)).ToList() is [LayerNormalization { Axis: 2, Epsilon: Epsilon }],
                $"{features} features: {string.Join(", ", found)}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(OtherNormalizations))]
    public void What_is_only_similar_to_a_normalization_stays_as_it_is(string name)
    {
        SymbolicTensor[] inputs = [OpRun.Input([5, 5, 5]), OpRun.Input([5]), OpRun.Input([5])];
        var (count, formula) = s_otherNormalizations[name];
        var found = AssertSame(inputs, formula(inputs[0], inputs[1], inputs[2]), hasGradient: name is not ("exponent 3" or "a negative epsilon"));
        Assert.AreEqual(count, found.OfType<LayerNormalization>().Count(), string.Join(", ", found));
    }

    [TestMethod]
    [DynamicData(nameof(Gelus))]
    public void A_Gelu_in_arithmetic_is_one_operator_with_the_same_values_and_gradients(string name)
    {
        var (isTanh, formula) = s_gelus[name];
        foreach (var (batch, features) in new[] { (1, 1), (3, 7), (5, 17) })
        {
            var x = OpRun.Input([batch, features]);
            CollectionAssert.AreEqual(new Op[] { new Gelu(isTanh) }, AssertSame([x], formula(x)));
        }
    }

    [TestMethod]
    [DynamicData(nameof(OtherGelus))]
    public void What_is_only_similar_to_a_Gelu_stays_as_it_is(string name)
    {
        var x = OpRun.Input([2, 3, 7]);
        Assert.IsFalse(AssertSame([x], s_otherGelus[name](x)).Exists(op => op is Gelu));
    }

    [TestMethod]
    public void Several_last_axes_are_normalized_at_once_and_the_first_ones_are_not()
    {
        SymbolicTensor[] inputs = [OpRun.Input([2, 3, 5, 7]), OpRun.Input([5, 7]), OpRun.Input([5, 7])];
        var last = Over([2, 3]);
        Assert.AreEqual(1, AssertSame(inputs, last).OfType<LayerNormalization>().Count());
        var middle = Over([1, 2]);
        Assert.AreEqual(0, AssertSame(inputs, middle).OfType<LayerNormalization>().Count());

        SymbolicTensor Over(Axes axes)
        {
            var centered = inputs[0] - Ops.Mean(inputs[0], axes, keepdims: true);
            return (centered / Ops.Sqrt(Ops.Mean(centered * centered, axes, keepdims: true) + Epsilon) * inputs[1]) + inputs[2];
        }
    }

    [TestMethod]
    public void A_scale_of_the_last_axis_only_stays_apart_where_two_are_normalized()
    {
        SymbolicTensor[] inputs = [OpRun.Input([2, 3, 7]), OpRun.Input([7])];
        var centered = inputs[0] - Ops.Mean(inputs[0], [1, 2], keepdims: true);
        var found = AssertSame(inputs, centered / Ops.Sqrt(Ops.Mean(centered * centered, [1, 2], keepdims: true) + Epsilon) * inputs[1]);
        Assert.IsTrue(found is [LayerNormalization { Axis: 1 }, Mul], string.Join(", ", found));
    }

    [TestMethod]
    public void Sizes_that_are_not_known_are_normalized_as_they_are_written()
    {
        var open = OpRun.Input([Shape.Batch, Shape.NewSymbol(), 7]);
        Assert.AreEqual(1, Found([open], [Normal(open, -1)]).OfType<LayerNormalization>().Count());
        Assert.AreEqual(0, Found([open], [Normal(open, 1)]).OfType<LayerNormalization>().Count());
        var features = OpRun.Input([Shape.Batch, Shape.NewSymbol()]);
        Assert.AreEqual(0, Found([features], [Normal(features, -1)]).OfType<LayerNormalization>().Count());
        Assert.IsTrue(Found([features], [s_gelus["torch.onnx"].Formula(features)]) is [Gelu]);

        static SymbolicTensor Normal(SymbolicTensor x, int axis) =>
            With(x - Ops.Mean(x, axis, true), c => c / Ops.Sqrt(Ops.Mean(c * c, axis, true) + Epsilon));
    }

    [TestMethod]
    public void Values_before_the_last_are_right_where_they_are_asked_for()
    {
        SymbolicTensor[] inputs = [OpRun.Input([3, 7, 17]), OpRun.Input([17]), OpRun.Input([17])];
        var centered = Centered(inputs[0]);
        var variance = Mean(centered * centered);
        var scaled = centered / Ops.Sqrt(variance + Epsilon) * inputs[1];
        var y = scaled + inputs[2];
        var curve = Ops.Erf(y * 0.70710678f);
        AssertSame(inputs, y * (curve + 1) * 0.5f, curve, variance, scaled, centered, y);
    }

    [TestMethod]
    public void A_normalization_behind_a_Gelu_behind_a_residual_are_found()
    {
        SymbolicTensor[] inputs = [OpRun.Input([3, 7, 17]), OpRun.Input([17]), OpRun.Input([17])];
        var first = s_normalizations["torch.onnx"](inputs[0] + Ops.Sin(inputs[0]), inputs[1], inputs[2]);
        var curved = s_gelus["tanh"].Formula(first);
        var found = AssertSame(inputs, s_normalizations["Keras"](curved + first, inputs[1], inputs[2]));
        Assert.IsTrue(found is [Sin, Add, LayerNormalization, Gelu, Add, LayerNormalization], string.Join(", ", found));
    }

    /// <summary>Compares values and the gradient of the first one with the arithmetic.</summary>
    /// <returns>The operators that run, beside sources.</returns>
    private static List<Op> AssertSame(SymbolicTensor[] inputs, SymbolicTensor y, params SymbolicTensor[] others) => AssertSame(inputs, y, true, others);

    private static List<Op> AssertSame(SymbolicTensor[] inputs, SymbolicTensor y, bool hasGradient, params SymbolicTensor[] others)
    {
        SymbolicTensor[] values = [y, .. others];
        var map = Rewritten(inputs, values);
        var random = new Random(7);
        double[][] data = [.. inputs.Select(input => Enumerable.Range(0, (int)input.Shape.ElementCount).Select(_ => (3 * random.NextDouble()) - 1).ToArray())];
        SymbolicTensor[] run = [.. values.Select(value => new SymbolicTensor(map[value.Value]))];
        Assert.AreEqual(y.Shape, run[0].Shape);
        var factors = Ops.Constant(y.Shape, [.. Enumerable.Range(0, (int)y.Shape.ElementCount).Select(_ => random.NextSingle() - 0.5f)]);
        var (expected, actual) = (Results(values), Results(run));
        for (var i = 0; i < expected.Length; i++)
        {
            var largest = Math.Max(1, expected[i].Max(Math.Abs));
            for (var j = 0; j < expected[i].Length; j++) Assert.AreEqual(expected[i][j], actual[i][j], 1e-5 * largest, $"result {i}, element {j}");
        }

        return Operators(inputs, run);

        double[][] Results(SymbolicTensor[] wanted)
        {
            SymbolicTensor[] gradients = hasGradient ? [.. Gradient.Of(Ops.Sum(wanted[0] * factors), (SymbolicTensor[])[.. inputs.Where(IsRead)])] : [];
            return OpRun.Of(inputs, [.. wanted, .. gradients]).Run(s_pool, data);
        }

        bool IsRead(SymbolicTensor input) => Graph.Between([.. inputs.Select(each => each.Value)], [y.Value]).Nodes
            .Any(node => node.Inputs.Contains(input.Value));
    }

    private static List<Op> Found(SymbolicTensor[] inputs, SymbolicTensor[] values)
    {
        var map = Rewritten(inputs, values);
        return Operators(inputs, [.. values.Select(value => new SymbolicTensor(map[value.Value]))]);
    }

    private static Dictionary<Value, Value> Rewritten(SymbolicTensor[] inputs, SymbolicTensor[] values) =>
        Specialization.Of([.. inputs.Select(input => input.Value)], [.. values.Select(value => value.Value)], training: false, rule: Preparation.Of);

    private static List<Op> Operators(SymbolicTensor[] inputs, SymbolicTensor[] values) =>
        [.. Graph.Between([.. inputs.Select(input => input.Value)], [.. values.Select(value => value.Value)]).Nodes
            .Select(node => node.Op).Where(op => op is not SourceOp)];

    private static SymbolicTensor Mean(SymbolicTensor x) => Ops.Mean(x, -1, keepdims: true);

    private static SymbolicTensor Centered(SymbolicTensor x) => x - Mean(x);

    private static SymbolicTensor Same(SymbolicTensor x) => Ops.Make(new Identity(), x);

    private static SymbolicTensor With(SymbolicTensor value, Func<SymbolicTensor, SymbolicTensor> function) => function(value);

    private static IEnumerable<object[]> Rows(IEnumerable<string> names) => names.Select(name => new object[] { name });
}
