using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;

namespace OnnxFunctional.Notebooks;

/// <summary>Draws lines as SVG, for curves of losses.</summary>
internal static class LineChart
{
    private const int Width = 420;
    private const int Height = 240;
    private const int Left = 70;
    private const int Right = 10;
    private const int Top = 26;
    private const int Bottom = 36;

    // Of the same lightness, and apart for the color-blind.
    public static readonly ImmutableArray<string> Colors = ["#1f77b4", "#e07b00", "#2a9d4b", "#b5428f"];

    /// <summary>The drawing. Values that are not finite interrupt a line; text and axes have the color of the page's text.</summary>
    public static string Svg(string xLabel, IReadOnlyList<double> x, IReadOnlyList<(string Name, IReadOnlyList<double> Y)> lines)
    {
        var (left, right) = Range(x);
        var (low, high) = Range(lines.SelectMany(line => line.Y));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" font-size=\"11\" ");
        svg.Append("font-family=\"sans-serif\" fill=\"currentColor\">");
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {Top}V{Height - Bottom}H{Width - Right}\" fill=\"none\" stroke=\"currentColor\"/>");
        Text(Left - 6, Top + 4, "end", Number(high));
        Text(Left - 6, Height - Bottom, "end", Number(low));
        Text(Left, Height - Bottom + 14, "start", Number(left));
        Text(Width - Right, Height - Bottom + 14, "end", Number(right));
        Text((Left + Width - Right) / 2.0, Height - 8, "middle", xLabel);
        for (var i = 0; i < lines.Count; i++)
        {
            var color = Colors[i % Colors.Length];
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{Path(lines[i].Y)}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" ");
            svg.Append("stroke-linecap=\"round\"/>");
            Text(Left + ((Width - Left - Right) * i / (double)lines.Count), 14, "start", lines[i].Name, color);
        }

        return svg.Append("</svg>").ToString();

        void Text(double atX, double atY, string anchor, string text, string color = "currentColor") => svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{atX:0.#}\" y=\"{atY:0.#}\" text-anchor=\"{anchor}\" fill=\"{color}\">{WebUtility.HtmlEncode(text)}</text>");

        string Path(IReadOnlyList<double> y)
        {
            var path = new StringBuilder();
            var isDrawing = false;
            for (var i = 0; i < y.Count; i++)
            {
                if (double.IsFinite(y[i]))
                {
                    var atX = Left + ((Width - Left - Right) * Share(x[i], left, right));
                    var atY = Height - Bottom - ((Height - Bottom - Top) * Share(y[i], low, high));

                    // A line to its own start draws a dot for a point without neighbors.
                    path.Append(CultureInfo.InvariantCulture, $"{(isDrawing ? "L" : "M")}{atX:0.##} {atY:0.##}");
                    if (!isDrawing) path.Append("h0");
                }

                isDrawing = double.IsFinite(y[i]);
            }

            return path.ToString();
        }
    }

    private static (double Low, double High) Range(IEnumerable<double> values)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            if (double.IsFinite(value)) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        return low <= high ? (low, high) : (0, 0);
    }

    // Halves first, because the difference of two large values may overflow. Equal values lie in the middle.
    private static double Share(double value, double low, double high) => low == high ? 0.5 : ((value / 2) - (low / 2)) / ((high / 2) - (low / 2));

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
