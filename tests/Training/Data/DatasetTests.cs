using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class DatasetTests
{
    [TestMethod]
    public void Steps_make_elements_while_they_are_used()
    {
        var made = 0;
        var dataset = Dataset.From(Enumerable.Range(0, 1000).Select(i =>
        {
            made++;
            return i;
        })).Map(i => i * 2).Take(3);
        CollectionAssert.AreEqual(new[] { 0, 2, 4 }, dataset.ToArray());
        Assert.IsLessThan(5, made);
        CollectionAssert.AreEqual(new[] { 4, 6 }, Dataset.From(Enumerable.Range(0, 4)).Map(i => i * 2).Skip(2).ToArray());
    }

    [TestMethod]
    public void Shuffle_has_an_order_for_each_epoch_and_loses_nothing()
    {
        var dataset = Dataset.From(Enumerable.Range(0, 100)).Shuffle(30, seed: 5);
        var (first, again, second) = (Of(dataset, 0), Of(dataset, 0), Of(dataset, 1));
        CollectionAssert.AreEqual(first, again);
        CollectionAssert.AreNotEqual(first, second);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 100).ToArray(), second);
        Assert.IsGreaterThan(0, first.Skip(60).Count(i => i < 60));
    }

    /// <summary>What is held out by position stays held out: through epochs, whatever shuffles before.</summary>
    [TestMethod]
    public void Held_out_elements_stay_out_of_training()
    {
        var numbers = Dataset.From(Enumerable.Range(0, 100));
        var once = numbers.Shuffle(100, 5, reshuffleEachIteration: false);
        foreach (var shuffled in new[] { once, once.Prefetch() })
        {
            CollectionAssert.AreNotEqual(Of(numbers, 0), Of(shuffled, 0));
            CollectionAssert.AreEqual(Of(shuffled, 0), Of(shuffled, 7));
            var (training, held) = (shuffled.Take(80), shuffled.Skip(80));
            for (var epoch = 0; epoch < 5; epoch++) Assert.IsEmpty(Of(training, epoch).Intersect(Of(held, 0)));
        }

        // As in TensorFlow: another order in each epoch, so Take and Skip choose other elements.
        var leaking = numbers.Shuffle(100, 5);
        Assert.IsNotEmpty(Of(leaking.Take(80), 1).Intersect(Of(leaking.Skip(80), 0)));

        foreach (var before in new[] { numbers, numbers.Shuffle(100, 5), numbers.Shuffle(30).Map(i => i).Cache() })
        {
            var (training, held) = before.Split(0.8);
            var (all, rest) = (Of(training, 0), Of(held, 0));
            Assert.HasCount(80, all);
            CollectionAssert.AreEquivalent(Enumerable.Range(0, 100).ToArray(), all.Concat(rest).ToArray());
            for (var epoch = 0; epoch < 5; epoch++)
            {
                CollectionAssert.AreEquivalent(all, Of(training.Shuffle(100), epoch));
                CollectionAssert.AreEqual(rest, Of(held, epoch));
            }
        }
    }

    [TestMethod]
    public void A_split_has_the_share_and_follows_no_pattern()
    {
        foreach (var share in new[] { 0.01, 0.25, 0.5, 0.9 })
        {
            foreach (var count in new[] { 100, 1000 })
                Assert.AreEqual(share * count, Dataset.From(Enumerable.Range(0, count)).Split(share).First.Count(), 1e-9);
        }

        // Data with a period of ten: each class is in both parts.
        var (first, second) = Dataset.From(Enumerable.Range(0, 1000)).Map(i => i % 10).Split(0.9);
        Assert.HasCount(10, first.Distinct().ToArray());
        Assert.HasCount(10, second.Distinct().ToArray());
        var numbers = Dataset.From(Enumerable.Range(0, 100));
        CollectionAssert.AreNotEqual(numbers.Split(0.5, 1).First.ToArray(), numbers.Split(0.5).First.ToArray());
        foreach (var bad in new[] { 0, 1, -0.5, double.NaN }) Assert.Throws<ModelException>(() => Dataset.From(Enumerable.Range(0, 9)).Split(bad));
        Assert.Throws<ModelException>(() => Dataset.From(Enumerable.Range(0, 9)).Take(-1));
        Assert.Throws<ModelException>(() => Dataset.From(Enumerable.Range(0, 9)).Skip(-1));
    }

    [TestMethod]
    public void Prefetch_passes_on_everything_errors_included_and_ends()
    {
        CollectionAssert.AreEqual(Enumerable.Range(0, 50).ToArray(), Dataset.From(Enumerable.Range(0, 50)).Prefetch(3).ToArray());
        var dataset = Dataset.From(Enumerable.Range(0, 50)).Map(i => i < 5 ? i : throw new DataException("no sixth")).Prefetch();
        var error = Assert.Throws<DataException>(() => dataset.ToArray());
        Assert.AreEqual("no sixth", error.Message);

        var made = 0;
        var threads = new HashSet<int>();
        var endless = Dataset.From(_ => Endless()).Prefetch(2);
        Assert.AreEqual(0, endless.First());
        Assert.IsLessThan(10, made);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);

        IEnumerable<int> Endless()
        {
            while (true)
            {
                threads.Add(Environment.CurrentManagedThreadId);
                yield return made++;
            }
        }
    }

    [TestMethod]
    public void Cache_makes_elements_once_and_Repeat_continues()
    {
        var made = 0;
        var cached = Dataset.From(_ => Counted()).Cache();
        Assert.AreEqual(0, cached.First());
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 1, 2, 3 }, cached.Repeat(2).ToArray());
        Assert.AreEqual(4, made);
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 1 }, cached.Repeat().Take(4).ToArray());
        CollectionAssert.AreEqual(new[] { (1, 7), (2, 8) }, cached.Zip(Dataset.From([7, 8])).ToArray());
        Assert.AreEqual(4, made);

        IEnumerable<int> Counted()
        {
            for (var i = made == 0 ? 0 : 1; i < 4; i++)
            {
                made++;
                yield return i;
            }
        }
    }

    [TestMethod]
    public void Batches_join_samples()
    {
        var dataset = Dataset.From(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }, new int[] { 0, 1, 2 }, new float[] { 1, 2, 3 });
        var batches = dataset.Batch(2).ToArray();
        Assert.HasCount(2, batches);
        Assert.AreEqual(Shape.Of(2, 2), batches[0].X[0].Shape);
        CollectionAssert.AreEqual(new float[] { 5, 6 }, batches[1].X[0].AsFloats().ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 2 }, batches[0].SampleWeight![0].AsFloats().ToArray());
        Assert.HasCount(1, dataset.Batch(2, dropRemainder: true).ToArray());
        Assert.Throws<ModelException>(() => Dataset.From([new Batch(new float[1], new float[1]), new Batch(new float[1, 2], new float[1])]).Batch(2).ToArray());
    }

    [TestMethod]
    public void Fit_on_a_dataset_is_Fit_on_its_arrays()
    {
        float[] x = [.. Enumerable.Range(0, 20).Select(i => i / 10f)];
        float[] y = [.. x.Select(value => (2 * value) + 1)];
        var arrays = Compiled();
        var stream = Compiled();
        var one = arrays.Fit(x, y, batchSize: 4, epochs: 3, shuffle: false, validationData: (x, y), verbose: Verbosity.Silent);
        var data = Dataset.From(x, y).Batch(4).Prefetch();
        var other = stream.Fit(data, epochs: 3, validationData: data, verbose: Verbosity.Silent);
        CollectionAssert.AreEqual(one["loss"].ToArray(), other["loss"].ToArray());
        CollectionAssert.AreEqual(one["val_loss"].ToArray(), other["val_loss"].ToArray());
        Assert.AreEqual(stream.Evaluate(x, y, batchSize: 4)["loss"], stream.Evaluate(data)["loss"]);
    }

    [TestMethod]
    public async Task FitAsync_takes_batches_as_they_arrive()
    {
        var trainer = Compiled();
        var history = await trainer.FitAsync(Arriving(), epochs: 2, verbose: Verbosity.Silent);
        Assert.HasCount(2, history.Epochs);
        Assert.AreEqual(6, trainer.Iterations);

        static async IAsyncEnumerable<Batch> Arriving()
        {
            for (var i = 0; i < 3; i++)
            {
                await Task.Yield();
                yield return new Batch(new float[] { i }, new float[] { i });
            }
        }
    }

    [TestMethod]
    public void Steps_per_epoch_continue_where_the_last_epoch_ended()
    {
        float[] x = [.. Enumerable.Range(0, 10).Select(i => i / 10f)];
        var whole = Compiled();
        whole.Fit(x, x, batchSize: 2, epochs: 3, verbose: Verbosity.Silent);
        var stepped = Compiled();
        stepped.Fit(x, x, batchSize: 2, epochs: 5, stepsPerEpoch: 3, verbose: Verbosity.Silent);
        Assert.AreEqual(15, stepped.Iterations);
        CollectionAssert.AreEqual(whole.Model.WeightPaths()[0].Weight.Storage, stepped.Model.WeightPaths()[0].Weight.Storage);

        var resumed = Compiled();
        resumed.Fit(x, x, batchSize: 2, epochs: 2, stepsPerEpoch: 3, verbose: Verbosity.Silent);
        resumed.Fit(x, x, batchSize: 2, epochs: 5, stepsPerEpoch: 3, initialEpoch: 2, verbose: Verbosity.Silent);
        CollectionAssert.AreEqual(whole.Model.WeightPaths()[0].Weight.Storage, resumed.Model.WeightPaths()[0].Weight.Storage);

        // An endless stream needs them.
        var endless = Dataset.From(x, x).Batch(2).Repeat();
        Assert.HasCount(2, Compiled().Fit(endless, epochs: 2, stepsPerEpoch: 7, verbose: Verbosity.Silent).Epochs);
        Assert.Throws<ModelException>(() => Compiled().Fit(Dataset.From(Array.Empty<Batch>()), stepsPerEpoch: 1, verbose: Verbosity.Silent));
    }

    [TestMethod]
    public void A_validation_frequency_leaves_epochs_out()
    {
        float[] x = [1, 2, 3, 4];
        var history = Compiled().Fit(x, x, epochs: 5, validationSplit: 0.5, validationFreq: 2, verbose: Verbosity.Silent);
        Assert.HasCount(5, history["loss"]);
        Assert.HasCount(2, history["val_loss"]);
    }

    [TestMethod]
    public void Class_weights_are_sample_weights()
    {
        float[] x = [1, 2, 3, 4];
        var (weighted, sampled) = (Compiled(), Compiled());
        weighted.Fit(x, new int[] { 0, 1, 1, 0 }, batchSize: 2, classWeight: new Dictionary<int, double> { [1] = 3 }, verbose: Verbosity.Silent);
        sampled.Fit(x, new int[] { 0, 1, 1, 0 }, batchSize: 2, sampleWeight: new float[] { 1, 3, 3, 1 }, verbose: Verbosity.Silent);
        CollectionAssert.AreEqual(sampled.Model.WeightPaths()[0].Weight.Storage, weighted.Model.WeightPaths()[0].Weight.Storage);
        CollectionAssert.AreEqual(
            new float[] { 1, 6 },
            ClassWeights.Of(new float[,] { { 0.9f, 0.1f }, { 0, 1 } }, new Dictionary<int, double> { [1] = 3 }, new float[] { 1, 2 }).AsFloats().ToArray());
    }

    [TestMethod]
    public void Single_batches_are_tested_and_predicted()
    {
        var trainer = Compiled();
        var before = (float[])trainer.Model.WeightPaths()[0].Weight.Storage.Clone();
        var logs = trainer.TestOnBatch(new float[] { 1, 2 }, new float[] { 1, 2 });
        Assert.AreEqual(trainer.Evaluate(new float[] { 1, 2 }, new float[] { 1, 2 })["loss"], logs["loss"], 1e-7);
        Assert.AreEqual(2, trainer.PredictOnBatch(new float[] { 1, 2 }).Count);
        CollectionAssert.AreEqual(before, trainer.Model.WeightPaths()[0].Weight.Storage);
    }

    [TestMethod]
    public void Streams_hold_one_batch_at_a_time()
    {
        var references = new List<WeakReference>();
        var most = 0;
        Compiled().Fit(Stream(), verbose: Verbosity.Silent, callbacks: [new LambdaCallback(
            onTrainBatchEnd: (batch, _) =>
                {
                    if (batch % 50 != 49) return;
                    GC.Collect();
                    most = Math.Max(most, references.Count(reference => reference.IsAlive));
                })]);
        Assert.IsLessThan(10, most);

        IEnumerable<Batch> Stream()
        {
            for (var i = 0; i < 200; i++)
            {
                var batch = new Batch(new float[] { i % 3 }, new float[] { i % 3 });
                references.Add(new WeakReference(batch));
                yield return batch;
            }
        }
    }

    [TestMethod]
    public void A_cancelled_run_ends_after_the_current_step_with_history()
    {
        using var cancellation = new CancellationTokenSource();
        var steps = 0;
        var history = Compiled().Fit(
            new float[8], new float[8], batchSize: 1, epochs: 5, validationSplit: 0.25, verbose: Verbosity.Silent, cancellationToken: cancellation.Token,
            callbacks: [new LambdaCallback(onTrainBatchEnd: (batch, _) => { steps++; if (batch == 2) cancellation.Cancel(); })]);
        Assert.AreEqual(3, steps);
        Assert.HasCount(1, history.Epochs);
    }

    private static int[] Of(Dataset<int> dataset, int epoch) => [.. dataset.Epoch(epoch)];

    private static Trainer Compiled()
    {
        var input = Model.Input([1]);
        return new Model(input, input.Apply(new Dense(1))).Compile(new Sgd(0.01), Loss.MeanSquaredError);
    }
}
