using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using Spectre.Console;

namespace OnnxFunctional.Cli.Networks;

/// <summary>How a model is trained and where its file is written.</summary>
internal sealed record TrainingOptions(string Out)
{
    public int Epochs { get; init; } = 5;

    public int BatchSize { get; init; } = 64;

    public string Optimizer { get; init; } = "adam";

    public double? LearningRate { get; init; }

    /// <summary>Whether the learning rate decays; otherwise it is constant.</summary>
    public bool Decays { get; init; } = true;

    public ulong Seed { get; init; }

    public int? Threads { get; init; }

    public MixedPrecision Precision { get; init; }

    /// <summary>The processes that train together; the one of rank 0 writes.</summary>
    public Distribution Distribution { get; init; } = Distribution.None;

    /// <summary>The epochs without improvement after which training stops; null to make all.</summary>
    public int? Patience { get; init; }

    /// <summary>The checkpoint file to resume from after Ctrl+C or a crash; null: none is written.</summary>
    public string? Checkpoint { get; init; }

    public int? CheckpointSteps { get; init; }

    /// <summary>The name of the files that store the model after each epoch; null: none are written.</summary>
    public string? EpochFiles { get; init; }

    /// <summary>The CSV file of losses and metrics; null: none is written.</summary>
    public string? Log { get; init; }

    /// <summary>A checkpoint to resume from.</summary>
    public string? Resume { get; init; }
}

