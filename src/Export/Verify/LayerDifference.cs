using System.Globalization;
using System.Text;

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
    /// <summary>
    /// Whether a value was beyond the tolerance because of rounding, which the engine's own result shows when all that it rounds changes by a few units in the
    /// last place: a comparison of nearly equal numbers, or a recurrent layer whose state grows with every step.
    /// </summary>
    public bool IsRounding { get; init; }

    /// <summary>Formats several layers as a table.</summary>
    internal static string Table(IReadOnlyList<LayerDifference> layers)
    {
        string[] head = ["Layer", "Output shape", "Largest value", "Difference", ""];
        var rows = layers.Select(layer => new[]
        {
            layer.Layer,
            layer.Shape.ToString(),
            layer.LargestValue.ToString("G4", CultureInfo.InvariantCulture),
            layer.LargestDifference.ToString("0.0e+00", CultureInfo.InvariantCulture),
            !layer.IsWithinTolerance ? "OUT OF TOLERANCE" : layer.IsRounding ? "rounding" : "ok",
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
