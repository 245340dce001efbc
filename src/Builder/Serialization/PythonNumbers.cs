using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>Python's JSON holds <c>Infinity</c>, <c>-Infinity</c> and <c>NaN</c> as bare words, which JSON does not know. Here they are strings.</summary>
internal static class PythonNumbers
{
    // Distinguishes such a number from a text that happens to be one of the words, until the JSON is written.
    private const char Mark = '\uE000';

    private static readonly string[] s_words = ["-Infinity", "Infinity", "NaN"];

    /// <summary>The text with quotes around bare words.</summary>
    public static string Quoted(string json)
    {
        if (!s_words.Any(word => json.Contains(word, StringComparison.Ordinal))) return json;
        var text = new StringBuilder(json.Length + 16);
        var inside = false;
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == '"') inside = !inside;
            else if (inside && json[i] == '\\' && i + 1 < json.Length) text.Append(json[i++]);
            else if (!inside && Word(json, i) is { } word)
            {
                text.Append('"').Append(word).Append('"');
                i += word.Length - 1;
                continue;
            }

            text.Append(json[i]);
        }

        return text.ToString();
    }

    /// <summary>The number that a quoted word stands for; null for any other text.</summary>
    public static double? Read(string? text) =>
        s_words.Contains(text) ? double.Parse(text!, CultureInfo.InvariantCulture) : null;

    /// <summary>A number for a tree that <see cref="Bare"/> writes.</summary>
    public static JsonNode Write(double number) =>
        double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(Mark + number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number for a tree that <see cref="Bare"/> writes, with the digits of a float.</summary>
    public static JsonNode Write(float number) => float.IsFinite(number) ? JsonValue.Create(number) : Write((double)number);

    /// <summary>The text of a tree with bare words, as Python writes it.</summary>
    public static string Bare(string json)
    {
        const string Escaped = "\"\\uE000";
        return json.Contains(Escaped, StringComparison.Ordinal)
            ? s_words.Aggregate(json, (text, word) => text.Replace($"{Escaped}{word}\"", word, StringComparison.Ordinal))
            : json;
    }

    private static string? Word(string json, int at) => json[at] is '-' or 'I' or 'N'
        ? s_words.FirstOrDefault(word => string.CompareOrdinal(json, at, word, 0, word.Length) == 0)
        : null;
}
