using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Serialization;
using PureHDF;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>A .keras file as Keras 2.12 to 2.15 wrote it: calls as lists, and layers with weights counted twice in the names of their groups.</summary>
internal static class Keras2Archive
{
    private static readonly string[] s_attention = ["query", "key", "value", "output"];

    /// <summary>The file of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="version">Keras' version.</param>
    /// <param name="separator">What joins parts of a path: a backslash on Windows.</param>
    /// <param name="compile">The arguments of compile, as JSON.</param>
    public static byte[] Of(Model model, string version, char separator, string compile = "{}")
    {
        var config = JsonNode.Parse(model.ToJson())!.AsObject();
        config.Remove(FormatVersion.ArchitectureKey);
        Downgrade(config);
        config["compile_config"] = JsonNode.Parse(compile);
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Write(zip, "metadata.json", Encoding.UTF8.GetBytes($$"""{"keras_version": "{{version}}", "date_saved": "2023-11-30@11:00:00"}"""));
            Write(zip, "config.json", Encoding.UTF8.GetBytes(config.ToJsonString()));
            Write(zip, "model.weights.h5", Weights(model, separator));
        }

        return stream.ToArray();
    }

    /// <summary>The weights, with the metrics and the optimizer of a compiled model.</summary>
    public static byte[] Weights(Model model, char separator)
    {
        var names = new Dictionary<string, string>();
        Name(model, "", "");
        var file = new H5File();
        foreach (var entry in KerasStore.Of(model))
        {
            // The parts of a layer follow the name of the nearest model's layer.
            var known = names.Keys.Where(name => entry.Path == name || entry.Path.StartsWith(name + "/", StringComparison.Ordinal)).MaxBy(name => name.Length);
            if (known is null) continue;
            var rest = entry.Path[known.Length..].Replace("/", separator.ToString(), StringComparison.Ordinal);
            foreach (var part in s_attention) rest = rest.Replace($"{part}_dense", $"_{part}_dense", StringComparison.Ordinal);
            Put(file, names[known] + rest, entry.Weights.Select(weight => (weight.Shape, weight.Storage.ToArray())));
        }

        Put(file, $"metrics{separator}mean", [(Shape.Of(), [2f]), (Shape.Of(), [3f])]);
        Put(file, "optimizer", [(Shape.Of(), [5f]), (Shape.Of(), [0.001f])]);
        using var stream = new MemoryStream();
        file.Write(stream, new H5WriteOptions { PreferCompactDatasetLayout = false });
        return stream.ToArray();

        void Name(Model owner, string path, string old)
        {
            var (numbers, twice) = (new Dictionary<string, int>(), new Dictionary<string, int>());
            foreach (var layer in owner.Layers.Where(layer => owner is not Sequential || layer is not InputLayer))
            {
                var name = Naming.SnakeCase(layer.ClassName);
                var to = (old.Length == 0 ? "" : old + separator) + "_layer_checkpoint_dependencies" + separator + Next(twice, name);
                if (layer.Weights.Any()) Next(twice, name);
                var from = (path.Length == 0 ? "" : path + "/") + "layers/" + Next(numbers, name);
                names.Add(from, to);
                if (layer is Model inner) Name(inner, from, to);
            }
        }
    }

    private static string Next(Dictionary<string, int> numbers, string name)
    {
        var number = numbers[name] = numbers.GetValueOrDefault(name, -1) + 1;
        return number == 0 ? name : $"{name}_{number.ToString(CultureInfo.InvariantCulture)}";
    }

    private static void Put(H5Group file, string path, IEnumerable<(Shape Shape, float[] Values)> variables)
    {
        var group = file;
        foreach (var part in path.Split('/').Append("vars"))
        {
            if (!group.TryGetValue(part, out var inner)) group[part] = inner = new H5Group();
            group = (H5Group)inner;
        }

        foreach (var (i, (shape, values)) in variables.Index())
        {
            group[i.ToString(CultureInfo.InvariantCulture)] =
                new H5Dataset(values, fileDims: [.. shape.Dims.ToArray().Select(dim => (ulong)dim)]);
        }
    }

    private static void Write(ZipArchive zip, string name, byte[] content)
    {
        using var target = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
        target.Write(content);
    }

    /// <summary>The description of a layer and of those inside as Keras 2 wrote it.</summary>
    private static void Downgrade(JsonObject json)
    {
        json.Remove(FormatVersion.EndsMaskKey);
        if ((string?)json["class_name"] == "Functional") json["module"] = "keras.src.engine.functional";
        var config = json["config"]!.AsObject();
        if (config.Remove("batch_shape", out var shape)) config["batch_input_shape"] = shape;
        if ((string?)json["class_name"] == "InputLayer") config.Remove("optional");
        else if (config["dtype"] is JsonObject policy) config["dtype"] = (string?)policy["config"]!["name"];
        foreach (var key in (string[])["quantization_config", "use_gate", "flash_attention", "seed", "synchronized"])
            if (config[key] is null || key == "synchronized") config.Remove(key);
        if (config["layer"] is JsonObject wrapped) Downgrade(wrapped);
        if (config["backward_layer"] is JsonObject backward) Downgrade(backward);
        if (json["inbound_nodes"] is JsonArray nodes)
            json["inbound_nodes"] = new JsonArray([.. nodes.Select(node => (JsonNode?)Call(node!))]);
        if (config["layers"] is JsonArray layers) foreach (var layer in layers) Downgrade(layer!.AsObject());
    }

    private static JsonArray Call(JsonNode node)
    {
        var named = new JsonObject(
            node["kwargs"]!.AsObject().Where(entry => entry.Value is JsonValue).Select(entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone())));
        var arguments = node["args"]!.AsArray();
        if (arguments.Count > 1) named["value"] = Reference(arguments[1]!);
        JsonNode[] tensors = arguments[0] is JsonArray list ? [.. list.Select(item => item!)] : [arguments[0]!];
        return new JsonArray([.. tensors.Select(tensor => (JsonNode)With(Reference(tensor), named.DeepClone()))]);

        static JsonArray With(JsonArray reference, JsonNode named)
        {
            reference.Add(named);
            return reference;
        }
    }

    private static JsonArray Reference(JsonNode tensor) =>
        new([.. tensor["config"]!["keras_history"]!.AsArray().Select(part => part!.DeepClone())]);
}
