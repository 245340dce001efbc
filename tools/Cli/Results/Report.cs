using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Results;

/// <summary>What a command writes to standard output: text for people, or one JSON object for programs.</summary>
/// <param name="json">Whether the command was given --json.</param>
/// <param name="isSilent">Whether nothing is written, because another process writes it.</param>
internal sealed class Report(bool json, bool isSilent = false)
{
    // Names of classes and files are read by people too: letters stay letters.
    private static readonly JsonSerializerOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a program reads the result.</summary>
    public bool IsJson { get; } = json;

    /// <summary>What Fit and Evaluate print.</summary>
    public Verbosity Verbosity => IsJson || isSilent ? Verbosity.Silent : Verbosity.Bar;

    /// <summary>Whether people read the result.</summary>
    public bool IsForPeople => !IsJson && !isSilent;

    /// <summary>The same report where this process is to write it, otherwise one that writes nothing.</summary>
    public Report OnlyIf(bool writes) => writes ? this : new(IsJson, isSilent: true);

    /// <summary>Writes a line for people.</summary>
    public void Line(object text)
    {
        if (IsForPeople) Console.Out.WriteLine(CommandWords.Of(text.ToString() ?? ""));
    }

    /// <summary>Writes the result for programs.</summary>
    public void Result(JsonObject result)
    {
        if (IsJson && !isSilent) Console.Out.WriteLine(result.ToJsonString(s_options));
    }

    /// <summary>A number; JSON has no infinity and no NaN, which become null.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    /// <summary>Names and numbers as an object.</summary>
    public static JsonObject Numbers(IEnumerable<KeyValuePair<string, double>> values) =>
        new(values.Select(value => KeyValuePair.Create(value.Key, Number(value.Value))));

    /// <summary>Texts as a list.</summary>
    public static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]);
}
