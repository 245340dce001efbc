using OnnxFunctional.Visualization.Drawings;
using OnnxFunctional.Visualization.Layouts;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>A box with its place in the layout, which is relative to the frame around it.</summary>
internal sealed record PlacedBox(PlotBox Box, LayoutBox Place, IReadOnlyList<string> Heading, IReadOnlyList<string> Lines, FrameLayout? Inner);

/// <summary>An edge's line; one that leads to a frame's border goes on inside, so it has no arrow there.</summary>
internal sealed record PlacedEdge(Route Route, bool HasArrow, string Name);

/// <summary>The order of a frame's ports: for each place from the left, which port is there.</summary>
internal sealed record PortOrder(IReadOnlyList<int> Inputs, IReadOnlyList<int> Outputs);

/// <summary>The layout of a graph, and of its frames from the inside out: a frame is a box in the layout around it, with ports where edges end.</summary>
internal sealed class FrameLayout
{
    private const double Border = 12;

    /// <summary>Room for a frame's heading.</summary>
    private const double HeadingRoom = 22;

    private readonly PlotGraph _graph;
    private readonly PlotOptions _options;
    private readonly PictureFont _font;
    private readonly List<PlacedBox> _boxes = [];
    private readonly List<PlacedEdge> _edges = [];
    private readonly List<LayoutBox> _entries = [], _exits = [];

    private FrameLayout(PlotGraph graph, PlotOptions options, PictureFont font) => (_graph, _options, _font) = (graph, options, font);

    public IReadOnlyList<PlacedBox> Boxes => _boxes;

    public IReadOnlyList<PlacedEdge> Edges => _edges;

    /// <summary>The size, across and along the flow of data.</summary>
    public double Width { get; private set; }

    public double Height { get; private set; }

    /// <summary>Where the contents begin.</summary>
    public Point Origin { get; private set; }

    /// <summary>Where a frame's heading begins, across the flow; for upright pictures only.</summary>
    public double HeadingAt { get; private set; }

    /// <summary>How far across each input port is.</summary>
    public double[] InputOffsets { get; private set; } = [];

    public double[] OutputOffsets { get; private set; } = [];

    /// <summary>How often lines cross, in inner frames too.</summary>
    private long Crossings { get; set; }

    /// <summary>The layout of a whole picture.</summary>
    public static FrameLayout Of(PlotGraph graph, PlotOptions options, PictureFont font) => Best(
        graph,
        innerOf =>
        {
            var layout = new FrameLayout(graph, options, font);
            var result = layout.Place(innerOf, options.WrapRuns);
            (layout.Width, layout.Height) = (result.Width, result.Height);
            return layout;
        });

    /// <summary>The layout of a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="order">The order of its ports; null if it is free.</param>
    /// <param name="options">What is shown.</param>
    /// <param name="font">The font.</param>
    private static FrameLayout OfFrame(PlotBox frame, PortOrder? order, PlotOptions options, PictureFont font) => Best(
        frame.Inner!,
        innerOf =>
        {
            var layout = new FrameLayout(frame.Inner!, options, font);
            var graph = frame.Inner!;
            for (var i = 0; i < graph.Entries.Count; i++)
                layout._entries.Add(new LayoutBox(0, 0, 0, 1) { Rule = RankRule.First, Place = order?.Inputs.ToList().IndexOf(i) });
            for (var i = 0; i < graph.Exits.Count; i++)
                layout._exits.Add(new LayoutBox(0, 0, 1, 0) { Rule = RankRule.Last, Place = order?.Outputs.ToList().IndexOf(i) });
            layout.Frame(BoxText.Measure(frame, font).Heading, layout.Place(innerOf, wraps: false));
            return layout;
        });

    /// <summary>Inner frames as they like it, or with the order of ports that suits the graph around them, whichever has fewer crossings.</summary>
    private static FrameLayout Best(PlotGraph graph, Func<Func<PlotBox, PortOrder?>, FrameLayout> create)
    {
        var free = create(_ => null);
        if (free.Crossings == 0 || !graph.Boxes.Exists(box => box.Inner is { } inner && inner.Entries.Count + inner.Exits.Count > 2)) return free;
        var wanted = free.WantedOrders();
        var ordered = create(wanted.GetValueOrDefault);
        return ordered.Crossings < free.Crossings ? ordered : free;
    }

    /// <summary>The order in which edges would meet the frames if their ports were free.</summary>
    private Dictionary<PlotBox, PortOrder> WantedOrders()
    {
        var boxes = _boxes.ToDictionary(
            placed => placed.Box,
            placed => new LayoutBox(placed.Place.Width, placed.Place.Height, placed.Box.Inputs, placed.Box.Outputs));
        LayeredLayout.Place(Graph(boxes), wraps: false);
        return _boxes.Where(placed => placed.Inner is not null)
            .ToDictionary(placed => placed.Box, placed => new PortOrder(Order(boxes[placed.Box].InputOffsets), Order(boxes[placed.Box].OutputOffsets)));

        static int[] Order(double[] offsets) => [.. Enumerable.Range(0, offsets.Length).OrderBy(port => offsets[port])];
    }

