using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Compares the predictions of a model with what is known.</summary>
internal static class EvaluateCommand
{
    // More rows are no table to read.
    private const int MostClassesShown = 50;

    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, which runs in ONNX Runtime, or a .keras file, which runs in the engine.");
        var data = new DataArguments(withTargets: true, forTraining: false);
        var goal = new GoalArguments();
        var batchSize = CommonOptions.BatchSize("Samples that are computed at a time.", 256);
        var command = new Command("evaluate", "Compute loss and metrics of a model on data with known targets.") { model };
        data.AddTo(command);
        goal.AddTo(command);
        command.Add(batchSize);
        return command.Runs((parsed, report, _) =>
        {
            using var predictor = Predictor.Open(parsed.GetRequiredValue(model));
            var source = DataSource.Open(data.Path(parsed), data.Options(parsed));
            var loaded = (source.HeldOut ?? source).Load(new(predictor.Inputs, predictor.Outputs, predictor.Description, WithTargets: true));
            loaded = goal.Suited(parsed, loaded, predictor.Outputs);
            var predictions = predictor.Predict(loaded.X, parsed.GetValue(batchSize));
            Goal[] goals = [.. predictor.Outputs.Select((output, i) => goal.Of(parsed, output, Goal.ScaleOf(predictions[i]), loaded.Targets[i]))];
            var scores = Scoring.Of(predictor.Outputs, predictions, loaded, goals);
            var classes = Classes(loaded, predictions, goals);
            report.Line($"{loaded.Count} samples of {source.Path}, {predictor.Runtime}: {scores}");
            if (classes is { Classes.Count: <= MostClassesShown }) report.Line(classes);
            report.Result(new()
            {
                ["samples"] = loaded.Count,
                ["runtime"] = predictor.Runtime,
                ["scores"] = Report.Numbers(scores),
                ["classes"] = classes is null ? null : new JsonArray([.. classes.Classes.Select(ToJson)]),
            });
            return 0;
        });
    }

    private static ClassificationReport? Classes(LoadedData data, IReadOnlyList<NDArray> predictions, Goal[] goals)
    {
        if (data.Targets is not [{ Classes: { } names } target] || predictions[0].Shape.Count != 2) return null;
        if (goals[0].Threshold is null && predictions[0].Shape[^1] != names.Count) return null;
        var matrix = new ConfusionMatrix(names.Count);
        matrix.Add(target.Values, Decided(predictions[0], goals[0].Threshold));
        return matrix.Report(names);
    }

    /// <summary>The matrix compares a single output with one half.</summary>
    private static NDArray Decided(NDArray predictions, double? threshold) => threshold is { } bound
        ? NDArray.Create(Array.ConvertAll(predictions.ToArray(), value => value > bound ? 1f : 0f), predictions.Shape)
        : predictions;

    private static JsonObject ToJson(ClassScore score) => new JsonObject
    {
        ["name"] = score.Name,
        ["precision"] = Report.Number(score.Precision),
        ["recall"] = Report.Number(score.Recall),
        ["f1"] = Report.Number(score.F1),
        ["support"] = score.Support,
    };
}
