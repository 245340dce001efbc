using System.Globalization;
using OnnxFunctional.Visualization.Drawings;
using ScottPlot;

namespace OnnxFunctional.Visualization;

/// <summary>A confusion matrix: cells as dark as their share of the row, with their numbers.</summary>
internal static class ConfusionPanel
{
    /// <summary>More cells than that have no numbers, which would overlap.</summary>
    private const int MostNumbered = 20;

    private const float NumberSize = 13;

    /// <summary>Names of more than that are written upright: a chart of the usual width has less room below the cells.</summary>
    private const double RoomForNames = 420;

    public static Plot Of(double[,] counts, IReadOnlyList<string> names, bool normalize)
    {
        var classes = names.Count;
        var plot = new Plot();
        for (var row = 0; row < classes; row++)
        {
            double total = 0;
            for (var column = 0; column < classes; column++) total += counts[row, column];
            for (var column = 0; column < classes; column++)
            {
                var share = total == 0 ? 0 : counts[row, column] / total;

                // The first class is above, so rows count down from there.
                var y = classes - 1 - row;
                var cell = plot.Add.Rectangle(column - 0.5, column + 0.5, y - 0.5, y + 0.5);
                cell.FillStyle.Color = Shade(share);
                cell.LineStyle.Color = Colors.White;
                cell.LineStyle.Width = 1;
                if (classes > MostNumbered) continue;
                var text = plot.Add.Text(
                    normalize ? share.ToString("F2", CultureInfo.InvariantCulture) : counts[row, column].ToString("F0", CultureInfo.InvariantCulture),
                    column,
                    y);
                text.LabelAlignment = Alignment.MiddleCenter;
                text.LabelFontName = ChartFont.Name;
                text.LabelFontSize = NumberSize;
                text.LabelFontColor = share > 0.5 ? Colors.White : Colors.Black;
            }
        }

        plot.XLabel("predicted class");
        plot.YLabel("true class");
        double[] places = [.. Enumerable.Range(0, classes).Select(i => (double)i)];
        plot.Axes.Bottom.SetTicks(places, [.. names]);
        plot.Axes.Left.SetTicks(places, [.. names.Reverse()]);
        using var font = new PictureFont();
        var widest = names.Max(name => font.Width(name, NumberSize));
        if (widest * classes > RoomForNames)
        {
            // Upright names need as much height as they are long.
            plot.Axes.Bottom.TickLabelStyle.Rotation = -90;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
            plot.Axes.Bottom.MinimumSize = (float)widest + 34;
        }

        plot.Axes.SetLimits(-0.5, classes - 0.5, -0.5, classes - 0.5);
        plot.HideGrid();
        return plot;
    }

    /// <summary>From white to dark blue.</summary>
    public static Color Shade(double share)
    {
        var color = Tiles.Shade.Blue(share);
        return new Color(color.Red, color.Green, color.Blue);
    }
}
