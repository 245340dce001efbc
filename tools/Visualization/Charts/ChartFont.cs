using OnnxFunctional.Visualization.Drawings;
using ScottPlot;
using SkiaSharp;

namespace OnnxFunctional.Visualization;

/// <summary>Gives ScottPlot the font of the package, under its name only: plots of the program's own keep theirs.</summary>
internal sealed class ChartFont : IFontResolver
{
    /// <summary>The name by which charts ask for it.</summary>
    public const string Name = "DejaVu Sans";

    private readonly SKTypeface _typeface = PictureFont.Typeface();

    private ChartFont()
    {
    }

    /// <summary>Makes it known to ScottPlot, once in the process: ScottPlot's list of resolvers is its only way.</summary>
    public static void Register()
    {
        lock (Fonts.FontResolvers)
        {
            if (!Fonts.FontResolvers.Exists(resolver => resolver is ChartFont)) Fonts.FontResolvers.Insert(0, new ChartFont());
        }
    }

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => fontName == Name ? _typeface : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? _typeface : null;
}
