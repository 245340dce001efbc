using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Samples;

/// <summary>Which columns of a table an input takes, in order.</summary>
internal sealed record InputColumns(string Input, IReadOnlyList<string> Columns);

/// <summary>What the numbers of a model mean in the words of its data. Its ONNX file keeps this in its metadata.</summary>
/// <param name="Target">The name of what is predicted.</param>
/// <param name="Classes">The names of the classes by index; null if numbers are predicted.</param>
/// <param name="Threshold">Above which value a single output means the second class; null if there is an output per class.</param>
/// <param name="Inputs">The columns of each input; empty if the model was not trained on a table.</param>
internal sealed record DataDescription(string Target, IReadOnlyList<string>? Classes, double? Threshold, IReadOnlyList<InputColumns> Inputs)
{
    /// <summary>The key in a file's metadata.</summary>
    public const string Key = "onnxfunctional.data";

    // A file may hold anything. No table has more columns, no model more classes.
    private const int Longest = 1 << 24;

    /// <summary>The description in an ONNX file; null if there is none.</summary>
    /// <exception cref="OnnxFileException">The file is damaged, or its description is.</exception>
    public static DataDescription? Of(string path)
    {
        if (!OnnxFile.ReadMetadata(path).TryGetValue(Key, out var text)) return null;
        try
        {
            return text.Length <= Longest && JsonNode.Parse(text) is JsonObject json ? Read(json) : throw new JsonException();
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new OnnxFileException($"'{path}' has a damaged entry '{Key}' in its metadata. Train the model again, or remove the entry.", damaged);
        }
    }

    /// <summary>The entry of a file's metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => new Dictionary<string, string> { [Key] = ToJson().ToJsonString() };

    /// <summary>Export options with the description, if there is one.</summary>
    public static ExportOptions Options(DataDescription? description) => description is null ? new() : new() { Metadata = description.Metadata };

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["target"] = Target };
        if (Classes is not null) json["classes"] = Report.Texts(Classes);
        if (Threshold is { } threshold) json["threshold"] = threshold;
        if (Inputs.Count > 0) json["inputs"] = new JsonObject(Inputs.Select(input => KeyValuePair.Create(input.Input, (JsonNode?)Report.Texts(input.Columns))));
        return json;
    }

    private static DataDescription Read(JsonObject json) => new(
        Text(json["target"]),
        json["classes"] is { } classes ? Texts(classes) : null,
        json["threshold"]?.GetValue<double>(),
        json["inputs"] is { } inputs ? [.. inputs.AsObject().Select(entry => new InputColumns(entry.Key, Texts(entry.Value)))] : []);

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? throw new JsonException();

    private static string[] Texts(JsonNode? node) => node is JsonArray list ? [.. list.Select(Text)] : throw new JsonException();
}
