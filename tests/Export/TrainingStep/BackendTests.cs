using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Fit and single steps by ONNX Runtime are those of the engine, and the weights are where somebody looks for them.</summary>
[TestClass]
public sealed class BackendTests
{
    private const int Samples = 48;

    [TestMethod]
    public void An_epoch_over_digits_gives_the_weights_of_the_engine()
    {
        var (images, classes) = StepData.Digits(0, 600);
        TwoBackends.Agree(
            backend => TwoBackends.Digits().Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: 7, backend: backend),
            trainer => TwoBackends.Numbers(trainer.Fit(images, classes, validationSplit: 0.2, verbose: 0)));
    }

    [TestMethod]
    public void It_learns_as_the_engine_does_with_every_kind_of_state()
    {
        Agree(new Sgd(0.1, momentum: 0.9));
        Agree(new AdamW(Schedule.CosineDecay(0.01, decaySteps: 10, warmupTarget: 0.02, warmupSteps: 2)));
        Agree(new Adam(0.01, gradientAccumulationSteps: 3));
        Agree(new RmsProp(0.01, useEma: true, emaMomentum: 0.8));

        static void Agree(Optimizer optimizer) => TwoBackends.Agree(
            backend => Compile(backend, optimizer), trainer => TwoBackends.Numbers(trainer.Fit(X(), Y(), batchSize: 10, epochs: 2, verbose: 0)));
    }

    [TestMethod]
    public void Weights_of_samples_and_classes_count_as_with_the_engine()
    {
        var shares = StepData.Shares(3, Samples);
        TwoBackends.Agree(
            backend => Compile(backend),
            trainer => TwoBackends.Numbers(trainer.Fit(X(), Y(), batchSize: 10, sampleWeight: shares, classWeight: new() { [1] = 3 }, verbose: 0))

                // The same trainer has a step for data without weights, too, which continues from the same state.
                .Concat(TwoBackends.Numbers(trainer.Fit(X(), Y(), batchSize: 10, verbose: 0))));
    }

    [TestMethod]
    public void Evaluations_are_those_of_the_engine_whatever_their_data_have()
    {
        TwoBackends.Agree(backend => Compile(backend), trainer =>
        [
            .. Numbers(trainer.Evaluate(X(), Y(), batchSize: 20, verbose: 0)),
            .. TwoBackends.Numbers(trainer.Fit(X(), Y(), batchSize: 10, validationData: (X()[..20], Y()[..20]), verbose: 0)),
            .. Numbers(trainer.Evaluate(X(), Y(), batchSize: 20, verbose: 0)),
            .. Numbers(trainer.Evaluate(X(), Y(), verbose: 0, sampleWeight: StepData.Shares(3, Samples))),
            .. Numbers(trainer.TestOnBatch(X(), Y())),
        ]);

        static IEnumerable<double> Numbers(Scores scores) => scores.Values;
    }

    [TestMethod]
    public void An_evaluation_that_draws_numbers_is_the_engines()
    {
        TwoBackends.Agree(
            backend =>
            {
                var x = Model.Input([5], name: "x");
                return new Model(x, (x + Ops.RandomNormal(x, stddev: 0.1)).Apply(new Dense(3, Activation.Softmax))).Compile(
                    new Sgd(0.1), Loss.SparseCategoricalCrossentropy, backend: backend);
            },
            trainer => TwoBackends.Numbers(trainer.Fit(X(), Y(), batchSize: 10, epochs: 2, validationSplit: 0.25, verbose: 0)));
    }

    [TestMethod]
    public void Each_output_may_have_sample_weights_of_its_own()
    {
        TwoBackends.Agree(
            backend =>
            {
                var x = Model.Input([5], name: "x");
                var hidden = x.Apply(new Dense(6, Activation.Tanh));
                var model = new Model(x, [hidden.Apply(new Dense(3, Activation.Softmax, name: "kind")), hidden.Apply(new Dense(1, name: "price"))]);
                return model.Compile(
                    new Adam(0.01),
                    new() { ["kind"] = Loss.SparseCategoricalCrossentropy, ["price"] = Loss.MeanSquaredError },
                    metrics: new() { ["price"] = [Metric.From((yTrue, yPred) => Ops.Mean(yTrue * yPred, axis: -1), "own")] },
                    backend: backend);
            },
            trainer => TwoBackends.Numbers(trainer.Fit(
                X(),
                [Y(), StepData.Signed(4, Samples, 1)],
                batchSize: 10,
                sampleWeight: [StepData.Shares(5, Samples), StepData.Shares(6, Samples)],
                verbose: 0)));
    }

    [TestMethod]
    public void States_of_layers_go_on_from_batch_to_batch()
    {
        TwoBackends.Agree(
            backend =>
            {
                var x = Model.Input([3, 5], batchSize: 8, name: "x");
                return new Model(x, x.Apply(new Lstm(4, stateful: true), new Dense(3, Activation.Softmax))).Compile(
                    new Adam(0.01), Loss.SparseCategoricalCrossentropy, backend: backend);
            },
            trainer => TwoBackends.Numbers(trainer.Fit(
                StepData.Signed(1, Samples, 3, 5),
                Y(),
                batchSize: 8,
                epochs: 2,
                shuffle: false,
                validationData: (StepData.Signed(2, 8, 3, 5), Numbers(8)),
                verbose: 0)));
    }

    [TestMethod]
    public void Weights_stay_on_the_device_until_somebody_asks()
    {
        var trainer = Compile(TwoBackends.OnnxRuntime);
        var kernel = trainer.Model.Weights[0];
        trainer.TrainOnBatch(X(), Y());
        var own = kernel.Storage;
        var first = own.ToArray();
        trainer.TrainOnBatch(X(), Y());
        trainer.TrainOnBatch(X(), Y());
        trainer.Evaluate(X(), Y(), verbose: 0);
        CollectionAssert.AreEqual(first, own, "the weight was copied although nobody asked");
        CollectionAssert.AreNotEqual(first, kernel.Storage);
        Assert.AreSame(own, kernel.Storage);
    }

    [TestMethod]
    public void What_is_set_between_steps_is_what_the_next_step_reads()
    {
        TwoBackends.Agree(backend => Compile(backend), trainer =>
        {
            var losses = new List<double> { trainer.TrainOnBatch(X(), Y())["loss"] };
            foreach (var weight in trainer.Model.Weights)
            {
                var half = weight.Value.ToArray();
                for (var i = 0; i < half.Length; i++) half[i] *= 0.5f;
                weight.Value = Tensor.Create(half, weight.Value.Lengths);
                losses.Add(trainer.TrainOnBatch(X(), Y())["loss"]);
            }

            trainer.LearningRate = 0.001;
            losses.Add(trainer.TrainOnBatch(X(), Y())["loss"]);
            losses.Add(trainer.Evaluate(X(), Y(), verbose: 0)["loss"]);
            losses.Add(trainer.TrainOnBatch(X(), Y())["loss"]);
            return losses;
        });
    }

    [TestMethod]
    public void A_frozen_weight_is_read_again_after_it_was_set()
    {
        TwoBackends.Agree(
            backend =>
            {
                var model = TwoBackends.Small();
                model.Layers[1].Trainable = false;
                return model.Compile(new Sgd(0.1), Loss.SparseCategoricalCrossentropy, backend: backend);
            },
            trainer =>
            {
                var kernel = trainer.Model.Layers[1].Weights[0];
                var before = trainer.TrainOnBatch(X(), Y())["loss"];
                kernel.Value = Tensor.Create(new float[kernel.Value.FlattenedLength], kernel.Value.Lengths);
                return [before, trainer.TrainOnBatch(X(), Y())["loss"]];
            });
    }

    /// <summary>It lies in no layer of the model, so it is no weight of it.</summary>
    [TestMethod]
    public void A_weight_of_another_model_is_read_in_each_step()
    {
        TwoBackends.Agree(
            backend =>
            {
                var x = Model.Input([5], name: "x");
                var y = x.Apply(new Dense(3, Activation.Tanh)) * new SymbolicTensor(TwoBackends.Small().Weights[1].Variable)[..3];
                return new Model(x, y.Apply(new Dense(3, Activation.Softmax))).Compile(new Sgd(0.1), Loss.SparseCategoricalCrossentropy, backend: backend);
            },
            trainer =>
            {
                var other = trainer.Model.Graph.Nodes.Select(node => node.Op).OfType<OnnxFunctional.Operators.Variable>().Select(variable => variable.Weight)
                    .Except(trainer.Model.Weights).Single();
                var losses = new List<double>();
                for (var step = 0; step < 3; step++)
                {
                    other.Overwritten().Fill(step + 0.5f);
                    losses.Add(trainer.TrainOnBatch(X(), Y())["loss"]);
                }

                return losses;
            });
    }

    [TestMethod]
    public void A_search_for_a_rate_leaves_weights_and_the_count_of_steps_as_they_were()
    {
        TwoBackends.Agree(backend => Compile(backend), trainer =>
        {
            var before = trainer.TrainOnBatch(X(), Y())["loss"];
            var search = trainer.FindLearningRate(X(), Y(), steps: 12, batchSize: 10);
            return search.Losses.Append(before).Append(trainer.TrainOnBatch(X(), Y())["loss"]);
        });
    }

    [TestMethod]
    public void Trainers_of_both_backends_take_turns_over_the_same_weights()
    {
        var (alone, turns) = (TwoBackends.Small(), TwoBackends.Small());
        Trainer[] both = [Compile(turns, Backend.Engine, new Sgd(0.1)), Compile(turns, TwoBackends.OnnxRuntime, new Sgd(0.1))];
        for (var step = 0; step < 6; step++)
        {
            // Dropout draws by the trainer's own count of steps.
            var expected = Compile(alone, Backend.Engine, new Sgd(0.1));
            expected.Compiled.State.Steps = both[step % 2].Iterations;
            TwoBackends.Near(expected.TrainOnBatch(X(), Y())["loss"], both[step % 2].TrainOnBatch(X(), Y())["loss"], $"step {step}");
        }
    }

    [TestMethod]
    public void A_step_whose_loss_is_not_finite_changes_nothing_and_says_what_made_it()
    {
        string[] messages = [.. new[] { Backend.Engine, TwoBackends.OnnxRuntime }.Select(backend =>
        {
            var trainer = Compile(backend);
            trainer.Fit(X(), Y(), batchSize: 10, verbose: 0);
            var kernel = trainer.Model.Weights[0];
            var steps = trainer.Iterations;
            var values = kernel.Value.ToArray();
            values[0] = float.NaN;
            kernel.Value = Tensor.Create(values, kernel.Value.Lengths);
            var other = trainer.Model.Weights[1].Value.ToArray();
            var message = Assert.ThrowsExactly<ModelException>(() => trainer.Fit(X(), Y(), batchSize: 10, verbose: 0)).Message;
            Assert.AreEqual(steps, trainer.Iterations);
            CollectionAssert.AreEqual(other, trainer.Model.Weights[1].Value.ToArray());
            return message;
        })];
        Assert.AreEqual(messages[0], messages[1]);
        Assert.Contains("that step changed nothing", messages[0]);
    }

    [TestMethod]
    public void A_cancelled_training_goes_on_from_its_file_with_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var whole = Compile(TwoBackends.OnnxRuntime);
        whole.Fit(X(), Y(), batchSize: 10, epochs: 3, verbose: 0);

        using var source = new CancellationTokenSource();
        var stopped = Compile(TwoBackends.OnnxRuntime);
        var steps = 0;
        stopped.Fit(
            X(),
            Y(),
            batchSize: 10,
            epochs: 3,
            callbacks: [new LambdaCallback(onTrainBatchEnd: (_, _) => { if (++steps == 7) source.Cancel(); })],
            verbose: 0,
            cancellationToken: source.Token);
        stopped.Save(folder.File("run.onnx"), new ExportOptions { Verify = false });
        var resumed = Trainer.Load(folder.File("run.onnx"), compile: model => Compile(model, TwoBackends.OnnxRuntime, new Adam(0.01)));
        resumed.Fit(X(), Y(), batchSize: 10, epochs: 3, verbose: 0);
        foreach (var (expected, found) in whole.Model.Weights.Zip(resumed.Model.Weights)) CollectionAssert.AreEqual(expected.Storage, found.Storage);
        Assert.AreEqual(whole.Iterations, resumed.Iterations);
    }

    [TestMethod]
    public void Predictions_beside_a_training_change_nothing_of_it()
    {
        var expected = Compile(TwoBackends.OnnxRuntime);
        expected.Fit(X(), Y(), batchSize: 10, epochs: 10, verbose: 0);
        var trainer = Compile(TwoBackends.OnnxRuntime);
        using var done = new ManualResetEventSlim();
        var predicting = Task.Run(() =>
        {
            while (!done.IsSet) Assert.IsTrue(trainer.Predict(X()).ToArray().All(float.IsFinite));
        });
        trainer.Fit(X(), Y(), batchSize: 10, epochs: 10, verbose: 0);
        done.Set();
        predicting.GetAwaiter().GetResult();
        foreach (var (one, other) in expected.Model.Weights.Zip(trainer.Model.Weights)) CollectionAssert.AreEqual(one.Storage, other.Storage);
    }

    [TestMethod]
    public void A_model_keeps_its_weights_when_its_trainer_is_gone()
    {
        var (model, same) = (Frozen(), Frozen());
        var gone = Train(model);
        for (var i = 0; i < 3 && gone.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.IsFalse(gone.IsAlive);
        Train(same);
        foreach (var (expected, found) in same.Weights.Zip(model.Weights)) CollectionAssert.AreEqual(expected.Storage, found.Storage);

        // Weights that are not trained are on the device too.
        static Model Frozen()
        {
            var model = TwoBackends.Small();
            model.Layers[1].Trainable = false;
            return model;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Train(Model model)
        {
            var trainer = Compile(model, TwoBackends.OnnxRuntime, new Adam(0.01));
            trainer.Fit(X(), Y(), batchSize: 10, verbose: 0);
            return new WeakReference(trainer.Compiled);
        }
    }

    [TestMethod]
    public void Compile_names_at_once_all_that_keeps_a_backend_from_training()
    {
        var x = Model.Input([null, null, 2], name: "x");
        var model = new Model(x, x.Apply(new Conv2D(3, 3), new AveragePooling2D(2), new GlobalAveragePooling2D(), new Dense(3, Activation.Softmax)));
        var message = Assert.ThrowsExactly<ModelException>(() => model.Compile(
            new Adam(),
            Loss.SparseCategoricalCrossentropy,
            precision: MixedPrecision.BFloat16,
            backend: Backend.OnnxRuntime(ExecutionProvider.Cuda()))).Message;
        Assert.Contains("CUDA:0 was requested", message);
        Assert.Contains("bfloat16", message);
        Assert.Contains("the gradient of an average pooling over unknown sizes", message);

        // It is said before the first data, and the same model trains without the backend.
        model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.BFloat16);
    }

    [TestMethod]
    public void Text_is_refused_when_the_model_is_compiled()
    {
        var text = Model.Input([1], DType.String, name: "text");
        var words = new TextVectorization(outputSequenceLength: 4);
        words.Adapt(["a b c", "b d"]);
        var model = new Model(text, text.Apply(words, new Embedding(10, 3), new Flatten(), new Dense(2, Activation.Softmax)));
        var message = Assert.ThrowsExactly<ModelException>(() =>
            model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, backend: TwoBackends.OnnxRuntime)).Message;
        Assert.Contains("input 'text' takes text", message);
    }

    [TestMethod]
    public void A_model_that_the_data_builds_is_checked_when_the_data_comes()
    {
        var model = new Sequential([new Dense(4, Activation.Tanh), new Dense(3, Activation.Softmax)]);
        var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.BFloat16, backend: TwoBackends.OnnxRuntime);
        Assert.Contains("bfloat16", Assert.ThrowsExactly<ModelException>(() => trainer.Fit(X(), Y(), verbose: 0)).Message);
        var other = new Sequential([new Dense(4, Activation.Tanh), new Dense(3, Activation.Softmax)])
            .Compile(new Adam(), Loss.SparseCategoricalCrossentropy, backend: TwoBackends.OnnxRuntime);
        Assert.HasCount(1, other.Fit(X(), Y(), verbose: 0).Epochs);
    }

    private static NDArray X() => StepData.Signed(1, Samples, 5);

    private static NDArray Y() => Numbers(Samples);

    private static NDArray Numbers(int count) => StepData.Numbers(2, 3, count);

    private static Trainer Compile(Backend backend, Optimizer? optimizer = null) => Compile(TwoBackends.Small(), backend, optimizer ?? new Adam(0.01));

    private static Trainer Compile(Model model, Backend backend, Optimizer optimizer) =>
        model.Compile(optimizer, Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: 3, threads: 1, backend: backend);
}
