using System.Globalization;
using System.Text;

namespace OnnxFunctional.Training;

/// <summary>A line of a chart: one value per epoch; values that are not finite interrupt it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Values">Its values.</param>
/// <param name="IsDotted">Whether it is drawn with gaps, which tells two lines apart without color.</param>
internal sealed record ChartLine(string Name, IReadOnlyList<double> Values, bool IsDotted);

/// <summary>Draws lines with the characters of Braille: each has 2 by 4 dots, so a small chart in a terminal shows a curve.</summary>
internal static class BrailleChart
{
    private const int DotsAcross = 2;
    private const int DotsDown = 4;
    private const int Blank = 0x2800;
    private const int LabelWidth = 9;

    /// <summary>Losses that fall by more than that are shown by their logarithm.</summary>
    private const double WideRange = 50;

    /// <summary>The rows: a legend, the chart with the greatest and the least value beside it, and the first and last epoch below.</summary>
    /// <param name="lines">The lines, all of one length, with at least one value.</param>
    /// <param name="width">The columns that may be used.</param>
    /// <param name="height">The rows of the chart itself.</param>
    /// <param name="first">The number of the first epoch.</param>
    public static IReadOnlyList<string> Draw(IReadOnlyList<ChartLine> lines, int width, int height, int first)
    {
        var values = lines.SelectMany(line => line.Values).Where(double.IsFinite).ToList();
        var count = lines[0].Values.Count;
        var legend = string.Join("   ", lines.Select(line => (line.IsDotted ? "\u2508 " : "\u2500 ") + line.Name));
        var rows = new List<string> { Cut(new string(' ', LabelWidth + 1) + legend, width) };
        if (values.Count == 0) return rows;
        double low = values.Min(), high = values.Max();
        var isLogarithmic = low > 0 && high / low > WideRange;
        var cells = new int[height, Math.Max(1, width - LabelWidth - 1)];
        foreach (var line in lines) Plot(line, cells, value => Share(value, low, high, isLogarithmic));
        for (var row = 0; row < height; row++)
        {
            var label = row == 0 ? Label(high) : row == height - 1 ? Label(low) : row == height / 2 && isLogarithmic ? "log" : "";
            var text = new StringBuilder(label.PadLeft(LabelWidth)).Append('\u2524');
            for (var column = 0; column < cells.GetLength(1); column++) text.Append((char)(Blank + cells[row, column]));
            rows.Add(Cut(text.ToString().TrimEnd((char)Blank), width));
        }

        var last = (first + count - 1).ToString(CultureInfo.InvariantCulture);
        var start = new string(' ', LabelWidth + 1) + first.ToString(CultureInfo.InvariantCulture);
        rows.Add(Cut(count == 1 ? start : start.PadRight(Math.Max(start.Length + 1, width - last.Length)) + last, width));
        return rows;
    }

    private static void Plot(ChartLine line, int[,] cells, Func<double, double> share)
    {
        int across = cells.GetLength(1) * DotsAcross, down = cells.GetLength(0) * DotsDown;
        (int X, int Y)? before = null;
        for (var i = 0; i < line.Values.Count; i++)
        {
            if (!double.IsFinite(line.Values[i]))
            {
                before = null;
                continue;
            }

            var x = line.Values.Count == 1 ? 0 : (int)Math.Round((across - 1) * (i / (double)(line.Values.Count - 1)));
            var y = (int)Math.Round((down - 1) * (1 - share(line.Values[i])));
            var (fromX, fromY) = before ?? (x, y);
            var steps = Math.Max(1, Math.Max(Math.Abs(x - fromX), Math.Abs(y - fromY)));
            for (var step = 0; step <= steps; step++)
            {
                var atX = fromX + (int)Math.Round((x - fromX) * (step / (double)steps));
                var atY = fromY + (int)Math.Round((y - fromY) * (step / (double)steps));
                if (!line.IsDotted || (atX + atY) % 3 == 0 || steps == 1) cells[atY / DotsDown, atX / DotsAcross] |= Dot(atX % DotsAcross, atY % DotsDown);
            }

            before = (x, y);
        }
    }

    /// <summary>The bit of a dot: Braille counts the upper three of each column first, then the lowest two.</summary>
    private static int Dot(int x, int y) => y < 3 ? 1 << (y + 3 * x) : 0x40 << x;

    /// <summary>How far up a value is, from 0 to 1.</summary>
    private static double Share(double value, double low, double high, bool isLogarithmic)
    {
        if (high <= low) return 0.5;
        return isLogarithmic ? Math.Log(value / low) / Math.Log(high / low) : (value - low) / (high - low);
    }

    private static string Label(double value) => LogNumber.Text(value) is { Length: <= LabelWidth } text
        ? text
        : value.ToString("0.##e+0", CultureInfo.InvariantCulture);

    private static string Cut(string row, int width) => row.Length <= width ? row : row[..Math.Max(0, width)];
}
