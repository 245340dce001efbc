using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Training.Pruning;

[TestClass]
public sealed class MagnitudePruningTests
{
    private const int StepsPerEpoch = 8;

    [TestMethod]
    public void Zeros_grow_with_the_schedule_and_stay_zero_in_the_file()
    {
        var trainer = Compiled();
        var schedule = SparsitySchedule.PolynomialDecay(finalSparsity: 0.75, endStep: 16, beginStep: 4, frequency: 3);
        var pruning = new MagnitudePruning(schedule);
        var seen = new List<float[]>();
        var history = Fit(
            trainer,
            4,
            pruning,
            new LambdaCallback(onTrainBatchEnd: (_, _) => seen.Add([.. Kernels(trainer.Model).SelectMany(weight => weight.Storage)])));

        var count = seen[0].Length;
        for (var step = 1; step <= seen.Count; step++)
        {
            var zeros = seen[step - 1].Count(value => value == 0);
            var share = schedule.At(step < 4 ? step : step >= 16 ? 16 : step - ((step - 4) % 3));
            Assert.AreEqual(share, (double)zeros / count, 3.0 / count, $"step {step}");
            for (var i = 0; step > 1 && i < count; i++)
            {
                if (seen[step - 2][i] == 0) Assert.IsTrue(seen[step - 1][i] == 0 && !float.IsNegative(seen[step - 1][i]), $"step {step}, number {i}");
            }
        }

        CollectionAssert.AreEqual(new[] { 0.0, 0.75 }, new[] { Math.Round(schedule.At(3), 2), Math.Round(history["sparsity"][^1], 2) });
        Assert.AreEqual(pruning.Sparsity, history["sparsity"][^1]);
        var sparsity = Sparsity.Of(trainer.Model);
        Assert.AreEqual(pruning.Sparsity, sparsity.Share, 1e-12);
        CollectionAssert.AreEqual(new[] { "a/kernel", "b/pointwise_kernel", "c/kernel" }, sparsity.Weights.Select(weight => weight.Path).ToArray());
        StringAssert.Contains(sparsity.ToString(), "c/kernel");
        foreach (var (path, weight) in trainer.Model.WeightPaths())
        {
            if (!Kernels(trainer.Model).Contains(weight)) Assert.IsFalse(weight.Storage.Contains(0), path);
        }

        using var folder = new TemporaryFolder();
        Assert.IsTrue(trainer.Model.ExportOnnx(folder.File("sparse.onnx")).Passed);
        Assert.AreEqual(sparsity.Share, Sparsity.Of(Model.Load(folder.File("sparse.onnx"))).Share);
    }

    /// <summary>Whatever the order of callbacks: the mask is part of the saved state, even if the file was written before the step was pruned.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void A_resumed_training_ends_with_the_same_bits(bool pruningFirst)
    {
        static MagnitudePruning Pruning() => new(SparsitySchedule.PolynomialDecay(0.6, endStep: 20, frequency: 3));
        using var folder = new TemporaryFolder();
        var whole = Compiled();
        Fit(whole, 4, Pruning());
        var backup = folder.File("backup.onnx");
        for (var failure = 2; failure <= 26; failure += 4)
        {
            Callback[] Callbacks() =>
                pruningFirst ? [Pruning(), new BackupAndRestore(backup, saveFreq: 2)] : [new BackupAndRestore(backup, saveFreq: 2), Pruning()];
            var step = 0;
            Assert.ThrowsExactly<InvalidOperationException>(() =>
                Fit(
                    Compiled(),
                    4,
                    [.. Callbacks(), new LambdaCallback(onTrainBatchBegin: _ => _ = step++ == failure ? throw new InvalidOperationException() : 0)]));
            var resumed = Compiled();
            Fit(resumed, 4, Callbacks());
            foreach (var (first, second) in whole.Model.WeightPaths().Zip(resumed.Model.WeightPaths()))
                CollectionAssert.AreEqual(first.Weight.Storage, second.Weight.Storage, $"{first.Path} after step {failure}");
        }
    }

    [TestMethod]
    public void Zeros_of_an_earlier_Fit_stay_and_averages_are_pruned_too()
    {
        var trainer = Compiled(new Adam(0.01, useEma: true, emaMomentum: 0.9));
        Fit(trainer, 1, new MagnitudePruning(SparsitySchedule.ConstantSparsity(0.5, endStep: 4)));
        float[] first = [.. Kernels(trainer.Model).SelectMany(weight => weight.Storage)];
        Assert.AreEqual(0.5, Sparsity.Of(trainer.Model).Share, 0.02);
        Fit(trainer, 1, new MagnitudePruning(SparsitySchedule.ConstantSparsity(0.5, endStep: 4)));
        float[] second = [.. Kernels(trainer.Model).SelectMany(weight => weight.Storage)];
        for (var i = 0; i < first.Length; i++) Assert.AreEqual(first[i] == 0, second[i] == 0, $"number {i}");
        Assert.IsTrue(first.Zip(second).Any(pair => pair.First != pair.Second));
    }

    [TestMethod]
    public void A_pruned_trainer_is_saved_loaded_and_written_as_a_step()
    {
        using var folder = new TemporaryFolder();
        var trainer = Compiled();
        Fit(trainer, 1, new MagnitudePruning(0.5));
        trainer.Save(folder.File("run.onnx"));
        var loaded = Trainer.Load(folder.File("run.onnx"));
        foreach (var fitted in new[] { trainer, loaded }) Fit(fitted, 2, new MagnitudePruning(0.5));
        foreach (var (first, second) in trainer.Model.WeightPaths().Zip(loaded.Model.WeightPaths()))
            CollectionAssert.AreEqual(first.Weight.Storage, second.Weight.Storage, first.Path);
        Assert.AreEqual(0.5, Sparsity.Of(loaded.Model).Share, 0.02);
        trainer.ExportTraining(folder.File("step"));
        using var onnx = OnnxTrainer.Load(folder.File("step"));
    }

