using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.Training.Callbacks;

/// <summary>What callbacks make of a monitored value, as Keras 3 does: each row holds the value of each epoch, null where it is not logged.</summary>
[TestClass]
public sealed class MonitorTests
{
    private const double NaN = double.NaN;
    private const double Inf = double.PositiveInfinity;

    public static IEnumerable<object?[]> Runs =>
    [
        // Values, mode, patience of EarlyStopping, epochs that ModelCheckpoint writes, best epoch, epoch after which EarlyStopping stops or -1.
        ["falling", Values(3, 2, 1), MonitorMode.Min, 1, Epochs(0, 1, 2), 2, -1],
        ["rising", Values(1, 2, 3), MonitorMode.Max, 1, Epochs(0, 1, 2), 2, -1],
        ["an equal value is no improvement", Values(1, 1, 1), MonitorMode.Min, 2, Epochs(0), 0, 2],
        ["a first NaN is not the best", Values(NaN, 5, 4), MonitorMode.Min, 9, Epochs(1, 2), 2, -1],
        ["a first NaN is not the best of larger ones", Values(NaN, 5, 6), MonitorMode.Max, 9, Epochs(1, 2), 2, -1],
        ["a NaN in between is no improvement", Values(5, NaN, 4), MonitorMode.Min, 9, Epochs(0, 2), 2, -1],
        ["NaN alone never improves", Values(NaN, NaN, NaN), MonitorMode.Min, 2, Epochs(), 0, 1],
        ["an infinite loss never improves", Values(Inf, 5, Inf), MonitorMode.Min, 9, Epochs(1), 1, -1],
        ["minus infinity is no accuracy", Values(-Inf, -5, -6), MonitorMode.Max, 9, Epochs(1), 1, -1],
        ["infinity is the largest", Values(Inf, 5, 6), MonitorMode.Max, 9, Epochs(0), 0, -1],
        ["an epoch without a value is skipped", Values(3, null, 2, null, 1), MonitorMode.Min, 1, Epochs(0, 2, 4), 4, -1],
        ["patience counts epochs with a value", Values(1, null, 1, null, 1), MonitorMode.Min, 2, Epochs(0), 0, 4],
    ];

    [TestMethod]
    [DynamicData(nameof(Runs))]
    public void Values_improve_as_in_Keras(string name, double?[] values, MonitorMode mode, int patience, int[] written, int best, int stopped)
    {
        using var folder = new TemporaryFolder();
        var trainer = Trainer();
        var weights = new List<float>();
        var stopping = new EarlyStopping("watched", patience: patience, mode: mode, restoreBestWeights: true);
        var history = Fit(trainer, values.Length, [
            Log(values, weights), stopping, new ModelCheckpoint(folder.File("{epoch}.onnx"), "watched", saveBestOnly: true, mode: mode),
        ]);
        Assert.AreEqual(stopped < 0 ? null : stopped, stopping.StoppedEpoch, name);
        Assert.HasCount(stopped < 0 ? values.Length : stopped + 1, history.Epochs);
        Assert.AreEqual(best, stopping.BestEpoch, name);
        Assert.AreEqual(weights[best], trainer.Model.Weights[0].Storage[0], name + ": the weights of the best epoch are restored");
        var files = Directory.GetFiles(folder.Path).Select(file => int.Parse(Path.GetFileNameWithoutExtension(file)) - 1).Order().ToArray();
        CollectionAssert.AreEqual(written, files, name);
    }

    public static IEnumerable<object?[]> Plateaus =>
    [
        ["NaN is no improvement", Values(NaN, NaN, NaN), Rates(0.1f, 0.1f, 0.05f)],
        ["the first value improves on nothing", Values(5, 5, 5), Rates(0.1f, 0.1f, 0.1f)],
        ["an epoch without a value does not count", Values(5, null, 5, null, 5), Rates(0.1f, 0.1f, 0.1f, 0.1f, 0.1f)],
        ["a smaller change than minDelta does not count", Values(5, 4.99999, 4.99998, 4), Rates(0.1f, 0.1f, 0.1f, 0.05f)],
    ];

