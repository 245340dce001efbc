using System.Text;

namespace OnnxFunctional;

/// <summary>Rows of text whose columns stand below each other.</summary>
internal static class TextTable
{
    /// <summary>The lines, two spaces between columns, without spaces at their ends.</summary>
    /// <param name="rows">Cells, as many in each row; the first row is the heading.</param>
    /// <param name="isRight">Whether a column's cells are aligned at their right.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<string[]> rows, Func<int, bool> isRight)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            var line = new StringBuilder();
            for (var i = 0; i < row.Length; i++)
                line.Append(i == 0 ? "" : "  ").Append(isRight(i) ? row[i].PadLeft(widths[i]) : row[i].PadRight(widths[i]));
            yield return line.ToString().TrimEnd();
        }
    }
}
