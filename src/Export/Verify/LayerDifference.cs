using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Export;

/// <summary>The difference between ONNX Runtime and the engine in one layer's output, over all samples, with graph optimizations off and on.</summary>
/// <param name="Layer">The layer's path in the model.</param>
/// <param name="Shape">The shape of its output.</param>
/// <param name="LargestDifference">The largest absolute difference; NaN if only one of the two values is NaN.</param>
/// <param name="LargestValue">The largest absolute value of the engine.</param>
/// <param name="IsWithinTolerance">Whether every value was within the tolerance, or as far from it as rounding alone explains.</param>
/// <param name="Where">The worst value: run, sample and both values.</param>
public sealed record LayerDifference(string Layer, Shape Shape, float LargestDifference, float LargestValue, bool IsWithinTolerance, string Where)
{
    private static readonly ImmutableArray<string> s_header = ["Layer", "Output shape", "Largest value", "Difference", ""];
    private static readonly ImmutableArray<int> s_numbers = [2, 3];

    /// <summary>
    /// Whether a value was beyond the tolerance because of rounding, which the engine's own result shows when all that it rounds changes by a few units in the
    /// last place: a comparison of nearly equal numbers, or a recurrent layer whose state grows with every step.
    /// </summary>
    public bool IsRounding { get; init; }

    /// <summary>Formats several layers as a table.</summary>
    internal static string Table(IReadOnlyList<LayerDifference> layers)
    {
        List<string[]> rows = [[.. s_header], .. Rows(layers)];
        var widths = Enumerable.Range(0, s_header.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            for (var column = 0; column < s_header.Length; column++)
            {
                var cell = rows[i][column];
                text.Append(s_numbers.Contains(column) ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])).Append("  ");
            }

            while (text[^1] == ' ') text.Length--;
            text.AppendLine();
            if (i == 0) text.AppendLine(new string('-', widths.Sum() + (2 * (s_header.Length - 1))));
        }

        return text.ToString();
    }

    /// <summary>Writes several layers as a table.</summary>
    internal static void WriteHtml(IReadOnlyList<LayerDifference> layers, HtmlWriter html) => html.Table(s_header, Rows(layers), s_numbers);

    private static IEnumerable<string[]> Rows(IReadOnlyList<LayerDifference> layers) => layers.Select(layer => new[]
    {
        layer.Layer,
        layer.Shape.ToString(),
        layer.LargestValue.ToString("G4", CultureInfo.InvariantCulture),
        layer.LargestDifference.ToString("0.0e+00", CultureInfo.InvariantCulture),
        !layer.IsWithinTolerance ? "OUT OF TOLERANCE" : layer.IsRounding ? "rounding" : "ok",
    });
}
