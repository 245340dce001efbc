using OnnxFunctional.Visualization.Drawings;
using OnnxFunctional.Visualization.Layouts;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>Draws a graph: frames behind, then edges, then boxes.</summary>
internal sealed class PlotPainter
{
    private const double Margin = 16;
    private const double Radius = 5;
    private const double ArrowLength = 7;
    private const double ArrowHalfWidth = 3.5;
    private const string EdgeColor = "#4a4a4a";
    private const string TextColor = "#1b1b1b";
    private const string PageColor = "#ffffff";
    private const double AscentShare = 0.76;

    private readonly List<FigureGroup> _frames = [], _lines = [], _boxes = [];
    private readonly PlotOptions _options;
    private readonly PictureFont _font;
    private readonly Page _page;

    private PlotPainter(PlotOptions options, PictureFont font, FrameLayout layout)
    {
        (_options, _font) = (options, font);
        _page = new Page(options.Rankdir, layout.Width, layout.Height, Margin);
    }

    /// <summary>The drawing of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="options">What is shown.</param>
    /// <param name="font">The font.</param>
    public static Drawing Paint(PlotGraph graph, string name, PlotOptions options, PictureFont font)
    {
        var layout = FrameLayout.Of(graph, options, font);
        var painter = new PlotPainter(options, font, layout);
        painter.Add(layout, new Point(0, 0), depth: 0, "");
        var background = new FigureGroup("page", "", [new Rectangle(0, 0, painter._page.Width, painter._page.Height, 0, PageColor, null)]);
        return new Drawing(
            painter._page.Width,
            painter._page.Height,
            name,
            Description(graph, name),
            [background, .. painter._frames, .. painter._lines, .. painter._boxes]);
    }

    /// <summary>The picture in words: each box with what it reads from.</summary>
    private static string Description(PlotGraph graph, string name)
    {
        var sources = graph.Edges.ToLookup(edge => edge.To, edge => edge.From.Name);
        var boxes = graph.Boxes.Select(box =>
            string.Join(", ", box.Lines) + (sources[box].Any() ? " from " + string.Join(", ", sources[box].Distinct()) : ""));
        return BoxText.Visible($"The layers of {name}: {string.Join("; ", boxes)}.");
    }

    private void Add(FrameLayout layout, Point origin, int depth, string path)
    {
        foreach (var placed in layout.Boxes)
        {
            var at = new Point(origin.X + placed.Place.X, origin.Y + placed.Place.Y);
            if (placed.Inner is null)
            {
                AddBox(placed, at, path);
                continue;
            }

            AddFrame(placed, at, depth, path);
            Add(placed.Inner, new Point(at.X + placed.Inner.Origin.X, at.Y + placed.Inner.Origin.Y), depth + 1, path + placed.Box.Name + "/");
        }

        foreach (var edge in layout.Edges) AddEdge(edge, origin);
    }

    private void AddEdge(PlacedEdge edge, Point origin)
    {
        var route = _page.Place(Moved(edge.Route, origin));
        var figures = new List<Figure> { new Line(route, null, EdgeColor) };
        if (edge.HasArrow)
        {
            var tip = edge.Route.Curves.Count == 0 ? edge.Route.Start : edge.Route.Curves[^1].End;
            Point[] corners =
            [
                new(tip.X, tip.Y), new(tip.X - ArrowHalfWidth, tip.Y - ArrowLength), new(tip.X + ArrowHalfWidth, tip.Y - ArrowLength),
            ];
            Curve[] sides = [new(corners[0], corners[1], corners[1]), new(corners[1], corners[2], corners[2]), new(corners[2], corners[0], corners[0])];
            figures.Add(new Line(_page.Place(Moved(new Route(corners[0], sides), origin)), EdgeColor, null));
        }

        _lines.Add(new FigureGroup("edge", edge.Name, figures));
    }

    private static Route Moved(Route route, Point by) => new(
        Moved(route.Start, by),
        [.. route.Curves.Select(curve => new Curve(Moved(curve.Control1, by), Moved(curve.Control2, by), Moved(curve.End, by)))]);

    private static Point Moved(Point point, Point by) => new(point.X + by.X, point.Y + by.Y);

