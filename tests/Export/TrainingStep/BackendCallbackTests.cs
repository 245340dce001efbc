using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Visualization;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Every callback of the library does with ONNX Runtime as backend what it does with the engine.</summary>
[TestClass]
public sealed partial class BackendCallbackTests
{
    private const int Samples = 60;
    private const int Epochs = 5;

    /// <summary>A way to use each callback that lets it act, in an empty folder.</summary>
    private static readonly Dictionary<Type, Func<TemporaryFolder, Callback>> s_callbacks = new()
    {
        [typeof(BackupAndRestore)] = folder => new BackupAndRestore(folder.File("backup.onnx"), saveFreq: 2, deleteCheckpoint: false),
        [typeof(CsvLogger)] = folder => new CsvLogger(folder.File("log.csv")),
        [typeof(Dashboard)] = _ => new Dashboard(),
        [typeof(EarlyStopping)] = _ => new EarlyStopping("val_loss", patience: 1, mode: MonitorMode.Max, restoreBestWeights: true),
        [typeof(History)] = _ => new History(),
        [typeof(JsonLinesLogger)] = folder => new JsonLinesLogger(folder.File("log.jsonl")),
        [typeof(LambdaCallback)] = _ => Doubling(),
        [typeof(LearningRateScheduler)] = _ => new LearningRateScheduler((epoch, rate) => epoch == 0 ? rate : rate * 0.7),
        [typeof(LoggerCallback)] = _ => new LoggerCallback(NullLogger.Instance),
        [typeof(MagnitudePruning)] = _ => new MagnitudePruning(SparsitySchedule.PolynomialDecay(finalSparsity: 0.5, endStep: 12)),
        [typeof(ModelCheckpoint)] = folder => new ModelCheckpoint(folder.File("best.onnx"), saveBestOnly: true),
        [typeof(ReduceLROnPlateau)] = _ => new ReduceLROnPlateau("loss", factor: 0.5, patience: 1, mode: MonitorMode.Max),
        [typeof(TensorBoard)] = folder => new TensorBoard(folder.File("board"), histogramFreq: 1, updateFreq: 2),
        [typeof(TerminateOnNaN)] = _ => new TerminateOnNaN(),
        [typeof(WeightHistograms)] = _ => new WeightHistograms(X()[..16], Y()[..16]),
    };

    public static IEnumerable<object[]> Callbacks => s_callbacks.Keys.Select(type => new object[] { type });

