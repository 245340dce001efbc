using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Makes a model small: prunes it, teaches it what it knew, and quantizes it.</summary>
internal static class CompressCommand
{
    private const int ManySamples = 10_000;

    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, or a .keras file.");
        var (data, output, held) = (new DataArguments(withTargets: true, forTraining: true), CommonOptions.Out("small.onnx"), new HeldOutArguments());
        var (goal, import, seed) = (new GoalArguments(), new ImportArguments(), CommonOptions.Seed());
        var export = new ExportArguments(withTarget: false);
        var maxDrop = Typed.Number(
            "--max-drop", "How much worse the first metric may become.", "a number of 0 or more", value => value >= 0, 0.005);
        var amounts = new Option<double[]>("--amount")
        {
            Description = "The share of the channels to remove; may be given several times, to be tried in turn. By default 0.5, 0.3, 0.15 and 0.",
            HelpName = "SHARE",
            DefaultValueFactory = _ => [0.5, 0.3, 0.15, 0],
        };
        var epochs = Typed.Whole("--epochs", "How often the pruned model goes through all samples.", 10);
        var batchSize = CommonOptions.BatchSizeOrNone("Samples per step; by default 32, or 64 if there are 10,000 or more.");
        var rate = Typed.Number("--learning-rate", "The learning rate of the first step.", "a number above 0", value => value > 0, 0.001);
        var command = new Command("compress", "Prune a model, train it to give what it gave, make it int8; compare size, speed and metric.") { model };
        data.AddTo(command);
        Option[] own = [output, maxDrop, amounts, epochs, batchSize, rate, seed];
        foreach (var option in own) command.Add(option);
        export.AddTo(command);
        held.AddTo(command);
        goal.AddTo(command);
        import.AddTo(command);
        return command.Runs((parsed, report, interruption) =>
        {
            var (from, to, shares) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(output), parsed.GetValue(amounts) ?? []);
            data.CheckOutput(parsed, to, from);
            if (Array.Find(shares, share => !(share is >= 0 and < 1)) is not 0 and var wrong)
                throw new ModelException($"--amount is {wrong}; expected a share of at least 0 and below 1.");
            var before = ModelSource.OpenTrained(from, import.Options(parsed, from));
            var description = ModelSource.DescriptionOf(from);
            var (inputs, outputs) = (TensorInfo.InputsOf(before), TensorInfo.OutputsOf(before));
            var source = DataSource.Open(data.Path(parsed), data.Options(parsed));
            var (training, heldOut) = held.Split(parsed, source, new DataRequest(inputs, outputs, description, WithTargets: true), parsed.GetValue(seed));
            var judged = goal.Suited(parsed, heldOut ?? training, outputs);
            var scales = Goal.ScalesOf(before, judged.X);
            Goal[] goals = [.. outputs.Select((info, i) => goal.Of(parsed, info, scales[i], judged.Targets[i]))];
            var compression = new Compression(before, from, training.X, new Judge(outputs, judged, goals))
            {
                Amounts = shares,
                MaxDrop = parsed.GetValue(maxDrop) ?? 0.005,
                Epochs = parsed.GetValue(epochs),
                BatchSize = parsed.GetValue(batchSize) ?? before.Inputs[0].Shape[0] ?? (training.Count < ManySamples ? 32 : 64),
                LearningRate = parsed.GetValue(rate) ?? 0.001,
                Seed = parsed.GetValue(seed),
            };
            return compression.Run(to, ModelSource.Keeping(from, export.Options(parsed, description)), report, interruption);
        });
    }
}