/// <summary>The job of quickstart and train: fit, evaluate, export and verify, run the file, compare.</summary>
/// <param name="model">The model; from a checkpoint its own is taken instead.</param>
/// <param name="train">The samples to learn from.</param>
/// <param name="heldOut">The samples held out; null if there are none.</param>
/// <param name="goals">What each output is trained by.</param>
/// <param name="description">What the file keeps of the data.</param>
/// <param name="options">Epochs, batch size, learning rate, file.</param>
internal sealed class TrainingJob(
    Model model, LoadedData train, LoadedData? heldOut, IReadOnlyList<Goal> goals, DataDescription? description, TrainingOptions options)
{
    private int EvaluationBatch => model.Inputs[0].Shape[0] ?? 256;

    /// <summary>Trains, and writes a verified file.</summary>
    /// <returns>The exit code.</returns>
    public int Run(Report report, Interruption interruption)
    {
        var trainer = options.Resume is { } file ? Trainer.Load(file, threads: options.Threads, distribution: options.Distribution) : Compiled();
        report.Line(trainer.Model);
        report.Line(trainer.MeasureMemory(train.X, train.Y, options.BatchSize));
        var history = interruption.Gracefully(token => trainer.Fit(
            train.X,
            train.Y,
            epochs: options.Epochs,
            batchSize: options.BatchSize,
            validationData: heldOut is null ? null : (heldOut.X, heldOut.Y),
            callbacks: Callbacks(),
            verbose: report.Verbosity,
            cancellationToken: token));
        if (trainer.IsUnderWay)
        {
            if (options.Distribution.Rank > 0) return interruption.ExitCode;
            Console.Error.WriteLine($"Stopped after {trainer.Iterations} steps."
                + (options.Checkpoint is { } left && File.Exists(left) ? $" Resume with --resume {left}" : ""));
            return interruption.ExitCode;
        }

        // All processes share the samples that are evaluated.
        var test = heldOut ?? train;
        var scores = trainer.Evaluate(test.X, test.Y, EvaluationBatch, verbose: 0);
        if (options.Distribution.Rank > 0) return 0;
        var export = trainer.Model.ExportOnnx(options.Out, DataDescription.Options(description));
        report.Line(export);
        return Compare(trainer, history, test, scores, export, report);
    }

    private Trainer Compiled()
    {
        var outputs = TensorInfo.OutputsOf(model);
        var steps = options.Epochs * ((train.Count + options.BatchSize - 1) / options.BatchSize);
        return model.Compile(
            Optimizers.Make(options.Optimizer, options.LearningRate, options.Decays ? steps : null),
            Goal.Losses(outputs, goals),
            metrics: Goal.MetricsOf(outputs, goals),
            seed: options.Seed,
            threads: options.Threads,
            precision: options.Precision,
            distribution: options.Distribution);
    }

    private List<Callback> Callbacks()
    {
        var callbacks = new List<Callback>();
        if (options.Patience is { } patience)
            callbacks.Add(new EarlyStopping(heldOut is null ? "loss" : "val_loss", patience: patience, restoreBestWeights: true));
        if (options.EpochFiles is { } files) callbacks.Add(new ModelCheckpoint(files));
        if (options.Log is { } log) callbacks.Add(new CsvLogger(log, append: options.Resume is not null));
        if (options.Checkpoint is { } checkpoint) callbacks.Add(new BackupAndRestore(checkpoint, options.CheckpointSteps, restores: false));
        return callbacks;
    }

    /// <summary>Runs the file on the samples held out, on those learned from if there are none, and compares with the engine.</summary>
    private int Compare(Trainer trainer, History history, LoadedData test, Scores engine, ExportReport export, Report report)
    {
        using var onnx = new OnnxPredictor(OnnxModel.Load(options.Out));
        var runtime = Scoring.Of(onnx.Outputs, onnx.Predict(test.X, EvaluationBatch), test, goals);
        var engineRows = RowsPerSecond(test.Count, () => trainer.Model.PredictAll(test.X, EvaluationBatch));
        var runtimeRows = RowsPerSecond(test.Count, () => onnx.Predict(test.X, EvaluationBatch));
        if (!report.IsJson) PrintResults(heldOut is null ? "" : "held-out ", engine, runtime, engineRows, runtimeRows);
        report.Line($"Wrote {options.Out}");
        report.Result(new()
        {
            ["file"] = options.Out,
            ["bytes"] = export.FileBytes,
            ["verified"] = export.Passed,
            ["largestDifference"] = Report.Number(export.LargestDifference),
            ["parameters"] = trainer.Model.CountParams(),
            ["data"] = description?.ToJson(),
            ["trainingSamples"] = train.Count,
            ["heldOutSamples"] = heldOut?.Count ?? 0,
            ["epochs"] = new JsonArray([.. Enumerable.Range(0, history.Epochs.Count).Select(i => Epoch(history, i))]),
            ["engine"] = Report.Numbers(engine),
            ["onnxRuntime"] = Report.Numbers(runtime),
            ["engineRowsPerSecond"] = Report.Number(engineRows),
            ["onnxRuntimeRowsPerSecond"] = Report.Number(runtimeRows),
        });
        if (!engine.TryGetValue("accuracy", out var accuracy) || !runtime.TryGetValue("accuracy", out var other)) return 0;
        if (Math.Abs(accuracy - other) < 0.5 / test.Count) return 0;
        Console.Error.WriteLine("The accuracies of engine and ONNX Runtime differ although the file verified; please report this.");
        return 1;
    }

    private static JsonObject Epoch(History history, int index)
    {
        var epoch = new JsonObject { ["epoch"] = history.Epochs[index] + 1 };
        foreach (var name in history.Names) epoch[name] = history[name] is var values && index < values.Count ? Report.Number(values[index]) : null;
        return epoch;
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

    private static void PrintResults(string part, Scores engine, Scores runtime, double engineRows, double runtimeRows)
    {
        var names = engine.Keys.ToList();
        var table = new Table().AddColumns(["", .. names.Select(name => Markup.Escape(part + name)), "rows per second"]);
        table.AddRow([new Text("engine"), .. names.Select(name => Value(engine[name])), Rows(engineRows)]);
        table.AddRow([new Text("ONNX Runtime"), .. names.Select(name => Value(runtime[name])), Rows(runtimeRows)]);

        // A new console: Spectre's shared one would write to the original output.
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }).Write(table);

        static Text Value(double value) => new(value.ToString(Math.Abs(value) < 100 ? "0.0000" : "G6", CultureInfo.InvariantCulture));
        static Text Rows(double rows) => new(rows.ToString("N0", CultureInfo.InvariantCulture));
    }
}
