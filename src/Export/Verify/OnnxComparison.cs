using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Export;

/// <summary>Where two ONNX files part when ONNX Runtime runs both on the same inputs; prints as a table.</summary>
public sealed class OnnxComparison
{
    internal OnnxComparison(string first, string second, IReadOnlyList<LayerDifference> tensors, string? failure) =>
        (First, Second, Tensors, Failure) = (first, second, tensors, failure);

    /// <summary>The first file; for a model, its name.</summary>
    public string First { get; }

    /// <summary>The second file.</summary>
    public string Second { get; }

    /// <summary>The tensors that both files name, in the order in which the first computes them, then the outputs.</summary>
    public IReadOnlyList<LayerDifference> Tensors { get; }

    /// <summary>Why one of the two could not be run on inputs that the other takes; <see langword="null"/> if both could.</summary>
    public string? Failure { get; }

    /// <summary>Whether both ran and every tensor is within the tolerance.</summary>
    public bool Passed => Failure is null && FirstDifference is null;

    /// <summary>The first tensor that differs; <see langword="null"/> if all agree.</summary>
    public LayerDifference? FirstDifference => Tensors.FirstOrDefault(tensor => !tensor.IsWithinTolerance);

    /// <summary>The table and a sentence.</summary>
    public override string ToString() => $"{First} and {Second}{Environment.NewLine}{LayerDifference.Table(Tensors)}{Conclusion()}";

    /// <summary>The same as a table of Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| tensor | shape | largest value | difference | |\n|---|---|---:|---:|---|\n");
        foreach (var tensor in Tensors)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Escaped(tensor.Layer)} | {tensor.Shape} | {tensor.LargestValue:G4} | {tensor.LargestDifference:0.0e+00} | "
                + $"{(tensor.IsWithinTolerance ? "ok" : "out of tolerance")} |\n");
        }

        return text.Append('\n').Append(Escaped(Conclusion())).Append('\n').ToString();
    }

    /// <summary>The same as a JSON object.</summary>
    public string ToJson() => new JsonObject
    {
        ["first"] = First,
        ["second"] = Second,
        ["passed"] = Passed,
        ["failure"] = Failure,
        ["tensors"] = new JsonArray(
        [
            .. Tensors.Select(tensor => (JsonNode?)new JsonObject
            {
                ["tensor"] = tensor.Layer,
                ["shape"] = tensor.Shape.ToString(),
                ["largestValue"] = Number(tensor.LargestValue),
                ["largestDifference"] = Number(tensor.LargestDifference),
                ["withinTolerance"] = tensor.IsWithinTolerance,
            }),
        ]),
    }.ToJsonString();

    private string Conclusion() => Failure
        ?? (FirstDifference is { } first
            ? $"They differ, first at '{first.Layer}': {first.Where}"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"They agree on {Tensors.Count} tensors; largest difference {Tensors.Max(tensor => tensor.LargestDifference):0.0e+00}"));

    /// <summary>JSON has no number that is not finite.</summary>
    private static JsonValue? Number(float value) => float.IsFinite(value) ? JsonValue.Create(value) : null;

    private static string Escaped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
