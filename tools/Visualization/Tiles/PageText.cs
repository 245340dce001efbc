using OnnxFunctional.Visualization.Drawings;
using SkiaSharp;

namespace OnnxFunctional.Visualization.Tiles;

/// <summary>Texts on a canvas in the font of the package.</summary>
internal sealed class PageText : IDisposable
{
    /// <summary>The size of headings, as of the titles of other charts.</summary>
    public const float HeadingSize = 14;

    /// <summary>The size of all other letters.</summary>
    public const float Size = 12;

    /// <summary>The height of a line.</summary>
    public const float LineHeight = 16;

    private readonly PictureFont _font = new();

    public float Width(string text, float size = Size) => (float)_font.Width(text, size);

    /// <summary>Breaks a text at spaces, and words that are too long anywhere.</summary>
    public IReadOnlyList<string> Wrap(string text, float room, float size = Size)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in Clean(text).Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => Pieces(word, room, size)))
        {
            var longer = line.Length == 0 ? word : line + " " + word;
            if (line.Length > 0 && Width(longer, size) > room)
            {
                lines.Add(line);
                line = word;
            }
            else
            {
                line = longer;
            }
        }

        if (line.Length > 0) lines.Add(line);
        return lines;
    }

    /// <summary>Draws a line of text.</summary>
    /// <param name="canvas">The canvas.</param>
    /// <param name="text">The text.</param>
    /// <param name="x">Where it begins, or ends, or its middle.</param>
    /// <param name="baseline">Where letters stand.</param>
    /// <param name="align">What of it is at <paramref name="x"/>.</param>
    /// <param name="size">The size of the letters.</param>
    public void Draw(SKCanvas canvas, string text, float x, float baseline, SKTextAlign align = SKTextAlign.Left, float size = Size)
    {
        var shift = align switch { SKTextAlign.Right => Width(text, size), SKTextAlign.Center => Width(text, size) / 2, _ => 0 };
        using var sized = _font.OfSize(size);
        using var paint = new SKPaint { Color = SKColor.Parse("#222222"), IsAntialias = true };
        canvas.DrawText(text, x - shift, baseline, SKTextAlign.Left, sized, paint);
    }

    /// <summary>The text in one line: line breaks and what cannot be seen are spaces.</summary>
    public static string Clean(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));

    public void Dispose() => _font.Dispose();

    private IEnumerable<string> Pieces(string word, float room, float size)
    {
        while (Width(word, size) > room && word.Length > 1)
        {
            var count = word.Length - 1;
            while (count > 1 && Width(word[..count], size) > room) count--;
            yield return word[..count];
            word = word[count..];
        }

        yield return word;
    }
}
