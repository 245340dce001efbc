using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Training.Callbacks;

/// <summary>Options that Keras' callbacks have: a baseline, a threshold for the first file, files after steps, an error for NaN, a name.</summary>
[TestClass]
public sealed class CallbackOptionTests
{
    private static readonly float[,] s_x = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } };
    private static readonly float[] s_y = [1, 2, 3, 4];

    [TestMethod]
    public void Waiting_starts_again_only_where_the_baseline_is_beaten()
    {
        // Every epoch improves on the one before, but none on the baseline.
        var values = new Queue<double>([9, 8, 7, 6, 5]);
        var stopping = new EarlyStopping("watched", patience: 2, mode: MonitorMode.Min, baseline: 1);
        Assert.AreEqual(5, Fit(5, Watched(values), stopping));
        Assert.IsNull(stopping.StoppedEpoch);

        // As in Keras, the first epoch that does not improve then ends training: waiting never started again.
        values = new([9, 8, 7, 8, 8]);
        stopping = new EarlyStopping("watched", patience: 2, mode: MonitorMode.Min, baseline: 1);
        Assert.AreEqual(4, Fit(5, Watched(values), stopping));
        values = new([9, 8, 7, 8, 8]);
        Assert.AreEqual(5, Fit(5, Watched(values), new EarlyStopping("watched", patience: 2, mode: MonitorMode.Min, baseline: 8.5)));
    }

    [TestMethod]
    public void A_first_file_must_beat_the_initial_threshold()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = new ModelCheckpoint(
            folder.File("best_{epoch}.onnx"), "watched", saveBestOnly: true, mode: MonitorMode.Min, initialValueThreshold: 5);
        Fit(4, Watched(new([7, 6, 4, 4.5])), checkpoint);
        CollectionAssert.AreEqual(new[] { "best_3.onnx" }, Directory.GetFiles(folder.Path).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void A_checkpoint_is_written_after_a_number_of_steps()
    {
        using var folder = new TemporaryFolder();
        var times = new List<string?>();
        var checkpoint = new ModelCheckpoint(folder.File("model.onnx"), saveFreq: 3);
        Fit(2, checkpoint, new LambdaCallback(onTrainBatchEnd: (_, _) => times.Add(checkpoint.LastPath is { } path && File.Exists(path) ? "yes" : "no")));
        CollectionAssert.AreEqual(new[] { "no", "no", "yes", "yes", "yes", "yes", "yes", "yes" }, times);
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => new ModelCheckpoint("model.onnx", saveFreq: 0)).Message, "saveFreq 0");
        Assert.ThrowsExactly<ModelException>(() => new ModelCheckpoint("model.onnx", saveBestOnly: true, saveFreq: 3));
    }

    [TestMethod]
    public void A_loss_that_is_not_a_number_ends_training_silently_or_with_an_error()
    {
        Assert.AreEqual(1, Fit(3, new Sgd(1e30), new TerminateOnNaN()));
        StringAssert.Contains(Assert.Throws<ModelException>(() => Fit(3, new Sgd(1e30), new TerminateOnNaN(raiseError: true))).Message, "epoch 1");
    }

    private static LambdaCallback Watched(Queue<double> values) => new(onEpochEnd: (_, logs) => logs["watched"] = values.Dequeue());

    private static int Fit(int epochs, params Callback[] callbacks) => Fit(epochs, new Sgd(0.001), callbacks);

    /// <summary>The number of epochs that were trained, of four steps each.</summary>
    private static int Fit(int epochs, Optimizer optimizer, params Callback[] callbacks)
    {
        var x = Model.Input([2]);
        var model = new Model(x, new Dense(1).Call(x), seed: 1);
        var history = model.Compile(optimizer, Loss.MeanSquaredError).Fit(s_x, s_y, batchSize: 1, epochs: epochs, callbacks: callbacks, verbose: 0);
        return history.Epochs.Count;
    }
}
