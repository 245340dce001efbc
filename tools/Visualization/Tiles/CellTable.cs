using OnnxFunctional.Visualization.Drawings;
using SkiaSharp;

namespace OnnxFunctional.Visualization.Tiles;

/// <summary>A table of texts. Columns that have no room are left out at the end; three dots say that there are more.</summary>
/// <param name="heading">What is written above it.</param>
/// <param name="columns">The names of the columns.</param>
/// <param name="rows">A cell per column.</param>
/// <param name="needed">The number of columns that are never left out.</param>
/// <param name="hasMore">Whether there are more columns than are given.</param>
internal sealed class CellTable(string heading, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows, int needed, bool hasMore) : IChartBody
{
    private const float Margin = 14;
    private const float Gap = 20;
    private const float RowHeight = 22;
    private const float Dots = Gap + (PageText.Size * 2);

    /// <summary>The cells, for tests.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows => rows;

    public float HeightFor(float width)
    {
        using var text = new PageText();
        return Top(text, width) + ((rows.Count + 1) * RowHeight) + Margin;
    }

    public void Draw(SKCanvas canvas, SKSize size)
    {
        using var text = new PageText();
        var widths = Enumerable.Range(0, columns.Count).Select(j => rows.Select(row => text.Width(row[j])).Append(text.Width(columns[j])).Max()).ToList();
        var shown = Shown(widths, size.Width);
        if (shown < needed || HeightFor(size.Width) > size.Height + 1)
        {
            throw new ModelException(
                $"A table of {rows.Count} rows has no room in a chart of {size.Width:F0} x {size.Height:F0} pixels. "
                + "Take a larger width, and leave out the height.");
        }

        canvas.Clear(SKColors.White);
        foreach (var (i, line) in text.Wrap(heading, size.Width - (2 * Margin), PageText.HeadingSize).Index())
            text.Draw(canvas, line, Margin, Margin + ((i + 1) * (PageText.LineHeight + 2)) - 5, size: PageText.HeadingSize);
        var top = Top(text, size.Width);
        var isCut = hasMore || shown < columns.Count;
        var right = Margin + widths.Take(shown).Sum() + ((shown - 1) * Gap) + (isCut ? Gap + text.Width("...") : 0);
        using var stripe = new SKPaint { Color = SKColor.Parse("#f2f4f7") };
        using var ruler = new SKPaint { Color = SKColor.Parse("#808080"), StrokeWidth = 1 };
        for (var i = 0; i <= rows.Count; i++)
        {
            var y = top + (i * RowHeight);
            if (i > 0 && i % 2 == 0) canvas.DrawRect(new SKRect(Margin - 4, y, right + 4, y + RowHeight), stripe);
            if (i == 1) canvas.DrawLine(Margin - 4, y, right + 4, y, ruler);
            var x = Margin;
            for (var j = 0; j < shown; j++)
            {
                var cell = i == 0 ? columns[j] : rows[i - 1][j];
                if (IsNumeric(j)) text.Draw(canvas, cell, x + widths[j], y + 15, SKTextAlign.Right);
                else text.Draw(canvas, cell, x, y + 15);
                x += widths[j] + Gap;
            }

            if (isCut) text.Draw(canvas, "...", x, y + 15);
        }
    }

    private bool IsNumeric(int column) =>
        rows.All(row => double.TryParse(row[column], System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out _));

    private int Shown(List<float> widths, float width)
    {
        var room = width - (2 * Margin);
        if (widths.Sum() + ((widths.Count - 1) * Gap) + (hasMore ? Dots : 0) <= room) return widths.Count;
        var (shown, used) = (0, Dots);
        while (shown < widths.Count && used + widths[shown] + Gap <= room) used += widths[shown++] + Gap;
        return shown;
    }

    private float Top(PageText text, float width) =>
        Margin + (text.Wrap(heading, width - (2 * Margin), PageText.HeadingSize).Count * (PageText.LineHeight + 2)) + 4;
}
