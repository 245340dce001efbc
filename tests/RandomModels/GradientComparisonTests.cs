using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Losses that are steep at many kinks: no false alarm, and no wrong gradient missed.</summary>
[TestClass]
public sealed class GradientComparisonTests
{
    private const int Samples = 200;

    [TestMethod]
    public void Kinks_of_a_clipped_logarithm_are_no_wrong_gradients()
    {
        var alarms = new List<string>();
        for (var seed = 0; seed < 600; seed++)
        {
            // Predictions near 0, half of them below the least that the loss counts.
            if (Difference(seed, Loss.KLDivergence, 0.01f, new Dense(1)) is { } difference) alarms.Add($"{seed}: {difference}");
        }

        Assert.IsEmpty(alarms, string.Join("\n", alarms));
    }

    /// <summary>At vectors of length 0 the gradient is 1e7, and right, but only over a step of 1e-7.</summary>
    [TestMethod]
    public void Directions_of_vectors_without_length_are_no_wrong_gradients()
    {
        var alarms = new List<string>();
        for (var seed = 0; seed < 50; seed++)
        {
            if (Difference(seed, new OffsetCosine(), 0, new Dense(4)) is { } difference) alarms.Add($"{seed}: {difference}");
        }

        Assert.IsEmpty(alarms, string.Join("\n", alarms));
    }

    /// <summary>At 0 both maxima choose their first number, and the sum of their gradients is 4 times the slope.</summary>
    [TestMethod]
    public void Ties_are_no_wrong_gradients()
    {
        for (var seed = 0; seed < 50; seed++) Assert.IsNull(Difference(seed, new Tied(), 0, new Dense(4)), $"{seed}");
    }

    /// <summary>The logarithm of numbers near 0 is straight over short steps only, over which a loss of thousands does not change.</summary>
    [TestMethod]
    public void A_large_loss_without_weights_hides_nothing()
    {
        var alarms = new List<string>();
        for (var seed = 0; seed < 200; seed++)
        {
            if (BesideConstant(seed, Loss.KLDivergence, 0.001f) is { } difference) alarms.Add($"{seed}: {difference}");
            Assert.IsNotNull(BesideConstant(seed, new PartlyStopped(), 1), $"{seed}");
        }

        Assert.IsEmpty(alarms, string.Join("\n", alarms));
    }

    [TestMethod]
    public void A_gradient_that_misses_a_part_is_found()
    {
        for (var seed = 0; seed < 50; seed++) Assert.IsNotNull(Difference(seed, new PartlyStopped(), 1, new Dense(4, Activation.Tanh)), $"{seed}");
    }

    [TestMethod]
    public void A_loss_that_is_0_everywhere_is_no_alarm_and_one_whose_gradient_is_missing_is()
    {
        var found = 0;
        for (var seed = 0; seed < 50; seed++)
        {
            Assert.IsNull(Difference(seed, new Scaled(0), 1, new Dense(4)));
            if (Difference(seed, new Scaled(1), 1, new Dense(4)) is not null) found++;
        }

        Assert.IsGreaterThan(25, found, "a random direction may be one in which the loss hardly changes");
    }

    private static string? Difference(int seed, Loss loss, float size, Layer layer)
    {
        var draw = new Draw((ulong)seed);
        var input = Model.Input([3]);
        var model = Drawn(new Model(input, layer.Call(input)), size, draw);
        NDArray[] data = [Data(3, -1, draw), Data((int)model.Outputs[0].Shape[^1]!, 0, draw)];
        return GradientComparison.Difference(model.Compile(new Sgd(), loss), data, draw.For("direction"));
    }

    /// <summary>The same beside the error of an output without weights, of 100,000 or so.</summary>
    private static string? BesideConstant(int seed, Loss loss, float size)
    {
        var draw = new Draw((ulong)seed);
        var input = Model.Input([3]);
        var model = Drawn(new Model([input], [new Dense(4).Call(input), 1000 * input]), size, draw);
        NDArray[] data = [Data(3, -1, draw), Data(4, 0, draw), Data(3, 0, draw)];
        return GradientComparison.Difference(model.Compile(new Sgd(), [loss, Loss.MeanSquaredError]), data, draw.For("direction"));
    }

    private static Model Drawn(Model model, float size, Draw draw)
    {
        foreach (var weight in model.Weights)
        {
            foreach (ref var value in weight.Storage.AsSpan()) value = size * draw.Between(-1f, 1f);
        }

        return model;
    }

    private static NDArray Data(int width, float least, Draw draw) =>
        NDArray.Create([.. Enumerable.Range(0, Samples * width).Select(_ => draw.Between(least, 1f))], Shape.Of(Samples, width));

    /// <summary>The cosine beside a loss that is far larger.</summary>
    private sealed class OffsetCosine : Loss
    {
        protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
            500 + (0.01f * OnnxFunctional.Training.Losses.CosineSimilarity.Cosine(yTrue, yPred, -1));
    }

    /// <summary>The squared error, of whose gradient a fifth is absent.</summary>
    private sealed class PartlyStopped : Loss
    {
        protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
            Ops.Mean(Ops.Square(yTrue - (0.8f * yPred) - Ops.StopGradient(0.2f * yPred)), -1);
    }

    /// <summary>The mean of predictions, as the difference of two maxima that are equal at 0.</summary>
    private sealed class Tied : Loss
    {
        protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
            Ops.Mean(Largest(2 * yPred, -yPred) - Largest(-2 * yPred, yPred), -1);

        // A pool gives the gradient of equal numbers to the first of them.
        private static SymbolicTensor Largest(SymbolicTensor a, SymbolicTensor b) => Ops.Squeeze(new MaxPooling1D(2).Call(Ops.Stack([a, b], 1)), 1);
    }

    /// <summary>The squared error times a factor, without a gradient.</summary>
    private sealed class Scaled(float factor) : Loss
    {
        protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
        {
            var loss = factor * Ops.Mean(Ops.Square(yTrue - yPred), -1);
            return (0 * Ops.Mean(yPred, -1)) + Ops.StopGradient(loss);
        }
    }
}
