using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>What cannot be meant is said, before anything is changed.</summary>
[TestClass]
public sealed class MisuseTests
{
    private static readonly float[] s_x = [1, 2, 3, 4, 5, 6, 7, 8];

    [TestMethod]
    public void Trainable_changed_after_Compile_is_said()
    {
        var model = Network();
        var trainer = model.Compile(new Sgd(0.01), Loss.MeanSquaredError);
        model.GetLayer("hidden").Trainable = false;
        var error = Assert.Throws<ModelException>(() => trainer.Fit(s_x, s_x, verbose: Verbosity.Silent));
        Assert.Contains("'hidden/kernel' was trainable then and is frozen now", error.Message);
        Assert.AreEqual(0, trainer.Iterations);
        var kernel = (float[])model.Weights[0].Storage.Clone();
        model.Compile(new Sgd(0.01), Loss.MeanSquaredError).Fit(s_x, s_x, verbose: Verbosity.Silent);
        CollectionAssert.AreEqual(kernel, model.Weights[0].Storage);
        model.GetLayer("hidden").Trainable = true;
        trainer.Fit(s_x, s_x, verbose: Verbosity.Silent);
        CollectionAssert.AreNotEqual(kernel, model.Weights[0].Storage);
    }

    [TestMethod]
    public void Two_threads_that_train_one_model_are_said()
    {
        var model = Network();
        var (trainer, other) = (model.Compile(new Sgd(0.01), Loss.MeanSquaredError), model.Compile(new Adam(), Loss.MeanSquaredError));
        var custom = TrainingStep.From(step =>
            step.Minimize("loss", Loss.MeanSquaredError.Call(step.Input([1], name: "y"), model.Call(step.Input([1]))), new Sgd(), model));
        var errors = new List<Exception>();
        trainer.Fit(s_x, s_x, verbose: Verbosity.Silent, callbacks: [new LambdaCallback(
            onTrainBatchEnd: (_, _) =>
                {
                    foreach (var action in (Action[])[
                        () => trainer.Fit(s_x, s_x, verbose: Verbosity.Silent), () => trainer.TrainOnBatch(s_x, s_x), () => other.TrainOnBatch(s_x, s_x),
                        () => custom.Run([s_x, s_x])])
                    {
                        var thread = new Thread(() => errors.Add(Assert.Throws<ModelException>(action)));
                        thread.Start();
                        thread.Join();
                    }

                    // Reading beside it is no misuse.
                    var reader = new Thread(() => { trainer.Evaluate(s_x, s_x); model.Predict(s_x); });
                    reader.Start();
                    reader.Join();
                })]);
        Assert.HasCount(4, errors);
        foreach (var error in errors) Assert.Contains("another thread", error.Message);

        // Afterwards everyone may.
        other.TrainOnBatch(s_x, s_x);
        custom.Run([s_x, s_x]);
        Assert.AreEqual(1, trainer.Iterations);
    }

    [TestMethod]
    public void A_callback_that_trains_with_its_own_trainer_is_said()
    {
        var trainer = Network().Compile(new Sgd(0.01), Loss.MeanSquaredError);
        var second = trainer.Model.Compile(new Sgd(0.01), Loss.MeanSquaredError);
        var error = Assert.Throws<ModelException>(() => trainer.Fit(
            s_x, s_x, verbose: Verbosity.Silent, callbacks: [new LambdaCallback(onTrainBatchEnd: (_, _) => trainer.TrainOnBatch(s_x, s_x))]));
        Assert.Contains("callback", error.Message);
        trainer.Fit(s_x, s_x, verbose: Verbosity.Silent, callbacks: [new LambdaCallback(onTrainBatchEnd: (_, _) => second.TrainOnBatch(s_x, s_x))]);
        Assert.AreEqual(1, second.Iterations);
    }

