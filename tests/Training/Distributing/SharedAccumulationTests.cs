using OnnxFunctional.Export;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Gradients that several processes accumulate, and add once.</summary>
[TestClass]
public sealed class SharedAccumulationTests
{
    /// <summary>Five steps an epoch, of which an update takes three: an epoch ends with gradients left over.</summary>
    [TestMethod]
    [DataRow("dropout")]
    [DataRow("normalized")]
    [DataRow("twins")]
    public void Accumulated_gradients_have_the_bits_of_any_number_of_processes_and_travel_once(string network)
    {
        var one = Accumulated(network, Distribution.OneProcess(5));
        if (network == "twins") Near.Equal(Accumulated(network, Distribution.None), one, 2e-4f, network);
        foreach (var size in (int[])[2, 3, 5])
        {
            InMemoryTransport.Run(size, communicator =>
            {
                var distribution = Distribution.Of(communicator, 5);
                CollectionAssert.AreEqual(one, Accumulated(network, distribution), $"rank {communicator.Rank} of {size}");
                var each = Distribution.Of(communicator, 5);
                Accumulated(network, each, every: null);

                // Sums over the processes: of gradients at the updates and at the end of each epoch, of losses and metrics in each step.
                Assert.IsLessThan(0.75, (double)distribution.Report!.BytesSent / each.Report!.BytesSent, $"{size} processes");
            });
        }
    }

    [TestMethod]
    public void Gradients_that_wait_are_in_no_file()
    {
        using var folder = new TemporaryFolder();
        var (model, x, y) = SharedTrainingTests.Data("dense", 12);
        var trainer = model.Compile(
            new Sgd(0.05, gradientAccumulationSteps: 3), Loss.MeanSquaredError, threads: 1, distribution: Distribution.OneProcess(2));
        trainer.TrainOnBatch(x, y);
        trainer.TrainOnBatch(x, y);
        var message = Assert.ThrowsExactly<ModelException>(() => trainer.Save(folder.File("a.onnx"))).Message;
        StringAssert.Contains(message, "The gradients of 2 step(s) wait for an update");
        StringAssert.Contains(message, "a multiple of 3");
        Assert.IsFalse(File.Exists(folder.File("a.onnx")));
        trainer.TrainOnBatch(x, y);
        trainer.Save(folder.File("a.onnx"));

        // A checkpoint that is due in between is written with the next update, or at the end of the epoch.
        var saves = new List<long>();
        var files = new List<string>();
        var checkpoint = new ModelCheckpoint(folder.File("{epoch}.onnx"), saveFreq: 5);
        var watch = new LambdaCallback(onTrainBatchEnd: (_, _) =>
        {
            if (checkpoint.LastPath is { } path && files.LastOrDefault() != path) (_, _) = (Add(files, path), Add(saves, trainer.Iterations));
        });
        trainer.Fit(x, y, batchSize: 2, epochs: 2, verbose: 0, callbacks: [checkpoint, watch]);
        CollectionAssert.AreEqual(new long[] { 6, 12 }, saves);

        var last = new ModelCheckpoint(folder.File("last.onnx"), saveFreq: 1);
        trainer.Fit(x, y, batchSize: 6, epochs: 1, verbose: 0, callbacks: [last]);
        Assert.AreEqual(17L, trainer.Iterations);
        Assert.IsTrue(File.Exists(folder.File("last.onnx")));

        static bool Add<T>(List<T> list, T item)
        {
            list.Add(item);
            return true;
        }
    }

    [TestMethod]
    public void Training_that_accumulates_resumes_with_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var expected = Accumulated("dropout", Distribution.OneProcess(3));
        var path = folder.File("backup.onnx");
        Assert.Throws<InvalidOperationException>(() => Accumulated(
            "dropout",
            Distribution.OneProcess(3),
            callbacks: [new BackupAndRestore(path, saveFreq: 2), new LambdaCallback(onTrainBatchEnd: (batch, _) => Break(batch))]));
        Assert.IsTrue(File.Exists(path));
        InMemoryTransport.Run(3, communicator => CollectionAssert.AreEqual(
            expected, Accumulated("dropout", Distribution.Of(communicator, 3), callbacks: [new BackupAndRestore(path, deleteCheckpoint: false)])));

        static void Break(int batch)
        {
            if (batch == 3) throw new InvalidOperationException("The machine fails.");
        }
    }

    /// <summary>Cancelled in the middle of an update, training goes on to its end, and resumes as if nothing had been.</summary>
    [TestMethod]
    public void Cancelled_training_that_accumulates_resumes_with_the_same_bits()
    {
        var expected = Accumulated("dense", Distribution.OneProcess(2), batchSize: 3);
        using var source = new CancellationTokenSource();
        var cancels = new LambdaCallback(onTrainBatchEnd: (batch, _) => CancelAt(batch, source));
        var (model, x, y) = SharedTrainingTests.Data("dense", 29);
        var trainer = model.Compile(
            new Adam(0.01, gradientAccumulationSteps: 3), Loss.MeanSquaredError, threads: 1, seed: 3, distribution: Distribution.OneProcess(2));
        trainer.Fit(x, y, batchSize: 3, epochs: 3, verbose: 0, callbacks: [cancels], cancellationToken: source.Token);
        Assert.AreEqual(3L, trainer.Iterations);
        trainer.Fit(x, y, batchSize: 3, epochs: 3, verbose: 0);
        CollectionAssert.AreEqual(expected, SharedTrainingTests.WeightsOf(model));

        static void CancelAt(int batch, CancellationTokenSource source)
        {
            if (batch == 1) source.Cancel();
        }
    }

    private static float[] Accumulated(
        string network, Distribution distribution, int? every = 3, int batchSize = 6, IReadOnlyList<Callback>? callbacks = null)
    {
        var (model, x, y) = SharedTrainingTests.Data(network, 29);
        var trainer = model.Compile(
            new Adam(0.01, gradientAccumulationSteps: every), Loss.MeanSquaredError, threads: 1, seed: 3, distribution: distribution);
        trainer.Fit(x, y, batchSize: batchSize, epochs: 3, verbose: 0, callbacks: callbacks);
        return SharedTrainingTests.WeightsOf(model);
    }
}
