using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Training.TensorBoardFiles;

namespace OnnxFunctional.Tests.Training.Callbacks;

[TestClass]
public sealed class CallbackTests
{
    [TestMethod]
    public void ReduceLROnPlateau_makes_steps_smaller_when_nothing_improves()
    {
        var values = new Queue<double>([5, 4, 4, 4, 4, 4, 4, 3]);
        var rates = new List<float>();
        Fit(
            8,
            new LambdaCallback(onEpochEnd: (_, logs) => logs["watched"] = values.Dequeue()),
            new ReduceLROnPlateau("watched", factor: 0.5, patience: 2, mode: MonitorMode.Min, cooldown: 1, minLr: 0.03),
            new LambdaCallback(onEpochEnd: (_, logs) => rates.Add((float)logs["learning_rate"])));
        CollectionAssert.AreEqual(new[] { 0.1f, 0.1f, 0.1f, 0.1f, 0.05f, 0.05f, 0.03f, 0.03f }, rates);
        Assert.Throws<ModelException>(() => new ReduceLROnPlateau(factor: 1));
    }

    [TestMethod]
    public void LearningRateScheduler_sets_the_rate_of_each_epoch()
    {
        var history = Fit(3, new LearningRateScheduler((epoch, rate) => epoch == 0 ? rate : rate / 2));
        CollectionAssert.AreEqual(new double[] { 0.1f, 0.05f, 0.025f }, history["learning_rate"].ToArray());
        Assert.Throws<ModelException>(() => Fit(1, new LearningRateScheduler(_ => float.NaN)));
    }