    private void AddFrame(PlacedBox placed, Point at, int depth, string path)
    {
        var inner = placed.Inner!;
        var (x, y, width, height) = _page.Place(at.X, at.Y, placed.Place.Width, placed.Place.Height);
        var figures = new List<Figure>
        {
            new Rectangle(x, y, width, height, Radius + 3, depth % 2 == 0 ? "#f4f1ec" : "#fbfaf8", "#8a6d3b") { IsDashed = placed.Box.Kind != BoxKind.Model },
        };
        var strip = _options.Rankdir switch
        {
            RankDirection.TopToBottom => new Point(x + inner.HeadingAt, y),
            RankDirection.BottomToTop => new Point(x + inner.HeadingAt, y + height - inner.Origin.Y),
            _ => new Point(x + 12, y),
        };
        for (var i = 0; i < placed.Heading.Count; i++)
            figures.Add(Text(strip.X, strip.Y + 3 + i * BoxText.LineHeight, BoxText.LineHeight, placed.Heading[i], BoxText.HeadingSize, "#6b4410"));
        _frames.Add(Group("frame", placed.Box, path, figures));
    }

    private void AddBox(PlacedBox placed, Point at, string path)
    {
        var box = placed.Box;
        var (x, y, width, height) = _page.Place(at.X, at.Y, placed.Place.Width, placed.Place.Height);
        var color = BoxText.Color(box.Kind);
        var figures = new List<Figure> { new Rectangle(x, y, width, height, Radius, PageColor, color, box.IsOutput ? 2.5 : 1.2) };
        var (left, top, contentWidth) = Content(box, x, y, width);
        var headingHeight = BoxText.HeadingHeight + (placed.Heading.Count - 1) * BoxText.LineHeight;
        var isWhole = top == y && contentWidth == width;
        var hasLines = placed.Lines.Count > 0;
        var colored = hasLines ? headingHeight : y + height - top - BelowContent(box);
        figures.Add(new Rectangle(left, top, contentWidth, colored, isWhole ? Radius : 0, color, null) { IsRoundAboveOnly = isWhole && hasLines });
        var line = top + (hasLines ? 3.5 : (colored - placed.Heading.Count * BoxText.LineHeight) / 2);
        foreach (var text in placed.Heading)
        {
            figures.Add(Centered(left, contentWidth, line, text, BoxText.HeadingSize, PageColor));
            line += BoxText.LineHeight;
        }

        line = top + headingHeight + 3;
        foreach (var text in placed.Lines)
        {
            figures.Add(Text(left + BoxText.Padding, line, BoxText.LineHeight, text, BoxText.LineSize, TextColor));
            line += BoxText.LineHeight;
        }

        AddPortLabels(box.InputLabels, placed.Place.InputOffsets, at.X, at.Y, figures);
        AddPortLabels(box.OutputLabels, placed.Place.OutputOffsets, at.X, at.Y + placed.Place.Height - BoxText.LabelStrip, figures);
        _boxes.Add(Group("box", box, path, figures));
    }

    private static FigureGroup Group(string kind, PlotBox box, string path, IReadOnlyList<Figure> figures) =>
        new(kind, box.Name, figures) { Path = path + box.Name, Description = string.Join(", ", box.Lines) };

    /// <summary>Where the text is: inside the strips of port numbers.</summary>
    private (double Left, double Top, double Width) Content(PlotBox box, double x, double y, double width)
    {
        double before = box.InputLabels.Count > 0 ? BoxText.LabelStrip : 0, after = box.OutputLabels.Count > 0 ? BoxText.LabelStrip : 0;
        return _options.Rankdir switch
        {
            RankDirection.TopToBottom => (x, y + before, width),
            RankDirection.BottomToTop => (x, y + after, width),
            RankDirection.LeftToRight => (x + before, y, width - before - after),
            _ => (x + after, y, width - before - after),
        };
    }

    private double BelowContent(PlotBox box) => _options.Rankdir switch
    {
        RankDirection.TopToBottom => box.OutputLabels.Count > 0 ? BoxText.LabelStrip : 0,
        RankDirection.BottomToTop => box.InputLabels.Count > 0 ? BoxText.LabelStrip : 0,
        _ => 0,
    };

    private void AddPortLabels(IReadOnlyList<string> labels, double[] offsets, double across, double along, List<Figure> figures)
    {
        for (var i = 0; i < labels.Count; i++)
        {
            var (x, y, width, height) = _page.Place(across + offsets[i] - BoxText.LabelStrip / 2, along, BoxText.LabelStrip, BoxText.LabelStrip);
            figures.Add(Centered(x, width, y, labels[i], BoxText.LabelSize, TextColor, height));
        }
    }

    private Label Centered(double x, double width, double y, string text, double size, string color, double lineHeight = BoxText.LineHeight) =>
        Text(x + (width - _font.Width(text, size)) / 2, y, lineHeight, text, size, color);

    /// <summary>A text whose capitals stand in the middle of its line.</summary>
    private Label Text(double x, double y, double lineHeight, string text, double size, string color) =>
        new(x, y + (lineHeight + AscentShare * size) / 2, text, size, color, _font.Width(text, size));
}
