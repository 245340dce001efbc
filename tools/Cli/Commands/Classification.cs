using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using Spectre.Console;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The job shared by quickstart and train: fit, evaluate, export and verify, run the file, compare.</summary>
internal static class Classification
{
    /// <summary>Trains a classifier and writes a verified file.</summary>
    /// <param name="model">The network; its output is a probability for each class.</param>
    /// <param name="train">Samples and class numbers to learn from.</param>
    /// <param name="test">Samples and class numbers held out.</param>
    /// <param name="options">Epochs, batch size, learning rate, file.</param>
    /// <param name="interruption">Ends training after the current step.</param>
    /// <returns>The exit code.</returns>
    public static int Run(
        Model model,
        (NDArray X, NDArray Y) train,
        (NDArray X, NDArray Y) test,
        ClassificationOptions options,
        Interruption interruption)
    {
        var steps = options.Epochs * ((train.X.Count + options.BatchSize - 1) / options.BatchSize);

        // Half a cosine from the full rate to a hundredth of it, so that the last epochs settle.
        var trainer = options.Resume is { } file
            ? Trainer.Load(file, threads: options.Threads)
            : model.Compile(
                new Adam(Schedule.CosineDecay(options.LearningRate, steps, alpha: 0.01)),
                Loss.SparseCategoricalCrossentropy,
                metrics: [Metric.Accuracy],
                seed: options.Seed,
                threads: options.Threads,
                precision: options.Precision);
        model = trainer.Model;
        model.Summary();
        Console.Out.WriteLine(trainer.MeasureMemory(train.X, train.Y, options.BatchSize));
        Callback[] callbacks =
        [
            .. options.EpochFiles is { } files ? [new ModelCheckpoint(files)] : Array.Empty<Callback>(),
            .. options.Checkpoint is { } checkpoint
                ? [new BackupAndRestore(checkpoint, options.CheckpointSteps, restores: false)]
                : Array.Empty<Callback>(),
        ];
        interruption.Gracefully(token => trainer.Fit(
            train.X,
            train.Y,
            epochs: options.Epochs,
            batchSize: options.BatchSize,
            callbacks: callbacks,
            verbose: options.Verbosity,
            cancellationToken: token));
        if (interruption.Token.IsCancellationRequested)
        {
            Console.Error.WriteLine($"Stopped after {trainer.Iterations} steps."
                + (options.Checkpoint is { } left && File.Exists(left) ? $" Resume with --resume {left}" : ""));
            return interruption.ExitCode;
        }

        var engineAccuracy = trainer.Evaluate(test.X, test.Y, batchSize: 256, verbose: 0)["accuracy"];

        var report = model.ExportOnnx(options.Path);
        Console.Out.WriteLine(report.ToString());

        var labels = (long[])test.Y;
        using var onnx = OnnxModel.Load(options.Path);
        var runtimeAccuracy = Accuracy(onnx.Predict(test.X), labels);
        PrintResults(
            engineAccuracy,
            runtimeAccuracy,
            RowsPerSecond(labels.Length, () => model.Predict(test.X, 256)),
            RowsPerSecond(labels.Length, () => onnx.Predict(test.X)));
        Console.Out.WriteLine($"Wrote {options.Path}");
        if (Math.Abs(engineAccuracy - runtimeAccuracy) < 0.5 / labels.Length) return 0;
        Console.Error.WriteLine("The accuracies of engine and ONNX Runtime differ although the file verified; please report this.");
        return 1;
    }

    /// <summary>The fraction of rows whose largest value is at the index of their class.</summary>
    public static double Accuracy(NDArray scores, ReadOnlySpan<long> labels)
    {
        var values = scores.ToArray();
        var classes = values.Length / labels.Length;
        var right = 0;
        for (var row = 0; row < labels.Length; row++)
        {
            if (TensorPrimitives.IndexOfMax(values.AsSpan(row * classes, classes)) == labels[row]) right++;
        }

        return (double)right / labels.Length;
    }

    private static double RowsPerSecond(int rows, Action predict)
    {
        // The first run makes plans; the best of the next three depends least on the scheduler.
        predict();
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var start = Stopwatch.GetTimestamp();
            predict();
            var elapsed = Stopwatch.GetElapsedTime(start);
            if (elapsed < best) best = elapsed;
        }

        return rows / best.TotalSeconds;
    }

    private static void PrintResults(double engineAccuracy, double runtimeAccuracy, double engineRows, double runtimeRows)
    {
        var table = new Table().AddColumns("", "held-out accuracy", "rows per second");
        table.AddRow("engine", Percent(engineAccuracy), Rows(engineRows));
        table.AddRow("ONNX Runtime", Percent(runtimeAccuracy), Rows(runtimeRows));
        // A new console: Spectre's shared one would write to the original output.
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }).Write(table);

        static string Percent(double share) => share.ToString("0.0000", CultureInfo.InvariantCulture);
        static string Rows(double rows) => rows.ToString("N0", CultureInfo.InvariantCulture);
    }
}

/// <summary>How a classifier is trained and where its file is written.</summary>
internal sealed record ClassificationOptions(string Path)
{
    public int Epochs { get; init; } = 5;

    public int BatchSize { get; init; } = 64;

    public float LearningRate { get; init; } = 2e-3f;

    public ulong Seed { get; init; }

    public int? Threads { get; init; }

    /// <summary>The checkpoint file to resume from after Ctrl+C or a crash; null: none is written.</summary>
    public string? Checkpoint { get; init; }

    public int? CheckpointSteps { get; init; }

    /// <summary>The name of the files that store the model after each epoch; null: none are written.</summary>
    public string? EpochFiles { get; init; }

    public MixedPrecision Precision { get; init; }

    /// <summary>A checkpoint to resume from.</summary>
    public string? Resume { get; init; }

    public Verbosity Verbosity { get; init; }
}
