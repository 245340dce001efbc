using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Steps;

[TestClass]
public sealed class TrainingStepTests
{
    [TestMethod]
    public void One_loss_moves_weights_as_the_trainer_does_bit_for_bit()
    {
        var (x, y) = Data(19);
        var (fitted, stepped) = (Classifier(), Classifier());
        var trainer = fitted.Compile(new Adam(0.01, clipnorm: 1), Loss.SparseCategoricalCrossentropy, seed: 5);
        var step = TrainingStep.From(
            step => step.Minimize(
                "loss",
                Loss.SparseCategoricalCrossentropy.Call(step.Input([], DType.Int64, "label"), stepped.Call(step.Input([5], name: "x"))),
                new Adam(0.01, clipnorm: 1),
                stepped),
            seed: 5);
        for (var i = 0; i < 4; i++)
        {
            var expected = trainer.TrainOnBatch(x, y)["loss"];
            Assert.AreEqual(expected, step.Run(new Dictionary<string, NDArray> { ["x"] = x, ["label"] = y })["loss"], $"step {i}");
        }

        // Everything a step changes: dropout in front, penalties, moving statistics.
        AssertSame(fitted, stepped);
    }

    [TestMethod]
    public void Gradients_can_be_changed_before_they_are_applied()
    {
        var (x, y) = Data(7);
        var (plain, halved) = (Classifier(), Classifier());
        var rate = 0.25f;
        Step(plain, (step, loss) => step.Apply(new Sgd(rate / 2), step.ComputeGradients(loss, plain))).Run([x, y]);
        Step(halved, (step, loss) => step.Apply(
            new Sgd(rate),
            step.ComputeGradients(loss, halved).Select(entry => entry with { Gradient = entry.Gradient * 0.5f }))).Run([x, y]);
        AssertSame(plain, halved);
    }

    [TestMethod]
    public void Two_networks_in_turn_each_move_alone()
    {
        var (generator, discriminator) = Adversaries();
        var real = Random(16, 3);
        var (learnToTell, learnToMake) = AdversarialSteps(generator, discriminator, 1);
        for (var round = 0; round < 3; round++)
        {
            var (made, told) = (Weights(generator), Weights(discriminator));
            learnToTell.Run(real);
            CollectionAssert.AreEqual(made, Weights(generator), "the generator stays while the discriminator learns");
            CollectionAssert.AreNotEqual(told, Weights(discriminator));
            told = Weights(discriminator);
            learnToMake.Run(real);
            CollectionAssert.AreEqual(told, Weights(discriminator), "the discriminator is unchanged while the generator learns");
            CollectionAssert.AreNotEqual(made, Weights(generator));
        }
    }

    [TestMethod]
    public void Two_optimizers_in_one_step_see_the_weights_before_it()
    {
        var (generator, discriminator) = Adversaries();
        var real = Random(16, 3);
        var both = TrainingStep.From(step => Both(step, generator, discriminator), threads: 1);
        both.Run(real);

        // Each alone, from the same start, gives the same result: neither saw the other's update.
        var (otherGenerator, otherDiscriminator) = Adversaries();
        TrainingStep.From(step => Both(step, otherGenerator, otherDiscriminator, only: otherDiscriminator), threads: 1).Run(real);
        AssertSame(discriminator, otherDiscriminator);
        (otherGenerator, otherDiscriminator) = Adversaries();
        TrainingStep.From(step => Both(step, otherGenerator, otherDiscriminator, only: otherGenerator), threads: 1).Run(real);
        AssertSame(generator, otherGenerator);
    }

    [TestMethod]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var weights = new List<float[]>();
        foreach (var threads in new[] { 1, 2, 3 })
        {
            var (generator, discriminator) = Adversaries(units: 130);
            var (learnToTell, learnToMake) = AdversarialSteps(generator, discriminator, threads);
            for (var i = 0; i < 3; i++)
            {
                learnToTell.Run(Random(257, 3));
                learnToMake.Run(Random(257, 3));
            }

            weights.Add([.. Weights(generator), .. Weights(discriminator)]);
        }

        CollectionAssert.AreEqual(weights[0], weights[1]);
        CollectionAssert.AreEqual(weights[0], weights[2]);
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_warm_call_allocates_nothing()
    {
        var (generator, discriminator) = Adversaries();
        NDArrays real = Random(16, 3), less = Random(5, 3);
        var step = TrainingStep.From(step => Both(step, generator, discriminator), threads: 1);
        var classifier = Classifier();
        NDArrays named = new Dictionary<string, NDArray> { ["label"] = Data(9).Y, ["x"] = Data(9).X };
        var byName = TrainingStep.From(step => step.Minimize(
            "loss",
            Loss.SparseCategoricalCrossentropy.Call(step.Input([], DType.Int64, "label"), classifier.Call(step.Input([5], name: "x"))),
            new Adam(),
            classifier), threads: 1);
        var sum = 0.0;
        for (var i = 0; i < 4; i++) Calls();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 4; i++) Calls();
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.AreNotEqual(0.0, sum);

