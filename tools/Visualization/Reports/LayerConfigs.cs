using System.Text.Json.Nodes;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>The options of layers, in the words of Keras' files.</summary>
internal static class LayerConfigs
{
    private const int LongestValue = 160;

    // A panel shows them already, or they say where the class is.
    private static readonly string[] s_shownElsewhere = ["name", "dtype", "trainable", "layers", "input_layers", "output_layers", "build_input_shape"];

    /// <summary>The options by the path of the layer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="problem">Why there are none; null if there are.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<(string Name, string Value)>> Of(Model model, out string? problem)
    {
        var found = new Dictionary<string, IReadOnlyList<(string, string)>>(StringComparer.Ordinal);
        try
        {
            Add(JsonNode.Parse(PythonNumbers.Quoted(model.ToJson()))!, "", found);
            problem = null;
        }
        catch (ModelException refusal)
        {
            problem = refusal.Message;
        }

        return found;
    }

    private static void Add(JsonNode model, string prefix, Dictionary<string, IReadOnlyList<(string, string)>> found)
    {
        if (model["config"]?["layers"] is not JsonArray layers) return;
        foreach (var layer in layers.OfType<JsonObject>())
        {
            var config = layer["config"] as JsonObject;
            var path = prefix + (layer["name"] ?? config?["name"])?.GetValue<string>();
            if (config is not null)
                found.TryAdd(path, [.. config.Where(entry => !s_shownElsewhere.Contains(entry.Key)).Select(entry => (entry.Key, Cut(Text(entry.Value))))]);
            Add(layer, path + "/", found);
        }
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "none",
        JsonObject { Count: > 0 } made when made["class_name"] is JsonValue name => name.GetValue<string>() + Arguments(made["config"]),
        JsonObject entries => "{" + Entries(entries) + "}",
        JsonArray list => "[" + string.Join(", ", list.Select(Text)) + "]",
        JsonValue single when single.TryGetValue<string>(out var text) => text,
        _ => value.ToJsonString(),
    };

    private static string Arguments(JsonNode? config) => config is JsonObject { Count: > 0 } options ? $"({Entries(options)})" : "";

    private static string Entries(JsonObject entries) =>
        string.Join(", ", entries.Where(entry => entry.Value is not null).Select(entry => $"{entry.Key}: {Text(entry.Value)}"));

    private static string Cut(string text) => text.Length <= LongestValue ? text : text[..LongestValue] + "...";
}