    [TestMethod]
    [DynamicData(nameof(Plateaus))]
    public void ReduceLROnPlateau_counts_epochs_without_improvement(string name, double?[] values, float[] rates)
    {
        var seen = new List<float>();
        Fit(Trainer(), values.Length, [
            Log(values, []),
            new Watch(seen),
            new ReduceLROnPlateau("watched", factor: 0.5, patience: 2, mode: MonitorMode.Min),
        ]);
        CollectionAssert.AreEqual(rates, seen, name);
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    public void Epochs_without_evaluation_are_skipped_by_callbacks_that_monitor_it(int frequency)
    {
        using var folder = new TemporaryFolder();
        var (csv, json) = (folder.File("log.csv"), folder.File("log.jsonl"));
        var history = Fit(
            Trainer(),
            6,
            [
                new EarlyStopping(patience: 1), new ReduceLROnPlateau(), new ModelCheckpoint(folder.File("best.onnx"), saveBestOnly: true),
                new ModelCheckpoint(folder.File("{epoch}-{val_loss:F1}.onnx")), new CsvLogger(csv), new JsonLinesLogger(json),
                new TensorBoard(folder.File("board")),
            ],
            frequency);
        Assert.HasCount(6, history["loss"]);
        Assert.HasCount(6 / frequency, history["val_loss"]);
        Assert.IsTrue(File.Exists(folder.File("best.onnx")));
        Assert.IsTrue(File.Exists(folder.File("1-NA.onnx")));
        var lines = File.ReadAllLines(csv);
        Assert.AreEqual("epoch,loss,learning_rate,val_loss", lines[0]);
        for (var epoch = 0; epoch < 6; epoch++)
        {
            var cells = lines[epoch + 1].Split(',');
            Assert.HasCount(4, cells);
            Assert.AreEqual((epoch + 1) % frequency == 0, cells[3] != "NA", lines[epoch + 1]);
        }
    }

    [TestMethod]
    public void A_value_that_is_never_logged_is_said()
    {
        using var folder = new TemporaryFolder();
        Callback[] all =
        [
            new EarlyStopping("val_los", mode: MonitorMode.Min), new ReduceLROnPlateau("los", mode: MonitorMode.Min),
            new ModelCheckpoint(folder.File("a.onnx"), "val_accuracy", saveBestOnly: true), new ModelCheckpoint(folder.File("{acc}.onnx")),
            new EarlyStopping("val_los", mode: MonitorMode.Min, startFromEpoch: 9),
        ];
        foreach (var callback in all)
        {
            var error = Assert.Throws<ModelException>(() => Fit(Trainer(), 2, [callback]));
            Assert.Contains("not logged", error.Message);
        }
    }

    [TestMethod]
    public void The_direction_is_that_of_the_metric_or_asked_for()
    {
        // The name of an output says nothing about its loss or its errors.
        var input = Model.Input([1]);
        var model = new Model(input, [new Dense(1, name: "accuracy_head").Call(input), new Dense(1, name: "b").Call(input)]);
        var trainer = model.Compile(
            new Sgd(0.1),
            Loss.MeanSquaredError,
            metrics: [Metric.MeanAbsoluteError, Metric.R2Score, Metric.CosineSimilarity, new Precision(thresholds: [0.2, 0.4]), Metric.FalsePositives,
                Metric.From((y, p) => y - p, "mine")]);
        (string Name, bool Larger)[] rows =
        [
            ("val_loss", false), ("accuracy_head_loss", false), ("val_accuracy_head_loss", false), ("accuracy_head_mean_absolute_error", false),
            ("b_r2_score", true), ("val_b_cosine_similarity", true), ("b_precision_1", true), ("accuracy_head_false_positives", false),
        ];
        foreach (var (name, larger) in rows)
        {
            var monitor = new MetricMonitor(name, MonitorMode.Auto, 0, "Test");
            monitor.Begin(trainer);
            monitor.Best = 1;
            Assert.AreEqual(larger, monitor.Improves(2), name);
        }

        foreach (var name in new[] { "b_mine", "watched" })
        {
            var error = Assert.Throws<ModelException>(() => new MetricMonitor(name, MonitorMode.Auto, 0, "Test").Begin(trainer));
            Assert.Contains("MonitorMode.Max", error.Message);
        }
    }

    [TestMethod]
    public void A_rate_that_follows_a_schedule_is_said_before_the_first_step()
    {
        var input = Model.Input([1]);
        var trainer = new Model(input, new Dense(1).Call(input)).Compile(new Sgd(Schedule.CosineDecay(0.1, 10)), Loss.MeanSquaredError);
        Assert.Throws<ModelException>(() => Fit(trainer, 1, [new ReduceLROnPlateau()]));
        Assert.AreEqual(0, trainer.Iterations);
    }

    private static double?[] Values(params double?[] values) => values;

    private static int[] Epochs(params int[] epochs) => epochs;

    private static float[] Rates(params float[] rates) => rates;

    /// <summary>Logs given values and keeps the weight of each epoch.</summary>
    private static LambdaCallback Log(double?[] values, List<float> weights)
    {
        LambdaCallback? callback = null;
        return callback = new LambdaCallback(
            onEpochEnd: (epoch, logs) =>
                {
                    weights.Add(callback!.Trainer.Model.Weights[0].Storage[0]);
                    if (values[epoch] is { } value) logs["watched"] = value;
                });
    }

    private sealed class Watch(List<float> rates) : Callback
    {
        public override void OnEpochEnd(int epoch, IDictionary<string, double> logs) => rates.Add((float)Trainer.LearningRate);
    }

    private static Trainer Trainer()
    {
        var input = Model.Input([1]);
        return new Model(input, new Dense(1).Call(input)).Compile(new Sgd(0.1), Loss.MeanSquaredError);
    }

    private static History Fit(Trainer trainer, int epochs, IReadOnlyList<Callback> callbacks, int validationFreq = 1) => trainer.Fit(
        new float[] { 1, 2, 3, 4 },
        new float[] { 1, 2, 3, 4 },
        batchSize: 2,
        epochs: epochs,
        validationSplit: 0.5,
        validationFreq: validationFreq,
        callbacks: callbacks,
        verbose: Verbosity.Silent);
}
