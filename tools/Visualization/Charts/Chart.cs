using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using OnnxFunctional.Visualization.Drawings;
using ScottPlot;
using SkiaSharp;

namespace OnnxFunctional.Visualization;

/// <summary>A picture of training or of data, to be saved as a file. <see cref="Charts"/> makes them.</summary>
public sealed partial class Chart
{
    /// <summary>The size of letters in pixels at 96 per inch.</summary>
    private const float FontSize = 13;

    private const int LeastSide = 100;

    private readonly IReadOnlyList<Plot> _panels;
    private readonly int _columns;

    /// <summary>Takes panels, row by row.</summary>
    internal Chart(IReadOnlyList<Plot> panels, int columns, string description)
    {
        ChartFont.Register();
        (_panels, _columns, Description) = (panels, columns, description);
        foreach (var panel in panels)
        {
            panel.Font.Set(ChartFont.Name);
            foreach (var axis in panel.Axes.GetAxes())
            {
                axis.Label.FontSize = FontSize;
                axis.Label.Bold = false;
                axis.TickLabelStyle.FontSize = FontSize - 1;
            }

            panel.Axes.Title.Label.FontSize = FontSize + 1;
            panel.Axes.Title.Label.Bold = false;
            panel.Legend.FontSize = FontSize - 1;
            panel.Legend.FontName = ChartFont.Name;
        }
    }

    /// <summary>What the chart shows, in words with its numbers: for those who cannot see it.</summary>
    public string Description { get; }

    /// <summary>Writes the chart as <c>.png</c>, <c>.svg</c> or <c>.pdf</c>.</summary>
    /// <param name="toFile">The file, which is replaced; its name's end chooses the kind.</param>
    /// <param name="width">The width in pixels at 96 per inch.</param>
    /// <param name="height">The height; by default 400 per row of panels.</param>
    /// <param name="dpi">Pixels per inch in a <c>.png</c> file.</param>
    /// <exception cref="ModelException">The name has another end, a size is out of range, or the file cannot be written.</exception>
    public void Save(string toFile, int width = 800, int? height = null, double dpi = 96)
    {
        var kind = PictureFile.KindOf(toFile, ".png", ".svg", ".pdf");
        PictureFile.CheckDpi(dpi);
        var size = new SKSize(width, height ?? 400 * Rows);
        if (width < LeastSide || size.Height < LeastSide)
            throw new ModelException($"A chart of {size.Width:F0} x {size.Height:F0} pixels has no room; expected at least {LeastSide} x {LeastSide}.");
        PictureFile.Write(toFile, kind switch
        {
            ".svg" => Svg(size),
            ".pdf" => SkiaWriter.Pdf(size.Width, size.Height, "Chart", Description, canvas => Render(canvas, size)),
            _ => SkiaWriter.Png(size.Width, size.Height, dpi, canvas => Render(canvas, size)),
        });
    }

    private int Rows => (_panels.Count + _columns - 1) / _columns;

    private byte[] Svg(SKSize size)
    {
        using var stream = new SKDynamicMemoryWStream();
        using (var canvas = SKSvgCanvas.Create(new SKRect(0, 0, size.Width, size.Height), stream)) Render(canvas, size);
        using var data = stream.DetachAsData();

        // Skia counts ids over the whole process; a chart is to be the same bytes whenever it is written.
        var numbers = new Dictionary<string, string>();
        var svg = IdPattern().Replace(Encoding.UTF8.GetString(data.ToArray()), match =>
        {
            var id = match.Groups[2].Value;
            if (!numbers.TryGetValue(id, out var number)) numbers[id] = number = string.Create(CultureInfo.InvariantCulture, $"i{numbers.Count}");
            return match.Groups[1].Value + number;
        });
        return Encoding.UTF8.GetBytes(svg);
    }

    [GeneratedRegex("(\\bid=\"|url\\(#|href=\"#)([A-Za-z]+_[0-9a-f]+)")]
    private static partial Regex IdPattern();

    private void Render(SKCanvas canvas, SKSize size)
    {
        float width = size.Width / _columns, height = size.Height / Rows;
        for (var i = 0; i < _panels.Count; i++)
        {
            float left = i % _columns * width, top = i / _columns * height;

            // The first drawing finds the layout and is drawn over by a second one, both of which a vector file would show.
            _panels[i].RenderInMemory((int)width, (int)height);
            // A panel clears what it may draw on.
            canvas.Save();
            canvas.ClipRect(new SKRect(left, top, left + width, top + height));
            _panels[i].Render(canvas, new PixelRect(left, left + width, top + height, top));
            canvas.Restore();
        }
    }
}
