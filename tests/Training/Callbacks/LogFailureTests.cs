using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Training.Callbacks;

/// <summary>Files that cannot be written: said before the first step where that is possible, and nothing that was trained is lost.</summary>
[TestClass]
public sealed class LogFailureTests
{
    private const string FullDevice = "/dev/full";

    [TestMethod]
    public void A_full_disk_in_the_middle_of_a_training_is_a_sentence_and_keeps_the_weights()
    {
        if (!File.Exists(FullDevice)) Assert.Inconclusive(FullDevice + ", a device that is always full, is needed.");
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(folder.File("log.csv"), FullDevice);
        File.CreateSymbolicLink(folder.File("log.jsonl"), FullDevice);
        var expected = Trainer();
        Fit(expected, []);
        foreach (var callback in (Callback[])[new CsvLogger(folder.File("log.csv")), new JsonLinesLogger(folder.File("log.jsonl"))])
        {
            var trainer = Trainer();
            var error = Assert.ThrowsExactly<DataException>(() => Fit(trainer, [callback]));
            Assert.Contains("Cannot write the log", error.Message);
            Assert.Contains("keeps the weights", error.Message);

            // The epoch before the failure is in the file, which resumes at its end.
            Assert.AreEqual(2, trainer.Iterations);
            trainer.Save(folder.File("saved.onnx"));
            var resumed = OnnxFunctional.Training.Trainer.Load(folder.File("saved.onnx"));
            var history = Fit(resumed, []);
            CollectionAssert.AreEqual(expected.Model.Weights[0].Storage, resumed.Model.Weights[0].Storage);
            Assert.HasCount(2, history.Epochs);

            // The same trainer trains on, too.
            Fit(trainer, []);
        }
    }

    [TestMethod]
    public void A_place_that_cannot_be_written_to_is_said_before_the_first_step()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        var missing = folder.File("missing");
        Callback[] all =
        [
            new ModelCheckpoint(Path.Combine(missing, "best.onnx"), saveBestOnly: true), new ModelCheckpoint(Path.Combine(missing, "{epoch}.onnx")),
            new ModelCheckpoint(Path.Combine(missing, "run-{epoch}", "a.onnx")), new BackupAndRestore(Path.Combine(missing, "backup.onnx")),
            new CsvLogger(Path.Combine(folder.File("file"), "log.csv")), new JsonLinesLogger(Path.Combine(folder.File("file"), "log.jsonl")),
            new TensorBoard(Path.Combine(folder.File("file"), "board")), new CsvLogger(folder.Path), new JsonLinesLogger(folder.Path),
        ];
        foreach (var callback in all)
        {
            var trainer = Trainer();
            var error = Assert.Throws<Exception>(() => Fit(trainer, [callback]));
            Assert.IsTrue(error is DataException or ExportException, $"{callback.GetType().Name}: {error}");
            Assert.AreEqual(0, trainer.Iterations);
        }

        // Folders of logs are made.
        Fit(Trainer(), [new CsvLogger(Path.Combine(missing, "a", "log.csv")), new TensorBoard(Path.Combine(missing, "board"))]);
    }

    [TestMethod]
    public void A_log_continued_with_other_values_gets_their_columns()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("log.csv");
        Fit(Trainer(), [new CsvLogger(path)]);
        Fit(Trainer(), [new LambdaCallback(onEpochEnd: (epoch, logs) => logs["a,\"b"] = epoch), new CsvLogger(path, append: true)]);
        Fit(Trainer(), [new LambdaCallback(onEpochEnd: (epoch, logs) => logs["a,\"b"] = epoch), new CsvLogger(path, append: true)]);
        var lines = File.ReadAllLines(path);
        Assert.HasCount(7, lines);
        Assert.AreEqual("epoch,loss,\"a,\"\"b\"", lines[0]);
        Assert.EndsWith(",NA", lines[2]);
        Assert.EndsWith(",1", lines[4]);
        Assert.EndsWith(",1", lines[6]);
    }

    private static Trainer Trainer()
    {
        var input = Model.Input([1]);
        return new Model(input, new Dense(1).Call(input)).Compile(new Adam(0.1), Loss.MeanSquaredError);
    }

    private static History Fit(Trainer trainer, IReadOnlyList<Callback> callbacks) => trainer.Fit(
        new float[] { 1, 2, 3, 4 }, new float[] { 1, 2, 3, 4 }, batchSize: 2, epochs: 2, callbacks: callbacks, verbose: Verbosity.Silent);
}
