using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Shows what a file of a model holds.</summary>
internal static class SummaryCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, a .keras file, or Keras' JSON.");
        var command = new Command("summary", "Print inputs, outputs, layers or operators, and parameters of a model.") { model };
        return command.Runs((parsed, report, _) =>
        {
            var path = parsed.GetRequiredValue(model);
            var kind = ModelSource.KindOf(path);
            if (kind == ModelKind.Onnx) Onnx(path, report);
            else Layers(Model.Load(path), kind, report);
            return 0;
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

    private static void Layers(Model model, ModelKind kind, Report report)
    {
        report.Line(model);
        if (!report.IsJson) return;
        report.Result(new()
        {
            ["kind"] = kind == ModelKind.Keras ? "keras" : "json",
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
