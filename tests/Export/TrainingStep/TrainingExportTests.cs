using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Exported training steps in ONNX Runtime against the engine.</summary>
[TestClass]
public sealed class TrainingExportTests
{
    private const int Steps = 6;

    public static IEnumerable<object[]> Cases()
    {
        yield return Case("mlp_adam", () =>
        {
            var x = Model.Input([7], name: "x");
            return new Model(x, x.Apply(new Dense(9, Activation.Relu), new Dense(3))).Compile(
                new Adam(1e-2), new SparseCategoricalCrossentropy(fromLogits: true), metrics: [new SparseCategoricalAccuracy()]);
        });
        yield return Case("cnn_dropout_adam", () =>
        {
            var x = Model.Input([8, 7, 1], name: "x");
            var y = x.Apply(new Conv2D(4, 3, activation: Activation.Relu), new MaxPooling2D(2), new Flatten(), new Layers.Dropout(0.3), new Dense(5));
            return new Model(x, y).Compile(new Adam(1e-2), new SparseCategoricalCrossentropy(fromLogits: true), seed: 0x123456789ABCDEF);
        });
        yield return Case("residual_batch_norm_sgd", () =>
        {
            var x = Model.Input([6, 5, 3], name: "x");
            var first = x.Apply(new Conv2D(4, 3, padding: Padding.Same), new BatchNormalization(), new Layers.Relu());
            var second = first.Apply(new Conv2D(4, 3, padding: Padding.Same), new BatchNormalization());
            return new Model(x, (first + second).Apply(new GlobalAveragePooling2D(), new Dense(2))).Compile(
                new Sgd(0.05, momentum: 0.9, weightDecay: 1e-3), new MeanSquaredError());
        });
        yield return Case("recurrent_rmsprop_clip", () =>
        {
            var x = Model.Input([5, 3], name: "x");
            var y = x.Apply(new Lstm(4, returnSequences: true), new Lstm(3, returnSequences: true), new Bidirectional(new Gru(3)), new Dense(2));
            return new Model(x, y).Compile(new RmsProp(1e-2, clipnorm: 0.5), new MeanSquaredError());
        });
        yield return Case("two_inputs_two_losses", () =>
        {
            var (a, b) = (Model.Input([4], name: "a"), Model.Input([3], name: "b"));
            var joined = Ops.Concatenate([a.Apply(new Dense(5, Activation.Tanh)), b.Apply(new Dense(4, Activation.Relu))]);
            var model = new Model([a, b], [joined.Apply(new Dense(2, name: "score")), joined.Apply(new Dense(3, Activation.Softmax, name: "kind"))]);
            return model.Compile(
                new Adam(1e-2),
                new Dictionary<string, Loss> { ["score"] = new MeanSquaredError(), ["kind"] = new SparseCategoricalCrossentropy() },
                new() { ["kind"] = 0.5f });
        });
        yield return Case("embedding_adamw_cosine", () =>
        {
            var x = Model.Input([6], DType.Int64, name: "x");
            return new Model(x, x.Apply(new Embedding(11, 4), new GlobalAveragePooling1D(), new Dense(3))).Compile(
                new AdamW(Schedule.CosineDecay(1e-2, decaySteps: 20)), new SparseCategoricalCrossentropy(fromLogits: true));
        });
        yield return Case("noise", () =>
        {
            var x = Model.Input([5, 3], name: "x");
            var y = x.Apply(new GaussianNoise(0.2), new SpatialDropout1D(0.4), new Dense(4), new GaussianDropout(0.2), new Flatten(), new Dense(1));
            return new Model(x, y).Compile(new Sgd(0.01), new MeanSquaredError());
        });
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Steps_agree_with_the_engine(string name, object make)
    {
        using var folder = new TemporaryFolder();
        var trainer = ((Func<Trainer>)make)();
        var report = trainer.ExportTraining(folder.Path);
        Assert.IsTrue(report.IsVerified, name);

        using var other = OnnxTrainer.Load(folder.Path);
        for (var step = 0; step < Steps; step++)
        {
            // Batches of two sizes: the dimension is symbolic.
            var (x, y) = Batch(trainer, step, 3 + (step % 2 * 4));
            var expected = trainer.TrainOnBatch(x, y);
            var actual = other.TrainOnBatch(x, y);
            foreach (var (log, value) in expected) Assert.AreEqual(value, actual[log], 1e-4 * Math.Max(Math.Abs(value), 1e-2), $"{name}, step {step}, {log}");
        }

        Assert.AreEqual(trainer.Iterations, other.Iterations);
        foreach (var (path, weight) in trainer.Model.WeightPaths())
        {
            var (engine, found) = (weight.Storage, other.GetState(path));
            var largest = engine.Max(MathF.Abs);
            var i = 0;
            foreach (var value in found) Assert.AreEqual(engine[i++], value, (1e-3f * largest) + 1e-6f, $"{name}, {path}");
        }

        var (testX, testY) = Batch(trainer, 99, 5);
        Assert.AreEqual(trainer.Evaluate(testX, testY)["loss"], other.Evaluate(testX, testY, batchSize: 2)["loss"], 1e-3, name);
        var trained = other.PredictAll(testX, 2);
        var model = other.ToModel(((Func<Trainer>)make)().Model);
        for (var i = 0; i < trained.Count; i++)
        {
            var again = model.PredictAll(testX)[i];
            foreach (var (left, right) in trained[i].ToArray().Zip(again.ToArray())) Assert.AreEqual(left, right, 1e-4f, name);
        }

        Assert.IsTrue(model.ExportOnnx(folder.File("model.onnx")).Passed, name);
    }

    [TestMethod]
    public void State_is_saved_and_restored()
    {
        using var folder = new TemporaryFolder();
        var trainer = Mlp();
        trainer.ExportTraining(folder.Path, new TrainingExportOptions { Verify = false });
        using var other = OnnxTrainer.Load(folder.Path);
        var (x, y) = Batch(trainer, 1, 4);
        other.TrainOnBatch(x, y);
        other.Save(folder.File("state.npz"));
        var expected = other.TrainOnBatch(x, y)["loss"];
        other.TrainOnBatch(x, y);
        other.Restore(folder.File("state.npz"));
        Assert.AreEqual(1, other.Iterations);
        Assert.AreEqual(expected, other.TrainOnBatch(x, y)["loss"]);
    }

    [TestMethod]
    public void A_fixed_batch_is_reported_and_held()
    {
        using var folder = new TemporaryFolder();
        var trainer = Mlp();
        Assert.AreEqual(4, trainer.ExportTraining(folder.Path, new TrainingExportOptions { BatchSize = 4, SampleWeights = true }).BatchSize);
        using var other = OnnxTrainer.Load(folder.Path);
        var (x, y) = Batch(trainer, 1, 4);
        NDArray weights = new[] { 1f, 0, 2, 0.5f };
        Assert.AreEqual(trainer.TrainOnBatch(x, y, weights)["loss"], other.TrainOnBatch(x, y, weights)["loss"], 1e-5);
        var (more, targets) = Batch(trainer, 1, 5);
        NDArray five = new[] { 1f, 0, 2, 0.5f, 1 };
        Assert.ThrowsExactly<ModelException>(() => other.TrainOnBatch(more, targets, five));
        Assert.Contains("sample weights", Assert.ThrowsExactly<ModelException>(() => other.TrainOnBatch(x, y)).Message);
    }

    [TestMethod]
    public void Verification_leaves_the_trainer_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var trainer = Mlp();
        var before = trainer.Model.WeightPaths().Select(named => named.Weight.Storage.ToArray()).ToArray();
        trainer.ExportTraining(folder.Path);
        Assert.AreEqual(0, trainer.Iterations);
        foreach (var (values, (path, weight)) in before.Zip(trainer.Model.WeightPaths())) CollectionAssert.AreEqual(values, weight.Storage, path);
    }

