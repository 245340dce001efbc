using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Export.Keras;

/// <summary>Vocabularies that layers learned: Keras keeps them in files beside the configuration, one word per line, special ones first.</summary>
internal static class KerasVocabularies
{
    /// <summary>The configuration with the vocabularies where layers have none.</summary>
    /// <param name="config">The configuration of a model.</param>
    /// <param name="files">The words by the path of the layer: <c>layers/text_vectorization</c>.</param>
    public static string Insert(string config, IReadOnlyDictionary<string, string> files)
    {
        if (files.Count == 0) return config;
        try
        {
            var json = JsonNode.Parse(config, documentOptions: new() { MaxDepth = ModelLimits.JsonDepth, AllowDuplicateProperties = false });
            Insert(json, "", files);
            return json?.ToJsonString() ?? config;
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
        {
            // Whoever reads the configuration says what is wrong.
            return config;
        }
    }

    private static void Insert(JsonNode? model, string path, IReadOnlyDictionary<string, string> files)
    {
        if (model?["config"] is not JsonObject { } config || config["layers"] is not JsonArray layers) return;
        var used = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var layer in layers)
        {
            if (layer?["class_name"] is not JsonValue named || !named.TryGetValue<string>(out var name)) continue;
            var group = Naming.SnakeCase(name);
            var count = used[group] = used.GetValueOrDefault(group) + 1;
            var own = $"{path}layers/{group}" + (count == 1 ? "" : "_" + (count - 1).ToString(CultureInfo.InvariantCulture));
            if (layer["config"] is JsonObject options && options["vocabulary"] is null && files.TryGetValue(own, out var words))
                options["vocabulary"] = WordsOf(words, isNumbers: name == "IntegerLookup");
            Insert(layer, own + "/", files);
        }
    }

    private static JsonArray WordsOf(string file, bool isNumbers) =>
    [
        .. file.Split('\n').Select(line => isNumbers && long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? (JsonNode?)JsonValue.Create(number)
            : JsonValue.Create(line)),
    ];
}
