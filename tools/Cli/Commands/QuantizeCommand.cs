using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using Spectre.Console;

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
        var type = Typed.Choice("--type", "What numbers become.", SmallerModel.Int8, SmallerModel.Types);
        var maxDrop = Typed.Number(
            "--max-drop", "How much worse the first metric may become; layers stay float32 until it is not more.",
            "a number of 0 or more", value => value >= 0, 0.01);
        var method = Typed.Choice("--method", "How ranges of activations are chosen.", "min-max", [.. s_methods.Select(entry => entry.Word)]);
        var samples = Typed.Whole("--calibration-samples", "Samples on which ranges are found, evenly spread over the data.", 256, most: 1 << 20);
        var perTensor = Typed.Flag("--per-tensor", "Gives each weight one scale instead of one per channel.");
        var reduceRange = Typed.Flag("--reduce-range", "Quantizes weights to 7 bits, for x86 processors without VNNI instructions.");
        var equalize = Typed.Flag("--equalize", "Scales channels between layers so that none takes the range of all.");
        var correctBias = Typed.Flag("--correct-bias", "Lets biases make up for the mean error of quantized weights.");
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
            if (!SmallerModel.IsOfIntegers(word) && Array.Find(ofIntegers, option => parsed.GetResult(option) is { Implicit: false }) is { } other)
                throw new ModelException($"{other.Name} is for --type {SmallerModel.Int8}; with {word} there are no ranges and scales.");
            if (ModelSource.KindOf(from) == ModelKind.Json)
                throw new ModelException($"'{from}' holds an architecture without weights; expected a trained model.");
            var before = ModelSource.Open(from, import.Options(parsed, from));
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
            var metric = goals[0].Metrics[0];
            var name = outputs.Count > 1 ? $"{outputs[0].Name}_{metric.Name}" : metric.Name;
            var gate = new QuantizationGate(judged.X, Score, parsed.GetValue(maxDrop) ?? 0.01);
            var made = SmallerModel.Of(before, word, Spread(calibration.X, parsed.GetValue(samples)), options, gate);
            report.Line(made.Table);
            var written = export.Options(parsed, description);
            var kept = ModelSource.MetadataOf(from);
            var exported = made.Export(to, written with { Metadata = kept.Concat(written.Metadata).ToDictionary() });
            report.Line(exported);
            var table = Measured(before, from, to, judged, goals);
            if (!report.IsJson) Print(table, word, name);
            report.Line($"Wrote {to}");
            report.Result(new()
            {
                ["file"] = to,
                ["verified"] = exported.Passed,
                ["metric"] = name,
                ["float32"] = ToJson(table.Before, name),
                ["type"] = word,
                ["quantized"] = ToJson(table.After, name),
                ["layers"] = made.Layers,
            });
            return 0;

            // Larger is better for the gate; errors count negative.
            double Score(IReadOnlyList<NDArray> all) =>
                Scoring.Of(outputs, all, judged, goals)[name] * (metric.LargerIsBetter ?? true ? 1 : -1);
        });
    }

    private static (QuantizedSide Before, QuantizedSide After) Measured(Model model, string from, string to, LoadedData judged, Goal[] goals)
    {
        var folder = Directory.CreateTempSubdirectory("onnxf-quantize-");
        try
        {
            var sides = new Comparison([Comparison.FileOf(model, from, folder.FullName), to], judged, goals).Measure();
            return (sides[0], sides[1]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int BatchOf(Model model) => model.Inputs[0].Shape[0] ?? 32;

    private static NDArrays Spread(NDArrays x, int most)
    {
        var count = x[0].Count;
        return count <= most ? x : x.Take([.. Enumerable.Range(0, most).Select(i => (int)((long)i * count / most))]);
    }

    private static void Print((QuantizedSide Before, QuantizedSide After) table, string type, string metric)
    {
        var rows = new Table().AddColumns("", "bytes", "ms, one sample", "ms, a batch", metric);
        foreach (var (side, word) in ((QuantizedSide, string)[])[(table.Before, "float32"), (table.After, type)])
        {
            rows.AddRow(
                word,
                side.Bytes.ToString("N0", CultureInfo.InvariantCulture),
                side.OneSample.ToString("G3", CultureInfo.InvariantCulture),
                side.Batch.ToString("G3", CultureInfo.InvariantCulture),
                side.Scores[metric].ToString("0.0000", CultureInfo.InvariantCulture));
        }

        // A new console: Spectre's shared one would write to the original output.
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }).Write(rows);
    }

    private static JsonObject ToJson(QuantizedSide side, string metric) => new()
    {
        ["bytes"] = side.Bytes,
        ["millisecondsOneSample"] = Report.Number(side.OneSample),
        ["millisecondsBatch"] = Report.Number(side.Batch),
        ["score"] = Report.Number(side.Scores[metric]),
    };
}
