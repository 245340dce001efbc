namespace OnnxFunctional.Visualization.Layouts;

/// <summary>
/// Places boxes on ranks from top to bottom, and draws edges as curves that cross no box: ranks, order, coordinates, lines, the steps of Sugiyama, Tagawa and
/// Toda, "Methods for visual understanding of hierarchical system structures" (1981).
/// </summary>
internal static class LayeredLayout
{
    /// <summary>Places the boxes of a graph.</summary>
    /// <param name="graph">The boxes and edges.</param>
    /// <param name="wraps">Whether a picture that is much higher than wide is broken into columns.</param>
    /// <param name="along">Whether the page's height runs along the flow of data.</param>
    public static LayoutResult Place(LayoutGraph graph, bool wraps, bool along = true)
    {
        var layering = Layering.Of(graph);
        var crossings = VertexOrder.Improve(layering.Ranks);
        Ports.Assign(layering.Ranks);
        var columns = Wrapping.Columns(layering, wraps, along);
        var passages = Passages.Detach(columns);
        var placed = new List<Column>();
        double x = 0, height = 0;
        for (var i = 0; i < columns.Count; i++)
        {
            var column = new Column(columns[i], x, top: passages.HeightBefore(i));
            placed.Add(column);
            x = column.Right + passages.WidthAfter(i);
            height = Math.Max(height, column.Bottom + passages.HeightBefore(i + 1));
        }

        foreach (var vertex in layering.Ranks.SelectMany(rank => rank))
        {
            if (vertex.Box is not { } box) continue;
            var column = placed.First(column => column.Has(vertex));
            box.X = vertex.Center - box.Width / 2;
            box.Y = column.TopOf(vertex);
        }

        var routes = new Routes(placed, passages);
        return new LayoutResult(x, height, crossings, [.. layering.Chains.Select(routes.Of)]);
    }
}

/// <summary>Ranks that are drawn one below the other.</summary>
internal sealed class Column
{
    /// <summary>The straight end of an edge, where its arrow is.</summary>
    public const double Arrow = 10;

    private const double LeastGap = 34;
    private const double GreatestGap = 130;
    private const double LeastTurn = 12;

    private readonly IReadOnlyList<List<Vertex>> _ranks;
    private readonly double[] _tops, _heights;

    public Column(IReadOnlyList<List<Vertex>> ranks, double left, double top)
    {
        _ranks = ranks;
        var width = Coordinates.Assign(ranks);
        foreach (var vertex in ranks.SelectMany(rank => rank)) vertex.Center += left;
        Right = left + width;
        _tops = new double[ranks.Count];
        _heights = new double[ranks.Count];
        var y = top;
        for (var i = 0; i < ranks.Count; i++)
        {
            _tops[i] = y;
            _heights[i] = ranks[i].Max(vertex => vertex.Box is null && vertex.Width > 0 ? LeastTurn : vertex.Height);
            y += _heights[i] + (i + 1 < ranks.Count ? Gap(ranks[i]) : 0);
        }

        Top = top;
        Bottom = y;
    }

    public double Top { get; }

    public double Bottom { get; }

    public double Right { get; }

    private int FirstRank => _ranks[0][0].Rank;

    public bool Has(Vertex vertex) => vertex.Rank >= FirstRank && vertex.Rank < FirstRank + _ranks.Count;

    /// <summary>The upper side of a box, which stands in the middle of its rank.</summary>
    public double TopOf(Vertex vertex) => RankTop(vertex) + (RankHeight(vertex) - vertex.Height) / 2;

    public double BottomOf(Vertex vertex) => TopOf(vertex) + vertex.Height;

    public double RankTop(Vertex vertex) => _tops[vertex.Rank - FirstRank];

    public double RankBottom(Vertex vertex) => RankTop(vertex) + RankHeight(vertex);

    private double RankHeight(Vertex vertex) => _heights[vertex.Rank - FirstRank];

    /// <summary>The height between a rank and the next: more where edges go far to the side, so that they are not flat.</summary>
    private static double Gap(List<Vertex> rank)
    {
        var farthest = rank.SelectMany(vertex => vertex.Down)
            .Select(link => Math.Abs(link.Upper.Center + link.UpperOffset - link.Lower.Center - link.LowerOffset))
            .DefaultIfEmpty(0)
            .Max();
        return Math.Min(GreatestGap, LeastGap + farthest / 7);
    }
}
