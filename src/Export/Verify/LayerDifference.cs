using System.Globalization;
using System.Text;

namespace OnnxFunctional.Export;

/// <summary>How far ONNX Runtime was from the engine on the output of one layer, over all samples, with graph optimizations off and on.</summary>
/// <param name="Layer">The layer's path in the model.</param>
/// <param name="Shape">Its output.</param>
/// <param name="LargestDifference">The largest absolute difference; not a number where only one of both is.</param>
/// <param name="LargestValue">The largest absolute number the engine gave.</param>
/// <param name="IsWithinTolerance">Whether every number was within the tolerance.</param>
/// <param name="Where">The worst number: run, sample and both values.</param>
public sealed record LayerDifference(string Layer, Shape Shape, float LargestDifference, float LargestValue, bool IsWithinTolerance, string Where)
{
    /// <summary>Several layers as a table.</summary>
    internal static string Table(IReadOnlyList<LayerDifference> layers)
    {
        string[] head = ["Layer", "Output shape", "Largest value", "Difference", ""];
        var rows = layers.Select(layer => new[]
        {
            layer.Layer,
            layer.Shape.ToString(),
            layer.LargestValue.ToString("G4", CultureInfo.InvariantCulture),
            layer.LargestDifference.ToString("0.0e+00", CultureInfo.InvariantCulture),
            layer.IsWithinTolerance ? "ok" : "OUT OF TOLERANCE",
        }).Prepend(head).ToList();
        var widths = Enumerable.Range(0, head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            for (var column = 0; column < head.Length; column++)
            {
                var cell = rows[i][column];
                text.Append(column is 2 or 3 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])).Append("  ");
            }

            while (text[^1] == ' ') text.Length--;
            text.AppendLine();
            if (i == 0) text.AppendLine(new string('-', widths.Sum() + (2 * (head.Length - 1))));
        }

        return text.ToString();
    }
}
