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
    private const int LeastSide = 100;

    private readonly IChartBody _body;

    internal Chart(IChartBody body, string description) => (_body, Description) = (body, description);

    /// <summary>Takes panels, row by row.</summary>
    internal Chart(IReadOnlyList<Plot> panels, int columns, string description)
        : this(new PlotPanels(panels, columns), description)
    {
    }

    /// <summary>What is drawn, for tests.</summary>
    internal IChartBody Body => _body;

    /// <summary>What the chart shows, in words with its numbers: for those who cannot see it.</summary>
    public string Description { get; }

    /// <summary>Writes the chart as <c>.png</c>, <c>.svg</c> or <c>.pdf</c>.</summary>
    /// <param name="toFile">The file, which is replaced; its name's end chooses the kind.</param>
    /// <param name="width">The width in pixels at 96 per inch.</param>
    /// <param name="height">The height; by default 400 per row of panels, or what the tiles or rows of a table need.</param>
    /// <param name="dpi">Pixels per inch in a <c>.png</c> file.</param>
    /// <exception cref="ModelException">The name has another end, a size is out of range, or the file cannot be written.</exception>
    public void Save(string toFile, int width = 800, int? height = null, double dpi = 96)
    {
        var kind = PictureFile.KindOf(toFile, ".png", ".svg", ".pdf");
        PictureFile.CheckDpi(dpi);
        var size = new SKSize(width, height ?? Math.Max(LeastSide, MathF.Ceiling(_body.HeightFor(Math.Max(width, LeastSide)))));
        if (width < LeastSide || size.Height < LeastSide)
            throw new ModelException($"A chart of {size.Width:F0} x {size.Height:F0} pixels has no room; expected at least {LeastSide} x {LeastSide}.");
        PictureFile.Write(toFile, kind switch
        {
            ".svg" => Svg(size),
            ".pdf" => SkiaWriter.Pdf(size.Width, size.Height, "Chart", Description, canvas => _body.Draw(canvas, size)),
            _ => SkiaWriter.Png(size.Width, size.Height, dpi, canvas => _body.Draw(canvas, size)),
        });
    }

    private byte[] Svg(SKSize size)
    {
        using var stream = new SKDynamicMemoryWStream();
        using (var canvas = SKSvgCanvas.Create(new SKRect(0, 0, size.Width, size.Height), stream)) _body.Draw(canvas, size);
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
}