        void Calls()
        {
            sum += step.Run(real)["generator"] + step.Run(less)["discriminator"];
            if (byName.Run(named).TryGetValue("loss", out var loss)) sum += loss;
        }
    }

    [TestMethod]
    public void Random_numbers_are_new_in_every_call_and_the_same_for_one_seed()
    {
        var counter = Counter();
        double[] Draws(ulong seed)
        {
            var step = TrainingStep.From(step =>
            {
                var x = step.Input([2, 2]);
                var normal = step.RandomNormal(x, [3, 50], mean: 2, stddev: 0.5);
                var even = step.RandomUniform(x, [], minval: -1, maxval: 3);
                Assert.AreEqual(Shape.Of(Shape.Unknown, 3, 50), normal.Shape);
                Assert.AreEqual(Shape.Of(Shape.Unknown), even.Shape);
                step.Report("mean", Ops.Mean(normal));
                step.Report("deviation", Ops.Sqrt(Ops.Mean(Ops.Square(normal - Ops.Mean(normal)))));
                step.Report("even", Ops.Mean(even));
                step.Report("lowest", Ops.Min(even));
                step.Report("highest", Ops.Max(even));
                step.Minimize("loss", Ops.Mean(Ops.Square(counter.Call(Ops.Reshape(even, -1, 1)))), new Sgd(0), counter);
            }, seed);
            var x = NDArray.Create(new float[1600], [400, 2, 2]);
            return [.. step.Run(x).Values, .. step.Run(x).Values];
        }

        var draws = Draws(3);
        CollectionAssert.AreEqual(draws, Draws(3));
        CollectionAssert.AreNotEqual(draws, Draws(4));
        CollectionAssert.AreNotEqual(draws[..6], draws[6..]);
        Assert.AreEqual(2, draws[0], 0.01);
        Assert.AreEqual(0.5, draws[1], 0.01);
        Assert.AreEqual(1, draws[2], 0.2);
        Assert.IsGreaterThanOrEqualTo(-1.0, draws[3]);
        Assert.IsLessThan(3.0, draws[4]);
    }

    [TestMethod]
    public void Set_follows_another_network_as_a_target_network_does()
    {
        var (student, target) = (Counter(), Counter());
        var before = Weights(target);
        var step = TrainingStep.From(step =>
        {
            var x = step.Input([1]);
            step.Minimize("loss", Loss.MeanSquaredError.Call(x * 3, student.Call(x)), new Sgd(0.1), student);
            foreach (var (learned, followed) in student.Weights.Zip(target.Weights))
                step.Set(followed, (step.ValueOf(followed) * 0.9f) + (step.ValueOf(learned, afterStep: true) * 0.1f));
        });
        step.Run(Random(8, 1));
        var expected = before.Zip(Weights(student), (old, now) => (old * 0.9f) + (now * 0.1f)).ToArray();
        CollectionAssert.AreEqual(expected, Weights(target));
    }

    [TestMethod]
    public void A_teacher_called_outside_of_training_stays_as_it_is()
    {
        var input = Model.Input([3]);
        var teacher = new Model(input, input.Apply(new BatchNormalization(), new Dropout(0.9), new Dense(1)));
        var student = new Model(input, input.Apply(new Dense(1)));
        var x = Random(6, 3);
        var taught = teacher.Predict(x).ToArray();
        var before = Weights(teacher);
        var step = TrainingStep.From(step =>
        {
            var data = step.Input([3]);
            var wanted = teacher.Call(data, training: false);
            step.Report("taught", Ops.Mean(wanted));
            step.Minimize("loss", Loss.MeanSquaredError.Call(wanted, student.Call(data)), new Sgd(0.1), student);
        });
        Assert.AreEqual(taught.Average(), step.Run(x)["taught"], 1e-6);
        CollectionAssert.AreEqual(before, Weights(teacher));
    }

    [TestMethod]
    public void Frozen_layers_stay_and_use_stored_statistics()
    {
        var model = Classifier();
        foreach (var layer in model.Layers.Where(layer => layer is BatchNormalization)) layer.Trainable = false;
        var frozen = model.Layers.OfType<BatchNormalization>().Single();
        var before = frozen.Weights.SelectMany(weight => weight.Value.ToArray()).ToArray();
        var (x, y) = Data(12);
        Step(model, (step, loss) => step.Minimize("loss", loss, new Sgd(0.1), model)).Run([x, y]);
        CollectionAssert.AreEqual(before, frozen.Weights.SelectMany(weight => weight.Value.ToArray()).ToArray());
    }

    [TestMethod]
    public void A_restored_step_resumes_with_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("step.npz");
        var (generator, discriminator) = Adversaries();
        var whole = TrainingStep.From(step => Both(step, generator, discriminator));
        var real = Random(16, 3);
        for (var i = 0; i < 3; i++) whole.Run(real);
        whole.Save(path);
        for (var i = 0; i < 3; i++) whole.Run(real);

        var (otherGenerator, otherDiscriminator) = Adversaries();
        var resumed = TrainingStep.From(step => Both(step, otherGenerator, otherDiscriminator));
        resumed.Restore(path);
        Assert.AreEqual(3, resumed.Iterations);
        for (var i = 0; i < 3; i++) resumed.Run(real);
        AssertSame(generator, otherGenerator);
        AssertSame(discriminator, otherDiscriminator);

        var (wider, judge) = Adversaries(units: 9);
        var other = TrainingStep.From(step => Both(step, wider, judge));
        var before = Weights(wider);
        Assert.Contains("has shape", Assert.Throws<DataException>(() => other.Restore(path)).Message);
        CollectionAssert.AreEqual(before, Weights(wider));
        var lone = Counter();
        Assert.Contains("not saved by a step of this function", Assert.Throws<DataException>(() => TrainingStep.From(step => step.Minimize(
            "loss",
            Ops.Mean(lone.Call(step.Input([1]))),
            new Adam(),
            lone)).Restore(path)).Message);
    }

    [TestMethod]
    public void The_learning_rate_is_set_per_optimizer()
    {
        var model = Counter();
        var (sgd, scheduled) = (new Sgd(0.1), new Sgd(Schedule.ExponentialDecay(0.1, 10, 0.5)));
        var step = TrainingStep.From(step => step.Minimize("loss", Ops.Mean(model.Call(step.Input([1]))), sgd, model));
        Assert.AreEqual(0.1f, step.GetLearningRate(sgd));
        step.SetLearningRate(sgd, 0);
        var before = Weights(model);
        step.Run(Random(4, 1));
        CollectionAssert.AreEqual(before, Weights(model));
        Assert.Contains("does not belong to the step", Assert.Throws<ModelException>(() => step.GetLearningRate(scheduled)).Message);
        Assert.Contains("expected a finite rate", Assert.Throws<ModelException>(() => step.SetLearningRate(sgd, float.NaN)).Message);
        var other = TrainingStep.From(step => step.Minimize("loss", Ops.Mean(model.Call(step.Input([1]))), scheduled, model));
        Assert.Contains("follows a schedule", Assert.Throws<ModelException>(() => other.SetLearningRate(scheduled, 1)).Message);
    }

    [TestMethod]
    public void Mistakes_give_sentences()
    {
        var model = Counter();
        var other = Counter();
        Refused("expected a scalar", step => step.Minimize("loss", model.Call(step.Input([1])), new Sgd(), model));
        Refused("expected a scalar", step => step.Report("x", step.Input([1])));
        Refused("has no gradient; expected float32", step => step.Minimize("loss", Ops.Constant([], new long[] { 1 }), new Sgd(), model));
        Refused("does not depend on 'dense/kernel', 'dense/bias'", step => step.Minimize("loss", Ops.Mean(model.Call(step.Input([1]))), new Sgd(), other));
        Refused("StopGradient", step => step.Minimize("loss", Ops.StopGradient(Ops.Mean(model.Call(step.Input([1])))), new Sgd(), model));
        Refused("no model or layer was given", step => step.Minimize("loss", Ops.Mean(model.Call(step.Input([1]))), new Sgd()));
        Refused("is trainable", step => step.Minimize("loss", Ops.Mean(model.Call(step.Input([1]))), new Sgd(), new Flatten()));
        Refused("changes no weight", step => step.Report("x", Ops.Mean(step.Input([1]))));
        Refused("reported as 'x'", step =>
        {
            step.Report("x", 1);
            step.Report("x", 2);
        });
        Refused("named 'x'", step =>
        {
            step.Input([1], name: "x");
            step.Input([1], name: "x");
        });
        Refused("updated twice", step =>
        {
            var loss = Ops.Mean(model.Call(step.Input([1])));
            step.Minimize("a", loss, new Sgd(), model);
            step.Minimize("b", loss, new Sgd(), model);
        });
        Refused("one for each", step =>
        {
            var (x, sgd) = (step.Input([1]), new Sgd());
            step.Minimize("a", Ops.Mean(model.Call(x)), sgd, model);
            step.Minimize("b", Ops.Mean(other.Call(x)), sgd, other);
        });
        Refused("computed from an input of the step", step => step.RandomNormal(model.Input, [1]));
        Refused("but the value to set is", step => step.Set(model.Weights[0], 1));
        Refused("is the input of a model", step =>
        {
            step.Input([1]);
            step.Minimize("loss", Ops.Mean(model.Output), new Sgd(), model);
        });

        var step = TrainingStep.From(
            step => step.Minimize("loss", Loss.MeanSquaredError.Call(step.Input([1], name: "y"), model.Call(step.Input([1], name: "x"))), new Sgd(), model));
        RefusedRun("but got 1", Random(2, 1));
        RefusedRun("none of them 'y'", new Dictionary<string, NDArray> { ["x"] = Random(2, 1), ["z"] = Random(2, 1) });
        RefusedRun("takes (None, 1), but the data is (2, 3)", [Random(2, 3), Random(2, 1)]);
        RefusedRun("'y' (3, 1), 'x' (2, 1)", [Random(3, 1), Random(2, 1)]);
        RefusedRun("holds no samples", [Random(0, 1), Random(0, 1)]);
        RefusedRun("NaN", [Random(1, 1), new float[,] { { float.NaN } }]);
        Assert.Contains("Did you mean 'loss'", Assert.Throws<ModelException>(() => step.Run([Random(1, 1), Random(1, 1)])["los"]).Message);
        RefusedRun("became", [new float[,] { { 3e38f } }, new float[,] { { 1 } }]);

        void Refused(string expected, Action<StepContext> function) =>
            Assert.Contains(expected, Assert.Throws<ModelException>(() => TrainingStep.From(function)).Message);

        void RefusedRun(string expected, NDArrays data) => Assert.Contains(expected, Assert.Throws<ModelException>(() => step.Run(data)).Message);
    }

    private static TrainingStep Step(Model model, Action<StepContext, SymbolicTensor> learn) => TrainingStep.From(step =>
    {
        var (x, y) = (step.Input([5], name: "x"), step.Input([], DType.Int64, "label"));
        learn(step, Loss.SparseCategoricalCrossentropy.Call(y, model.Call(x)));
    });

    private static (TrainingStep LearnToTell, TrainingStep LearnToMake) AdversarialSteps(Model generator, Model discriminator, int threads) => (
        TrainingStep.From(step => Both(step, generator, discriminator, only: discriminator), seed: 1, threads),
        TrainingStep.From(step => Both(step, generator, discriminator, only: generator), seed: 2, threads));

    private static void Both(StepContext step, Model generator, Model discriminator, Model? only = null)
    {
        var real = step.Input([3], name: "real");
        var made = generator.Call(step.RandomNormal(real, [2]));
        var (onReal, onMade) = (discriminator.Call(real), discriminator.Call(made));
        if (only != generator)
            step.Minimize(
                "discriminator",
                Loss.BinaryCrossentropy.Call(Ops.OnesLike(onReal), onReal) + Loss.BinaryCrossentropy.Call(Ops.ZerosLike(onMade), onMade),
                new Adam(0.01),
                discriminator);
        if (only != discriminator) step.Minimize("generator", Loss.BinaryCrossentropy.Call(Ops.OnesLike(onMade), onMade), new Adam(0.02), generator);
    }

    private static (Model Generator, Model Discriminator) Adversaries(int units = 8)
    {
        var (noise, sample) = (Model.Input([2]), Model.Input([3]));
        return (
            new Model(noise, noise.Apply(new Dense(units, Activation.Relu), new Dense(3)), "generator", seed: 1),
            new Model(sample, sample.Apply(new Dense(units, Activation.Tanh), new Dense(1, Activation.Sigmoid)), "discriminator", seed: 2));
    }

    private static Model Classifier()
    {
        var input = Model.Input([5]);
        return new Model(input, input.Apply(
            new Dropout(0.2), new Dense(7, Activation.Relu, kernelRegularizer: Regularizer.L2(0.01)),
            new ActivityRegularization(l2: 0.1), new BatchNormalization(), new Dropout(0.3), new Dense(3, Activation.Softmax)), seed: 4);
    }

    private static Model Counter()
    {
        var input = Model.Input([1]);
        return new Model(input, input.Apply(new Dense(1)));
    }

    private static (NDArray X, NDArray Y) Data(int samples) => (Random(samples, 5), Enumerable.Range(0, samples).Select(i => (long)(i % 3)).ToArray());

    private static NDArray Random(int samples, int width)
    {
        var random = new Random(samples);
        return NDArray.Create([.. Enumerable.Range(0, samples * width).Select(_ => random.NextSingle())], [samples, width]);
    }

    private static float[] Weights(Model model) => [.. model.Weights.SelectMany(weight => weight.Value.ToArray())];

    private static void AssertSame(Model expected, Model actual) => CollectionAssert.AreEqual(Weights(expected), Weights(actual));
}
