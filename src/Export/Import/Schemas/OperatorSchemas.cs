using System.Globalization;
using Kind = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;

namespace OnnxFunctional.Export.Import.Schemas;

/// <summary>The operators of ai.onnx and ai.onnx.ml in all versions: <c>operators.txt</c>, which <c>tools/onnx-schemas.py</c> makes.</summary>
/// <remarks>Operators of com.microsoft are not described there. A line is parsed when its operator is first looked up.</remarks>
internal static class OperatorSchemas
{
    private const string Resource = "OnnxFunctional.Export.operators.txt";
    private const string Deprecated = "deprecated";

    private static readonly Lazy<Dictionary<string, List<Row>>> s_rows = new(ReadRows);

    /// <summary>The names of all operators; those of ai.onnx.ml begin with their domain.</summary>
    public static IReadOnlyCollection<string> Names => s_rows.Value.Keys;

    /// <summary>The operator that a node means.</summary>
    /// <param name="domain">The domain, empty for ai.onnx.</param>
    /// <param name="name">The operator's type.</param>
    /// <param name="version">The version of the domain that the file imports.</param>
    /// <returns>Null if the specification has no such operator in that version, or has withdrawn it.</returns>
    public static OperatorSchema? Find(string domain, string name, long version)
    {
        if (!s_rows.Value.TryGetValue(domain.Length == 0 ? name : domain + "." + name, out var rows)) return null;

        // Rows are in the order of their versions.
        var row = rows.FindLast(row => row.Since <= version);
        return row?.Schema.Value;
    }

    private static Dictionary<string, List<Row>> ReadRows()
    {
        using var stream = typeof(OperatorSchemas).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        var result = new Dictionary<string, List<Row>>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            var (head, form) = Split(line, ':');
            var (name, versions) = Split(head, ' ');
            if (!result.TryGetValue(name, out var rows)) result.Add(name, rows = []);
            foreach (var text in versions.Split(','))
            {
                var since = int.Parse(text, CultureInfo.InvariantCulture);
                rows.Add(new Row(since, new(() => form.Trim() == Deprecated ? null : Parse(since, form))));
            }
        }

        return result;
    }

    private static OperatorSchema Parse(int since, string form)
    {
        var (values, attributes) = Split(form, '|');
        var (inputs, outputs) = Split(values, '>');
        return new OperatorSchema(since, [.. Words(inputs).Select(ParseValue)], [.. Words(outputs).Select(ParseValue)],
            [.. Words(attributes).Select(ParseAttribute)]);
    }

    private static SchemaValue ParseValue(string word) => word[^1] switch
    {
        ']' => new(word[1..^1], Occurrence.Optional),
        '+' => new(word[..^1], Occurrence.OneOrMore),
        '*' => new(word[..^1], Occurrence.Any),
        _ => new(word, Occurrence.Required),
    };

    private static SchemaAttribute ParseAttribute(string word)
    {
        var (name, kind) = Split(word, ':');
        var (type, otherwise) = kind.Contains('=', StringComparison.Ordinal) ? Split(kind, '=') : (kind, null);
        var isRequired = name.EndsWith('!');
        return new(isRequired ? name[..^1] : name, Enum.Parse<Kind>(type.Replace("_", "", StringComparison.Ordinal), ignoreCase: true), isRequired, otherwise);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static (string Left, string Right) Split(string text, char at)
    {
        var index = text.IndexOf(at, StringComparison.Ordinal);
        return (text[..index], text[(index + 1)..]);
    }

    private sealed record Row(int Since, Lazy<OperatorSchema?> Schema);
}