    [TestMethod]
    public void Every_callback_of_the_library_is_tried()
    {
        var all = new[] { typeof(Callback), typeof(BackupAndRestore), typeof(Dashboard) }
            .SelectMany(type => type.Assembly.GetExportedTypes())
            .Where(type => type.IsSubclassOf(typeof(Callback)) && !type.IsAbstract);
        CollectionAssert.AreEquivalent(all.Select(type => type.Name).ToArray(), s_callbacks.Keys.Select(type => type.Name).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Callbacks))]
    public void It_logs_and_leaves_what_it_does_with_the_engine(Type type)
    {
        using var folders = new Folders();
        var states = new List<double[]>();
        TwoBackends.Agree(Compile, trainer =>
        {
            var callback = s_callbacks[type](folders.Next());
            var losses = new List<double>();
            var steps = new LambdaCallback(onTrainBatchEnd: (_, loss) => losses.Add(loss));
            var history = trainer.Fit(X(), Y(), batchSize: 16, epochs: Epochs, validationSplit: 0.2, callbacks: [callback, steps], verbose: 0);
            states.Add(callback.State);
            return losses.Concat(TwoBackends.Numbers(history)).Append(history.Epochs.Count);
        });
        foreach (var (expected, found) in states[0].Zip(states[1])) TwoBackends.Near(expected, found, "what the callback remembers");
        folders.AreAlike();
    }

    [TestMethod]
    public void TerminateOnNaN_stops_at_the_step_that_is_not_finite()
    {
        TwoBackends.Agree(Compile, trainer =>
        {
            var spoils = new LambdaCallback(onTrainBatchBegin: batch => trainer.LearningRate = batch == 1 ? 1e38 : 0.01);
            var history = trainer.Fit(X(), Y(), batchSize: 16, epochs: Epochs, callbacks: [spoils, new TerminateOnNaN()], verbose: 0);
            return [history.Epochs.Count, trainer.Iterations];
        });
    }

    [TestMethod]
    public void Histograms_see_the_weights_and_gradients_of_each_epoch()
    {
        TwoBackends.Agree(Compile, trainer =>
        {
            var histograms = new WeightHistograms(X()[..16], Y()[..16]);
            trainer.Fit(X(), Y(), batchSize: 16, epochs: 2, callbacks: [histograms], verbose: 0);
            var all = histograms.Weights.Concat(histograms.Gradients).SelectMany(entry => entry.Value);
            return all.SelectMany(histogram => new[] { histogram.Mean, histogram.Max });
        });
    }

    [TestMethod]
    public void A_backup_resumes_with_the_other_backend()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("backup.onnx");
        var expected = Compile(Backend.Engine);
        expected.Fit(X(), Y(), batchSize: 16, epochs: 4, verbose: 0);
        foreach (var (first, second) in new[] { (Backend.Engine, TwoBackends.OnnxRuntime), (TwoBackends.OnnxRuntime, Backend.Engine) })
        {
            File.Delete(path);
            Compile(first).Fit(X(), Y(), batchSize: 16, epochs: 2, callbacks: [new BackupAndRestore(path, deleteCheckpoint: false)], verbose: 0);
            var resumed = Compile(second);
            var history = resumed.Fit(X(), Y(), batchSize: 16, epochs: 4, callbacks: [new BackupAndRestore(path)], verbose: 0);
            Assert.HasCount(4, history.Epochs);
            TwoBackends.Near(expected, resumed);
        }
    }

    /// <summary>A callback of a user that reads and sets weights, and logs a number made of them.</summary>
    private static LambdaCallback Doubling()
    {
        Trainer? trainer = null;
        return new LambdaCallback(
            onTrainBegin: begun => trainer = begun,
            onEpochEnd: (epoch, logs) =>
            {
                var weights = trainer!.Model.GetWeights();
                logs["size"] = weights.Sum(weight => weight.ToArray().Sum(value => (double)value * value));
                if (epoch == 1) trainer.Model.SetWeights([.. weights.Select(weight => System.Numerics.Tensors.Tensor.Multiply(weight, 0.9f))]);
            });
    }

    private static NDArray X() => StepData.Signed(1, Samples, 5);

    private static NDArray Y() => StepData.Numbers(2, 3, Samples);

    private static Trainer Compile(Backend backend) => TwoBackends.Small().Compile(
        new Adam(0.01), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: 3, threads: 1, backend: backend);

    /// <summary>A folder per backend, whose files are compared: the same names, and text with the same words and near numbers.</summary>
    private sealed partial class Folders : IDisposable
    {
        private readonly List<TemporaryFolder> _folders = [];

        public TemporaryFolder Next()
        {
            _folders.Add(new TemporaryFolder());
            return _folders[^1];
        }

        public void AreAlike()
        {
            string[][] names = [.. _folders.Select(Names)];
            CollectionAssert.AreEqual(names[0], names[1]);
            foreach (var name in names[0].Where(name => name.EndsWith(".csv", StringComparison.Ordinal) || name.EndsWith(".jsonl", StringComparison.Ordinal)))
            {
                var (expected, found) = (Text(_folders[0].File(name)), Text(_folders[1].File(name)));
                Assert.AreEqual(Number().Replace(expected, "0"), Number().Replace(found, "0"));
                foreach (var (one, other) in Number().Matches(expected).Zip(Number().Matches(found))) TwoBackends.Near(Read(one), Read(other), name);
            }

            static string Text(string file) => Time().Replace(File.ReadAllText(file), "");

            static double Read(Match number) => double.Parse(number.Value, System.Globalization.CultureInfo.InvariantCulture);

            // Files of a board are named by time and process.
            static string[] Names(TemporaryFolder folder) =>
            [
                .. Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder.Path, file))
                    .Select(name => name.Contains("events", StringComparison.Ordinal) ? Path.GetDirectoryName(name)! : name).Order(StringComparer.Ordinal),
            ];
        }

        public void Dispose() => _folders.ForEach(folder => folder.Dispose());

        [GeneratedRegex(@"-?\d+(\.\d+)?([eE][-+]?\d+)?")]
        private static partial Regex Number();

        [GeneratedRegex("\"time\":\"[^\"]*\",")]
        private static partial Regex Time();
    }
}
