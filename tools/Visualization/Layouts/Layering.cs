namespace OnnxFunctional.Visualization.Layouts;

/// <summary>A box on its rank, or a bend: where an edge passes a rank, or turns back to a rank above.</summary>
internal sealed class Vertex(LayoutBox? box, double width, double height, int rank)
{
    public LayoutBox? Box { get; } = box;

    public double Width { get; } = width;

    public double Height { get; } = height;

    public int Rank { get; set; } = rank;

    /// <summary>The place among the vertices of the rank, from the left.</summary>
    public int Position { get; set; }

    /// <summary>The horizontal center.</summary>
    public double Center { get; set; }

    /// <summary>Links to the rank above.</summary>
    public List<Link> Up { get; } = [];

    /// <summary>Links to the rank below.</summary>
    public List<Link> Down { get; } = [];
}

/// <summary>A piece of an edge, between neighboring ranks. A port is where it meets the vertex; a bend has one, a turn has two.</summary>
internal sealed record Link(Vertex Upper, int UpperPort, Vertex Lower, int LowerPort)
{
    /// <summary>Whether both ends are bends, so that a link that is not straight would show.</summary>
    public bool IsInner => Upper.Box is null && Lower.Box is null;

    /// <summary>The upper end's distance from the center of its vertex.</summary>
    public double UpperOffset => Offset(Upper, Upper.Box?.OutputOffsets, UpperPort);

    /// <summary>The lower end's distance from the center of its vertex.</summary>
    public double LowerOffset => Offset(Lower, Lower.Box?.InputOffsets, LowerPort);

    private static double Offset(Vertex vertex, double[]? ports, int port) => ports is not null
        ? ports[port] - vertex.Width / 2
        : port == 0 ? -vertex.Width / 2 : vertex.Width / 2;
}

/// <summary>The pieces of one edge, in its direction; one that goes back to a rank above has bends where it turns.</summary>
internal sealed record Chain(IReadOnlyList<Link> Links);

/// <summary>Vertices by rank, and the chain of each edge.</summary>
internal sealed class Layering
{
    /// <summary>The distance between the two ends of an edge that turns.</summary>
    public const double TurnWidth = 16;

    private readonly List<List<Vertex>> _ranks = [];
    private readonly List<Chain> _chains = [];

    private Layering()
    {
    }

    public IReadOnlyList<List<Vertex>> Ranks => _ranks;

    public IReadOnlyList<Chain> Chains => _chains;

    /// <summary>Ranks the boxes of a graph, with bends where edges pass ranks.</summary>
    public static Layering Of(LayoutGraph graph)
    {
        var layering = new Layering();
        var index = graph.Boxes.Select((box, i) => (box, i)).ToDictionary(entry => entry.box, entry => entry.i);
        var edges = graph.Edges.Select(edge => (Tail: index[edge.From], Head: index[edge.To])).ToList();
        var isBack = Cycles.BackEdges(graph.Boxes.Count, edges);
        var acyclic = edges.Select((edge, i) => isBack[i] ? (edge.Head, edge.Tail) : edge).Where(edge => edge.Item1 != edge.Item2).ToList();
        var ranks = RankAssignment.Of(graph.Boxes.Count, acyclic);
        ApplyRules(graph, ranks);

        // Edges that turn need a rank above the first and one below the last.
        var shift = isBack.Contains(true) ? 1 : 0;
        var count = graph.Boxes.Count == 0 ? 0 : ranks.Max() + 1 + 2 * shift;
        for (var rank = 0; rank < count; rank++) layering._ranks.Add([]);
        var vertices = graph.Boxes.Select((box, i) => layering.Add(new Vertex(box, box.Width, box.Height, ranks[i] + shift))).ToList();
        for (var i = 0; i < edges.Count; i++)
        {
            var edge = graph.Edges[i];
            Vertex from = vertices[edges[i].Tail], to = vertices[edges[i].Head];
            layering._chains.Add(isBack[i] ? layering.Back(from, edge.Output, to, edge.Input) : layering.Forward(from, edge.Output, to, edge.Input));
        }

        layering.RemoveEmptyRanks();
        return layering;
    }

    private static void ApplyRules(LayoutGraph graph, int[] ranks)
    {
        if (ranks.Length == 0) return;
        if (graph.Boxes.Any(box => box.Rule == RankRule.First))
        {
            // What must be first gets a rank of its own, above all others.
            for (var i = 0; i < ranks.Length; i++) ranks[i] = graph.Boxes[i].Rule == RankRule.First ? 0 : ranks[i] + 1;
        }

        var last = ranks.Max() + 1;
        for (var i = 0; i < ranks.Length; i++) ranks[i] = graph.Boxes[i].Rule == RankRule.Last ? last : ranks[i];
    }

    private Vertex Add(Vertex vertex)
    {
        var rank = _ranks[vertex.Rank];
        vertex.Position = rank.Count;
        rank.Add(vertex);
        return vertex;
    }

    private Vertex Bend(int rank, double width = 0) => Add(new Vertex(null, width, 0, rank));

    private static Link Connect(Vertex upper, int upperPort, Vertex lower, int lowerPort)
    {
        var link = new Link(upper, upperPort, lower, lowerPort);
        upper.Down.Add(link);
        lower.Up.Add(link);
        return link;
    }

    private Chain Forward(Vertex from, int output, Vertex to, int input)
    {
        var links = new List<Link>();
        var (upper, port) = (from, output);
        for (var rank = from.Rank + 1; rank < to.Rank; rank++)
        {
            var bend = Bend(rank);
            links.Add(Connect(upper, port, bend, 0));
            (upper, port) = (bend, 0);
        }

        links.Add(Connect(upper, port, to, input));
        return new Chain(links);
    }

    /// <summary>An edge to a rank above: down to a turn below its start, up beside the boxes, and over a turn above its end.</summary>
    private Chain Back(Vertex from, int output, Vertex to, int input)
    {
        var links = new List<Link>();
        var lowerTurn = Bend(from.Rank + 1, TurnWidth);
        links.Add(Connect(from, output, lowerTurn, 0));
        var (lower, port) = (lowerTurn, 1);
        for (var rank = from.Rank; rank >= to.Rank; rank--)
        {
            var bend = Bend(rank);
            links.Add(Connect(bend, 0, lower, port));
            (lower, port) = (bend, 0);
        }

        var upperTurn = Bend(to.Rank - 1, TurnWidth);
        links.Add(Connect(upperTurn, 1, lower, port));
        links.Add(Connect(upperTurn, 0, to, input));
        return new Chain(links);
    }

    private void RemoveEmptyRanks()
    {
        _ranks.RemoveAll(rank => rank.Count == 0);
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            foreach (var vertex in _ranks[rank]) vertex.Rank = rank;
        }
    }
}
