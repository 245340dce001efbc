using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>What a user of an exported training does besides steps.</summary>
[TestClass]
public sealed class OnnxTrainerTests
{
    /// <summary>Buffers and bindings are made once; a step allocates only logs and arrays.</summary>
    [TestMethod]
    [DoNotParallelize]
    public void A_warm_step_takes_little_memory()
    {
        var trainer = Network(new Adam());
        using var other = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(trainer, new TrainingExportOptions())));
        NDArray[] data = [StepData.Signed(1, 32, 12), StepData.Numbers(1, 3, 32)];
        var (x, y) = (NDArrays.Create([data[0]]), NDArrays.Create([data[1]]));
        for (var i = 0; i < 3; i++) other.TrainOnBatch(x, y);
        var bare = Taken(() => other.StepOn(data));
        var whole = Taken(() => other.TrainOnBatch(x, y));
        Assert.AreEqual(0, bare);
        Assert.IsLessThan(2500, whole);

        static long Taken(Action step)
        {
            step();
            var before = GC.GetAllocatedBytesForCurrentThread();
            step();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [TestMethod]
    public void Training_resumes_in_another_process_from_a_saved_state()
    {
        using var folder = new TemporaryFolder();
        Network(new Adam()).ExportTraining(folder.Path, new TrainingExportOptions { Verify = false });
        using var first = OnnxTrainer.Load(folder.Path);
        for (var step = 0; step < 3; step++) Step(first, step);
        first.Save(folder.File("state.npz"));
        using var second = OnnxTrainer.Load(folder.Path);
        second.Restore(folder.File("state.npz"));
        Assert.AreEqual(3, second.Iterations);
        for (var step = 3; step < 6; step++) Assert.AreEqual(Step(first, step), Step(second, step));
        foreach (var name in first.StateNames) CollectionAssert.AreEqual(first.GetState(name).ToArray(), second.GetState(name).ToArray(), name);
    }

    /// <summary>Weights trained elsewhere are loaded into the model, which is verified like any other and can be exported again.</summary>
    [TestMethod]
    public void A_trained_folder_comes_back()
    {
        using var folder = new TemporaryFolder();
        Network(new Adam()).ExportTraining(folder.File("training"), new TrainingExportOptions { Verify = false });
        Model model;
        using (var elsewhere = OnnxTrainer.Load(folder.File("training")))
        {
            for (var step = 0; step < 5; step++) Step(elsewhere, step);
            model = elsewhere.ToModel(Network(new Adam()).Model);
            var predicted = elsewhere.Predict(StepData.Signed(9, 8, 12));
            foreach (var (left, right) in predicted.ToArray().Zip(model.Predict(StepData.Signed(9, 8, 12)).ToArray())) Assert.AreEqual(left, right, 1e-5f);
        }

        Assert.IsTrue(model.ExportOnnx(folder.File("model.onnx")).Passed);
        Assert.IsTrue(model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy).ExportTraining(folder.File("again")).IsVerified);
    }

    /// <summary>The seed is an input: with another seed, the exported step draws what a trainer with that seed draws. The largest has all bits set.</summary>
    [TestMethod]
    [DataRow(7UL)]
    [DataRow(ulong.MaxValue)]
    public void A_step_draws_from_the_seed_it_is_given(ulong seed)
    {
        using var exported = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(Noisy(3), new TrainingExportOptions())));
        Assert.AreEqual(3UL, exported.Seed);
        exported.Seed = seed;
        var (asked, other) = (Noisy(seed), Noisy(3));
        for (var step = 0; step < 3; step++)
        {
            var (x, y) = (StepData.Signed(step, 16, 8), StepData.Signed(step + 9, 16, 1));
            var loss = exported.TrainOnBatch(x, y)["loss"];
            Assert.AreEqual(asked.TrainOnBatch(x, y)["loss"], loss, 1e-5);
            Assert.AreNotEqual(other.TrainOnBatch(x, y)["loss"], loss, 1e-4);
        }

        using var still = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(Network(new Adam()), new TrainingExportOptions())));
        Assert.Throws<InvalidOperationException>(() => still.Seed = 1);

        static Trainer Noisy(ulong seed)
        {
            var x = Model.Input([8]);
            var y = x.Apply(new Dense(12), new Dropout(0.5), new GaussianNoise(0.3), new Dropout(0.2, seed: 5), new Dense(1));
            return new Model(x, y, seed: 1).Compile(new Sgd(0.05), Loss.MeanSquaredError, seed: seed);
        }
    }

    /// <summary>As at the end of Fit, the averages are the model's weights.</summary>
    [TestMethod]
    public void Moving_averages_take_the_weights_place()
    {
        var optimizer = new Sgd(0.1, useEma: true, emaMomentum: 0.8);
        var trainer = Network(optimizer);
        using var other = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(trainer, new TrainingExportOptions())));
        for (var step = 0; step < 4; step++) Step(other, step);
        var model = other.ToModel(Network(new Sgd()).Model);
        foreach (var (path, weight) in model.WeightPaths())
        {
            CollectionAssert.AreEqual(other.GetState($"optimizer/{path}/average").ToArray(), weight.Storage, path);
            CollectionAssert.AreNotEqual(other.GetState(path).ToArray(), weight.Storage, path);
        }
    }

    [TestMethod]
    public void The_learning_rate_is_an_input()
    {
        var trainer = Network(new Adam(0.01));
        using var other = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(trainer, new TrainingExportOptions())));
        Assert.AreEqual(0.01f, other.LearningRate);
        for (var step = 0; step < 4; step++)
        {
            trainer.LearningRate = other.LearningRate = 0.01f / (step + 1);
            var loss = trainer.TrainOnBatch(StepData.Signed(step, 8, 12), StepData.Numbers(step, 3, 8))["loss"];
            Assert.AreEqual(loss, Step(other, step), 1e-4 * loss);
        }
    }

    [TestMethod]
    public void The_learning_rate_of_a_schedule_is_reported()
    {
        var trainer = Network(new Adam(Schedule.ExponentialDecay(0.01, 2, 0.5)));
        using var other = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(trainer, new TrainingExportOptions())));
        for (var step = 0; step < 3; step++)
        {
            trainer.TrainOnBatch(StepData.Signed(step, 8, 12), StepData.Numbers(step, 3, 8));
            Step(other, step);
            Assert.AreEqual(trainer.LearningRate, other.LearningRate, 1e-7f);
        }

        Assert.Contains("follows a schedule", Assert.ThrowsExactly<InvalidOperationException>(() => other.LearningRate = 1).Message);
    }

    /// <summary>Data that does not fit is refused before a step, and the state is unchanged.</summary>
    [TestMethod]
    public void Data_that_does_not_fit_is_refused()
    {
        using var other = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(Network(new Adam()), new TrainingExportOptions { BatchSize = 4 })));
        var (x, y) = (StepData.Signed(1, 4, 12), StepData.Numbers(1, 3, 4));
        Refused("takes (None, 12)", () => other.TrainOnBatch(StepData.Signed(1, 4, 11), y));
        Refused("4, 3 samples", () => other.TrainOnBatch(x, StepData.Numbers(1, 3, 3)));
        Refused("no input for sample weights", () => other.TrainOnBatch(x, y, StepData.Shares(1, 4)));
        Refused("batches of 4", () => other.TrainOnBatch(StepData.Signed(1, 8, 12), StepData.Numbers(1, 3, 8)));
        Refused("batches of 4", () => other.Predict(StepData.Signed(1, 6, 12)));
        Refused("'x'", () => other.Predict(new Dictionary<string, NDArray> { ["z"] = x }));
        Refused("'dense_1'", () => other.TrainOnBatch(x, new Dictionary<string, NDArray> { ["z"] = y }));
        Refused("takes integers", () => other.TrainOnBatch(x, StepData.Shares(1, 4)));
        Assert.AreEqual(0, other.Iterations);

        // Several batches at once, without training.
        Assert.AreEqual(8, (int)other.Predict(StepData.Signed(1, 8, 12)).Count);
        other.TrainOnBatch(new Dictionary<string, NDArray> { ["x"] = x }, new Dictionary<string, NDArray> { ["dense_1"] = y });
        Assert.AreEqual(1, other.Iterations);

        static void Refused(string expected, Action act) => Assert.Contains(expected, Assert.ThrowsExactly<ModelException>(act).Message);
    }

    /// <summary>An invalid class index makes ONNX Runtime fail during a run; the state before it is kept.</summary>
    [TestMethod]
    public void A_step_that_fails_leaves_the_state()
    {
        var tokens = Model.Input([3], DType.Int64, name: "tokens");
        var trainer = new Model(tokens, tokens.Apply(new Embedding(5, 4), new Flatten(), new Dense(1))).Compile(new Adam(), Loss.MeanSquaredError);
        using var other = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(trainer, new TrainingExportOptions())));
        other.TrainOnBatch(StepData.Numbers(1, 5, 4, 3), StepData.Signed(1, 4, 1));
        var before = other.ReadState();
        Assert.Contains(
            "tokens", Assert.ThrowsExactly<ExportException>(() => other.TrainOnBatch(new long[,] { { 0, 1, 99 } }, StepData.Signed(1, 1, 1))).Message);
        foreach (var (left, right) in before.Zip(other.ReadState())) CollectionAssert.AreEqual(left, right);
        other.TrainOnBatch(StepData.Numbers(1, 5, 4, 3), StepData.Signed(1, 4, 1));
    }

    [TestMethod]
    public void Use_after_the_end_is_reported()
    {
        var other = OnnxTrainer.Open(TrainingFolder.Of(TrainingFiles.Of(Network(new Adam()), new TrainingExportOptions())));
        other.Dispose();
        other.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => Step(other, 1));
        Assert.ThrowsExactly<ObjectDisposedException>(() => other.Iterations);
        Assert.ThrowsExactly<ObjectDisposedException>(() => other.ToModel(Network(new Adam()).Model));
        Assert.ThrowsExactly<ObjectDisposedException>(() => other.Save("state.npz"));
        Assert.ThrowsExactly<ObjectDisposedException>(() => other.GetState("dense/kernel"));
    }

    /// <summary>ONNX Runtime would read freed memory: the process ended at the first or second try.</summary>
    [TestMethod]
    public void Disposal_waits_for_a_step_in_progress()
    {
        var files = TrainingFiles.Of(Network(new Adam()), new TrainingExportOptions());
        for (var round = 0; round < 8; round++)
        {
            var other = OnnxTrainer.Open(TrainingFolder.Of(files));
            var steps = 0;
            var training = Task.Run(() =>
            {
                while (true)
                {
                    Step(other, Interlocked.Increment(ref steps));
                    other.Evaluate(StepData.Signed(1, 8, 12), StepData.Numbers(1, 3, 8));
                }
            });
            Assert.IsTrue(SpinWait.SpinUntil(() => Volatile.Read(ref steps) > 2 + round || training.IsCompleted, TimeSpan.FromSeconds(60)));
            other.Dispose();
            Assert.IsInstanceOfType<ObjectDisposedException>(Assert.ThrowsExactly<AggregateException>(training.Wait).InnerException);
        }
    }

    private static double Step(OnnxTrainer trainer, int step) => trainer.TrainOnBatch(StepData.Signed(step, 8, 12), StepData.Numbers(step, 3, 8))["loss"];

    private static Trainer Network(Optimizer optimizer)
    {
        var x = Model.Input([12], name: "x");
        var model = new Model(x, x.Apply(new Dense(10, Activation.Relu), new Dense(3, Activation.Softmax)));
        return model.Compile(optimizer, Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: 3);
    }
}
