using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Optimizers;

/// <summary>As many accumulated batches act as one batch as large as all of them, however a step is made.</summary>
[TestClass]
public sealed class AccumulationTests
{
    private const int Count = 4;
    private const int Large = 8;
    private const int Samples = 32;

    private static readonly Func<Schedule, int?, Optimizer>[] s_optimizers =
    [
        (rate, count) => new Adadelta(rate, gradientAccumulationSteps: count),
        (rate, count) => new Adafactor(rate, gradientAccumulationSteps: count),
        (rate, count) => new Adagrad(rate, clipvalue: 0.1, gradientAccumulationSteps: count),
        (rate, count) => new Adam(rate, amsgrad: true, globalClipnorm: 0.3, gradientAccumulationSteps: count),
        (rate, count) => new AdamW(rate, weightDecay: 0.1, gradientAccumulationSteps: count),
        (rate, count) => new Adamax(rate, gradientAccumulationSteps: count),
        (rate, count) => new Ftrl(rate, gradientAccumulationSteps: count),
        (rate, count) => new Lamb(rate, gradientAccumulationSteps: count),
        (rate, count) => new Lion(rate, gradientAccumulationSteps: count),
        (rate, count) => new Muon(rate, gradientAccumulationSteps: count),
        (rate, count) => new Nadam(rate, clipnorm: 0.2, gradientAccumulationSteps: count),
        (rate, count) => new RmsProp(rate, momentum: 0.5, centered: true, gradientAccumulationSteps: count),
        (rate, count) => new Sgd(
            rate,
            momentum: 0.9,
            nesterov: true,
            weightDecay: 0.1,
            useEma: true,
            emaMomentum: 0.5,
            emaOverwriteFrequency: 2,
            gradientAccumulationSteps: count),
    ];

    /// <summary>Every optimizer, from its rate and the number of batches that make one update.</summary>
    internal static IReadOnlyList<Func<Schedule, int?, Optimizer>> All => s_optimizers;

    public static IEnumerable<object[]> Optimizers => Enumerable.Range(0, s_optimizers.Length).Select(i => new object[] { i });

    [TestMethod]
    [DynamicData(nameof(Optimizers))]
    public void Fit_and_a_custom_step_accumulate_alike(int optimizer)
    {
        foreach (var rate in (Schedule[])[0.01f, Schedule.ExponentialDecay(0.01, decaySteps: 2, decayRate: 0.5)])
        {
            var large = Fitted(s_optimizers[optimizer](rate, null), Large);
            AreClose(large, Fitted(s_optimizers[optimizer](rate, Count), Large / Count), "Fit");
            AreClose(large, Stepped(s_optimizers[optimizer](rate, Count)), "TrainingStep");
        }
    }

    /// <summary>A batch whose gradients overflow in float16 counts as none: the update waits for the full number.</summary>
    [TestMethod]
    public void A_batch_that_loss_scaling_skips_is_left_out_of_the_mean()
    {
        float[] Trained(bool skips)
        {
            var trainer = Network().Compile(new Adam(0.01, gradientAccumulationSteps: 2), Loss.MeanSquaredError, precision: MixedPrecision.Float16);
            var (x, y) = Data();
            for (var i = 0; i < 5; i++)
            {
                if (skips && i is 1 or 2)
                {
                    var scale = trainer.Compiled.State.Find("loss_scale/scale")!;
                    scale.Storage[0] = 1e12f;
                    trainer.TrainOnBatch(x, y);
                    scale.Storage[0] = 32768;
                    Assert.AreEqual(i, trainer.Iterations);
                }

                trainer.TrainOnBatch(x, y);
            }

            return Values(trainer.Model);
        }

        CollectionAssert.AreEqual(Trained(false), Trained(true));
    }

