using System.Collections.Concurrent;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Trainings that several processes share.</summary>
[TestClass]
public sealed class SharedTrainingTests
{
    public const int Shards = 8;

    [TestMethod]
    [DataRow("dropout")]
    [DataRow("normalized")]
    [DataRow("recurrent")]
    [DataRow("transformer")]
    [DataRow("synchronized")]
    public void Any_number_of_processes_ends_with_the_same_bits(string network)
    {
        var one = Trained(network, 1);
        foreach (var size in (int[])[3, 8])
        {
            var weights = Trained(network, size);
            for (var rank = 0; rank < size; rank++)
            {
                CollectionAssert.AreEqual(one[0].Weights, weights[rank].Weights, $"rank {rank} of {size}");
                CollectionAssert.AreEqual(one[0].Losses, weights[rank].Losses, $"losses of rank {rank} of {size}");
            }
        }

        Assert.IsLessThan(one[0].Losses[0], one[0].Losses[^1], "It learns.");
    }

    [TestMethod]
    [DynamicData(nameof(Optimizers))]
    public void Shards_give_the_step_of_the_whole_batch(string name)
    {
        var (whole, shared) = (Fitted(Distribution.None), Fitted(Distribution.Of(new Communicator(), 5)));
        Near.Equal(whole, shared, 2e-4f, name);

        float[] Fitted(Distribution distribution)
        {
            // The last of the batches has 3 samples, fewer than shards.
            var (model, x, y) = Data("masked", 17);
            var weights = NDArray.Create([.. Enumerable.Range(0, 17).Select(i => 0.25f + (i % 4))], [17]);
            var trainer = model.Compile(s_optimizers[name](), Loss.MeanSquaredError, distribution: distribution);
            trainer.Fit(x, y, batchSize: 7, epochs: 2, verbose: 0, sampleWeight: weights);
            return WeightsOf(model);
        }
    }

