using OnnxFunctional.Visualization.Drawings;
using ScottPlot;
using SkiaSharp;

namespace OnnxFunctional.Visualization;

/// <summary>Plots of ScottPlot, row by row, in the font of the package.</summary>
internal sealed class PlotPanels : IChartBody
{
    /// <summary>The size of letters in pixels at 96 per inch.</summary>
    private const float FontSize = 13;

    private readonly IReadOnlyList<Plot> _panels;
    private readonly int _columns;
    private readonly float _rowHeight;

    public PlotPanels(IReadOnlyList<Plot> panels, int columns, float rowHeight = 400)
    {
        ChartFont.Register();
        (_panels, _columns, _rowHeight) = (panels, columns, rowHeight);
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

    private int Rows => (_panels.Count + _columns - 1) / _columns;

    public float HeightFor(float width) => _rowHeight * Rows;

    public void Draw(SKCanvas canvas, SKSize size)
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