    [TestMethod]
    public void CsvLogger_writes_a_line_per_epoch()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("log.csv");
        var history = Fit(2, new CsvLogger(path));
        Fit(1, new CsvLogger(path, append: true));
        var lines = File.ReadAllLines(path);
        Assert.HasCount(4, lines);
        Assert.AreEqual("epoch,loss", lines[0]);
        Assert.AreEqual("1," + history["loss"][1].ToString("R", System.Globalization.CultureInfo.InvariantCulture), lines[2]);
        Assert.StartsWith("0,", lines[3]);
    }

    [TestMethod]
    public void An_exception_in_training_closes_files_and_is_passed_on()
    {
        using var folder = new TemporaryFolder();
        var told = new List<string>();
        var error = Assert.ThrowsExactly<TimeZoneNotFoundException>(() => Fit(
            3,
            new CsvLogger(folder.File("log.csv")),
            new JsonLinesLogger(folder.File("log.jsonl")),
            new TensorBoard(folder.File("board")),
            new Told(told),
            new LambdaCallback(onEpochEnd: (epoch, _) => { if (epoch == 1) throw new TimeZoneNotFoundException("mine"); }, onTrainEnd: _ => told.Add("end"))));
        Assert.AreEqual("mine", error.Message);
        CollectionAssert.AreEqual(new[] { "failed: mine" }, told);
        Assert.Contains("not mine", (string)error.Data["Told"]!);

        // Files that were not closed could not be opened for writing.
        foreach (var file in Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories))
            File.Open(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        Assert.HasCount(3, File.ReadAllLines(folder.File("log.csv")));
    }

    private sealed class Told(List<string> told) : Callback
    {
        public override void OnTrainFailed(Exception error)
        {
            told.Add("failed: " + error.Message);
            throw new InvalidOperationException("not mine");
        }
    }

    [TestMethod]
    public void JsonLinesLogger_writes_an_object_per_epoch()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("log.jsonl");
        var history = Fit(2, new LambdaCallback(onEpochEnd: (_, logs) => logs["odd"] = double.NaN), new JsonLinesLogger(path));
        var lines = File.ReadAllLines(path);
        Assert.HasCount(2, lines);
        var last = JsonDocument.Parse(lines[1]).RootElement;
        Assert.AreEqual(1, last.GetProperty("epoch").GetInt32());
        Assert.AreEqual(history["loss"][1], last.GetProperty("loss").GetDouble());
        Assert.AreEqual(JsonValueKind.Null, last.GetProperty("odd").ValueKind);
    }

    [TestMethod]
    public void TerminateOnNaN_ends_without_an_error()
    {
        var trainer = Trainer(new Sgd(1e30));
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8];
        var steps = 0;
        var history = trainer.Fit(
            x,
            x,
            batchSize: 1,
            epochs: 5,
            callbacks: [new TerminateOnNaN(), new LambdaCallback(onTrainBatchEnd: (_, _) => steps++)],
            verbose: Verbosity.Silent);
        Assert.HasCount(1, history.Epochs);
        Assert.IsLessThan(8, steps);
        Assert.Throws<ModelException>(() => Trainer(new Sgd(1e30)).Fit(x, x, batchSize: 1, epochs: 5, verbose: Verbosity.Silent));
    }

    [TestMethod]
    public void LambdaCallback_receives_every_event()
    {
        var told = new List<string>();
        Fit(2, new LambdaCallback(
            onEpochBegin: epoch => told.Add("epoch " + epoch),
            onEpochEnd: (epoch, _) => told.Add("done " + epoch),
            onTrainBegin: _ => told.Add("begin"),
            onTrainEnd: trainer => told.Add("end " + trainer.Iterations),
            onTrainBatchBegin: batch => told.Add("batch " + batch)));
        CollectionAssert.AreEqual(new[] { "begin", "epoch 0", "batch 0", "batch 1", "done 0", "epoch 1", "batch 0", "batch 1", "done 1", "end 4" }, told);
    }

    [TestMethod]
    public void TensorBoard_writes_records_with_sound_checksums()
    {
        using var folder = new TemporaryFolder();
        var trainer = Trainer(new Sgd(0.1));
        trainer.Fit(
            new float[] { 1, 2, 3, 4 },
            new float[] { 1, 2, 3, 4 },
            epochs: 2,
            validationSplit: 0.5,
            callbacks: [new TensorBoard(folder.Path, histogramFreq: 1, updateFreq: 1)],
            verbose: Verbosity.Silent);
        var train = Records(Directory.GetFiles(System.IO.Path.Combine(folder.Path, "train")).Single());
        Assert.Contains("brain.Event:2", Encoding.UTF8.GetString(train[0]));
        var all = string.Concat(train.Select(Encoding.Latin1.GetString));
        foreach (var tag in new[] { "epoch_loss", "epoch_learning_rate", "batch_loss", "dense/kernel", "Placeholder", "dense/bias" }) Assert.Contains(tag, all);
        var validation = Records(Directory.GetFiles(System.IO.Path.Combine(folder.Path, "validation")).Single());
        Assert.HasCount(3, validation);
        Assert.Contains("epoch_loss", Encoding.Latin1.GetString(validation[1]));
    }

    [TestMethod]
    public void The_masked_checksum_is_TensorFlows()
    {
        // The checksum of 32 zeros is listed in RFC 3720, B.4.
        var crc = 0x8a9136aau;
        Assert.AreEqual(((crc >> 15) | (crc << 17)) + 0xa282ead8, EventWriter.MaskedChecksum(new byte[32]));
    }

    private static List<byte[]> Records(string file)
    {
        var bytes = File.ReadAllBytes(file).AsSpan();
        var records = new List<byte[]>();
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.AreEqual(EventWriter.MaskedChecksum(bytes[..8]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
            var record = bytes.Slice(12, length);
            Assert.AreEqual(EventWriter.MaskedChecksum(record), BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]));
            records.Add(record.ToArray());
            bytes = bytes[(16 + length)..];
        }

        return records;
    }

    private static Trainer Trainer(Optimizer optimizer)
    {
        var input = Model.Input([1]);
        return new Model(input, input.Apply(new Dense(1))).Compile(optimizer, Loss.MeanSquaredError);
    }

    private static History Fit(int epochs, params Callback[] callbacks) =>
        Trainer(new Sgd(0.1)).Fit(
            new float[] { 1, 2, 3, 4 },
            new float[] { 1, 2, 3, 4 },
            batchSize: 2,
            epochs: epochs,
            callbacks: callbacks,
            verbose: Verbosity.Silent);
}
