using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Makes integers stand for the weights and activations of a model, and refuses what costs too much accuracy.</summary>
internal static class QuantizeCommand
{
    private static readonly (string Word, CalibrationMethod Method)[] s_methods =
    [
        ("min-max", CalibrationMethod.MinMax), ("percentile", CalibrationMethod.Percentile), ("entropy", CalibrationMethod.Entropy),
        ("mse", CalibrationMethod.MeanSquaredError),
    ];

    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, or a .keras file.");
        var (data, output) = (new DataArguments(withTargets: true, forTraining: false), CommonOptions.Out("quantized.onnx"));
        var (goal, import, export) = (new GoalArguments(), new ImportArguments(), new ExportArguments(withTarget: false));
        var type = Typed.Choice("--type", "What numbers become.", SmallerModels.Int8, SmallerModels.Types);
        var maxDrop = Typed.Number(
            "--max-drop", "How much worse the first metric may become; layers stay float32 until it is not more.",
            "a number of 0 or more", value => value >= 0, 0.01);
        var method = Typed.Choice("--method", "How ranges of activations are chosen.", "min-max", [.. s_methods.Select(entry => entry.Word)]);
        var samples = Typed.Whole("--calibration-samples", "Samples on which ranges are found, evenly spread over the data.", 256, most: 1 << 20);
        var perTensor = Typed.Flag("--per-tensor", "Gives each weight one scale instead of one per channel.");
        var reduceRange = Typed.Flag("--reduce-range", "Quantizes weights to 7 bits, for x86 processors without VNNI instructions.");
        var equalize = Typed.Flag("--equalize", "Scales channels between layers so that none takes the range of all.");
        var correctBias = Typed.Flag("--correct-bias", "Lets biases make up for the mean error of all that is rounded before.");
        var gptq = Typed.Flag("--gptq", "Rounds matrices by what it loses on the data, instead of to the nearest.");
        var block = Typed.Whole("--block-size", "Weights of a column that share a scale, of int4-weights.", 32, most: 256);
        var keep = new Option<string[]>("--keep")
        {
            Description = "A layer to leave in float32, with * for any letters; may be given several times.",
            HelpName = "LAYER",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("quantize", "Store a model in integers or 16 bits, verify the file, compare size, speed and metric.") { model };
        data.AddTo(command);
        Option[] ofIntegers = [method, perTensor, reduceRange, equalize, correctBias, gptq, block];
        Option[] own = [output, type, maxDrop, .. ofIntegers, samples, keep];
        foreach (var option in own) command.Add(option);
        export.AddTo(command);
        goal.AddTo(command);
        import.AddTo(command);
        return command.Runs((parsed, report, _) =>
        {
            var (from, to) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(output));
            data.CheckOutput(parsed, to, from);
            var word = parsed.GetRequiredValue(type);
            if (!SmallerModels.IsOfIntegers(word) && Array.Find(ofIntegers, option => parsed.GetResult(option) is { Implicit: false }) is { } other)
                throw new ModelException($"{other.Name} is for --type {SmallerModels.Int8}; with {word} there are no ranges and scales.");
            var before = ModelSource.OpenTrained(from, import.Options(parsed, from));
            var description = ModelSource.DescriptionOf(from);
            var (inputs, outputs) = (TensorInfo.InputsOf(before), TensorInfo.OutputsOf(before));
            var source = DataSource.Open(data.Path(parsed), data.Options(parsed));
            var request = new DataRequest(inputs, outputs, description, WithTargets: true);
            var calibration = source.Load(request);
            var judged = goal.Suited(parsed, source.HeldOut?.Load(request) ?? calibration, outputs);
            var predictions = before.PredictAll(judged.X, BatchOf(before));
            Goal[] goals = [.. outputs.Select((info, i) => goal.Of(parsed, info, Goal.ScaleOf(predictions[i]), judged.Targets[i]))];
            var options = new QuantizationOptions
            {
                Method = s_methods.First(entry => entry.Word == parsed.GetRequiredValue(method)).Method,
                PerChannel = !parsed.GetValue(perTensor),
                ReduceRange = parsed.GetValue(reduceRange),
                Equalize = parsed.GetValue(equalize),
                CorrectBias = parsed.GetValue(correctBias),
                Rounding = parsed.GetValue(gptq) ? WeightRounding.Gptq : WeightRounding.Nearest,
                BlockSize = parsed.GetValue(block),
                KeepFloat = parsed.GetValue(keep) ?? [],
                BatchSize = BatchOf(before),
            };
            var judge = new Judge(outputs, judged, goals);
            var gate = new QuantizationGate(judged.X, judge.Score, parsed.GetValue(maxDrop) ?? 0.01);
            var (made, layers) = SmallerModels.Of(before, word, calibration.X.Spread(parsed.GetValue(samples)), options, gate);
            report.Line(made);
            var exported = made.ExportOnnx(to, ModelSource.Keeping(from, export.Options(parsed, description)));
            report.Line(exported);
            var comparison = new Comparison(judge);
            var costs = comparison.Of([new("float32", before, ModelSource.OnnxFileOf(from)), new(word, before, to)]);
            if (!report.IsJson) comparison.Print(costs);
            report.Line($"Wrote {to}");
            report.Result(new()
            {
                ["file"] = to,
                ["verified"] = exported.Passed,
                ["metric"] = judge.Metric,
                ["float32"] = costs[0].ToJson(),
                ["quantized"] = costs[1].ToJson(),
                ["layers"] = layers,
            });
            return 0;
        });
    }

    private static int BatchOf(Model model) => model.Inputs[0].Shape[0] ?? 32;
}