    /// <summary>A sample is made by one process, but for the last batch, which has fewer samples than shards.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Processes_share_the_samples_of_datasets_and_have_the_bits_of_arrays(bool inAdvance)
    {
        var expected = Fitted(Distribution.OneProcess(5), null);
        foreach (var size in (int[])[1, 2, 5])
        {
            var made = new ConcurrentBag<int>();
            InMemoryTransport.Run(size, communicator => CollectionAssert.AreEqual(expected, Fitted(Distribution.Of(communicator, 5), made), $"{size}"));
            var counts = made.CountBy(i => i).ToDictionary();
            Assert.HasCount(17, counts);
            for (var i = 0; i < 14; i++) Assert.AreEqual(1, counts[i], $"sample {i} of {size} processes");
        }

        float[] Fitted(Distribution distribution, ConcurrentBag<int>? made)
        {
            var (model, x, y) = Data("dense", 17);
            var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError, threads: 1, distribution: distribution);
            if (made is null)
            {
                trainer.Fit(x, y, batchSize: 7, verbose: 0, shuffle: false);
                return WeightsOf(model);
            }

            var samples = Dataset.From(Enumerable.Range(0, 17)).Map(i =>
            {
                made.Add(i);
                return new Batch(x.Take([i]), y.Take([i]));
            }, inAdvance ? 3 : 0);
            trainer.Fit(inAdvance ? samples.Batch(7).Prefetch() : samples.Batch(7), verbose: 0);
            return WeightsOf(model);
        }
    }

    /// <summary>Moving statistics too; of the last batch there is one sample, which all but one of the shards lack.</summary>
    [TestMethod]
    [DataRow("synchronized")]
    [DataRow("synchronized masks")]
    public void Synchronized_statistics_are_those_of_the_whole_batch(string network)
    {
        var whole = Fitted(network, Distribution.None);
        Near.Equal(whole, Fitted(network, Distribution.OneProcess(5)), 2e-4f, "one process");
        InMemoryTransport.Run(3, communicator => Near.Equal(whole, Fitted(network, Distribution.Of(communicator, 3)), 2e-4f, "three processes"));

        static float[] Fitted(string network, Distribution distribution)
        {
            var (model, x, y) = Data(network, 22);
            var trainer = model.Compile(new Sgd(0.05), Loss.MeanSquaredError, threads: 1, distribution: distribution);
            trainer.Fit(x, y, batchSize: 7, epochs: 2, verbose: 0);
            return WeightsOf(model);
        }
    }

    [TestMethod]
    [DataRow(LossReduction.SumOverBatchSize)]
    [DataRow(LossReduction.Sum)]
    [DataRow(LossReduction.MeanWithSampleWeight)]
    public void Losses_metrics_and_penalties_are_those_of_the_whole_batch(LossReduction reduction)
    {
        var (whole, shared) = (Run(Distribution.None), Run(Distribution.Of(new Communicator(), 4)));
        Near.Equal(whole.Scores, shared.Scores, 1e-5f, "training");
        Near.Equal(whole.Evaluated, shared.Evaluated, 1e-5f, "evaluation");
        Near.Equal(whole.Weights, shared.Weights, 1e-5f, "weights");

        (float[] Scores, float[] Evaluated, float[] Weights) Run(Distribution distribution)
        {
            var x = Model.Input([6, 3], name: "x");
            var hidden = new Dense(5, Activation.Tanh, activityRegularizer: Regularizer.L2(0.01f), kernelRegularizer: Regularizer.L2(0.02f));
            var inner = x.Apply(new Masking(), hidden);
            var steps = new Dense(1, name: "steps").Call(inner);
            var mean = inner.Apply(new GlobalAveragePooling1D(), new Dense(3, Activation.Softmax, name: "kind"));
            var model = new Model(x, [steps, mean], seed: 4);
            var random = new Random(8);
            var values = Enumerable.Range(0, 13 * 18).Select(_ => random.NextSingle() - 0.5f).ToArray();

            // Masked steps, of which shards have different numbers.
            for (var sample = 0; sample < 13; sample++) Array.Clear(values, (sample * 18) + (((sample % 5) + 1) * 3), (5 - (sample % 5)) * 3);
            NDArray data = NDArray.Create(values, [13, 6, 3]);
            NDArray y = NDArray.Create([.. Enumerable.Range(0, 13 * 6).Select(_ => random.NextSingle())], [13, 6, 1]);
            NDArray kinds = NDArray.Create([.. Enumerable.Range(0, 13).Select(i => i % 3)], [13]);
            NDArray weights = NDArray.Create([.. Enumerable.Range(0, 13).Select(i => 1 + (i * i % 5))], [13]);
            var losses = new LossList { ["steps"] = new MeanSquaredError(reduction), ["kind"] = new SparseCategoricalCrossentropy(reduction: reduction) };
            var trainer = model.Compile(
                new Adam(0.01), losses, lossWeights: [0.7f, 1], metrics: new() { ["kind"] = [Metric.Accuracy] }, distribution: distribution);
            var history = trainer.Fit(data, [y, kinds], batchSize: 13, epochs: 3, verbose: 0, sampleWeight: weights, shuffle: false);
            var scores = trainer.Evaluate(data, [y, kinds], batchSize: 5, verbose: 0, sampleWeight: weights);
            return (
                [.. history.Names.SelectMany(name => history[name]).Select(value => (float)value)],
                [.. scores.Select(score => (float)score.Value)],
                WeightsOf(model));
        }
    }

    [TestMethod]
    public void Float16_scales_its_loss_and_skips_steps_as_a_single_process_does()
    {
        var (whole, shared) = (Fitted(Distribution.None), Fitted(Distribution.Of(new Communicator(), 2)));
        Near.Equal(whole, shared, 2e-2f, "float16");

        static float[] Fitted(Distribution distribution)
        {
            var (model, x, y) = Data("dense", 16);
            var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError, precision: MixedPrecision.Float16, distribution: distribution);
            trainer.Fit(x, y, batchSize: 8, epochs: 4, verbose: 0);
            return [.. WeightsOf(model), trainer.LossScale!.Value];
        }
    }

    /// <summary>Also where masks decide about shares, and shards differ in size.</summary>
    [TestMethod]
    [DoNotParallelize]
    [DataRow("masked", 3)]
    [DataRow("dense", 11)]
    [DataRow("synchronized", 3)]
    public void A_warm_step_allocates_nothing(string network, int shards)
    {
        var (model, x, y) = Data(network, 33);
        var (steps, before, most) = (0, 0L, 0L);
        var watch = new LambdaCallback(
            onTrainBatchBegin: _ => before = GC.GetAllocatedBytesForCurrentThread(),
            onTrainBatchEnd: (_, _) =>
            {
                var taken = GC.GetAllocatedBytesForCurrentThread() - before;
                if (steps++ > 10) most = Math.Max(most, taken);
            });
        var trainer = model.Compile(new Adam(), Loss.MeanSquaredError, threads: 1, distribution: Distribution.Of(new Communicator(), shards));
        trainer.Fit(x, y, batchSize: 11, epochs: 9, verbose: 0, callbacks: [watch]);
        Assert.AreEqual(0, most);
    }

    /// <summary>Buckets that are under way while others are computed; and gradients that are one value, as those of two biases of one sum.</summary>
    [TestMethod]
    [DataRow("transformer")]
    [DataRow("twins")]
    public void Buckets_of_any_size_give_the_same_bits(string network)
    {
        var whole = Fit(network, Distribution.None, 3).Model;
        var one = Fit(network, Distribution.Of(new Communicator(), Shards), 3).Model;
        Near.Equal(WeightsOf(whole), WeightsOf(one), 2e-4f, network);
        foreach (var bucket in (int[])[1, 20, 100])
        {
            InMemoryTransport.Run(3, communicator =>
            {
                var distribution = Distribution.Of(communicator, Shards, bucket: bucket);
                CollectionAssert.AreEqual(WeightsOf(one), WeightsOf(Fit(network, distribution, 3).Model), $"{bucket} floats, rank {communicator.Rank}");
            });
        }
    }

    [TestMethod]
    public void A_report_has_the_parts_of_a_step()
    {
        InMemoryTransport.Run(3, communicator =>
        {
            var distribution = Distribution.Of(communicator, 5);
            Assert.IsNull(distribution.Report);
            var (model, _) = Fit("dropout", distribution, 4);
            var report = distribution.Report!;
            Assert.AreEqual(7, report.Steps, "all but the first");
            Assert.AreEqual((3, 5), (report.Size, report.Shards));
            Assert.AreEqual(EvenRange.Of(communicator.Rank, 3, 5).Count, report.OwnShards);
            var parts = report.Compute + report.Update + report.Waiting;
            Assert.AreEqual(report.Step.TotalMilliseconds, parts.TotalMilliseconds, 0.05 * report.Step.TotalMilliseconds);
            Assert.IsGreaterThan(TimeSpan.Zero, report.Compute);
            Assert.IsGreaterThan(TimeSpan.Zero, report.Update);
            Assert.AreEqual((report.Compute * 5.0 / report.OwnShards) + report.Update, report.OneProcess);
            Assert.AreEqual(report.OneProcess / (3 * report.Step), report.Efficiency);

            // At least the gradient of one shard leaves each rank, or its sum the first one.
            var floats = model.Weights.Where(weight => weight.Trainable).Sum(weight => weight.Storage.Length);
            Assert.IsGreaterThanOrEqualTo(4L * floats, report.BytesSent);
        });
    }

    [TestMethod]
    public void A_report_says_when_one_process_is_faster_and_what_would_help()
    {
        static TimeSpan Ms(double time) => TimeSpan.FromMilliseconds(time);
        var report = new DistributionReport(4, 8, 2, 1, Ms(40), Ms(5.2), Ms(1.2), Ms(33.6), Ms(33), 3_400_000);
        Assert.AreEqual(
            "4 processes, 8 shards, 1 step of 40 ms: computing 5.2 ms (13 %), update 1.2 ms (3 %), waiting 33.6 ms (84 %); communication 33 ms, 3.4 MB sent. "
            + "One process would take about 22 ms: efficiency 14 %. One process is faster. A larger batch, or gradientAccumulationSteps, "
            + "gives each process more to compute between two sums.",
            report.ToString());
        StringAssert.StartsWith((report with { Compute = Ms(15), Waiting = Ms(24) }).Advice, "Much of it is waiting.");
        Assert.AreEqual("", (report with { Compute = Ms(36), Waiting = Ms(3) }).Advice);
        Assert.AreEqual("", (report with { Size = 1, OwnShards = 8 }).Advice);
    }

    [TestMethod]
    public void What_one_process_decides_all_do()
    {
        InMemoryTransport.Run(3, communicator =>
        {
            var (model, x, y) = Data("dense", 12);
            var trainer = model.Compile(new Sgd(0.01), Loss.MeanSquaredError, distribution: Distribution.Of(communicator, 3));
            var ended = trainer.Fit(x, y, epochs: 9, verbose: 0, callbacks: [new StopsAt(communicator.Rank == 1 ? 2 : 99)]);
            Assert.HasCount(3, ended.Epochs);

            using var source = new CancellationTokenSource();
            var cancels = new CancelsAt(communicator.Rank == 2 ? 4 : 99, source);
            trainer.Fit(x, y, batchSize: 1, epochs: 2, initialEpoch: 1, verbose: 0, callbacks: [cancels], cancellationToken: source.Token);
            Assert.AreEqual(4, cancels.Last);
        });
    }

    [TestMethod]
    public void Processes_that_train_something_else_are_told_so()
    {
        InMemoryTransport.Run(2, communicator =>
        {
            var (model, x, y) = Data("dense", communicator.Rank == 0 ? 12 : 40);
            var trainer = model.Compile(new Sgd(0.01), Loss.MeanSquaredError, distribution: Distribution.Of(communicator, 2));
            var message = Assert.ThrowsExactly<DistributionException>(() => trainer.Fit(x, y, batchSize: 4, verbose: 0)).Message;
            StringAssert.Contains(message, "The batches per epoch is 3 on rank 0, 10 on rank 1.");
        });
    }

    [TestMethod]
    public void What_cannot_be_shared_is_refused_at_once()
    {
        var x = Model.Input([5, 3], batchSize: 4, name: "x");
        var model = new Model(x, x.Apply(new Lstm(2, stateful: true, name: "lstm"), new Dense(1)));
        var message = Assert.ThrowsExactly<ModelException>(() => model.Compile(
            new Sgd(0.01), Loss.MeanSquaredError, distribution: Distribution.Of(new Communicator(), 2))).Message;
        StringAssert.Contains(message, "is a state for each sample of a batch");
    }

    public static IEnumerable<object[]> Optimizers => s_optimizers.Keys.Select(name => (object[])[name]);

    private static readonly Dictionary<string, Func<Optimizer>> s_optimizers = new()
    {
        ["sgd"] = () => new Sgd(0.05, momentum: 0.9, nesterov: true),
        ["rmsprop"] = () => new RmsProp(0.01),
        ["adam"] = () => new Adam(0.01, clipnorm: 0.5),
        ["adamw"] = () => new AdamW(0.01, weightDecay: 0.01),
        ["adamax"] = () => new Adamax(0.01),
        ["nadam"] = () => new Nadam(0.01),
        ["adagrad"] = () => new Adagrad(0.01),
        ["adadelta"] = () => new Adadelta(0.5),
        ["ftrl"] = () => new Ftrl(0.01),
        ["lion"] = () => new Lion(0.001),
        ["lamb"] = () => new Lamb(0.01),
        ["adafactor"] = () => new Adafactor(0.01),
        ["muon"] = () => new Muon(0.01),
        ["accumulated"] = () => new Sgd(0.05, gradientAccumulationSteps: 2),
    };

    /// <summary>Weights and losses of a training that others may share.</summary>
    private static (float[] Weights, double[] Losses) Train(string network, Distribution distribution)
    {
        var (model, history) = Fit(network, distribution, 3);
        return (WeightsOf(model), [.. history["loss"], .. history["val_loss"]]);
    }

    /// <summary>A training that others may share, of two steps per epoch.</summary>
    public static (Model Model, History History) Fit(string network, Distribution distribution, int epochs, params Callback[] callbacks)
    {
        var (model, x, y) = Data(network, 29);
        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError, threads: 1, seed: 3, distribution: distribution);
        return (model, trainer.Fit(x, y, batchSize: 12, epochs: epochs, verbose: 0, validationSplit: 0.2, callbacks: callbacks));
    }

    private static (float[] Weights, double[] Losses)[] Trained(string network, int size)
    {
        var results = new (float[], double[])[size];
        InMemoryTransport.Run(size, communicator => results[communicator.Rank] = Train(network, Distribution.Of(communicator, Shards)));
        return results;
    }

    public static float[] WeightsOf(Model model) => [.. model.Weights.SelectMany(weight => weight.Storage)];

    public static (Model Model, NDArrays X, NDArrays Y) Data(string network, int samples)
    {
        var x = network is "normalized" or "synchronized" ? Model.Input([7, 5, 2], name: "x") : network is "dense" or "dropout" ? Model.Input([6], name: "x")
            : Model.Input([5, 4], name: "x");
        var last = network switch
        {
            "dense" => x.Apply(new Dense(7, Activation.Tanh)),
            "twins" => x.Apply(new Flatten(), new Dense(7)) + x.Apply(new Flatten(), new Dense(7)),
            "dropout" => x.Apply(new Dense(16, Activation.Tanh), new Dropout(0.3), new Dense(8, Activation.Tanh), new GaussianNoise(0.1)),
            "normalized" => x.Apply(new Conv2D(4, 3), new BatchNormalization(), new ActivationLayer(Activation.Tanh), new Flatten()),
            "synchronized" => x.Apply(
                new Conv2D(4, 3), new BatchNormalization(synchronized: true), new ActivationLayer(Activation.Tanh),
                new Conv2D(3, 3), new BatchNormalization(synchronized: true, renorm: true), new Flatten()),
            "synchronized masks" => x.Apply(new Masking(), new BatchNormalization(synchronized: true), new Lstm(4)),
            "recurrent" => x.Apply(new Gru(6, returnSequences: true), new Gru(4)),
            "masked" => x.Apply(new Masking(), new Lstm(4)),
            _ => Transformer(x),
        };
        var model = new Model(x, new Dense(2, name: "scores").Call(last), seed: 5);
        var random = new Random(6);
        var shape = x.Shape.With(0, samples);
        var values = Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var size = values.Length / samples;
        for (var i = 0; network.Contains("mask", StringComparison.Ordinal) && i < samples; i++)
            Array.Clear(values, (i * size) + (4 * (i % 5)), size - (4 * (i % 5)));
        NDArray y = NDArray.Create([.. Enumerable.Range(0, samples * 2).Select(i => values[i / 2 * size] + (i % 2))], [samples, 2]);
        return (model, NDArray.Create(values, shape), y);
    }

    private static SymbolicTensor Transformer(SymbolicTensor x)
    {
        x += new MultiHeadAttention(2, 2).Call(x, x);
        x = new LayerNormalization().Call(x);
        return new GlobalAveragePooling1D().Call(x + x.Apply(new Dense(8, Activation.Gelu), new Dense(4)));
    }

    private sealed class StopsAt(int epoch) : Callback
    {
        public override void OnEpochEnd(int ended, IDictionary<string, double> logs) => Trainer.StopTraining |= ended == epoch;
    }

    private sealed class CancelsAt(int step, CancellationTokenSource source) : Callback
    {
        public int Last { get; private set; }

        public override void OnBatchEnd(int batch, float loss)
        {
            Last = batch;
            if (batch == step) source.Cancel();
        }
    }
}
