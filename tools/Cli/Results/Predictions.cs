using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Results;

/// <summary>What a model returned, in the words of its data.</summary>
/// <param name="outputs">The outputs.</param>
/// <param name="values">One array per output.</param>
/// <param name="description">The names of target and classes; null if they are not known.</param>
/// <param name="names">A name per sample; null if samples have none.</param>
internal sealed class Predictions(
    IReadOnlyList<TensorInfo> outputs, IReadOnlyList<NDArray> values, DataDescription? description, IReadOnlyList<string>? names)
{
    private const string FileColumn = "file";

    private int Count => values[0].Count;

    /// <summary>The classes, if the only output decides between them.</summary>
    private IReadOnlyList<string>? Classes => description?.Classes is { } classes && values is [{ DType: not DType.String, Shape: [_, var width] }]
        && (width == classes.Count || (width == 1 && classes.Count == 2))
        ? classes
        : null;

    /// <summary>A CSV table: the class and the value of each, or the values of the outputs.</summary>
    public void WriteTable(TextWriter writer)
    {
        var columns = Columns();
        writer.WriteLine(string.Join(',', columns.Select(column => Cell(column.Name))));
        for (var row = 0; row < Count; row++) writer.WriteLine(string.Join(',', columns.Select(column => Cell(Text(column.At(row))))));
    }

    /// <summary>The arrays of the outputs, as NumPy's.</summary>
    public void WriteArrays(string path)
    {
        if (values.FirstOrDefault(array => array.DType == DType.String) is not null)
            throw new DataException("An output is text, which .npz files do not hold. Write a CSV table.");
        Npz.Write(path, outputs.Zip(values).ToDictionary(pair => Plain(pair.First.Name), pair => pair.Second.ToTensor()));

        static string Plain(string name) => name.Trim('/') is { Length: > 0 } plain ? plain.Replace(':', '_').Replace('\\', '_') : "output";
    }

    /// <summary>An object per sample, by the names of the table's columns.</summary>
    public JsonObject ToJson()
    {
        var columns = Columns();
        return new()
        {
            ["predictions"] = new JsonArray([
                .. Enumerable.Range(0, Count)
                    .Select(row => (JsonNode?)new JsonObject(columns.Select(column => KeyValuePair.Create(column.Name, (JsonNode?)Node(column.At(row)))))),
            ]),
        };
    }

    private static JsonValue? Node(object value) => value switch
    {
        string text => JsonValue.Create(text),
        float number => float.IsFinite(number) ? JsonValue.Create(number) : null,
        _ => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
    };

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    /// <summary>A cell as RFC 4180 wants it.</summary>
    private static string Cell(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") ? '"' + text.Replace("\"", "\"\"", StringComparison.Ordinal) + '"' : text;

    private List<(string Name, Func<int, object> At)> Columns()
    {
        var columns = new List<(string Name, Func<int, object> At)>();
        if (names is not null) columns.Add((FileColumn, row => names[row]));
        if (Classes is { } classes) AddClasses(columns, classes);
        else
        {
            foreach (var (output, array) in outputs.Zip(values)) AddValues(columns, output.Name, array);
        }

        // A class may be called as a column is.
        HashSet<string> taken = [];
        return [.. columns.Select(column => (Unique(column.Name, taken), column.At))];
    }

    private void AddClasses(List<(string Name, Func<int, object> At)> columns, IReadOnlyList<string> classes)
    {
        var (scores, width) = (values[0].ToArray(), values[0].Shape[^1]!.Value);
        columns.Add((description!.Target, row => classes[width == 1
            ? scores[row] > (description.Threshold ?? 0.5) ? 1 : 0
            : TensorPrimitives.IndexOfMax(scores.AsSpan(row * width, width)) is >= 0 and var best ? best : 0]));
        if (width == 1) columns.Add((classes[1], row => scores[row]));
        else columns.AddRange(classes.Select((name, i) => (name, (Func<int, object>)(row => scores[(row * width) + i]))));
    }

    private void AddValues(List<(string Name, Func<int, object> At)> columns, string output, NDArray array)
    {
        var name = description is { Classes: null } && values.Count == 1 ? description.Target : output;
        var width = array.Count == 0 ? 0 : array.Shape.Skip(1).Aggregate(1, (product, dim) => product * dim!.Value);
        var at = Elements(array);
        for (var i = 0; i < width; i++)
        {
            var element = i;
            columns.Add((width == 1 ? name : $"{name}_{i.ToString(CultureInfo.InvariantCulture)}", row => at((row * width) + element)));
        }
    }

    private static Func<int, object> Elements(NDArray array)
    {
        if (array.DType == DType.String && array.Shape.Count <= 2)
        {
            string[] texts = array.Shape.Count == 2 ? [.. ((string[,])array).Cast<string>()] : (string[])array;
            return i => texts[i];
        }

        var numbers = array.ToArray();
        return array.DType == DType.Float32 ? i => numbers[i] : i => (long)numbers[i];
    }

    private static string Unique(string name, HashSet<string> taken)
    {
        var unique = name;
        for (var i = 1; !taken.Add(unique); i++) unique = $"{name}_{i.ToString(CultureInfo.InvariantCulture)}";
        return unique;
    }
}