    /// <summary>As in Keras: the mean of the batches' gradients, not of the samples'.</summary>
    [TestMethod]
    public void Batches_of_unequal_size_count_alike_and_the_count_goes_on_in_the_next_epoch()
    {
        float[] Trained(Optimizer optimizer, int epochs, float[] x, float[] y)
        {
            var input = Model.Input([1]);
            var model = new Model(input, input.Apply(new Dense(1, useBias: false, kernelInitializer: Initializer.Ones)));
            model.Compile(optimizer, Loss.MeanSquaredError).Fit(
                NDArray.Create(x, Shape.Of(x.Length, 1)),
                NDArray.Create(y, Shape.Of(y.Length, 1)),
                batchSize: 4,
                epochs: epochs,
                shuffle: false,
                verbose: Verbosity.Silent);
            return Values(model);
        }

        // Four samples and one: gradients 2 mean(x (x w - y)) of w = 1 are 2 * 1 = 2 and 2 * 9 = 18; the mean of all five would be 5.2.
        float[] x = [1, 1, 1, 1, 3], y = [0, 0, 0, 0, 0];
        Assert.AreEqual(1 - (0.01f * 10), Trained(new Sgd(0.01, gradientAccumulationSteps: 2), 1, x, y)[0], 1e-6f);

        // Three batches make an update in the second epoch only: of (2, 18, 2).
        Assert.AreEqual(1, Trained(new Sgd(0.01, gradientAccumulationSteps: 3), 1, x, y)[0]);
        Assert.AreEqual(1 - (0.01f * 22 / 3), Trained(new Sgd(0.01, gradientAccumulationSteps: 3), 2, x, y)[0], 1e-6f);
    }

    private static float[] Fitted(Optimizer optimizer, int batchSize)
    {
        var model = Network();
        var (x, y) = Data();
        var weights = Enumerable.Range(0, Samples).Select(i => 0.5f + (i % 3)).ToArray();
        model.Compile(optimizer, Loss.MeanSquaredError)
            .Fit(x, y, batchSize: batchSize, epochs: 3, shuffle: false, sampleWeight: weights, verbose: Verbosity.Silent);
        return Values(model);
    }

    private static float[] Stepped(Optimizer optimizer)
    {
        var model = Network();
        var step = TrainingStep.From(step =>
        {
            var (x, y, w) = (step.Input([3]), step.Input([2]), step.Input([]));
            step.Minimize("loss", Ops.Mean(Ops.Mean(Ops.Square(model.Call(x) - y), -1) * w), optimizer, model);
        });
        var (allX, allY) = Data();
        const int Size = Large / Count;
        for (var epoch = 0; epoch < 3; epoch++)
        {
            for (var start = 0; start < Samples; start += Size)
            {
                var weights = Enumerable.Range(start, Size).Select(i => 0.5f + (i % 3)).ToArray();
                step.Run([((NDArray)allX).Slice(start, Size), ((NDArray)allY).Slice(start, Size), weights]);
            }
        }

        // Fit takes the averages at its end.
        if (optimizer.UseEma)
        {
            foreach (var (path, weight) in model.WeightPaths())
                step.StateOf(optimizer).Find(path + "/average")!.Storage.CopyTo(weight.Storage, 0);
        }

        return Values(model);
    }

    private static Model Network()
    {
        var input = Model.Input([3]);
        return new Model(input, input.Apply(
            new Dense(5, Activation.Tanh, kernelRegularizer: Regularizer.L2(0.01), kernelConstraint: Constraint.MaxNorm(1.5)), new Dense(2)));
    }

    private static (float[,] X, float[,] Y) Data()
    {
        var random = new Random(3);
        var (x, y) = (new float[Samples, 3], new float[Samples, 2]);
        for (var i = 0; i < Samples; i++)
        {
            for (var j = 0; j < 3; j++) x[i, j] = random.NextSingle() - 0.5f;
            for (var j = 0; j < 2; j++) y[i, j] = random.NextSingle() + (3 * x[i, j]);
        }

        return (x, y);
    }

    private static float[] Values(Model model) => [.. model.Weights.SelectMany(weight => weight.Storage)];

    private static void AreClose(float[] expected, float[] actual, string what)
    {
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 2e-4f, $"{what}, element {i}");
    }
}
