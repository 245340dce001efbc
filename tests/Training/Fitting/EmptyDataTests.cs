using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>Data that holds nothing is said; it is no loss of zero.</summary>
[TestClass]
public sealed class EmptyDataTests
{
    private static readonly float[] s_x = [1, 2, 3, 4];

    [TestMethod]
    public void A_stream_that_ends_with_the_first_epoch_is_said_and_keeps_its_weights()
    {
        var trainer = Compiled();
        var logged = new List<int>();
        var error = Assert.Throws<ModelException>(() => trainer.Fit(
            OnlyOnce(),
            epochs: 3,
            callbacks: [new LambdaCallback(onEpochEnd: (epoch, _) => logged.Add(epoch))],
            verbose: Verbosity.Silent));
        Assert.Contains("epoch 2", error.Message);
        CollectionAssert.AreEqual(new[] { 0 }, logged);
        Assert.AreEqual(2, trainer.Iterations);

        // One epoch is all it has.
        Assert.HasCount(1, Compiled().Fit(OnlyOnce(), epochs: 1, verbose: Verbosity.Silent).Epochs);
        Assert.Throws<ModelException>(() => Compiled().Fit(OnlyOnce(), epochs: 2, stepsPerEpoch: 2, verbose: Verbosity.Silent));
        Assert.Throws<ModelException>(() => Compiled().Fit(Array.Empty<Batch>(), verbose: Verbosity.Silent));
        Assert.Throws<ModelException>(() => Compiled().Fit(Dataset.From(s_x, s_x).Batch(9, dropRemainder: true), verbose: Verbosity.Silent));
    }

    [TestMethod]
    public void An_evaluation_of_nothing_is_said()
    {
        var trainer = Compiled();
        Assert.Throws<ModelException>(() => trainer.Evaluate(Array.Empty<Batch>()));
        Assert.Throws<ModelException>(() => trainer.Evaluate(new float[0, 1], new float[0, 1]));
        Assert.Throws<ModelException>(() => trainer.Evaluate([new Batch(s_x, s_x)], steps: 0));
        Assert.Throws<ModelException>(() => trainer.Fit(Dataset.From(s_x, s_x).Batch(2), validationData: [], verbose: Verbosity.Silent));
        Assert.Throws<ModelException>(() => trainer.Fit(Dataset.From(s_x, s_x).Batch(2), 2, validationData: OnlyOnce(), verbose: Verbosity.Silent));
        Assert.Throws<ModelException>(() => trainer.TestOnBatch(new float[0, 1], new float[0, 1]));
    }

