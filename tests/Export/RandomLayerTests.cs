using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>A custom layer that draws random numbers: trained, saved and resumed, exported for inference and as a training step.</summary>
[TestClass]
public sealed class RandomLayerTests
{
    private static readonly NDArray s_x = StepData.Signed(1, 40, 6);
    private static readonly NDArray s_y = StepData.Numbers(2, 3, 40);

    [TestMethod]
    public void A_custom_layer_that_draws_trains_to_the_same_bits_for_any_number_of_threads()
    {
        var one = Trained(threads: 1);
        var two = Trained(threads: 2);
        AssertSameWeights(one, two);
        var other = Compiled(seed: 5);
        other.Fit(s_x, s_y, batchSize: 8, epochs: 2, verbose: Verbosity.Silent);
        Assert.AreNotEqual(one.Model.Weights[0].Value[0, 0], other.Model.Weights[0].Value[0, 0], "another seed draws other numbers");
    }

    [TestMethod]
    public void A_custom_layer_that_draws_resumes_with_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var whole = Trained();
        var part = Compiled();
        part.Fit(s_x, s_y, batchSize: 8, epochs: 1, verbose: Verbosity.Silent);
        part.Save(folder.File("part.onnx"));
        var resumed = Trainer.Load(folder.File("part.onnx"), new CustomObjects().Add<Noisy>());
        resumed.Fit(s_x, s_y, batchSize: 8, epochs: 2, initialEpoch: 1, verbose: Verbosity.Silent);
        AssertSameWeights(whole, resumed);
    }

    [TestMethod]
    public void Outside_training_the_other_side_is_computed_and_exported()
    {
        using var folder = new TemporaryFolder();
        var trainer = Trained();
        var report = trainer.Model.ExportOnnx(folder.File("model.onnx"));
        Assert.IsTrue(report.Passed);
        CollectionAssert.AreEqual(trainer.Model.Predict(s_x).ToArray(), trainer.Model.Predict(s_x).ToArray());
        CollectionAssert.AreEqual(trainer.Model.Predict(s_x, batchSize: 40).ToArray(), trainer.Model.Predict(s_x, batchSize: 8).ToArray());
    }

    [TestMethod]
    public void The_exported_step_draws_what_the_engine_draws()
    {
        using var folder = new TemporaryFolder();
        Assert.IsTrue(Compiled().ExportTraining(folder.Path).IsVerified);
    }

    [TestMethod]
    public void A_model_that_draws_outside_training_draws_for_each_batch_and_is_not_exported()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([6]);
        var model = new Model(x, x.Apply(new Noisy(always: true, name: "noise"), new Dense(3, Activation.Softmax)));
        var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy);
        trainer.Fit(s_x, s_y, validationSplit: 0.5, verbose: Verbosity.Silent);

        CollectionAssert.AreNotEqual(model.Predict(s_x).ToArray(), model.Predict(s_x).ToArray(), "new numbers for each batch");
        CollectionAssert.AreEqual(trainer.Evaluate(s_x, s_y).ToArray(), trainer.Evaluate(s_x, s_y).ToArray(), "the same numbers for the same step");

        // A layer that always runs in training mode draws too; the first numbers follow from the seed.
        CollectionAssert.AreEqual(Dropped().Predict(s_x).ToArray(), Dropped().Predict(s_x).ToArray());
        AssertRefused(() => model.ExportOnnx(folder.File("model.onnx")));
        AssertRefused(() => trainer.ExportTraining(folder.File("training")));
        AssertRefused(() => Dropped().ExportOnnx(folder.File("dropped.onnx")));

        Model Dropped() => new(x, new Dropout(0.5, name: "noise").Call(x, training: true));

        static void AssertRefused(Action action)
        {
            var error = Assert.ThrowsExactly<ExportException>(action);
            Assert.Contains("'noise", error.Message);
            Assert.Contains("outside training", error.Message);
            Assert.Contains("Ops.WhenTraining", error.Message);
        }
    }

    [TestMethod]
    public void Bounds_deviations_and_rates_are_checked()
    {
        var x = Model.Input([6]);
        AssertRefused("stddev is -1", () => Ops.RandomNormal(x, stddev: -1));
        AssertRefused("mean is NaN", () => Ops.RandomNormal(x, mean: float.NaN));
        AssertRefused("minval is 2 and maxval 1", () => Ops.RandomUniform(x, 2, 1));
        AssertRefused("rate is 1.5", () => Ops.Dropout(x, 1.5));
        AssertRefused("noiseShape (1,)", () => Ops.Dropout(x, 0.5, noiseShape: [1]));

        static void AssertRefused(string part, Action action) => Assert.Contains(part, Assert.ThrowsExactly<ModelException>(action).Message);
    }

    private static Trainer Trained(int? threads = null)
    {
        var trainer = Compiled(threads: threads);
        trainer.Fit(s_x, s_y, batchSize: 8, epochs: 2, verbose: Verbosity.Silent);
        return trainer;
    }

    private static Trainer Compiled(ulong seed = 3, int? threads = null)
    {
        var x = Model.Input([6]);
        var model = new Model(x, x.Apply(new Dense(8, Activation.Tanh), new Noisy(), new Dense(3, Activation.Softmax)), seed: 1);
        return model.Compile(new Adam(0.01), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: seed, threads: threads);
    }

    private static void AssertSameWeights(Trainer expected, Trainer actual)
    {
        foreach (var (left, right) in expected.Model.Weights.Zip(actual.Model.Weights))
            CollectionAssert.AreEqual(left.Value.ToArray(), right.Value.ToArray(), left.Name);
    }

    /// <summary>Noise of a learned magnitude, drawn in all available ways.</summary>
    private sealed class Noisy(bool always = false, string? name = null) : Layer(name)
    {
        public bool Always { get; } = always;

        protected override SymbolicTensor Forward(SymbolicTensor x)
        {
            var size = Weight("size", [1], Initializer.Constant(0.1));
            var noise = Ops.RandomNormal(x, stddev: 0.5) + Ops.RandomUniform(x, -1, 1, seed: 7);
            var drawn = Ops.Dropout(x, 0.2, noiseShape: [null, 1]) + (size * noise);
            return Always ? drawn : Ops.WhenTraining(drawn, x);
        }
    }
}