    [TestMethod]
    public void A_rate_or_an_option_of_an_optimizer_that_is_no_number_is_said()
    {
        foreach (var bad in new[] { float.NaN, -0.1f, float.PositiveInfinity })
        {
            foreach (var make in (Func<object>[])[
                () => new Adam(bad), () => new Sgd(bad), () => new Adam(beta1: bad), () => new Adam(beta2: bad), () => new Adam(epsilon: bad),
                () => new Sgd(momentum: bad), () => new RmsProp(rho: bad), () => new Lion(beta2: bad), () => new Muon(adamBeta1: bad),
                () => Schedule.ExponentialDecay(bad, 10, 0.5), () => Schedule.PiecewiseConstantDecay([1], [0.1, bad]),
                () => Schedule.PolynomialDecay(0.1, 10, bad), () => Schedule.InverseTimeDecay(bad, 1, 1),
                () => Schedule.CosineDecay(0.1, 10, warmupTarget: bad), () => Schedule.CosineDecayRestarts(bad, 10),
                () => Schedule.WarmUp(0.1, 10, bad), () => Schedule.From(step => step, bad)])
                Assert.Throws<ModelException>(make);
            var trainer = Network().Compile(new Sgd(0.01), Loss.MeanSquaredError);
            Assert.Throws<ModelException>(() => trainer.LearningRate = bad);
            Assert.AreEqual(0.01f, trainer.LearningRate);
            foreach (var optimizer in (Optimizer[])[
                new Sgd(clipnorm: bad), new Sgd(clipvalue: bad), new Sgd(globalClipnorm: bad), new Sgd(weightDecay: bad),
                new Sgd(useEma: true, emaMomentum: bad)])
                Assert.Throws<ModelException>(() => Network().Compile(optimizer, Loss.MeanSquaredError).TrainOnBatch(s_x, s_x));
        }

        Assert.Throws<ModelException>(() => Network().Compile(new Sgd(), new Dictionary<string, Loss> { ["out"] = Loss.MeanSquaredError },
            new Dictionary<string, float> { ["out"] = float.NaN }));
        Assert.Throws<ModelException>(() => Network().Compile(new Sgd(), Loss.MeanSquaredError).Fit(s_x, s_x, epochs: -1, verbose: Verbosity.Silent));
    }

    /// <summary>A cancelled Fit is continued by the next one to the same bits, in an epoch and between epochs.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(6)]
    public void A_cancelled_Fit_is_continued_by_the_next(int steps)
    {
        var whole = Network().Compile(new Adam(0.01), Loss.MeanSquaredError);
        var expected = Fit(whole, 3, []);
        var trainer = Network().Compile(new Adam(0.01), Loss.MeanSquaredError);
        using var source = new CancellationTokenSource();
        var left = steps;
        Fit(trainer, 3, [new LambdaCallback(onTrainBatchEnd: (_, _) => { if (--left == 0) source.Cancel(); })], source.Token);
        Assert.AreEqual(steps, trainer.Iterations);
        var history = Fit(trainer, 3, []);
        Assert.AreEqual(whole.Iterations, trainer.Iterations);
        for (var i = 0; i < 4; i++) CollectionAssert.AreEqual(whole.Model.Weights[i].Storage, trainer.Model.Weights[i].Storage);
        CollectionAssert.AreEqual(expected["loss"].ToArray(), history["loss"].ToArray());
        CollectionAssert.AreEqual(expected["val_loss"].ToArray(), history["val_loss"].ToArray());

        // What ended as planned starts again.
        Fit(trainer, 1, []);
        Assert.AreEqual(whole.Iterations + 4, trainer.Iterations);
    }

    [TestMethod]
    public void A_cancelled_Fit_on_other_data_is_said_and_an_initial_epoch_leaves_it()
    {
        var trainer = Network().Compile(new Adam(0.01), Loss.MeanSquaredError);
        using var source = new CancellationTokenSource();
        Fit(trainer, 3, [new LambdaCallback(onTrainBatchEnd: (_, _) => source.Cancel())], source.Token);
        var error = Assert.Throws<ModelException>(() => trainer.Fit(s_x, s_x, batchSize: 4, epochs: 3, verbose: Verbosity.Silent));
        Assert.Contains("initialEpoch: 1", error.Message);
        trainer.Fit(s_x, s_x, batchSize: 4, epochs: 3, initialEpoch: 1, verbose: Verbosity.Silent);
        Assert.AreEqual(1 + 4, trainer.Iterations);
    }

    private static History Fit(Trainer trainer, int epochs, IReadOnlyList<Callback> callbacks, CancellationToken cancellation = default) => trainer.Fit(
        s_x, s_x, batchSize: 1, epochs: epochs, validationSplit: 0.5, callbacks: callbacks, verbose: Verbosity.Silent, cancellationToken: cancellation);

    private static Model Network()
    {
        var input = Model.Input([1]);
        return new Model(input, input.Apply(new Dense(4, Activation.Tanh, name: "hidden"), new Dense(1, name: "out")));
    }
}
