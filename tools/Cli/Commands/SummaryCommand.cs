using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Shows what a file of a model holds.</summary>
internal static class SummaryCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, a .keras file, or Keras' JSON.");
        var nested = Typed.Flag("--expand-nested", "Shows the layers of models inside the model.");
        var trainable = Typed.Flag("--show-trainable", "Shows which layers are trained.");
        var macs = Typed.Flag("--show-macs", "Shows the multiply-adds for one sample.");
        var memory = Typed.Flag("--show-activation-memory", "Shows the bytes of outputs for one sample.");
        var width = Typed.WholeOrNone("--line-length", "The width of the table of layers; by default as wide as its contents.");
        var import = new ImportArguments();
        var command = new Command("summary", "Print inputs, outputs, layers or operators, and parameters of a model.")
        {
            model, nested, trainable, macs, memory, width,
        };
        import.AddTo(command);
        return command.Runs((parsed, report, _) =>
        {
            var path = parsed.GetRequiredValue(model);
            var kind = ModelSource.KindOf(path);

            // An ONNX file is described as it is, unless something is asked of its layers.
            Option[] ofLayers = [nested, trainable, macs, memory, width];
            var asksForLayers = ofLayers.Any(option => parsed.GetResult(option) is { Implicit: false }) || !import.AreUnused(parsed);
            if (kind == ModelKind.Onnx && !asksForLayers) Onnx(path, report);
            else Layers(ModelSource.Open(path, import.Options(parsed, path) with { Verify = false }), kind, report, Table);
            return 0;

            void Table(Model layers) => layers.Summary(
                parsed.GetValue(width),
                expandNested: parsed.GetValue(nested),
                showTrainable: parsed.GetValue(trainable),
                showMacs: parsed.GetValue(macs),
                showActivationMemory: parsed.GetValue(memory));
        });
    }

    private static void Onnx(string path, Report report)
    {
        if (!report.IsJson)
        {
            report.Line(OnnxFile.Summarize(path));
            return;
        }

        using var onnx = OnnxModel.Load(path);
        report.Result(new()
        {
            ["kind"] = "onnx",
            ["bytes"] = FileSize.Of(path),
            ["inputs"] = Described(onnx.Inputs),
            ["outputs"] = Described(onnx.Outputs),
            ["data"] = DataDescription.Of(path)?.ToJson(),
            ["text"] = OnnxFile.Summarize(path),
        });

        static JsonArray Described(IReadOnlyList<OnnxTensorInfo> tensors) => new([
            .. tensors.Select(tensor => (JsonNode?)new JsonObject
            {
                ["name"] = tensor.Name,
                ["type"] = tensor.ElementType.Name.ToLowerInvariant(),
                ["shape"] = new JsonArray([.. tensor.Dimensions.Select(dim => dim.Value is { } size ? JsonValue.Create(size) : (JsonNode?)dim.Name)]),
            }),
        ]);
    }

    private static void Layers(Model model, ModelKind kind, Report report, Action<Model> table)
    {
        if (!report.IsJson)
        {
            table(model);
            return;
        }

        report.Result(new()
        {
            ["kind"] = kind.ToString().ToLowerInvariant(),
            ["inputs"] = Described(TensorInfo.InputsOf(model)),
            ["outputs"] = Described(TensorInfo.OutputsOf(model)),
            ["parameters"] = model.CountParams(),
            ["layers"] = new JsonArray([
                .. model.Layers.Select(layer => (JsonNode?)new JsonObject
                {
                    ["name"] = layer.Name,
                    ["class"] = layer.GetType().Name,
                    ["parameters"] = layer.CountParams(),
                }),
            ]),
        });

        static JsonArray Described(IReadOnlyList<TensorInfo> tensors) => new([
            .. tensors.Select(tensor => (JsonNode?)new JsonObject
            {
                ["name"] = tensor.Name,
                ["type"] = tensor.IsText ? "string" : "number",
                ["shape"] = new JsonArray([null, .. tensor.Sample.Select(dim => (JsonNode?)dim)]),
            }),
        ]);
    }
}
