using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Verifies a file again: compares the engine and ONNX Runtime on the same inputs, layer by layer or node by node; or compares two models.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin.");
        var against = Typed.Text("--against", "Another ONNX file, or a .keras file, that is to compute the same; both run in ONNX Runtime.", "FILE");
        var import = new ImportArguments();
        var command = new Command("verify", "Open the model of the file and compare the engine with ONNX Runtime, for every layer or node.") { model, against };
        import.AddTo(command);
        return command.Runs((parsed, report, _) =>
        {
            var path = parsed.GetRequiredValue(model);
            if (ModelSource.KindOf(path) != ModelKind.Onnx)
                throw new ModelException($"'{path}' is no ONNX file. Make a verified one of it: onnxf convert {path} {Path.ChangeExtension(path, ".onnx")}");
            if (parsed.GetValue(against) is { } other) return Compared(path, other, report);
            var result = OnnxFile.Verify(path, import: import.Options(parsed, path));
            report.Line(result);
            report.Result(ToJson(result));
            return result.Passed ? 0 : 1;
        });
    }

    private static int Compared(string path, string other, Report report)
    {
        var comparison = ModelSource.KindOf(other) switch
        {
            ModelKind.Onnx => OnnxVerifier.Compare(path, other),
            ModelKind.Keras => OnnxVerifier.Compare(Model.Load(other), path),
            _ => throw new ModelException($"'{other}' holds an architecture without weights; expected a model with weights."),
        };
        report.Line(comparison);
        report.Result(JsonNode.Parse(comparison.ToJson())!.AsObject());
        return comparison.Passed ? 0 : 1;
    }

    /// <summary>What a verification found.</summary>
    public static JsonObject ToJson(ExportReport result) => new()
    {
        ["file"] = result.Path,
        ["bytes"] = result.FileBytes,
        ["opset"] = result.Opset,
        ["verified"] = result.Passed,
        ["asWritten"] = result.IsSealIntact,
        ["largestDifference"] = Report.Number(result.LargestDifference),
        ["layers"] = new JsonArray([
            .. result.Layers.Select(layer => (JsonNode?)new JsonObject
            {
                ["layer"] = layer.Layer,
                ["shape"] = layer.Shape.ToString(),
                ["largestValue"] = Report.Number(layer.LargestValue),
                ["largestDifference"] = Report.Number(layer.LargestDifference),
                ["withinTolerance"] = layer.IsWithinTolerance,
            }),
        ]),
    };
}
