using System.IO.Compression;
using System.Text.Json.Nodes;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Parity;

/// <summary>A network of keras.applications: its architecture from a file, its weights by the formula that the folder's README gives.</summary>
internal static class KerasApplication
{
    /// <summary>The network with its weights.</summary>
    public static Model Weighted(string name)
    {
        var file = Read(name);
        var model = Made(file);
        var weights = model.WeightPaths().ToDictionary(entry => entry.Path, entry => entry.Weight);
        foreach (var (k, entry) in file["weights"]!.AsArray().Index())
        {
            var path = entry![0]!.GetValue<string>();
            if (path.Contains("seed", StringComparison.Ordinal)) continue;

            // Keras puts some layers into scopes, and a layer of its own has one weight, which it does not name.
            var layer = path[..(path.LastIndexOf('/') + 1)];
            var weight = weights.GetValueOrDefault(path)
                ?? weights.FirstOrDefault(known => path.EndsWith("/" + known.Key, StringComparison.Ordinal)).Value
                ?? weights.Single(known => known.Key.StartsWith(layer, StringComparison.Ordinal)).Value;
            Fill(weight, path, k);
        }

        return model;
    }

    /// <summary>The network with initial weights.</summary>
    public static Model Of(string name) => Made(Read(name));

    /// <summary>The input that the formula gives, and what Keras computes of it: before the last layer, and at the end.</summary>
    public static (NDArray Input, float[] Penultimate, float[] Output) Expected(string name)
    {
        var file = Read(name);
        int[] shape = [.. file["input"]!.AsArray().Select(size => (int)size!)];
        var values = new float[shape.Aggregate(1, (product, size) => product * size)];
        for (var j = 0; j < values.Length; j++)
        {
            var s = Math.Sin(j * 12.9898) * 43758.5453;
            values[j] = (float)(255 * (s - Math.Floor(s)));
        }

        return (NDArray.Create(values, [.. shape]), Numbers("penultimate"), Numbers("output"));

        float[] Numbers(string key) => [.. file[key]!.AsArray().Select(number => (float)number!)];
    }

    private static Model Made(JsonNode file) =>
        Model.FromJson(
            file["model"] is JsonValue text ? text.GetValue<string>() : file["model"]!.ToJsonString());

    private static JsonNode Read(string name)
    {
        var folder = DataFolder.Beside("keras-apps", "KERAS_APPS_DIR");
        var path = Path.Combine(folder, name + ".json.gz");
        if (!File.Exists(path)) throw DataFolder.Missing(name + ".json.gz", folder, "KERAS_APPS_DIR");
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        return JsonNode.Parse(file)!;
    }

    private static void Fill(Weight weight, string path, int k)
    {
        var dims = weight.Shape.Dims.ToArray();
        var isDepthwise = path.Contains("depthwise", StringComparison.Ordinal);
        var fan = dims.Length <= 1 ? 1 : Math.Max(1, isDepthwise ? dims[0] * dims[1] : dims[..^1].Aggregate(1, (product, dim) => product * dim));
        for (var j = 0; j < weight.Length; j++)
        {
            var s = Math.Sin((j * 12.9898) + (k * 78.233)) * 43758.5453;
            var u = s - Math.Floor(s);
            weight.Storage[j] = (float)(path.EndsWith("variance", StringComparison.Ordinal) ? 0.5 + u
                : path.EndsWith("gamma", StringComparison.Ordinal) ? 0.8 + (0.4 * u)
                : dims.Length <= 1 ? (u - 0.5) * 0.1
                : (u - 0.5) * 2 * Math.Sqrt(6.0 / fan) / Math.Sqrt(2));
        }
    }
}
