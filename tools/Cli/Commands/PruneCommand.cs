using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Removes the channels and units of a model that matter least.</summary>
internal static class PruneCommand
{
    private const double DefaultAmount = 0.5;

    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, or a .keras file.");
        var target = ModelFileTarget.Argument("The file to write: .onnx, which is verified, or .keras.");
        var amount = Typed.Number(
            "--amount",
            "The share of the channels and units of each layer to remove.",
            "a share above 0 and below 1",
            value => value is > 0 and < 1,
            DefaultAmount);
        var roundTo = Typed.Whole("--round-to", "Keeps multiples of so many channels.", 1, most: 1 << 16);
        var (export, keep) = (new ExportArguments(), new Option<string[]>("--keep")
        {
            Description = "A layer to leave as it is; may be given several times.",
            HelpName = "LAYER",
            DefaultValueFactory = _ => [],
        });
        var command = new Command("prune", "Remove channels and units of a model, write the smaller one, compare size and speed. Train it again afterwards.")
        {
            model,
            target,
            amount,
            roundTo,
            keep,
        };
        export.AddTo(command);
        var import = new ImportArguments();
        import.AddTo(command);
        return command.Runs((parsed, report, _) =>
        {
            var (from, to) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(target));
            OnnxFile.CheckWritable(to);
            var description = ModelSource.DescriptionOf(from);
            var before = ModelSource.OpenTrained(from, import.Options(parsed, from));
            var pruned = before.Prune(
                parsed.GetValue(amount) ?? DefaultAmount,
                new PruningOptions { RoundTo = parsed.GetValue(roundTo), Keep = parsed.GetValue(keep) ?? [] });
            var cost = PruningReport.Measure(before, pruned.Model);
            report.Line(pruned);
            report.Line(cost);
            ModelFileTarget.Write(pruned.Model, to, description, export.Options(parsed, description), report, ModelSource.MetadataOf(from), new()
            {
                ["before"] = ToJson(cost.Before),
                ["after"] = ToJson(cost.After),
            });
            report.Line($"Train it again to win back accuracy: onnxf train {to} --data DATA --out {to}");
            return 0;
        });
    }

    private static JsonObject ToJson(ModelCost cost) => new JsonObject
    {
        ["parameters"] = cost.Parameters,
        ["multiplyAdds"] = cost.MultiplyAdds,
        ["onnxBytes"] = cost.FileBytes,
        ["onnxRuntimeMilliseconds"] = Report.Number(cost.Milliseconds),
    };
}
