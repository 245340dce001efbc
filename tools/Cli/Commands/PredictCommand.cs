using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Predicts for data without targets.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, which runs in ONNX Runtime, or a .keras file, which runs in the engine.");
        var data = new DataArguments(withTargets: false, forTraining: false);
        var output = Typed.Text("--out", "The file to write: a CSV table, or NumPy arrays if it ends in .npz; by default the table is printed.", "FILE");
        var batchSize = CommonOptions.BatchSize("Samples that are computed at a time.", 256);
        var command = new Command("predict", "Predict for each row, array or image; classes are named if the model's file names them.") { model };
        data.AddTo(command);
        command.Add(output);
        command.Add(batchSize);
        return command.Runs((parsed, report, _) =>
        {
            var target = parsed.GetValue(output);
            if (target is not null) data.CheckOutput(parsed, target, parsed.GetRequiredValue(model));
            using var predictor = Predictor.Open(parsed.GetRequiredValue(model));
            var source = DataSource.Open(data.Path(parsed), data.Options(parsed));
            var loaded = (source.HeldOut ?? source).Load(new(predictor.Inputs, predictor.Outputs, predictor.Description, WithTargets: false));
            var predictions = new Predictions(
                predictor.Outputs, predictor.Predict(loaded.X, parsed.GetValue(batchSize)), predictor.Description, loaded.Names);
            if (target is null)
            {
                if (!report.IsJson) predictions.WriteTable(Console.Out);
                report.Result(predictions.ToJson());
                return 0;
            }

            if (Path.GetExtension(target).Equals(".npz", StringComparison.OrdinalIgnoreCase)) predictions.WriteArrays(target);
            else WholeFile.Write(target, predictions.WriteTable);
            report.Line($"Wrote {loaded.Count} predictions of {predictor.Runtime} to {target}");
            report.Result(new() { ["file"] = target, ["samples"] = loaded.Count, ["runtime"] = predictor.Runtime });
            return 0;
        });
    }
}
