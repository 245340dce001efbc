using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Samples;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Trains a model on data in files.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model(
            "mlp, cnn or lstm, which are made for the data, or a model to train: a .keras or JSON file, or an ONNX file of any origin.");
        var (data, output) = (new DataArguments(withTargets: true, forTraining: true), CommonOptions.Out("model.onnx"));
        var (fit, goal, held) = (new FitArguments(), new GoalArguments(), new HeldOutArguments());
        var (import, trained) = (new ImportArguments(), new TrainedArguments());
        var command = new Command("train", "Train a model on a table, on arrays or on images, write it as ONNX and verify the file.") { model };
        data.AddTo(command);
        command.Add(output);
        held.AddTo(command);
        goal.AddTo(command);
        fit.AddTo(command);
        trained.AddTo(command);
        import.AddTo(command);
        return command.Runs((parsed, report, interruption) =>
        {
            var distribution = fit.Shared(parsed);
            var writes = distribution.Rank == 0;
            (report, interruption.IsSilent) = (report.OnlyIf(writes), !writes);
            if (!writes) Warnings.Raised += _ => { };
            var file = parsed.GetRequiredValue(output);
            data.CheckOutput(parsed, file, null);
            var name = parsed.GetRequiredValue(model);
            var builtIn = ModelSource.BuiltIn(name);
            var options = fit.Options(parsed, file, distribution);
            var source = DataSource.Open(data.Path(parsed), data.Options(parsed));
            var given = import.Options(parsed, name);
            var loaded = builtIn is null ? ModelSource.Open(name, given) : null;
            var features = loaded is null ? source.Features() : [];
            var request = new DataRequest(
                loaded is null ? [.. features.Select(feature => feature.Input)] : TensorInfo.InputsOf(loaded),
                loaded is null ? null : TensorInfo.OutputsOf(loaded),
                loaded is null ? null : ModelSource.DescriptionOf(name),
                WithTargets: true)
            {
                NewColumns = [.. features.Where(feature => feature.Columns.Count > 0).Select(feature => new InputColumns(feature.Input.Name, feature.Columns))],
            };
            var (training, heldOut) = held.Split(parsed, source, request, options.Seed);
            loaded ??= BuiltInNetwork.Make(builtIn!, features, training, options.Seed);
            trained.Apply(parsed, loaded);
            var outputs = TensorInfo.OutputsOf(loaded);
            (training, heldOut) = (goal.Suited(parsed, training, outputs), heldOut is null ? null : goal.Suited(parsed, heldOut, outputs));
            var scales = Goal.ScalesOf(loaded, training.X);
            Goal[] goals = [.. training.Targets.Select((target, i) => goal.Of(parsed, outputs[i], scales[i], target))];
            options = fit.ForSamples(options, parsed, training.Count, loaded.Inputs[0].Shape[0]);
            report.Line(Told(source, training, heldOut));
            return new TrainingJob(loaded, training, heldOut, goals, Described(training, goals), options).Run(report, interruption);
        });
    }

    private static DataDescription? Described(LoadedData training, Goal[] goals) => training.Targets is [var target]
        ? new(target.Name, target.Classes, goals[0].Threshold, training.Columns)
        : null;

    private static string Told(DataSource source, LoadedData training, LoadedData? heldOut)
    {
        var targets = training.Targets.Select(target => $"'{target.Name}' "
            + (target.Classes is { } classes
                ? $"({classes.Count} classes: {string.Join(", ", classes.Take(10))}{(classes.Count > 10 ? ", ..." : "")})"
                : "(numbers)"));
        return $"Learns {string.Join(", ", targets)} from {training.Count} samples of {source.Path}"
            + (heldOut is null ? "; none are held out." : $"; {heldOut.Count} are held out.");
    }
}
