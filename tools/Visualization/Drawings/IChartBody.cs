using SkiaSharp;

namespace OnnxFunctional.Visualization.Drawings;

/// <summary>What a chart shows.</summary>
internal interface IChartBody
{
    /// <summary>The height it needs, in pixels, if it is that wide.</summary>
    float HeightFor(float width);

    /// <summary>Draws it over a whole area.</summary>
    /// <exception cref="ModelException">The area is too small.</exception>
    void Draw(SKCanvas canvas, SKSize size);
}