    [TestMethod]
    public void Another_model_is_refused()
    {
        using var folder = new TemporaryFolder();
        Mlp().ExportTraining(folder.Path, new TrainingExportOptions { Verify = false });
        using var other = OnnxTrainer.Load(folder.Path);
        var x = Model.Input([7], name: "x");
        Assert.Contains("dense/kernel", Assert.ThrowsExactly<ModelException>(() => other.ToModel(new Model(x, x.Apply(new Dense(8))))).Message);
        Assert.ThrowsExactly<OnnxFileException>(() => OnnxTrainer.Load(folder.File("nowhere")));
    }

    private static Trainer Mlp()
    {
        var x = Model.Input([7], name: "x");
        return new Model(x, x.Apply(new Dense(9, Activation.Relu), new Dense(1))).Compile(new Adam(1e-2), new MeanSquaredError());
    }

    private static object[] Case(string name, Func<Trainer> make) => [name, make];

    private static (NDArrays X, NDArrays Y) Batch(Trainer trainer, int step, int size)
    {
        var random = new Random(step);
        var model = trainer.Model;
        var x = model.Inputs.Select(input => Fill(random, input.Value.Spec.Type, input.Shape.With(0, size), 11)).ToArray();
        var y = model.Outputs.Select((output, i) => trainer.Compiled.Losses[i] is SparseCategoricalCrossentropy
            ? Fill(random, DType.Int64, Shape.Of(size), output.Shape.Dims[^1])
            : Fill(random, DType.Float32, output.Shape.With(0, size), 0)).ToArray();
        return (NDArrays.Create(x), NDArrays.Create(y));
    }

    private static NDArray Fill(Random random, DType type, Shape shape, int limit)
    {
        var count = (int)shape.ElementCount;
        return type == DType.Float32
            ? NDArray.Create([.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)], shape)
            : NDArray.Create([.. Enumerable.Range(0, count).Select(_ => (long)random.Next(limit))], shape);
    }
}