    [TestMethod]
    public void A_run_cancelled_before_its_first_step_logs_nothing()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var logged = 0;
        var history = Compiled().Fit(
            s_x, s_x, epochs: 3, callbacks: [new LambdaCallback(onEpochEnd: (_, _) => logged++)], verbose: Verbosity.Silent, cancellationToken: source.Token);
        Assert.IsEmpty(history.Epochs);
        Assert.AreEqual(0, logged);
    }

    [TestMethod]
    public void Class_weights_weigh_the_samples_of_training_only()
    {
        var (weights, y) = (new Dictionary<int, double> { [1] = 100 }, new int[] { 0, 1, 1, 1 });
        var plain = Compiled(0).Fit(s_x, y, validationSplit: 0.5, verbose: Verbosity.Silent);
        var weighted = Compiled(0).Fit(s_x, y, validationSplit: 0.5, classWeight: weights, verbose: Verbosity.Silent);
        Assert.AreEqual(plain["val_loss"][0], weighted["val_loss"][0]);
        Assert.IsGreaterThan(plain["loss"][0], weighted["loss"][0]);

        // The weights of held-out samples are theirs, as in Keras.
        float[] own = [1, 2, 3, 4];
        var sampled = Compiled(0).Fit(s_x, y, validationSplit: 0.5, classWeight: weights, sampleWeight: own, verbose: Verbosity.Silent);
        var expected = Compiled(0).Evaluate(new float[] { 3, 4 }, new int[] { 1, 1 }, sampleWeight: new float[] { 3, 4 })["loss"];
        Assert.AreEqual(expected, sampled["val_loss"][0], 1e-5 * expected);
        var product = Compiled(0).Fit(s_x[..2], y[..2], sampleWeight: new float[] { 1, 200 }, verbose: Verbosity.Silent);
        Assert.AreEqual(product["loss"][0], sampled["loss"][0]);
    }

    [TestMethod]
    public void Class_weights_need_classes()
    {
        var weights = new Dictionary<int, double> { [1] = 2 };
        Said("sample 1 is 0.37", new float[] { 0, 0.37f, 1, 1 }, weights);
        Said("sample 2 is -1", new float[] { 0, 1, -1, 1 }, weights);
        Said("class 1 is NaN", new int[] { 0, 1, 1, 1 }, new Dictionary<int, double> { [1] = float.NaN });
        Said("class -1", new int[] { 0, 1, 1, 1 }, new Dictionary<int, double> { [-1] = 1 });

        var input = Model.Input([1]);
        var trainer = new Model(input, new Dense(2, Activation.Softmax).Call(input)).Compile(new Sgd(), Loss.CategoricalCrossentropy);
        float[,] several = { { 1, 1 }, { 0, 1 }, { 1, 0 }, { 1, 0 } };
        var error = Assert.Throws<ModelException>(() => trainer.Fit(s_x, several, classWeight: weights, verbose: Verbosity.Silent));
        Assert.Contains("distribution", error.Message);
        float[,] smooth = { { 0.9f, 0.1f }, { 0, 1 }, { 1, 0 }, { 1, 0 } };
        trainer.Fit(s_x, smooth, classWeight: weights, verbose: Verbosity.Silent);
        error = Assert.Throws<ModelException>(() => trainer.Fit(s_x, smooth, classWeight: new Dictionary<int, double> { [2] = 1 }, verbose: Verbosity.Silent));
        Assert.Contains("class 2", error.Message);

        static void Said(string words, NDArrays y, Dictionary<int, double> weights)
        {
            var error = Assert.Throws<ModelException>(() => Compiled().Fit(s_x, y, classWeight: weights, verbose: Verbosity.Silent));
            Assert.Contains(words, error.Message);
        }
    }

    [TestMethod]
    public void Values_that_are_not_finite_are_said_wherever_they_come_from()
    {
        float[] bad = [1, float.NaN, 3, 4];
        var trainer = Compiled();
        Said(() => trainer.Fit(bad, s_x, verbose: Verbosity.Silent));
        Said(() => trainer.Fit(s_x, bad, verbose: Verbosity.Silent));
        Said(() => trainer.Fit(s_x, s_x, sampleWeight: bad, verbose: Verbosity.Silent));
        Said(() => trainer.Fit(s_x, s_x, validationData: (bad, s_x), verbose: Verbosity.Silent));
        Said(() => trainer.Fit([new Batch(s_x, s_x), new Batch(bad, s_x)], verbose: Verbosity.Silent));
        Said(() => trainer.Fit([new Batch(s_x, s_x)], validationData: [new Batch(s_x, s_x, bad)], verbose: Verbosity.Silent));
        Said(() => trainer.Evaluate(bad, s_x));
        Said(() => trainer.TrainOnBatch(s_x, bad));
        Said(() => trainer.TestOnBatch(s_x, s_x, bad));

        static void Said(Action action) => Assert.Contains("NaN in sample 1", Assert.Throws<ModelException>(action).Message);
    }

    /// <summary>Two batches, the first time.</summary>
    private static IEnumerable<Batch> OnlyOnce()
    {
        var left = new Queue<Batch>([new Batch(s_x, s_x), new Batch(s_x, s_x)]);
        return Rest();

        IEnumerable<Batch> Rest()
        {
            while (left.TryDequeue(out var batch)) yield return batch;
        }
    }

    private static Trainer Compiled(float rate = 0.01f)
    {
        var input = Model.Input([1]);
        return new Model(input, input.Apply(new Dense(1))).Compile(new Sgd(rate), Loss.MeanSquaredError);
    }
}