    [TestMethod]
    public void Layers_and_weights_narrow_what_is_pruned()
    {
        CollectionAssert.AreEqual(new[] { "c/kernel" }, Pruned(new MagnitudePruning(0.5, layers: ["c"])));
        CollectionAssert.AreEqual(
            new[] { "b/depthwise_kernel", "b/bias" },
            Pruned(new MagnitudePruning(0.5, layers: ["b"], weights: (path, weight) => weight.Name != "pointwise_kernel")));
        CollectionAssert.AreEqual(new[] { "a/kernel", "b/pointwise_kernel", "c/kernel" }, Pruned(new MagnitudePruning(0.5)));

        static string[] Pruned(MagnitudePruning pruning)
        {
            var trainer = Compiled();
            Fit(trainer, 1, pruning);
            return [.. trainer.Model.WeightPaths().Where(named => named.Weight.Storage.Contains(0)).Select(named => named.Path)];
        }
    }

    [TestMethod]
    public void Recurrent_and_attention_kernels_are_pruned()
    {
        var x = Model.Input([4, 6]);
        var model = new Model(x, new MultiHeadAttention(2, 3, name: "attention").Call(x, x).Apply(new Lstm(5, name: "lstm"), new Dense(1, name: "out")));
        CollectionAssert.AreEquivalent(
            new[]
            {
                "attention/query/kernel",
                "attention/key/kernel",
                "attention/value/kernel",
                "attention/attention_output/kernel",
                "lstm/lstm_cell/kernel",
                "lstm/lstm_cell/recurrent_kernel",
                "out/kernel",
            },
            Sparsity.Of(model).Weights.Select(weight => weight.Path).ToArray());
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_warm_step_allocates_nothing()
    {
        var trainer = Compiled(threads: 1);
        var (before, steps) = (0L, 0);
        var taken = new long[4 * StepsPerEpoch];
        Fit(
            trainer,
            4,
            new LambdaCallback(onTrainBatchBegin: _ => before = GC.GetAllocatedBytesForCurrentThread()),
            new MagnitudePruning(SparsitySchedule.PolynomialDecay(0.5, endStep: 30, frequency: 2)),
            new LambdaCallback(onTrainBatchEnd: (_, _) => taken[steps++] = GC.GetAllocatedBytesForCurrentThread() - before));
        Assert.HasCount(steps, taken);

        // A garbage collection caused by another test discards this thread's allocation buffer, which is counted once; zeros are chosen in every second step.
        Assert.IsLessThanOrEqualTo(1, taken[8..].Count(bytes => bytes > 0), string.Join(", ", taken));
    }

    [TestMethod]
    public void Wrong_uses_are_reported_in_sentences()
    {
        Refused(
            new MagnitudePruning(0.5, layers: ["cc"]),
            Compiled(),
            "MagnitudePruning: no layer 'cc' has weights. Did you mean 'c'? Layers with weights: a, b, c.");
        Refused(new MagnitudePruning(0.5, weights: (_, _) => false), Compiled(), "MagnitudePruning: there is no weight to prune;");
        var trained = Compiled();
        Fit(trained, 2);
        Refused(
            new MagnitudePruning(SparsitySchedule.PolynomialDecay(0.5, endStep: 10)),
            trained,
            "MagnitudePruning: the schedule ends at step 10, but the trainer has made 16 steps already, so nothing would be pruned. "
                + "Steps count from the trainer's first: add 16 to beginStep and endStep.");

        static void Refused(MagnitudePruning pruning, Trainer trainer, string expected) =>
            StringAssert.StartsWith(Assert.ThrowsExactly<ModelException>(() => Fit(trainer, 1, pruning)).Message, expected);
    }

    private static IReadOnlyList<Weight> Kernels(Model model) => [.. model.WeightPaths()
        .Where(named => named.Path is "a/kernel" or "b/pointwise_kernel" or "c/kernel")
        .Select(named => named.Weight)];

    private static Trainer Compiled(Optimizer? optimizer = null, int? threads = null)
    {
        var x = Model.Input([7, 3]);
        Initializer biases = new OnnxFunctional.Initializers.RandomNormal(0, 0.1);
        var model = new Model(
            x,
            x.Apply(
                new Conv1D(7, 3, activation: Activation.Tanh, biasInitializer: biases, name: "a"),
                new SeparableConv1D(5, 2, activation: Activation.Tanh, biasInitializer: biases, name: "b"),
                new Flatten(),
                new Dropout(0.1),
                new Dense(3, biasInitializer: biases, name: "c")),
            seed: 5);
        return model.Compile(optimizer ?? new Adam(0.01), Loss.MeanSquaredError, seed: 3, threads: threads);
    }

    private static History Fit(Trainer trainer, int epochs, params Callback[] callbacks)
    {
        var random = new Random(1);
        float[] Data(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var samples = 4 * StepsPerEpoch;
        return trainer.Fit(
            NDArray.Create(Data(samples * 21), Shape.Of(samples, 7, 3)),
            NDArray.Create(Data(samples * 3), Shape.Of(samples, 3)),
            batchSize: 4,
            epochs: epochs,
            callbacks: callbacks,
            verbose: Verbosity.Silent);
    }
}
