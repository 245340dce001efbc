using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>Networks whose relu has kinks everywhere and whose loss is rounded: no false alarm, and no wrong gradient missed.</summary>
[TestClass]
public sealed class GradientCheckTests
{
    private static readonly Activation[] s_activations = [Activation.Relu, Activation.Relu, Activation.Relu, Activation.Tanh, Activation.Elu, Activation.Gelu];

    [TestMethod]
    public void Two_hundred_correct_networks_pass()
    {
        var (agreeing, skipped, alarms) = (0, 0, new List<string>());
        for (var seed = 0; seed < 200; seed++)
        {
            var report = Check(seed, null);
            if (!report.Passed) alarms.Add($"{seed}: {report}");
            agreeing += report.Weights.Sum(weight => weight.Agreeing);
            skipped += report.Weights.Sum(weight => weight.Kinks + weight.Noisy);
        }

        Assert.IsEmpty(alarms, string.Join("\n", alarms));

        // A check that skips everything would pass as well.
        Assert.IsGreaterThan(9 * skipped, agreeing, $"{agreeing} elements agree, {skipped} were skipped");
    }

    [TestMethod]
    public void Twenty_wrong_gradients_are_found_where_they_are()
    {
        var missed = new List<string>();
        for (var seed = 0; seed < 20; seed++)
        {
            var (share, weight) = (new[] { 0f, 0.8f, 1.2f, -1f }[seed % 4], $"wrong_{seed}/kernel");
            var report = Check(seed, new WrongDense(share, $"wrong_{seed}"));
            var found = report.Weights.Where(row => row.Worst is { IsWrong: true }).Select(row => row.Weight).ToList();
            if (!found.Contains(weight) || report.Passed) missed.Add($"{seed}, {share} of the gradient: {report}");
        }

        Assert.IsEmpty(missed, string.Join("\n", missed));
    }

    [TestMethod]
    public void Kinks_and_rounding_are_counted_and_weights_put_back()
    {
        var x = Model.Input([3]);
        var dense = new Dense(2, Activation.Relu);
        var model = new Model(x, dense.Call(x));

        // The biases are zero: without input, all sums lie exactly at the kink.
        var before = model.Weights.Select(weight => weight.Storage.ToArray()).ToArray();
        var report = GradientCheck.Run(model, Loss.MeanSquaredError, new float[2, 3], new float[,] { { 1, 2 }, { 3, 4 } });
        var bias = report.Weights.Single(weight => weight.Weight.EndsWith("bias", StringComparison.Ordinal));
        Assert.AreEqual((0, 2), (bias.Agreeing, bias.Kinks));
        Assert.IsNull(bias.Worst);
        Assert.IsTrue(report.Passed, report.ToString());
        Assert.Contains("2 lie at kinks", report.ToString());
        foreach (var (kept, weight) in before.Zip(model.Weights)) CollectionAssert.AreEqual(kept, weight.Storage);
    }

    [TestMethod]
    public void Options_are_checked()
    {
        var x = Model.Input([2]);
        var model = new Model(x, new Dense(1).Call(x));
        var y = new float[1, 1];
        Assert.Contains("elements is 0", Refusal(() => GradientCheck.Run(model, Loss.MeanSquaredError, new float[1, 2], y, elements: 0)));
        Assert.Contains("tolerance is NaN", Refusal(() => GradientCheck.Run(model, Loss.MeanSquaredError, new float[1, 2], y, tolerance: double.NaN)));

        static string Refusal(Action run) => Assert.ThrowsExactly<ModelException>(run).Message;
    }

    /// <summary>A network of dense or convolutional layers, its data and its loss, drawn by a seed.</summary>
    private static GradientReport Check(int seed, Layer? also)
    {
        var random = new Random(seed);
        var isImage = also is null && random.Next(3) == 0;
        var input = isImage ? Model.Input([7, 9, 2]) : Model.Input([random.Next(1, 20)]);
        var y = input;
        if (isImage)
        {
            y = y.Apply(
                new Conv2D(random.Next(1, 9), 3, activation: Any(), padding: Padding.Same),
                new MaxPooling2D(2),
                new Conv2D(4, 2, activation: Any()),
                new Flatten());
        }

        for (var depth = random.Next(1, 4); depth > 0; depth--) y = new Dense(random.Next(1, 40), Any()).Call(y);
        if (also is not null) y = new Dense(5, Activation.Relu).Call(also.Call(y));
        var isClass = random.Next(2) == 0;
        var units = random.Next(2, 6);
        var model = new Model(input, new Dense(units, isClass ? Activation.Softmax : Activation.Linear).Call(y), seed: (ulong)seed);
        var samples = new[] { 1, 3, 8, 32 }[random.Next(4)];
        NDArray x = Numbers(() => (random.NextSingle() * 4) - 2, input.Shape.With(0, samples));
        return isClass
            ? GradientCheck.Run(model, Loss.SparseCategoricalCrossentropy, x, (int[])[.. Enumerable.Range(0, samples).Select(_ => random.Next(units))])
            : GradientCheck.Run(model, Loss.MeanSquaredError, x, Numbers(random.NextSingle, Shape.Of(samples, units)));

        Activation Any() => s_activations[random.Next(s_activations.Length)];
    }

    private static NDArray Numbers(Func<float> next, Shape shape) =>
        NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => next())], shape);

    /// <summary>A dense layer whose kernel gets only a share of its gradient.</summary>
    private sealed class WrongDense(float share, string name) : Layer(name)
    {
        protected override SymbolicTensor Forward(SymbolicTensor x)
        {
            var kernel = Weight("kernel", [x.Shape[^1], 6], Initializer.GlorotUniform);
            return Ops.MatMul(x, (kernel * share) + Ops.StopGradient(kernel * (1 - share)));
        }
    }
}
