using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>A picture as a reader of SVG sees it: boxes, frames, lines and texts with their places.</summary>
internal sealed partial class SvgPicture
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    private SvgPicture(string text)
    {
        var root = XDocument.Parse(text).Root!;
        Width = Number(root, "width");
        Height = Number(root, "height");
        foreach (var group in root.Elements(s_svg + "g"))
        {
            var name = group.Attribute("data-name")?.Value ?? "";
            var kind = group.Attribute("class")!.Value;
            foreach (var element in group.Elements())
            {
                if (element.Name.LocalName != "text") continue;
                var (x, y, length, size) = (Number(element, "x"), Number(element, "y"), Number(element, "textLength"), Number(element, "font-size"));
                Texts.Add(new Text(kind, name, element.Value, x, y, length, size));
            }

            if (kind is "box" or "frame") (kind == "box" ? Boxes : Frames).Add(AreaOf(name, group.Elements(s_svg + "rect").First()));
            if (kind == "edge") Edges.Add(new Edge(name, Points(group.Elements(s_svg + "path").First().Attribute("d")!.Value)));
        }
    }

    public double Width { get; }

    public double Height { get; }

    public List<Area> Boxes { get; } = [];

    public List<Area> Frames { get; } = [];

    public List<Edge> Edges { get; } = [];

    public List<Text> Texts { get; } = [];

    public static SvgPicture Parse(string text) => new(text);

    /// <summary>The points of a path of straight lines and cubic curves, each as short straight lines.</summary>
    public static List<(double X, double Y)> Points(string path)
    {
        const int Pieces = 12;
        var points = new List<(double X, double Y)>();
        foreach (Match piece in PiecePattern().Matches(path))
        {
            var n = NumberPattern().Matches(piece.Value).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture)).ToArray();
            if (piece.Value[0] == 'M')
            {
                points.Add((n[0], n[1]));
                continue;
            }

            var (x, y) = points[^1];
            if (piece.Value[0] == 'L') n = [x + (n[0] - x) / 3, y + (n[1] - y) / 3, x + (n[0] - x) * 2 / 3, y + (n[1] - y) * 2 / 3, n[0], n[1]];
            for (var i = 1; i <= Pieces; i++)
            {
                double t = i / (double)Pieces, s = 1 - t;
                double a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, d = t * t * t;
                points.Add((a * x + b * n[0] + c * n[2] + d * n[4], a * y + b * n[1] + c * n[3] + d * n[5]));
            }
        }

        return points;
    }

    private static Area AreaOf(string name, XElement area) =>
        new(name, Number(area, "x"), Number(area, "y"), Number(area, "x") + Number(area, "width"), Number(area, "y") + Number(area, "height"));

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("[MLC][^MLCz]+")]
    private static partial Regex PiecePattern();

    [GeneratedRegex(@"-?\d+(\.\d+)?")]
    private static partial Regex NumberPattern();

    /// <summary>A rectangle.</summary>
    public sealed record Area(string Name, double Left, double Top, double Right, double Bottom)
    {
        public bool Overlaps(Area other) => Left < other.Right && other.Left < Right && Top < other.Bottom && other.Top < Bottom;

        public bool Contains(Area other) => Left <= other.Left && Top <= other.Top && Right >= other.Right && Bottom >= other.Bottom;

        public bool HasInside((double X, double Y) point) => point.X > Left + 0.5 && point.X < Right - 0.5 && point.Y > Top + 0.5 && point.Y < Bottom - 0.5;
    }

    /// <summary>A line.</summary>
    public sealed record Edge(string Name, List<(double X, double Y)> Points);

    /// <summary>A text.</summary>
    public sealed record Text(string Kind, string Owner, string Value, double X, double Baseline, double Length, double Size)
    {
        public Area Area => new(Value, X, Baseline - 0.76 * Size, X + Length, Baseline + 0.24 * Size);
    }
}
