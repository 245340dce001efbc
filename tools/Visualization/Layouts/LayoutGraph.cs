namespace OnnxFunctional.Visualization.Layouts;

/// <summary>A box to be placed. Edges enter at its upper side and leave at its lower one, each at a port.</summary>
/// <param name="width">Its width.</param>
/// <param name="height">Its height.</param>
/// <param name="inputs">Number of ports at the upper side.</param>
/// <param name="outputs">Number of ports at the lower side.</param>
internal sealed class LayoutBox(double width, double height, int inputs, int outputs)
{
    public double Width { get; } = width;

    public double Height { get; } = height;

    /// <summary>The distance of each input port from the left side. The layout chooses them unless <see cref="HasFixedPorts"/>.</summary>
    public double[] InputOffsets { get; init; } = new double[inputs];

    /// <summary>The distance of each output port from the left side.</summary>
    public double[] OutputOffsets { get; init; } = new double[outputs];

    /// <summary>Whether the ports are where a frame's inner layout put them.</summary>
    public bool HasFixedPorts { get; init; }

    /// <summary>Where the box stands: on the first rank or the last one, or wherever its edges are short.</summary>
    public RankRule Rule { get; init; }

    /// <summary>Its place among the boxes of its rank, if all of them have one: ports of a frame whose order is settled.</summary>
    public int? Place { get; init; }

    /// <summary>The left side, once placed.</summary>
    public double X { get; set; }

    /// <summary>The upper side, once placed.</summary>
    public double Y { get; set; }
}

/// <summary>Which rank a box may have.</summary>
internal enum RankRule
{
    Any,
    First,
    Last,
}

/// <summary>An edge from an output port to an input port.</summary>
internal sealed record LayoutEdge(LayoutBox From, int Output, LayoutBox To, int Input);

/// <summary>Boxes and the edges between them.</summary>
internal sealed record LayoutGraph(IReadOnlyList<LayoutBox> Boxes, IReadOnlyList<LayoutEdge> Edges);

/// <summary>A point of a drawing: x to the right, y downward.</summary>
internal readonly record struct Point(double X, double Y);

/// <summary>A cubic curve that begins where the path is; a straight piece has its control points on the line.</summary>
internal readonly record struct Curve(Point Control1, Point Control2, Point End);

/// <summary>The line of an edge.</summary>
internal sealed record Route(Point Start, IReadOnlyList<Curve> Curves);

/// <summary>A layout: the boxes have their places, and each edge, in the graph's order, its line.</summary>
/// <param name="Width">The width of all.</param>
/// <param name="Height">The height of all.</param>
/// <param name="Crossings">How often lines cross.</param>
/// <param name="Routes">The lines.</param>
internal sealed record LayoutResult(double Width, double Height, long Crossings, IReadOnlyList<Route> Routes);
