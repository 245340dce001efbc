using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.CudaCheck;

/// <summary>Exports each model and layer that Keras computed outputs of, runs the file, and compares with Keras' outputs.</summary>
internal sealed class ParityCheck(ExecutionProvider device, Checks checks)
{
    private const double Tolerance = 1e-4;

    // Graphs of a hundred nodes need no tree of 64 levels; those of Keras' JSON are deeper.
    private static readonly JsonDocumentOptions s_deep = new() { MaxDepth = 256 };

    public void Run(string folder)
    {
        checks.Write("");
        if (!Directory.Exists(folder))
        {
            checks.Write($"Keras' models: {folder} is not here, so they were not compared.");
            return;
        }

        var (count, worst, at) = (0, 0.0, "");
        foreach (var file in Files(folder, "models", "*.keras").Concat(Files(folder, "layers", "*.json")))
        {
            var name = Path.GetRelativePath(folder, file);
            try
            {
                if (Read(file) is not { } read) continue;
                var difference = Compare(read);
                count++;
                if (difference > worst) (worst, at) = (difference, name);
                if (!(difference <= Tolerance)) checks.Fail($"{name}: its outputs differ from Keras' by {Text(difference)} of the largest");
            }
            catch (Exception refused) when (refused is ExportException or ModelException or ArgumentException or JsonException or IOException)
            {
                checks.Fail($"{name}: {refused.Message}");
            }
        }

        checks.Write($"Keras' models: {count} compared, largest difference {Text(worst)} of the largest output ({at}), accepted {Text(Tolerance)}");
        if (count == 0) checks.Fail($"{folder} holds no models of Keras");
    }

    private static IEnumerable<string> Files(string folder, string kind, string pattern) => Directory.Exists(Path.Combine(folder, kind))
        ? Directory.EnumerateFiles(Path.Combine(folder, kind), pattern).Order(StringComparer.Ordinal)
        : [];

    private double Compare(Known known)
    {
        var path = Path.Combine(Path.GetTempPath(), $"cuda-check-{Environment.ProcessId}.onnx");
        try
        {
            known.Model.ExportOnnx(path, new ExportOptions { Verify = false });
            using var file = OnnxModel.Load(path, device);
            var found = file.Run([.. known.Inputs.Zip(file.Inputs, ArrayConversion.ToOnnx)]);
            return known.Outputs.Zip(found).Max(pair => Checks.Difference(pair.First, ArrayConversion.ToArray(pair.Second)!.AsFloats()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A case; null for one that is computed as in training.</summary>
    private static Known? Read(string file)
    {
        if (file.EndsWith(".keras", StringComparison.Ordinal))
        {
            var (model, arrays) = (Model.Load(file), Path.ChangeExtension(file, ".npz"));
            return new Known(
                model,
                [.. model.Inputs.Select((input, i) => Read(arrays, "x" + i, input.DType))],
                [.. model.Outputs.Select((_, i) => ((NDArray)Npz.Read<float>(arrays, "y" + i)).AsFloats().ToArray())]);
        }

        using var stream = File.OpenRead(file);
        var json = JsonNode.Parse(stream, documentOptions: s_deep)!;
        if ((bool)json["training"]!) return null;
        var layer = Model.FromJson(json["model"]!.ToJsonString());
        foreach (var (given, weight) in json["weights"]!.AsArray().Zip(layer.Weights)) Floats(given!).CopyTo(weight.Overwritten());
        return new Known(
            layer,
            [.. json["inputs"]!.AsArray().Zip(layer.Inputs, (array, input) => NDArray.Create(Floats(array!), ShapeOf(array!)).To(input.DType, file))],
            [.. json["outputs"]!.AsArray().Select(array => Floats(array!))]);
    }

    private static NDArray Read(string arrays, string name, DType type) => type switch
    {
        DType.Int64 => Npz.Read<long>(arrays, name),
        DType.Int32 => Npz.Read<int>(arrays, name),
        _ => Npz.Read<float>(arrays, name),
    };

    private static Shape ShapeOf(JsonNode array) => Shape.Of([.. array["shape"]!.AsArray().Select(dim => (int)dim!)]);

    private static float[] Floats(JsonNode array) => [.. array["data"]!.AsArray().Select(value => value switch
    {
        null => float.NaN,
        _ when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => (bool)value ? 1 : 0,
        _ => float.Parse(value.ToJsonString().Trim('"'), CultureInfo.InvariantCulture),
    })];

    private static string Text(double number) => number.ToString("0.0e+00", CultureInfo.InvariantCulture);

    private sealed record Known(Model Model, NDArray[] Inputs, float[][] Outputs);
}
