using SkiaSharp;

namespace OnnxFunctional.Visualization.Tiles;

/// <summary>The names of a tile's rows, to its left, and of its columns, upright below it.</summary>
/// <param name="Rows">One name per row.</param>
/// <param name="Columns">One name per column.</param>
internal sealed record TileLabels(IReadOnlyList<string> Rows, IReadOnlyList<string> Columns)
{
    /// <summary>The distance of two names at which they can be read.</summary>
    public const float LeastStep = 14;

    private const float Space = 6;

    /// <summary>What names need to the left and below.</summary>
    public (float Width, float Height) Room(PageText text) =>
        (Rows.Max(name => text.Width(name)) + Space, Columns.Max(name => text.Width(name)) + Space);

    /// <summary>Draws the names around a tile; of those that would overlap, every second or third.</summary>
    public void Draw(SKCanvas canvas, PageText text, SKRect tile, float scale)
    {
        var step = Math.Max(1, (int)MathF.Ceiling(LeastStep / scale));
        for (var i = 0; i < Rows.Count; i += step)
            text.Draw(canvas, Rows[i], tile.Left - Space, tile.Top + ((i + 0.5f) * scale) + 4, SKTextAlign.Right);
        for (var i = 0; i < Columns.Count; i += step)
        {
            canvas.Save();
            canvas.Translate(tile.Left + ((i + 0.5f) * scale) + 4, tile.Bottom + Space);
            canvas.RotateDegrees(-90);
            text.Draw(canvas, Columns[i], 0, 0, SKTextAlign.Right);
            canvas.Restore();
        }
    }
}
