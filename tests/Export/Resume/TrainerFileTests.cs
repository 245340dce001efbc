using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Export.Resume;

[TestClass]
public sealed class TrainerFileTests
{
    private const int Epochs = 3;

    public static IEnumerable<object[]> Interruptions =>
        from kind in new[] { "mlp", "cnn", "mlp in float16", "cnn in bfloat16" }
        from step in new[] { 1, 5, 6, 10, 12 }
        select new object[] { kind, step };

    [TestMethod]
    [DynamicData(nameof(Interruptions))]
    public void A_run_stopped_after_any_step_ends_with_the_bytes_of_the_uninterrupted_one(string kind, int stopAfter)
    {
        using var folder = new TemporaryFolder();
        var (x, y) = Data(kind);
        var whole = Compiled(kind);
        var expected = Fit(whole, x, y, [new EarlyStopping("val_loss", patience: 1, mode: MonitorMode.Max, restoreBestWeights: true)]);
        whole.Save(folder.File("whole.onnx"));

        var stopped = Compiled(kind);
        using var source = new CancellationTokenSource();
        Fit(
            stopped,
            x,
            y,
            [new StopAfter(stopAfter, source), new EarlyStopping("val_loss", patience: 1, mode: MonitorMode.Max, restoreBestWeights: true)],
            source.Token);
        stopped.Save(folder.File("part.onnx"));
        Assert.AreEqual(stopAfter, stopped.Iterations);

        var resumed = Trainer.Load(folder.File("part.onnx"));
        var history = Fit(resumed, x, y, [new EarlyStopping("val_loss", patience: 1, mode: MonitorMode.Max, restoreBestWeights: true)]);
        resumed.Save(folder.File("resumed.onnx"));
        CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("whole.onnx")), File.ReadAllBytes(folder.File("resumed.onnx")));
        CollectionAssert.AreEqual(expected.Epochs.ToArray(), history.Epochs.ToArray());
        foreach (var name in expected.Names) CollectionAssert.AreEqual(expected[name].ToArray(), history[name].ToArray(), name);
    }

    [TestMethod]
    public void BackupAndRestore_resumes_in_Fit_and_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        var backup = folder.File("backup.onnx");
        var (x, y) = Data("mlp");
        var whole = Compiled("mlp");
        Fit(whole, x, y, [new BackupAndRestore(backup)]);
        Assert.IsFalse(File.Exists(backup), "a training that ended as planned deletes its backup");

        // Fails like a crash: in step 9, after the backup of step 8.
        var crashed = Compiled("mlp");
        Assert.Throws<InvalidOperationException>(() => Fit(crashed, x, y, [new BackupAndRestore(backup, saveFreq: 2), new FailAfter(9)]));
        using (var onnx = OnnxModel.Load(backup)) Assert.IsNotEmpty(onnx.Inputs);
        var resumed = Compiled("mlp");
        Fit(resumed, x, y, [new BackupAndRestore(backup, saveFreq: 2)]);
        AssertSameWeights(whole, resumed);
        Assert.IsFalse(File.Exists(backup));
    }

    [TestMethod]
    public void Best_weights_are_in_the_backup_and_come_back_when_the_resumed_run_ends()
    {
        using var folder = new TemporaryFolder();
        var backup = folder.File("backup.onnx");
        var (x, y) = Data("mlp");

        // Larger losses count as better, so the best epoch is the first, before the crash.
        EarlyStopping Watch() => new("loss", patience: 9, mode: MonitorMode.Max, restoreBestWeights: true);
        var whole = Compiled("mlp");
        var best = Watch();
        var expected = Fit(whole, x, y, [best]);
        Assert.AreEqual(0, best.BestEpoch);
        Assert.IsEmpty(whole.Compiled.State.Slots.Where(slot => slot.Name.Contains("/best", StringComparison.Ordinal)));
        var crashed = Compiled("mlp");
        Assert.Throws<InvalidOperationException>(
            () => Fit(crashed, x, y, [new EarlyStopping("val_loss", patience: 9), Watch(), new BackupAndRestore(backup), new FailAfter(15)]));
        var resumed = Compiled("mlp");
        var history = Fit(resumed, x, y, [new EarlyStopping("val_loss", patience: 9), new BackupAndRestore(backup), Watch()]);
        AssertSameWeights(whole, resumed);
        CollectionAssert.AreEqual(expected["val_loss"].ToArray(), history["val_loss"].ToArray());
    }

    [TestMethod]
    public void More_steps_than_Float32_counts_are_counted_and_saved()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = Data("cnn");
        var trainer = Compiled("cnn");
        const long Many = (1 << 24) + 1;
        trainer.Compiled.State.Steps = Many;
        var before = Weights(trainer);
        for (var i = 1; i <= 3; i++)
        {
            trainer.TrainOnBatch(x, y);
            Assert.AreEqual(Many + i, trainer.Iterations);
        }

        Assert.IsFalse(before.SequenceEqual(Weights(trainer)));
        trainer.Save(folder.File("run.onnx"), new ExportOptions { Verify = false });
        Assert.AreEqual(Many + 3, Trainer.Load(folder.File("run.onnx")).Iterations);

        var input = Model.Input([6, 6, 2]);
        var accumulating = new Model(input, input.Apply(new Flatten(), new Dense(3))).Compile(
            new Sgd(gradientAccumulationSteps: 2), Loss.SparseCategoricalCrossentropy);
        accumulating.Compiled.State.Steps = Many;
        Assert.Contains("exact step numbers", Assert.Throws<ModelException>(() => accumulating.TrainOnBatch(x, y)).Message);
    }

    [TestMethod]
    public void A_damaged_file_gives_a_sentence_and_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = Data("mlp");
        var trained = Compiled("mlp");
        Fit(trained, x, y, []);
        trained.Save(folder.File("run.onnx"));
        var bytes = File.ReadAllBytes(folder.File("run.onnx"));
        var trainer = Compiled("mlp");
        var before = Weights(trainer);
        var damages = new List<byte[]> { Array.Empty<byte>(), "not a model"u8.ToArray() };
        for (var i = 1; i < 12; i++) damages.Add(bytes[..(bytes.Length * i / 12)]);
        damages.Add(Replaced(bytes, "optimizer/iterations", "optimizer/iteration_"));
        damages.Add(Replaced(bytes, "optimizer/slots/dense/kernel/momentum", "optimizer/slots/dense/colonel/moment_"));
        damages.Add(Replaced(bytes, "\"seed\":7", "\"seed\":x"));
        damages.Add(Replaced(bytes, "\"seed\":7", "\"seed\":8"));
        foreach (var damaged in damages)
        {
            File.WriteAllBytes(folder.File("damaged.onnx"), damaged);
            var error = Assert.Throws<ExportException>(() => trainer.Restore(folder.File("damaged.onnx")));
            Assert.Contains("damaged.onnx", error.Message);
            Assert.AreEqual(0L, trainer.Iterations);
            Assert.IsTrue(before.SequenceEqual(Weights(trainer)));
        }

        Assert.Throws<ExportException>(() => trainer.Restore(folder.File("nowhere.onnx")));
    }

    /// <summary>Names that stand twice, and null where a file must hold a value, once were exceptions of dictionaries and casts.</summary>
    [TestMethod]
    public void Doubled_names_and_missing_values_give_a_sentence()
    {
        using var folder = new TemporaryFolder();
        var trained = Compiled("mlp");
        trained.Save(folder.File("run.onnx"), new ExportOptions { Verify = false });
        Refused("twice", file =>
        {
            file.TrainingInfo.Add(file.TrainingInfo[0].Clone());
        });
        Refused("returns the output", file => file.Graph.Output.Add(file.Graph.Output[0].Clone()));
        foreach (var (old, changed) in new[]
        {
            ("\"class_name\":\"Adam\"", "\"class_name\":null"), ("\"loss\":{", "\"loss\":null,\"x\":{"),
            ("\"seed\":7", "\"seed\":null"), ("\"version\":3", "\"version\":null"),
        })
        {
            Refused("", file =>
            {
                var entry = file.MetadataProps.Single(entry => entry.Key == "onnxfunctional.training");
                Assert.Contains(old, entry.Value);
                entry.Value = entry.Value.Replace(old, changed, StringComparison.Ordinal);
            });
        }

        void Refused(string part, Action<ModelProto> change)
        {
            var file = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("run.onnx")));
            change(file);
            File.WriteAllBytes(folder.File("changed.onnx"), file.ToByteArray());
            var error = Assert.Throws<Exception>(() => Trainer.Load(folder.File("changed.onnx")));
            Assert.IsTrue(error is OnnxFileException or ModelException, error.ToString());
            Assert.Contains(part, error.Message);
        }
    }

    /// <summary>Vectors of another width add in another order, so the last bits differ.</summary>
    [TestMethod]
    [DoNotParallelize]
    public void A_training_that_ran_with_other_vectors_resumes_with_a_warning()
    {
        using var folder = new TemporaryFolder();
        Compiled("mlp").Save(folder.File("here.onnx"), new ExportOptions { Verify = false });
        var file = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("here.onnx")));
        var entry = file.MetadataProps.Single(entry => entry.Key == "onnxfunctional.training");
        var text = entry.Value;
        Write("elsewhere.onnx", text.Replace(VectorDispatch.Instructions, "x64, 64 bits", StringComparison.Ordinal));

        // Version 1 did not say.
        var old = text.Replace($"\"instructions\":\"{VectorDispatch.Instructions}\",", "", StringComparison.Ordinal);
        Write("old.onnx", old.Replace("\"version\":3", "\"version\":1", StringComparison.Ordinal));

        var heard = new List<ModelWarning>();
        Warnings.Raised += heard.Add;
        try
        {
            Trainer.Load(folder.File("here.onnx"));
            Trainer.Load(folder.File("old.onnx"));
            Assert.IsEmpty(heard);
            var loaded = Trainer.Load(folder.File("elsewhere.onnx"));
            Assert.HasCount(1, heard);
            Assert.AreEqual(WarningKind.InstructionSet, heard[0].Kind);
            StringAssert.Contains(heard[0].Message, "elsewhere.onnx");
            StringAssert.Contains(heard[0].Message, $"ran on x64, 64 bits, and continues here on {VectorDispatch.Instructions}");
            loaded.Restore(folder.File("elsewhere.onnx"));
            Assert.HasCount(1, heard);
        }
        finally
        {
            Warnings.Raised -= heard.Add;
        }

        void Write(string name, string metadata)
        {
            Assert.AreNotEqual(text, metadata);
            entry.Value = metadata;
            File.WriteAllBytes(folder.File(name), file.ToByteArray());
        }
    }

    /// <summary>Shards are added in another order than a whole batch.</summary>
    [TestMethod]
    [DoNotParallelize]
    public void A_file_says_into_how_many_shards_batches_were_cut()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("run.onnx");
        var x = Model.Input([3]);
        var model = new Model(x, x.Apply(new Dense(1)), seed: 1);
        model.Compile(new Adam(), Loss.MeanSquaredError, distribution: Distribution.OneProcess(4)).Save(file, new ExportOptions { Verify = false });
        var heard = new List<ModelWarning>();
        Warnings.Raised += heard.Add;
        try
        {
            Assert.AreEqual(4, Trainer.Load(file, distribution: Distribution.OneProcess(4)).Distribution.Shards);
            Assert.IsEmpty(heard);
            Assert.AreEqual(1, Trainer.Load(file).Distribution.Shards);
            Assert.HasCount(1, heard);
            Assert.AreEqual(WarningKind.OtherShards, heard[0].Kind);
            StringAssert.Contains(heard[0].Message, "run.onnx' cut its batches into 4 shards, and 1 here.");
        }
        finally
        {
            Warnings.Raised -= heard.Add;
        }
    }

    [TestMethod]
    public void Load_asks_for_a_custom_loss()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("run.onnx");
        var loss = Loss.From((yTrue, yPred) => Ops.Mean(Ops.Square(yPred - yTrue), -1));
        var x = Model.Input([3]);
        var model = new Model(x, x.Apply(new Dense(1)));
        float[,] data = { { 1, 2, 3 }, { 4, 5, 6 } };
        float[] targets = [1, 2];
        var trainer = model.Compile(new Adam(), loss);
        trainer.Fit(data, targets, verbose: Verbosity.Silent);
        trainer.Save(path);
        Assert.Contains("compile: model =>", Assert.Throws<ExportException>(() => Trainer.Load(path)).Message);
        var loaded = Trainer.Load(path, compile: made => made.Compile(new Adam(), loss));
        trainer.Fit(data, targets, verbose: Verbosity.Silent);
        loaded.Fit(data, targets, verbose: Verbosity.Silent);
        AssertSameWeights(trainer, loaded);
    }

    [TestMethod]
    public void Another_batch_size_is_refused()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = Data("mlp");
        var stopped = Compiled("mlp");
        using var source = new CancellationTokenSource();
        Fit(stopped, x, y, [new StopAfter(4, source)], source.Token);
        stopped.Save(folder.File("part.onnx"), new ExportOptions { Verify = false });
        var resumed = Trainer.Load(folder.File("part.onnx"));
        Assert.Contains("batch size", Assert.Throws<ModelException>(() => resumed.Fit(x, y, batchSize: 3, epochs: Epochs, verbose: Verbosity.Silent)).Message);
    }

    private static byte[] Replaced(byte[] bytes, string text, string with)
    {
        var at = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.IsGreaterThanOrEqualTo(0, at, text);
        var changed = (byte[])bytes.Clone();
        System.Text.Encoding.UTF8.GetBytes(with).CopyTo(changed, at);
        return changed;
    }

    private static History Fit(Trainer trainer, NDArray x, NDArray y, Callback[] callbacks, CancellationToken cancellationToken = default) =>
        trainer.Fit(
            x,
            y,
            batchSize: 7,
            epochs: Epochs,
            validationSplit: 0.1,
            callbacks: callbacks,
            verbose: Verbosity.Silent,
            cancellationToken: cancellationToken);

    private static Trainer Compiled(string kind)
    {
        var isPlain = kind.StartsWith("mlp", StringComparison.Ordinal);
        var precision = kind.EndsWith("bfloat16", StringComparison.Ordinal)
            ? MixedPrecision.BFloat16
            : kind.EndsWith("float16", StringComparison.Ordinal)
            ? MixedPrecision.Float16
            : MixedPrecision.Float32;
        var input = isPlain ? Model.Input([5], name: "x") : Model.Input([6, 6, 2], name: "x");
        var output = isPlain
            ? input.Apply(
                new Dense(9, Activation.Relu, name: "dense"),
                new Dropout(0.3),
                new Dense(7, Activation.Tanh),
                new Dropout(0.2),
                new Dense(3, Activation.Softmax))
            : input.Apply(
                new Conv2D(4, 3, activation: Activation.Relu),
                new BatchNormalization(),
                new MaxPooling2D(2),
                new Flatten(),
                new Dense(3, Activation.Softmax));
        Optimizer optimizer = isPlain ? new Adam(Schedule.CosineDecay(0.01, decaySteps: 30), clipnorm: 1) : new Sgd(0.05, momentum: 0.9, nesterov: true);
        return new Model(input, output, seed: 3).Compile(
            optimizer,
            Loss.SparseCategoricalCrossentropy,
            metrics: [Metric.Accuracy, Metric.SparseCategoricalCrossentropy],
            seed: 7,
            precision: precision);
    }

    private static (NDArray X, NDArray Y) Data(string kind)
    {
        // 43 samples leave 38 for training: five batches of 7 and one of 3.
        var random = new Random(5);
        var shape = kind.StartsWith("mlp", StringComparison.Ordinal) ? Shape.Of(43, 5) : Shape.Of(43, 6, 6, 2);
        var values = Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (float)random.NextDouble()).ToArray();
        var labels = Enumerable.Range(0, 43).Select(_ => random.Next(3)).ToArray();
        return (NDArray.Create(values, shape), labels);
    }

    private static float[] Weights(Trainer trainer) => [.. trainer.Model.WeightPaths().SelectMany(named => named.Weight.Storage)];

    private static void AssertSameWeights(Trainer expected, Trainer actual) =>
        Assert.IsTrue(Weights(expected).SequenceEqual(Weights(actual)), "weights differ");

    private sealed class StopAfter(int steps, CancellationTokenSource source) : Callback
    {
        private int _steps;

        public override void OnBatchEnd(int batch, float loss)
        {
            if (++_steps == steps) source.Cancel();
        }
    }

    private sealed class FailAfter(int steps) : Callback
    {
        private int _steps;

        public override void OnBatchEnd(int batch, float loss)
        {
            if (++_steps == steps) throw new InvalidOperationException("As a crash would.");
        }
    }
}
