using System.Globalization;
using System.Net;
using System.Text;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>Writes HTML: all text is encoded, whatever names it holds.</summary>
internal sealed class Html
{
    private readonly StringBuilder _html = new();

    /// <summary>Markup as it is.</summary>
    public Html Markup(string markup)
    {
        _html.Append(markup);
        return this;
    }

    /// <summary>Text.</summary>
    public Html Text(string text) => Markup(Encoded(text));

    /// <summary>A paragraph.</summary>
    public Html Paragraph(string text, string style = "") => Markup(style.Length == 0 ? "<p>" : $"<p class=\"{style}\">").Text(text).Markup("</p>\n");

    /// <summary>A table that scrolls by itself where it is too wide.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="header">The names of the columns.</param>
    /// <param name="rows">The cells; the first of each row names it.</param>
    /// <param name="numbers">The columns of numbers, which are aligned at their right.</param>
    public Html Table(string caption, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows, params IReadOnlyCollection<int> numbers) =>
        Table(caption, header, rows.Select(row => row.Select(cell => new Cell(Encoded(cell))).ToArray()), numbers);

    /// <summary>The same with cells of markup.</summary>
    public Html Table(string caption, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<Cell>> rows, params IReadOnlyCollection<int> numbers)
    {
        Markup($"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{Encoded(caption)}\"><table><caption>").Text(caption);
        Markup("</caption><thead><tr>");
        for (var i = 0; i < header.Count; i++) Markup($"<th scope=\"col\"{Side(i, numbers)}>").Text(header[i]).Markup("</th>");
        Markup("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            Markup("<tr>");
            for (var i = 0; i < row.Count; i++)
            {
                var tag = i == 0 ? "th scope=\"row\"" : "td";
                Markup($"<{tag}{Side(i, numbers)}{row[i].Attributes}>{row[i].Markup}</{(i == 0 ? "th" : "td")}>");
            }

            Markup("</tr>\n");
        }

        return Markup("</tbody></table></div>\n");
    }

    /// <summary>Text as HTML, in an attribute too.</summary>
    public static string Encoded(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A number with four digits.</summary>
    public static string Number(double value) => double.IsNaN(value) ? "-" : value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>A count with separators.</summary>
    public static string Count(double value) => double.IsNaN(value) ? "?" : value.ToString("N0", CultureInfo.InvariantCulture);

    public override string ToString() => _html.ToString();

    private static string Side(int column, IReadOnlyCollection<int> numbers) => numbers.Contains(column) ? " class=\"number\"" : "";
}

/// <summary>A cell of a table.</summary>
/// <param name="Markup">Its content, encoded.</param>
/// <param name="Attributes">Further attributes, with a space before each.</param>
internal readonly record struct Cell(string Markup, string Attributes = "");
