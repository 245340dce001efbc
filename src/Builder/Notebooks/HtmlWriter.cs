using System.Net;

namespace OnnxFunctional.Notebooks;

/// <summary>Writes tables, text and charts as HTML, with styles of their own, because notebooks differ in theirs.</summary>
internal sealed class HtmlWriter(TextWriter writer)
{
    /// <summary>A line of text above or below a table.</summary>
    public void Paragraph(string text) => writer.Write($"<p>{Encoded(text)}</p>");

    /// <summary>Text of several lines, whose columns are aligned by spaces.</summary>
    public void Lines(string text) => writer.Write($"<pre>{Encoded(text)}</pre>");

    /// <summary>A table.</summary>
    /// <param name="header">The names of the columns.</param>
    /// <param name="rows">The cells.</param>
    /// <param name="numbers">The columns of numbers, which are aligned at their right.</param>
    public void Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows, IReadOnlyCollection<int> numbers)
    {
        writer.Write("<table><thead>");
        Row(header, "th", numbers);
        writer.Write("</thead><tbody>");
        foreach (var row in rows) Row(row, "td", numbers);
        writer.Write("</tbody></table>");
    }

    /// <summary>Lines through points whose horizontal coordinates are shared.</summary>
    public void Chart(string xLabel, IReadOnlyList<double> x, params IReadOnlyList<(string Name, IReadOnlyList<double> Y)> lines) =>
        writer.Write(LineChart.Svg(xLabel, x, lines));

    private void Row(IReadOnlyList<string> cells, string tag, IReadOnlyCollection<int> numbers)
    {
        writer.Write("<tr>");
        for (var i = 0; i < cells.Count; i++)
            writer.Write($"<{tag} style=\"padding:2px 8px;text-align:{(numbers.Contains(i) ? "right" : "left")}\">{Encoded(cells[i])}</{tag}>");
        writer.Write("</tr>");
    }

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);
}