    /// <summary>Puts a border around the contents, with the heading beside the edges that enter, or above the contents where they enter from a side.</summary>
    private void Frame(IReadOnlyList<string> heading, LayoutResult contents)
    {
        var headingWidth = heading.Max(line => _font.Width(line, BoxText.HeadingSize));
        var headingHeight = HeadingRoom + (heading.Count - 1) * BoxText.LineHeight;
        var isUpright = Page.IsUpright(_options.Rankdir);
        Origin = isUpright ? new Point(Border, headingHeight) : new Point(headingHeight, Border);
        InputOffsets = [.. _entries.Select(entry => entry.X + Origin.X)];
        OutputOffsets = [.. _exits.Select(exit => exit.X + Origin.X)];
        Width = contents.Width + Origin.X + Border;
        Height = contents.Height + Origin.Y + Border;
        if (isUpright)
        {
            double first = InputOffsets.DefaultIfEmpty(double.MaxValue).Min(), last = InputOffsets.DefaultIfEmpty(0).Max();
            HeadingAt = first - Border >= headingWidth + Border ? Border : last + Border;
            Width = Math.Max(Width, HeadingAt + headingWidth + Border);
        }
        else Height = Math.Max(Height, headingWidth + 2 * Border);

        // Edges go on to the frame's border.
        var entering = _graph.Edges.Count + _graph.Entries.Sum(entry => entry.Count);
        for (var i = _graph.Edges.Count; i < _edges.Count; i++)
        {
            var isEntry = i < entering;
            _edges[i] = _edges[i] with { Route = ToBorder(_edges[i].Route, isEntry) };
        }
    }

    /// <summary>A route from or to a port of the frame, drawn on to its border.</summary>
    private Route ToBorder(Route route, bool isEntry)
    {
        if (isEntry)
        {
            var border = new Point(route.Start.X, -Origin.Y);
            return new Route(border, [Straight(border, route.Start), .. route.Curves]);
        }

        var end = route.Curves.Count == 0 ? route.Start : route.Curves[^1].End;
        return new Route(route.Start, [.. route.Curves, Straight(end, new Point(end.X, Height - Origin.Y))]);

        static Curve Straight(Point from, Point to) =>
            new(new Point(from.X, from.Y + (to.Y - from.Y) / 3), new Point(from.X, from.Y + (to.Y - from.Y) * 2 / 3), to);
    }

    private LayoutResult Place(Func<PlotBox, PortOrder?> orderOf, bool wraps)
    {
        var placeOf = new Dictionary<PlotBox, LayoutBox>();
        foreach (var box in _graph.Boxes)
        {
            var (heading, lines, width, height) = BoxText.Measure(box, _font);
            var inner = box.Inner is null ? null : OfFrame(box, orderOf(box), _options, _font);
            placeOf[box] = inner is null ? Sized(box, width, height, _options.Rankdir) : new LayoutBox(inner.Width, inner.Height, box.Inputs, box.Outputs)
            {
                InputOffsets = inner.InputOffsets,
                OutputOffsets = inner.OutputOffsets,
                HasFixedPorts = true,
            };
            _boxes.Add(new PlacedBox(box, placeOf[box], heading, lines, inner));
        }

        var result = LayeredLayout.Place(Graph(placeOf), wraps, Page.IsUpright(_options.Rankdir));
        _edges.AddRange(result.Routes.Zip(Targets(), (route, target) => new PlacedEdge(route, target.HasArrow, target.Name)));
        Crossings = result.Crossings + _boxes.Sum(placed => placed.Inner?.Crossings ?? 0);
        return result;
    }

    /// <summary>The boxes and edges as the layout takes them: edges of the graph, then those from the frame's entries, then those to its exits.</summary>
    private LayoutGraph Graph(Dictionary<PlotBox, LayoutBox> placeOf)
    {
        var edges = _graph.Edges.Select(edge => new LayoutEdge(placeOf[edge.From], edge.Output, placeOf[edge.To], edge.Input)).ToList();
        for (var i = 0; i < _entries.Count; i++)
            edges.AddRange(_graph.Entries[i].Select(port => new LayoutEdge(_entries[i], 0, placeOf[port.Box], port.Port)));
        for (var i = 0; i < _exits.Count; i++)
            edges.AddRange(_graph.Exits[i].Select(port => new LayoutEdge(placeOf[port.Box], port.Port, _exits[i], 0)));
        return new LayoutGraph([.. placeOf.Values, .. _entries, .. _exits], edges);
    }

    /// <summary>For each edge of <see cref="Graph"/>, whether it ends at a box, and its name.</summary>
    private IEnumerable<(bool HasArrow, string Name)> Targets() =>
    [
        .. _graph.Edges.Select(edge => (edge.To.Inner is null, edge.From.Name + " to " + edge.To.Name)),
        .. _entries.SelectMany((_, i) => _graph.Entries[i]).Select(port => (port.Box.Inner is null, "to " + port.Box.Name)),
        .. _exits.SelectMany((_, i) => _graph.Exits[i]).Select(port => (false, "from " + port.Box.Name)),
    ];

    /// <summary>A box as it stands in the layout: wide enough for its ports, with strips for their numbers.</summary>
    private static LayoutBox Sized(PlotBox box, double width, double height, RankDirection direction)
    {
        var ports = Math.Max(box.Inputs, box.Outputs);
        var strips = (box.InputLabels.Count > 0 ? BoxText.LabelStrip : 0) + (box.OutputLabels.Count > 0 ? BoxText.LabelStrip : 0);
        var (across, along) = Page.IsUpright(direction) ? (width, height) : (height, width);
        if (ports > 1) across = Math.Max(across, (ports + 1) * BoxText.PortSpace);
        return new LayoutBox(across, along + strips, box.Inputs, box.Outputs);
    }
}
