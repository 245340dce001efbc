using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

[TestClass]
public sealed class FindLearningRateTests
{
    private static readonly (NDArray X, NDArray Y) s_data = Data();

    /// <summary>A training after the search has the bits of one without.</summary>
    [TestMethod]
    public void The_search_leaves_no_trace()
    {
        foreach (var optimizer in new Func<Optimizer>[] { () => new Adam(0.01, useEma: true), () => new Sgd(0.1, momentum: 0.9, gradientAccumulationSteps: 2) })
        {
            foreach (var precision in new[] { MixedPrecision.Float32, MixedPrecision.Float16 })
            {
                float[][] weights = [.. new[] { false, true }.Select(searches =>
                {
                    var trainer = Network().Compile(optimizer(), Loss.MeanSquaredError, precision: precision, seed: 5);
                    if (searches) trainer.FindLearningRate(s_data.X, s_data.Y, steps: 40, batchSize: 8);
                    trainer.Fit(s_data.X, s_data.Y, epochs: 2, batchSize: 8, verbose: 0);
                    if (searches) trainer.FindLearningRate(s_data.X, s_data.Y, maximum: 1e20, steps: 17, batchSize: 7);
                    trainer.Fit(s_data.X, s_data.Y, epochs: 1, batchSize: 8, verbose: 0);
                    return trainer.Model.Weights.SelectMany(weight => weight.Storage).ToArray();
                })];
                CollectionAssert.AreEqual(weights[0], weights[1]);
            }
        }
    }

    /// <summary>For <c>loss = (w x - 2 x)^2</c> with x of 1, gradient descent diverges above a rate of 1 and is fastest at one half.</summary>
    [TestMethod]
    public void The_suggestion_is_where_training_works()
    {
        var input = Model.Input([1]);
        var model = new Model(input, new Dense(1, useBias: false, kernelInitializer: Initializer.Zeros).Call(input));
        var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError);
        float[,] x = { { 1 }, { 1 }, { 1 }, { 1 } }, y = { { 2 }, { 2 }, { 2 }, { 2 } };
        var search = trainer.FindLearningRate(x, y, minimum: 1e-4, maximum: 100, batchSize: 4);
        Assert.IsTrue(search.Suggested is > 0.003 and < 1, $"{search}");
        Assert.IsTrue(search.Rates[^1] is > 1 and < 100, $"{search}");
        Assert.AreEqual(1e-4, search.Rates[0], 1e-9);
        Assert.AreEqual(4, search.Losses[0], 1e-5);
        Assert.HasCount(search.Rates.Count, search.SmoothedLosses);
        Assert.AreEqual(search.Losses[0], search.SmoothedLosses[0], 1e-9);
        StringAssert.Contains(search.ToString(), "suggested: ");
        Assert.AreEqual(0.01, trainer.LearningRate, 1e-9);
    }

    [TestMethod]
    public void Data_without_anything_to_learn_has_no_suggestion()
    {
        var input = Model.Input([1]);
        var model = new Model(input, new Dense(1, kernelInitializer: Initializer.Zeros).Call(input));
        float[,] zeros = { { 0 }, { 0 } };
        var search = model.Compile(new Sgd(), Loss.MeanSquaredError).FindLearningRate(zeros, zeros, steps: 10);
        Assert.IsNull(search.Suggested);
        Assert.HasCount(10, search.Rates);
        StringAssert.Contains(search.ToString(), "no suggestion: the loss did not fall");
    }

    /// <summary>The smallest rates would be suggested: by chance, the losses of some of their steps are below those before.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void A_model_that_has_learned_what_it_can_has_no_suggestion(int seed)
    {
        var random = new Random(seed);
        var input = Model.Input([1]);
        var model = new Model(input, new Dense(1, kernelInitializer: Initializer.Zeros).Call(input));
        var (x, y) = (new float[640, 1], new float[640, 1]);
        for (var i = 0; i < 640; i++) (x[i, 0], y[i, 0]) = (random.NextSingle() - 0.5f, random.NextSingle() - 0.5f);
        var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError);
        Assert.IsNull(trainer.FindLearningRate(x, y).Suggested, $"{trainer.FindLearningRate(x, y)}");
        for (var i = 0; i < 640; i++) y[i, 0] += 5 * x[i, 0];
        Assert.IsNotNull(trainer.FindLearningRate(x, y).Suggested, $"{trainer.FindLearningRate(x, y)}");
    }

    [TestMethod]
    public void What_cannot_be_searched_is_said()
    {
        var constant = Network().Compile(new Adam(), Loss.MeanSquaredError);
        Says(() => constant.FindLearningRate(s_data.X, s_data.Y, minimum: 0), "from 0 to 1; expected a first rate above 0");
        Says(() => constant.FindLearningRate(s_data.X, s_data.Y, minimum: 1, maximum: 1), "a larger last one");
        Says(() => constant.FindLearningRate(s_data.X, s_data.Y, minimum: double.NaN), "expected a first rate above 0");
        Says(() => constant.FindLearningRate(s_data.X, s_data.Y, maximum: 1e300), "from 1E-06 to 1E+300");
        Says(() => constant.FindLearningRate(s_data.X, s_data.Y, steps: 9), "expected at least 10");
        Says(() => constant.FindLearningRate(s_data.X), "target");
        var scheduled = Network().Compile(new Adam(Schedule.CosineDecay(1e-3, 100)), Loss.MeanSquaredError);
        Says(() => scheduled.FindLearningRate(s_data.X, s_data.Y), "follows a schedule");

        var huge = Network();
        Array.Fill(huge.Weights[^1].Storage, 1e30f);
        Says(() => huge.Compile(new Adam(), Loss.MeanSquaredError).FindLearningRate(s_data.X, s_data.Y), "the first step of FindLearningRate");

        static void Says(Action action, string text) => Assert.Contains(text, Assert.ThrowsExactly<ModelException>(action).Message);
    }

    private static Model Network()
    {
        var input = Model.Input([3]);
        return new Model(input, input.Apply(new Dense(7, Activation.Tanh), new BatchNormalization(), new Dropout(0.2), new Dense(1)), "searched", seed: 3);
    }

    private static (NDArray X, NDArray Y) Data()
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 41 * 3).Select(_ => random.NextSingle())];
        return (NDArray.Create(x, [41, 3]), NDArray.Create(Enumerable.Range(0, 41).Select(i => x[3 * i] - x[(3 * i) + 2]).ToArray(), [41, 1]));
    }
}
