using System.Globalization;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using Spectre.Console;

namespace OnnxFunctional.Cli.Networks;

/// <summary>Removes channels of a model, trains what is left to give what the whole gave, and quantizes it, as far as the metric allows.</summary>
/// <param name="original">The model.</param>
/// <param name="source">The file it came from.</param>
/// <param name="samples">The samples to learn from, and to calibrate on; the model itself says what to learn.</param>
/// <param name="judged">The samples that the metric is of.</param>
/// <param name="goals">Losses and metrics.</param>
internal sealed class Compression(
    Model original, string source, NDArrays samples, LoadedData judged, IReadOnlyList<Goal> goals)
{
    private const int CalibrationSamples = 256;

    private readonly IReadOnlyList<TensorInfo> _outputs = TensorInfo.OutputsOf(original);

    public required IReadOnlyList<double> Amounts { get; init; }

    public required double MaxDrop { get; init; }

    public required int Epochs { get; init; }

    public required int BatchSize { get; init; }

    public required double LearningRate { get; init; }

    public required ulong Seed { get; init; }

    private string Metric => _outputs.Count > 1 ? $"{_outputs[0].Name}_{goals[0].Metrics[0].Name}" : goals[0].Metrics[0].Name;

    private int EvaluationBatch => original.Inputs[0].Shape[0] ?? 32;

    /// <summary>Tries the shares in turn, and writes the first that is good enough.</summary>
    /// <returns>The exit code.</returns>
    public int Run(string target, ExportOptions options, Report report, Interruption interruption)
    {
        var before = ScoreOf(original.PredictAll(judged.X, EvaluationBatch));
        var taught = new Lazy<NDArrays>(() => original.PredictAll(samples, EvaluationBatch).ToArray());
        var calibration = samples.Take([.. Spread(samples[0].Count)]);
        var tries = new List<string>();
        foreach (var amount in Amounts)
        {
            var share = amount.ToString("P0", CultureInfo.InvariantCulture);
            var small = original;
            var steps = new List<(string Word, double Score)>();
            if (amount > 0)
            {
                try
                {
                    small = original.Prune(amount).Model;
                }
                catch (ModelException refused)
                {
                    report.Line(refused.Message);
                    tries.Add($"{share} pruned: {refused.Message}");
                    continue;
                }

                steps.Add(("pruned", ScoreOf(small.PredictAll(judged.X, EvaluationBatch))));
                report.Line($"{share} of the channels removed: {Metric} {Shown(steps[^1].Score)}, before {Shown(before)}");
                Train(small, taught.Value, report, interruption);
                if (interruption.Token.IsCancellationRequested) return interruption.ExitCode;
                steps.Add(("trained", ScoreOf(small.PredictAll(judged.X, EvaluationBatch))));
            }

            // What is left of the drop is the quantization's.
            var left = (steps.Count > 0 ? steps[^1].Score : before) - (before - MaxDrop);
            if (left < 0)
            {
                tries.Add($"{share} pruned: {Metric} {Shown(steps[^1].Score)} after training");
                report.Line(tries[^1] + ", which is not enough");
                continue;
            }

            QuantizedModel quantized;
            try
            {
                quantized = small.Quantize(calibration, new() { BatchSize = EvaluationBatch }, new QuantizationGate(judged.X, ScoreOf, left));
            }
            catch (ExportException refused)
            {
                tries.Add($"{share} pruned: {refused.Message}");
                report.Line(refused.Message);
                continue;
            }

            report.Line(quantized);
            Finish(small, quantized, amount, steps, target, options, report);
            return 0;
        }

        throw new ModelException(
            $"No form of the model keeps {Metric} within {MaxDrop} of {Shown(before)}:{string.Concat(tries.Select(each => Environment.NewLine + "- " + each))}"
            + $"{Environment.NewLine}Allow more by --max-drop, remove less by --amount, or train longer by --epochs.");
    }

    private void Finish(
        Model small, QuantizedModel quantized, double amount, List<(string Word, double Score)> steps, string target, ExportOptions options, Report report)
    {
        var folder = Directory.CreateTempSubdirectory("onnxf-compress-");
        try
        {
            var exported = quantized.ExportOnnx(target, options);
            report.Line(exported);
            var files = new List<string> { Comparison.FileOf(original, source, folder.FullName) };
            if (amount > 0)
            {
                files.Add(Path.Combine(folder.FullName, "trained.onnx"));
                small.ExportOnnx(files[^1], new ExportOptions { Verify = false });
            }

            files.Add(target);
            var sides = new Comparison(files, judged, goals).Measure();
            (string Word, Model Model)[] forms = amount > 0
                ? [("float32", original), ("pruned, trained", small), ("int8", small)]
                : [("float32", original), ("int8", original)];
            if (!report.IsJson) Print(forms, sides);
            report.Line($"Wrote {target}");
            report.Result(new()
            {
                ["file"] = target,
                ["verified"] = exported.Passed,
                ["metric"] = Metric,
                ["amount"] = amount,
                ["pruned"] = steps.Count > 0 ? Report.Number(Signed(steps[0].Score)) : null,
                ["forms"] = new JsonArray([.. forms.Zip(sides, (form, side) => ToJson(form.Word, form.Model, side))]),
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Learns what the whole model gives: probabilities by cross-entropy, numbers by their squared distance.</summary>
    private void Train(Model small, NDArrays taught, Report report, Interruption interruption)
    {
        var steps = Epochs * ((samples[0].Count + BatchSize - 1) / BatchSize);
        var losses = TensorInfo.OutputsOf(small).Select((output, i) => (output.Name, Loss: Goal.ScaleOf(taught[i]) switch
        {
            OutputScale.Sigmoid => Loss.BinaryCrossentropy,
            OutputScale.Bounded => Loss.CategoricalCrossentropy,
            _ => Loss.MeanSquaredError,
        })).ToDictionary(pair => pair.Name, pair => pair.Loss);
        var trainer = small.Compile(Optimizers.Make("adam", LearningRate, steps), losses, seed: Seed);
        interruption.Gracefully(token => trainer.Fit(
            samples, taught, epochs: Epochs, batchSize: BatchSize, verbose: report.Verbosity, cancellationToken: token));
    }

    /// <summary>Larger is better; errors count negative.</summary>
    private double ScoreOf(IReadOnlyList<NDArray> predictions) => Signed(Scoring.Of(_outputs, predictions, judged, goals)[Metric]);

    private double Signed(double value) => value * (goals[0].Metrics[0].LargerIsBetter ?? true ? 1 : -1);

    private string Shown(double score) => Signed(score).ToString("0.0000", CultureInfo.InvariantCulture);

    private static IEnumerable<int> Spread(int count) =>
        Enumerable.Range(0, Math.Min(count, CalibrationSamples)).Select(i => (int)((long)i * count / Math.Min(count, CalibrationSamples)));

    private void Print((string Word, Model Model)[] forms, IReadOnlyList<QuantizedSide> sides)
    {
        var rows = new Table().AddColumns("", "parameters", "bytes", "ms, one sample", "ms, a batch", Metric);
        foreach (var ((word, model), side) in forms.Zip(sides))
        {
            rows.AddRow(
                word,
                model.CountParams().ToString("N0", CultureInfo.InvariantCulture),
                side.Bytes.ToString("N0", CultureInfo.InvariantCulture),
                side.OneSample.ToString("G3", CultureInfo.InvariantCulture),
                side.Batch.ToString("G3", CultureInfo.InvariantCulture),
                side.Scores[Metric].ToString("0.0000", CultureInfo.InvariantCulture));
        }

        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }).Write(rows);
    }

    private JsonObject ToJson(string form, Model model, QuantizedSide side) => new()
    {
        ["form"] = form,
        ["parameters"] = model.CountParams(),
        ["bytes"] = side.Bytes,
        ["millisecondsOneSample"] = Report.Number(side.OneSample),
        ["millisecondsBatch"] = Report.Number(side.Batch),
        ["score"] = Report.Number(side.Scores[Metric]),
    };
}
