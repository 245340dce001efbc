using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Small models, and the files that the library writes of them.</summary>
internal static class ModelSamples
{
    /// <summary>The name of the file that names the other one.</summary>
    public const string FirstFile = "m.onnx";

    public static Model Dense()
    {
        var x = Model.Input([3], name: "x");
        return new Model(x, x.Apply(new Dense(4, Activation.Relu), new BatchNormalization(), new Layers.Dropout(0.3), new Dense(2)));
    }

    public static Model Images()
    {
        var x = Model.Input([6, 6, 2], name: "x");
        var side = x.Apply(new Conv2D(3, 3, padding: Padding.Same));
        return new Model(x, (side + x.Apply(new SeparableConv2D(3, 1))).Apply(new MaxPooling2D(2), new Flatten(), new Dense(2, Activation.Softmax)));
    }

    public static Model Sequence()
    {
        var x = Model.Input([null], DType.Int32, name: "ids");
        var y = x.Apply(new Embedding(9, 4, maskZero: true), new Bidirectional(new Lstm(3, returnSequences: true)), new Gru(2), new Dense(1));
        return new Model(x, y);
    }

    public static Model Nested()
    {
        var x = Model.Input([3], name: "x");
        var z = Model.Input([3], name: "z");
        var inner = new Model(z, z.Apply(new Dense(3), new LayerNormalization()));
        return new Model(x, x.Apply(inner, inner, new Dense(2)));
    }

    public static IReadOnlyList<Model> All() => [Dense(), Images(), Sequence(), Nested()];

    public static Model Adapted()
    {
        var model = Dense();
        model.EnableLora(2);
        return model;
    }

    public static IReadOnlyList<byte[]> Adapters() => [File("m.onnx_adapter", path => Adapted().SaveAdapter(path))];

    public static Trainer Trainer()
    {
        var x = Model.Input([3], name: "x");
        var model = new Model(x, x.Apply(new Dense(4, Activation.Tanh), new Layers.Dropout(0.2), new Dense(2, Activation.Sigmoid)));
        return model.Compile(new Adam(0.01), Loss.BinaryCrossentropy, metrics: [Metric.Auc, Metric.BinaryAccuracy]);
    }

    public static (float[,] X, float[,] Y) Batch()
    {
        var random = new Random(1);
        var (x, y) = (new float[8, 3], new float[8, 2]);
        for (var i = 0; i < x.Length; i++) x[i / 3, i % 3] = random.NextSingle();
        for (var i = 0; i < y.Length; i++) y[i / 2, i % 2] = random.Next(2);
        return (x, y);
    }

    /// <summary>What <paramref name="write"/> writes to a path that ends as given.</summary>
    public static byte[] File(string name, Action<string> write)
    {
        using var folder = new TemporaryFolder();
        write(folder.File(name));
        return System.IO.File.ReadAllBytes(folder.File(name));
    }

    /// <summary>A training that was finished, and one that was stopped in its second epoch.</summary>
    public static IReadOnlyList<byte[]> Resumable()
    {
        var (x, y) = Batch();
        var finished = Trainer();
        finished.Fit(x, y, epochs: 1, batchSize: 4);
        using var source = new CancellationTokenSource();
        var stopped = Trainer();
        Callback[] callbacks = [new EarlyStopping("loss", patience: 3), new StopAfter(3, source)];
        stopped.Fit(x, y, epochs: 4, batchSize: 4, callbacks: callbacks, cancellationToken: source.Token);
        return [.. new[] { finished, stopped }.Select(trainer => File("run.onnx", path => trainer.Save(path, new ExportOptions { Verify = false })))];
    }

    /// <summary>An exported training as an archive of its files.</summary>
    public static byte[] Exported()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([3], name: "x");
        var trainer = new Model(x, x.Apply(new Dense(2, Activation.Sigmoid))).Compile(new Sgd(0.1), Loss.MeanSquaredError);
        trainer.ExportTraining(folder.Path, new TrainingExportOptions { Verify = false });
        return Archive(folder);
    }

    /// <summary>A model in two files, as an archive of them.</summary>
    public static IReadOnlyList<byte[]> TwoFiles()
    {
        using var folder = new TemporaryFolder();
        Images().ExportOnnx(folder.File(FirstFile), new ExportOptions { ExternalData = true, Verify = false });
        return [Archive(folder)];
    }

    private static byte[] Archive(TemporaryFolder folder) => ZipEdits.Write(Directory.EnumerateFiles(folder.Path).Order(StringComparer.Ordinal)
        .Select(path => (Path.GetFileName(path), System.IO.File.ReadAllBytes(path))));

    private sealed class StopAfter(int steps, CancellationTokenSource source) : Callback
    {
        private int _steps;

        public override void OnBatchEnd(int batch, float loss)
        {
            if (++_steps == steps) source.Cancel();
        }
    }
}
