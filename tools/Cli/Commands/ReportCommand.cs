using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using Page = OnnxFunctional.Visualization.Report;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Writes a page about a model and its training.</summary>
internal static class ReportCommand
{
    // More pictures make the page large, and nobody looks at them.
    private const int MostShown = 1000;

    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, a .keras file, or Keras' JSON.");
        var data = new DataArguments(withTargets: true, forTraining: false, isRequired: false);
        var (goal, import) = (new GoalArguments(), new ImportArguments());
        var output = new Option<string>("--out") { Description = "The page to write.", HelpName = "FILE", DefaultValueFactory = _ => "report.html" };
        var history = Typed.Text("--history", "The log of the training, which onnxf train --log or CsvLogger wrote.", "FILE");
        var classes = Typed.Text("--classes", "The names of the classes with commas between; by default those of the file or of the data.", "NAMES");
        var worst = Typed.Whole("--worst", "How many of the samples with the highest loss are shown.", 12, most: MostShown);
        var noVerify = Typed.Flag("--no-verify", "Leaves out the verification, which takes minutes for large ONNX files.");
        var command = new Command("report", "Write a page: graph, curves, verification, confusion matrix, worst examples, costs per layer.") { model };
        data.AddTo(command);
        foreach (var option in (Option[])[output, history, classes, worst, noVerify]) command.Add(option);
        goal.AddTo(command);
        import.AddTo(command);
        return command.Runs((parsed, report, _) =>
        {
            var (path, to) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(output));
            if (Path.GetFullPath(path) == Path.GetFullPath(to)) throw new ModelException($"'{to}' is the model; give --out another name.");
            var kind = ModelSource.KindOf(path);
            if (data.AreGiven(parsed))
            {
                data.CheckOutput(parsed, to, path);
                if (kind == ModelKind.Json)
                    throw new ModelException($"'{path}' holds an architecture without weights, so it predicts nothing. Leave --data out, or train it.");
            }

            else if (Array.Find([classes, worst, .. goal.Options], option => parsed.GetResult(option) is { Implicit: false }) is { } unused)
                throw new ModelException($"{unused.Name} is about data, and there is none. Give --data too.");

            var options = import.Options(parsed, path);
            var opened = ModelSource.Open(path, options with { Verify = false });
            var log = parsed.GetValue(history) is { } file ? History.FromCsv(file) : null;
            var verification = kind == ModelKind.Onnx && !parsed.GetValue(noVerify) ? OnnxFile.Verify(path, import: options) : null;
            var names = parsed.GetValue(classes)?.Split(',');
            var samples = 0;
            if (data.AreGiven(parsed))
            {
                var (loaded, trainer, goals) = Loaded(parsed, data, goal, opened, ModelSource.DescriptionOf(path));
                samples = loaded.Count;
                var profile = opened.Profile(loaded.X);
                Page.Write(to, trainer, loaded.X, loaded.Y, log, verification, names ?? NamesOf(loaded, opened, goals), parsed.GetValue(worst), profile);
            }
            else Page.Write(to, opened, history: log, verification: verification);
            report.Line($"Wrote {to}");
            report.Result(new() { ["file"] = to, ["samples"] = samples, ["verified"] = verification?.Passed });
            return 0;
        });
    }

    /// <summary>The data, and a trainer that makes no step but knows losses and metrics.</summary>
    private static (LoadedData Data, Trainer Trainer, Goal[] Goals) Loaded(
        ParseResult parsed, DataArguments data, GoalArguments goal, Model model, DataDescription? description)
    {
        var source = DataSource.Open(data.Path(parsed), data.Options(parsed));
        var outputs = TensorInfo.OutputsOf(model);
        var loaded = (source.HeldOut ?? source).Load(new(TensorInfo.InputsOf(model), outputs, description, WithTargets: true));
        loaded = goal.Suited(parsed, loaded, outputs);
        var scales = Goal.ScalesOf(model, loaded.X);
        Goal[] goals = [.. loaded.Targets.Select((target, i) => goal.Of(parsed, outputs[i], scales[i], target))];
        return (loaded, model.Compile(new Sgd(), Goal.Losses(outputs, goals), metrics: Goal.MetricsOf(outputs, goals)), goals);
    }

    /// <summary>The names of the data's classes, where the only output predicts them.</summary>
    private static IReadOnlyList<string>? NamesOf(LoadedData data, Model model, Goal[] goals)
    {
        if (data.Targets is not [{ Classes: { } names }] || model.Outputs[0].Shape.Count != 2) return null;
        var units = model.Outputs[0].Shape[^1];
        return names.Count == units || (names.Count == 2 && units == 1 && goals[0].Loss is BinaryCrossentropy) ? names : null;
    }
}
