using SkiaSharp;

namespace OnnxFunctional.Visualization.Drawings;

/// <summary>The font of pictures, which the package carries: the same on every machine, so that a text is as wide as was measured.</summary>
internal sealed class PictureFont : IDisposable
{
    /// <summary>The family, for readers of SVG that have it; others fit their own font to the measured width.</summary>
    public const string Family = "DejaVu Sans, Verdana, sans-serif";

    private readonly SKTypeface _typeface;

    public PictureFont() => _typeface = Typeface();

    /// <summary>The font itself.</summary>
    public static SKTypeface Typeface()
    {
        using var stream = typeof(PictureFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        return SKTypeface.FromStream(stream);
    }

    /// <summary>The width of a text in pixels.</summary>
    public double Width(string text, double size)
    {
        using var font = OfSize(size);
        return font.MeasureText(text);
    }

    /// <summary>The font without hinting, so that widths grow evenly with the size.</summary>
    public SKFont OfSize(double size) => new(_typeface, (float)size)
    {
        Subpixel = true,
        Hinting = SKFontHinting.None,
        LinearMetrics = true,
        Edging = SKFontEdging.Antialias,
    };

    public void Dispose() => _typeface.Dispose();
}
