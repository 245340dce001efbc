using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Engine;

/// <summary>Plans with cheaper, equivalent nodes, against every node run on its own.</summary>
[TestClass]
public sealed class RewritesTests
{
    private static readonly WorkerPool s_pool = new(1);

    [TestMethod]
    [DataRow(1, 1, 1)]
    [DataRow(3, 5, 7)]
    [DataRow(2, 7, 17)]
    public void Stored_statistics_and_a_residual_become_part_of_the_convolution(int batch, int size, int channels)
    {
        var x = Input(batch, size, size, channels);
        var convolved = new Conv2D(channels, 3, padding: Padding.Same, biasInitializer: new RandomNormal(1, 1)).Call(x);
        var normalization = new BatchNormalization(
            gammaInitializer: new RandomNormal(1, 0.5),
            movingMeanInitializer: new RandomNormal(0.5, 1),
            movingVarianceInitializer: Initializer.Constant(0.3));
        var normal = normalization.Call(convolved);
        var y = Ops.Relu(normal + x);
        var plan = SameAsUnfused([x], [y]);
        Assert.IsTrue(plan.Names.Any(name => name.StartsWith("Conv+Add+Relu", StringComparison.Ordinal)), string.Join("; ", plan.Names));
        SameAsUnfused([x], [y, convolved]);
        SameAsUnfused([x], [normal, y]);
    }

    [TestMethod]
    public void Stored_statistics_of_another_axis_stay_apart()
    {
        var x = Input(2, 5, 3, 4);
        SameAsUnfused([x], [new BatchNormalization(axis: 1, movingMeanInitializer: new RandomNormal(0.5, 1)).Call(new Conv2D(4, 1).Call(x))]);
    }

    [TestMethod]
    [DataRow(2, 2)]
    [DataRow(3, 1)]
    [DataRow(3, 2)]
    public void The_gradient_of_a_relu_goes_before_that_of_the_pooling(int window, int stride)
    {
        var x = Input(3, 9, 7, 5);
        var y = new MaxPooling2D(window, strides: stride).Call(Ops.Relu(x));
        var gradient = Gradient.Of(Ops.Sum(y * y), x);
        var plan = SameAsUnfused([x], [gradient]);
        var names = plan.Names.ToList();
        var gate = names.FindIndex(name => name.Contains("Where", StringComparison.Ordinal));
        var pooling = names.FindIndex(name => name.StartsWith("MaxPoolGradient", StringComparison.Ordinal));
        Assert.IsTrue(gate < pooling, string.Join("; ", names));
    }

    private static SymbolicTensor Input(params int[] dims) => new InputLayer(Shape.Of(dims), DType.Float32, "x").Tensor;

    private static ExecutionPlan SameAsUnfused(SymbolicTensor[] inputs, SymbolicTensor[] outputs)
    {
        Value[] from = [.. inputs.Select(input => input.Value)];
        var map = Specialization.Of(from, [.. outputs.Select(output => output.Value)], training: false);
        Value[] to = [.. outputs.Select(output => map[output.Value])];
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), from, to, []), [.. from.Select(value => value.Spec)]);
        var random = new Random(7);
        var given = from.Select(value => Enumerable.Range(0, (int)value.Spec.Shape.ElementCount).Select(_ => random.NextSingle() - 0.5f).ToArray()).ToArray();
        var expected = new UnfusedRun(from, to, []).Run(s_pool, given);
        for (var i = 0; i < given.Length; i++) given[i].CopyTo(plan.Inputs[i].Floats);
        plan.Run(s_pool);
        for (var i = 0; i < to.Length; i++)
        {
            var actual = plan.Outputs[i].Floats;
            for (var j = 0; j < expected[i].Length; j++)
                Assert.AreEqual(expected[i][j], actual[j], 1e-5 * (1 + Math.Abs(expected[i][j])), $"output {i}, element {j}");
        }

        return plan;
    }
}
