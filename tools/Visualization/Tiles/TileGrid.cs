using OnnxFunctional.Visualization.Drawings;
using SkiaSharp;

namespace OnnxFunctional.Visualization.Tiles;

/// <summary>A small image with text above it.</summary>
internal sealed record Tile(Pixels Pixels, string Caption = "");

/// <summary>Tiles of one size in rows, each as large as the room allows, in whole multiples of its pixels.</summary>
internal sealed class TileGrid : IChartBody
{
    private const float Margin = 14;
    private const float Gap = 14;

    /// <summary>Tiles of less than that show nothing, unless they have fewer pixels.</summary>
    private const float LeastSide = 24;

    private const float NearlyAsLarge = 0.8f;

    private readonly string _heading;
    private readonly IReadOnlyList<Tile> _tiles;
    private readonly float _side;
    private readonly TileLabels? _labels;

    /// <summary>Takes tiles of one size.</summary>
    /// <param name="heading">What is written above all of them.</param>
    /// <param name="tiles">The tiles, at least one.</param>
    /// <param name="side">The pixels of the chart that the longer side of a tile has if nothing else is asked for.</param>
    /// <param name="labels">The names of a tile's rows and columns; null without.</param>
    public TileGrid(string heading, IReadOnlyList<Tile> tiles, float side, TileLabels? labels = null) =>
        (_heading, _tiles, _side, _labels) = (heading, tiles, side, labels);

    /// <summary>The tiles, for tests.</summary>
    public IReadOnlyList<Tile> Tiles => _tiles;

    private int TileWidth => _tiles[0].Pixels.Width;

    private int TileHeight => _tiles[0].Pixels.Height;

    public float HeightFor(float width)
    {
        using var text = new PageText();
        return Find(text, width, null).Height;
    }

    public void Draw(SKCanvas canvas, SKSize size)
    {
        using var text = new PageText();

        // A height that was found for tiles of the usual size is not a wish for others.
        var layout = Find(text, size.Width, null);
        if (MathF.Ceiling(layout.Height) != size.Height) layout = Find(text, size.Width, size.Height);
        canvas.Clear(SKColors.White);
        for (var i = 0; i < layout.Heading.Count; i++)
            text.Draw(canvas, layout.Heading[i], Margin, Margin + ((i + 1) * (PageText.LineHeight + 2)) - 5, size: PageText.HeadingSize);
        var enlargement = Math.Max(1, (int)layout.Scale);
        for (var i = 0; i < _tiles.Count; i++)
        {
            var left = Margin + (i % layout.Columns * (layout.CellWidth + Gap));
            var top = layout.Top + (i / layout.Columns * (layout.CellHeight + Gap));
            var box = SKRect.Create(
                MathF.Round(left + layout.LabelWidth),
                MathF.Round(top + layout.CaptionHeight),
                MathF.Round(TileWidth * layout.Scale),
                MathF.Round(TileHeight * layout.Scale));
            foreach (var (j, line) in layout.Captions[i].Index())
                text.Draw(canvas, line, left + layout.LabelWidth, top + ((j + 1) * PageText.LineHeight) - 4);
            using (var image = _tiles[i].Pixels.Enlarged(enlargement))
                canvas.DrawImage(image, box, new SKSamplingOptions(layout.Scale < 1 ? SKFilterMode.Linear : SKFilterMode.Nearest));
            using (var line = new SKPaint { Color = SKColor.Parse("#b0b0b0"), Style = SKPaintStyle.Stroke, StrokeWidth = 1 })
                canvas.DrawRect(new SKRect(box.Left - 0.5f, box.Top - 0.5f, box.Right + 0.5f, box.Bottom + 0.5f), line);
            _labels?.Draw(canvas, text, box, layout.Scale);
        }
    }

    private Layout Find(PageText text, float width, float? height)
    {
        var heading = text.Wrap(_heading, width - (2 * Margin), PageText.HeadingSize);
        var top = Margin + (heading.Count * (PageText.LineHeight + 2)) + 4;
        var room = width - (2 * Margin);
        var side = Math.Max(_side, _labels is null ? 0 : TileLabels.LeastStep * Math.Max(TileWidth, TileHeight));
        var found = new List<Layout>();
        for (var columns = 1; columns <= _tiles.Count; columns++)
        {
            var cell = MathF.Floor((room - ((columns - 1) * Gap)) / columns);
            var (labelWidth, labelHeight) = _labels?.Room(text) ?? (0, 0);
            if (cell - labelWidth < 1) break;
            var captions = _tiles.Select(tile => text.Wrap(tile.Caption, cell - labelWidth)).ToList();

            // Long captions want fewer columns.
            if (columns > 1 && captions.Exists(lines => lines.Count > 3)) break;
            var captionHeight = (captions.Max(lines => lines.Count) * PageText.LineHeight) + (captions.Exists(lines => lines.Count > 0) ? 2 : 0);
            var rows = (_tiles.Count + columns - 1) / columns;
            var scale = (cell - labelWidth) / TileWidth;
            if (height is null) scale = Math.Min(scale, side / Math.Max(TileWidth, TileHeight));
            else scale = Math.Min(scale, (((height.Value - top - Margin - ((rows - 1) * Gap)) / rows) - captionHeight - labelHeight) / TileHeight);
            scale = scale >= 1 ? MathF.Floor(scale) : scale;
            if (Math.Max(TileWidth, TileHeight) * scale < Math.Min(LeastSide, Math.Max(TileWidth, TileHeight))) continue;
            var cellHeight = captionHeight + MathF.Round(TileHeight * scale) + labelHeight;
            var all = top + (rows * cellHeight) + ((rows - 1) * Gap) + Margin;
            found.Add(new Layout(columns, scale, top, cell, cellHeight, labelWidth, captionHeight, heading, captions, all));
        }

        if (found.Count == 0)
        {
            throw new ModelException(
                $"{_tiles.Count} tiles of {TileWidth} x {TileHeight} pixels have no room in a chart of {width:F0}"
                + (height is { } given ? $" x {given:F0}" : "") + " pixels. Take a larger width, and leave out the height.");
        }

        // As many columns as leave the tiles nearly as large as they can be.
        var largest = found.Max(layout => layout.Scale);
        var most = found.Last(layout => layout.Scale >= largest * NearlyAsLarge);

        // Rows of the same length: 2 x 2 tiles, not 3 and 1.
        var best = found.First(layout => RowsOf(layout) == RowsOf(most));

        // Cells that are wider than what is in them would leave holes.
        var used = best.Captions.SelectMany(lines => lines).Select(line => text.Width(line)).Append(TileWidth * best.Scale).Max() + best.LabelWidth;
        return best with { CellWidth = Math.Min(best.CellWidth, MathF.Ceiling(used)) };
    }

    private int RowsOf(Layout layout) => (_tiles.Count + layout.Columns - 1) / layout.Columns;

    private sealed record Layout(
        int Columns,
        float Scale,
        float Top,
        float CellWidth,
        float CellHeight,
        float LabelWidth,
        float CaptionHeight,
        IReadOnlyList<string> Heading,
        IReadOnlyList<IReadOnlyList<string>> Captions,
        float Height);
}
