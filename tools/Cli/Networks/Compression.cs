using System.Globalization;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Networks;

/// <summary>Removes channels of a model, trains what is left to give what the whole gave, and quantizes it, as far as the metric allows.</summary>
/// <param name="original">The model.</param>
/// <param name="source">The file it came from.</param>
/// <param name="samples">The samples to learn from, and to calibrate on; the model itself says what to learn.</param>
/// <param name="judge">What decides.</param>
internal sealed class Compression(Model original, string source, NDArrays samples, Judge judge)
{
    private const int CalibrationSamples = 256;

    public required IReadOnlyList<double> Amounts { get; init; }

    public required double MaxDrop { get; init; }

    public required int Epochs { get; init; }

    public required int BatchSize { get; init; }

    public required double LearningRate { get; init; }

    public required ulong Seed { get; init; }

    private int EvaluationBatch => original.Inputs[0].Shape[0] ?? 32;

    /// <summary>Tries the shares in turn, and writes the first that is good enough.</summary>
    /// <returns>The exit code.</returns>
    public int Run(string target, ExportOptions options, Report report, Interruption interruption)
    {
        var before = ScoreOf(original);
        var taught = new Lazy<NDArrays>(() => original.PredictAll(samples, EvaluationBatch).ToArray());
        var calibration = samples.Spread(CalibrationSamples);
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

                steps.Add(("pruned", ScoreOf(small)));
                report.Line($"{share} of the channels removed: {judge.Metric} {Shown(steps[^1].Score)}, before {Shown(before)}");
                Train(small, taught.Value, report, interruption);
                if (interruption.Token.IsCancellationRequested) return interruption.ExitCode;
                steps.Add(("trained", ScoreOf(small)));
            }

            // What is left of the drop is the quantization's.
            var left = (steps.Count > 0 ? steps[^1].Score : before) - (before - MaxDrop);
            if (left < 0)
            {
                tries.Add($"{share} pruned: {judge.Metric} {Shown(steps[^1].Score)} after training");
                report.Line(tries[^1] + ", which is not enough");
                continue;
            }

            QuantizedModel quantized;
            try
            {
                quantized = small.Quantize(calibration, new() { BatchSize = EvaluationBatch }, new QuantizationGate(judge.Data.X, judge.Score, left));
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
            $"No form of the model keeps {judge.Metric} within {MaxDrop} of {Shown(before)}:"
            + string.Concat(tries.Select(each => Environment.NewLine + "- " + each))
            + $"{Environment.NewLine}Allow more by --max-drop, remove less by --amount, or train longer by --epochs.");
    }

    private void Finish(
        Model small, QuantizedModel quantized, double amount, List<(string Word, double Score)> steps, string target, ExportOptions options, Report report)
    {
        var exported = quantized.ExportOnnx(target, options);
        report.Line(exported);
        List<ComparedForm> forms = [new("float32", original, ModelSource.OnnxFileOf(source))];
        if (amount > 0) forms.Add(new("pruned, trained", small, null));
        var comparison = new Comparison(judge);
        var costs = comparison.Of([.. forms, new("int8", small, target)]);
        if (!report.IsJson) comparison.Print(costs);
        report.Line($"Wrote {target}");
        report.Result(new()
        {
            ["file"] = target,
            ["verified"] = exported.Passed,
            ["metric"] = judge.Metric,
            ["amount"] = amount,
            ["pruned"] = steps.Count > 0 ? Report.Number(judge.Signed(steps[0].Score)) : null,
            ["forms"] = new JsonArray([.. costs.Select(cost => cost.ToJson())]),
        });
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

    private double ScoreOf(Model model) => judge.Score(model.PredictAll(judge.Data.X, EvaluationBatch));

    private string Shown(double score) => judge.Signed(score).ToString("0.0000", CultureInfo.InvariantCulture);
}
