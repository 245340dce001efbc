namespace OnnxFunctional.Visualization.Layouts;

/// <summary>
/// Gives the vertices of ordered ranks their horizontal places: Brandes and Koepf, "Fast and simple horizontal coordinate assignment" (2001), with ports and
/// widths. Vertices are aligned with their median neighbors into blocks in four ways, toward each side; each way is packed, and every vertex gets the mean of
/// the middle two of its four places.
/// </summary>
/// <remarks>Blocks are packed by longest paths, which needs none of the paper's classes and is not touched by its erratum (2020).</remarks>
internal static class Coordinates
{
    /// <summary>The space between boxes of a rank.</summary>
    public const double BoxSpace = 28;

    /// <summary>The space beside a passing edge.</summary>
    public const double EdgeSpace = 14;

    /// <summary>Sets the center of each vertex; returns the width of all.</summary>
    public static double Assign(IReadOnlyList<List<Vertex>> ranks)
    {
        var vertices = ranks.SelectMany(rank => rank).ToList();
        if (vertices.Count == 0) return 0;
        var crossed = CrossedLinks(ranks);
        var ways = new List<Dictionary<Vertex, double>>();
        foreach (var fromTop in (bool[])[true, false])
        {
            foreach (var fromLeft in (bool[])[true, false]) ways.Add(new Alignment(ranks, crossed, fromTop, fromLeft).Place());
        }

        Superpose(ways, vertices);
        foreach (var vertex in vertices)
        {
            var places = ways.Select(way => way[vertex]).Order().ToArray();
            vertex.Center = (places[1] + places[2]) / 2;
        }

        var left = vertices.Min(vertex => vertex.Center - vertex.Width / 2);
        foreach (var vertex in vertices) vertex.Center -= left;
        return vertices.Max(vertex => vertex.Center + vertex.Width / 2);
    }

    /// <summary>The least distance between the centers of neighbors on a rank.</summary>
    public static double Distance(Vertex left, Vertex right) =>
        (left.Width + right.Width) / 2 + (left.Box is not null && right.Box is not null ? BoxSpace : EdgeSpace);

    /// <summary>Moves the four ways over the narrowest one: those that lean left by their left sides, the others by their right sides.</summary>
    private static void Superpose(List<Dictionary<Vertex, double>> ways, List<Vertex> vertices)
    {
        var extents = ways
            .Select(way => (Left: vertices.Min(vertex => way[vertex] - vertex.Width / 2), Right: vertices.Max(vertex => way[vertex] + vertex.Width / 2)))
            .ToArray();
        var narrowest = extents.MinBy(extent => extent.Right - extent.Left);
        for (var i = 0; i < ways.Count; i++)
        {
            var shift = i % 2 == 0 ? narrowest.Left - extents[i].Left : narrowest.Right - extents[i].Right;
            foreach (var vertex in vertices) ways[i][vertex] += shift;
        }
    }

    /// <summary>Links that cross an inner one: they give way, so that long edges are straight.</summary>
    private static HashSet<Link> CrossedLinks(IReadOnlyList<List<Vertex>> ranks)
    {
        var crossed = new HashSet<Link>();
        for (var i = 0; i + 1 < ranks.Count; i++)
        {
            var links = ranks[i].SelectMany(vertex => vertex.Down).ToList();
            var inner = links.Where(link => link.IsInner).ToList();
            foreach (var link in links.Where(link => !link.IsInner))
            {
                var crosses = inner.Any(other =>
                    (other.Upper.Position < link.Upper.Position && other.Lower.Position > link.Lower.Position)
                    || (other.Upper.Position > link.Upper.Position && other.Lower.Position < link.Lower.Position));
                if (crosses) crossed.Add(link);
            }
        }

        return crossed;
    }

    /// <summary>One of the four ways.</summary>
    private sealed class Alignment(IReadOnlyList<List<Vertex>> ranks, HashSet<Link> crossed, bool fromTop, bool fromLeft)
    {
        private readonly Dictionary<Vertex, Vertex> _root = [];

        /// <summary>How far a vertex's center is right of its block's.</summary>
        private readonly Dictionary<Vertex, double> _shift = [];

        public Dictionary<Vertex, double> Place()
        {
            Align();
            var places = Pack();
            return _root.ToDictionary(entry => entry.Key, entry => places[entry.Value] + _shift[entry.Key]);
        }

        private void Align()
        {
            foreach (var vertex in ranks.SelectMany(rank => rank)) (_root[vertex], _shift[vertex]) = (vertex, 0);
            foreach (var rank in fromTop ? ranks : ranks.Reverse())
            {
                // Alignments of a rank do not cross: each lies beyond the one before.
                var limit = fromLeft ? -1 : int.MaxValue;
                foreach (var vertex in fromLeft ? rank : Enumerable.Reverse(rank))
                {
                    var links = (fromTop ? vertex.Up : vertex.Down).OrderBy(link => Neighbor(link).Position).ToList();
                    if (links.Count == 0) continue;
                    int low = (links.Count - 1) / 2, high = links.Count / 2;
                    foreach (var middle in fromLeft ? (int[])[low, high] : [high, low])
                    {
                        var link = links[middle];
                        var neighbor = Neighbor(link);
                        if (_root[vertex] != vertex || crossed.Contains(link)) continue;
                        if (fromLeft ? neighbor.Position <= limit : neighbor.Position >= limit) continue;
                        _root[vertex] = _root[neighbor];
                        _shift[vertex] = _shift[neighbor] + (fromTop ? link.UpperOffset - link.LowerOffset : link.LowerOffset - link.UpperOffset);
                        limit = neighbor.Position;
                    }
                }
            }

            Vertex Neighbor(Link link) => fromTop ? link.Upper : link.Lower;
        }

        /// <summary>Every block as far to one side as its neighbors allow, then back to the other side as far as they allow.</summary>
        private Dictionary<Vertex, double> Pack()
        {
            var after = new Dictionary<Vertex, List<(Vertex Other, double Distance)>>();
            var before = new Dictionary<Vertex, List<(Vertex Other, double Distance)>>();
            foreach (var root in _root.Values.Distinct()) (after[root], before[root]) = ([], []);
            foreach (var rank in ranks)
            {
                for (var i = 0; i + 1 < rank.Count; i++)
                {
                    Vertex left = _root[rank[i]], right = _root[rank[i + 1]];
                    var distance = Distance(rank[i], rank[i + 1]) + _shift[rank[i]] - _shift[rank[i + 1]];
                    after[left].Add((right, distance));
                    before[right].Add((left, distance));
                }
            }

            var order = Sorted(after, before);
            var places = new Dictionary<Vertex, double>();
            if (fromLeft)
            {
                foreach (var block in order) places[block] = before[block].Select(entry => places[entry.Other] + entry.Distance).DefaultIfEmpty(0).Max();
                foreach (var block in Enumerable.Reverse(order).Where(block => after[block].Count > 0))
                    places[block] = Math.Max(places[block], after[block].Min(entry => places[entry.Other] - entry.Distance));
            }
            else
            {
                foreach (var block in Enumerable.Reverse(order))
                    places[block] = after[block].Select(entry => places[entry.Other] - entry.Distance).DefaultIfEmpty(0).Min();
                foreach (var block in order.Where(block => before[block].Count > 0))
                    places[block] = Math.Min(places[block], before[block].Max(entry => places[entry.Other] + entry.Distance));
            }

            return places;
        }

        private static List<Vertex> Sorted(
            Dictionary<Vertex, List<(Vertex Other, double Distance)>> after,
            Dictionary<Vertex, List<(Vertex Other, double Distance)>> before)
        {
            var waiting = before.ToDictionary(entry => entry.Key, entry => entry.Value.Count);
            var ready = new Queue<Vertex>(waiting.Where(entry => entry.Value == 0).Select(entry => entry.Key));
            var order = new List<Vertex>();
            while (ready.TryDequeue(out var block))
            {
                order.Add(block);
                foreach (var (other, _) in after[block])
                {
                    if (--waiting[other] == 0) ready.Enqueue(other);
                }
            }

            return order;
        }
    }
}
