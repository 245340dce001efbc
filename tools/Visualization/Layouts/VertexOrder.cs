namespace OnnxFunctional.Visualization.Layouts;

/// <summary>
/// Orders the vertices of each rank so that few links cross: sweeps by barycenters, as Sugiyama, Tagawa and Toda (1981), with exchanges of neighbors and moves
/// of single vertices where that helps; then again from the best order with a part of it mixed up.
/// </summary>
internal sealed class VertexOrder
{
    private const int Sweeps = 24;

    /// <summary>Tries after the first, times the number of vertices: time is bounded, and a small picture has more of them.</summary>
    private const int Effort = 24_000;
    private const int MostTries = 60;
    private const int FewestTries = 6;

    private readonly IReadOnlyList<List<Vertex>> _ranks;

    /// <summary>The ranks whose order is not settled.</summary>
    private readonly List<List<Vertex>> _free;

    private VertexOrder(IReadOnlyList<List<Vertex>> ranks)
    {
        _ranks = ranks;
        _free = [.. ranks.Where(rank => !IsSettled(rank))];
        foreach (var rank in ranks.Where(IsSettled)) Put(rank, [.. rank.OrderBy(vertex => vertex.Box!.Place)]);
    }

    /// <summary>Orders the ranks; returns the number of crossings.</summary>
    public static long Improve(IReadOnlyList<List<Vertex>> ranks)
    {
        if (ranks.Count == 0) return 0;
        var order = new VertexOrder(ranks);
        var random = new Random(1);
        var best = long.MaxValue;
        Vertex[][] kept = [];
        var tries = Math.Clamp(Effort / ranks.Sum(rank => rank.Count), FewestTries, MostTries);
        if (order._free.Count == 0) return ranks.Sum(Crossings);
        for (var start = -2; start < tries && best > 0; start++)
        {
            // First from both ends, then from the best order with a part of it mixed up.
            if (start < 0) order.Walk(fromTop: start == -2);
            else order.Disturb(kept, random);
            order.Run(ref best, ref kept);
        }

        order.Restore(kept);
        return best;
    }

    /// <summary>The number of links between two ranks that cross.</summary>
    public static long Crossings(List<Vertex> upper)
    {
        var links = upper.SelectMany(vertex => vertex.Down).ToList();
        links.Sort((a, b) => (UpperKey(a), LowerKey(a)).CompareTo((UpperKey(b), LowerKey(b))));
        var keys = links.Select(LowerKey).Distinct().Order().Select((key, i) => (key, i)).ToDictionary(entry => entry.key, entry => entry.i);
        var tree = new int[keys.Count + 1];
        long crossings = 0;
        var index = 0;
        while (index < links.Count)
        {
            // Links that leave at one point do not cross each other.
            var end = index;
            while (end < links.Count && UpperKey(links[end]) == UpperKey(links[index])) end++;
            for (var i = index; i < end; i++) crossings += index - Count(keys[LowerKey(links[i])]);
            for (var i = index; i < end; i++) Insert(keys[LowerKey(links[i])]);
            index = end;
        }

        return crossings;

        int Count(int key)
        {
            var sum = 0;
            for (var i = key + 1; i > 0; i -= i & -i) sum += tree[i];
            return sum;
        }

        void Insert(int key)
        {
            for (var i = key + 1; i < tree.Length; i += i & -i) tree[i]++;
        }
    }

    /// <summary>Where a link leaves: the vertex's position, and its fixed port within it.</summary>
    private static double UpperKey(Link link) => link.Upper.Position + Within(link.Upper, link.UpperOffset);

    private static double LowerKey(Link link) => link.Lower.Position + Within(link.Lower, link.LowerOffset);

    /// <summary>A number from 0 to below 1; free ports count as one, since the layout puts them in the order of their links.</summary>
    private static double Within(Vertex vertex, double offset) =>
        vertex.Box is { HasFixedPorts: false } || vertex.Width == 0 ? 0 : 0.9 * (offset / vertex.Width + 0.5);

    /// <summary>Goes back to the best order, and mixes up some ranks of it.</summary>
    private void Disturb(Vertex[][] kept, Random random)
    {
        Restore(kept);
        foreach (var rank in _free.Skip(random.Next(_free.Count)).Take(1 + random.Next(1 + _free.Count / 4)))
        {
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rank));
            Number(rank);
        }
    }

    /// <summary>Puts vertices in the order in which a depth-first walk meets them, so that what belongs together starts together.</summary>
    private void Walk(bool fromTop)
    {
        var met = new HashSet<Vertex>();
        var orders = _ranks.Select(_ => new List<Vertex>()).ToArray();
        foreach (var rank in fromTop ? _ranks : _ranks.Reverse())
        {
            foreach (var first in rank)
            {
                var stack = new Stack<Vertex>([first]);
                while (stack.TryPop(out var vertex))
                {
                    if (!met.Add(vertex)) continue;
                    orders[vertex.Rank - _ranks[0][0].Rank].Add(vertex);
                    var next = fromTop ? vertex.Down.Select(link => link.Lower) : vertex.Up.Select(link => link.Upper);
                    foreach (var other in next.Reverse()) stack.Push(other);
                }
            }
        }

        for (var i = 0; i < orders.Length; i++)
        {
            if (!IsSettled(_ranks[i])) Put(_ranks[i], orders[i]);
        }
    }

    private static bool IsSettled(List<Vertex> rank) => rank.TrueForAll(vertex => vertex.Box?.Place is not null);

    private void Run(ref long best, ref Vertex[][] kept)
    {
        var sinceBest = 0;
        var reached = long.MaxValue;
        for (var sweep = 0; sweep < Sweeps && sinceBest < 6; sweep++)
        {
            if (sweep % 2 == 0)
            {
                for (var i = 1; i < _ranks.Count; i++) SortByNeighbors(_ranks[i], up: true, keepTies: sweep % 4 < 2);
            }
            else
            {
                for (var i = _ranks.Count - 2; i >= 0; i--) SortByNeighbors(_ranks[i], up: false, keepTies: sweep % 4 < 2);
            }

            while (Exchange() | Move())
            {
            }

            var crossings = _ranks.Sum(Crossings);
            sinceBest = crossings < reached ? 0 : sinceBest + 1;
            reached = Math.Min(reached, crossings);
            if (crossings > best || (crossings == best && kept.Length > 0 && crossings != reached)) continue;
            best = crossings;
            kept = [.. _ranks.Select(rank => rank.ToArray())];
            if (best == 0) break;
        }
    }

    private void Restore(Vertex[][] kept)
    {
        for (var i = 0; i < kept.Length; i++) Put(_ranks[i], kept[i]);
    }

    private static void Put(List<Vertex> rank, IReadOnlyList<Vertex> order)
    {
        for (var i = 0; i < order.Count; i++) rank[i] = order[i];
        Number(rank);
    }

    private static void Number(List<Vertex> rank)
    {
        for (var i = 0; i < rank.Count; i++) rank[i].Position = i;
    }

    private static void SortByNeighbors(List<Vertex> rank, bool up, bool keepTies)
    {
        if (IsSettled(rank)) return;
        var keys = new Dictionary<Vertex, double>();
        foreach (var vertex in rank)
        {
            var links = up ? vertex.Up : vertex.Down;
            if (links.Count > 0) keys[vertex] = links.Average(link => up ? UpperKey(link) : LowerKey(link));
        }

        // A vertex without neighbors on that side stays where it is.
        var moving = rank.Where(keys.ContainsKey).ToList();
        if (!keepTies) moving.Reverse();
        var sorted = new Queue<Vertex>(moving.OrderBy(vertex => keys[vertex]));
        for (var i = 0; i < rank.Count; i++)
        {
            if (keys.ContainsKey(rank[i])) rank[i] = sorted.Dequeue();
        }

        Number(rank);
    }

    /// <summary>Exchanges neighbors whose links cross less then.</summary>
    private bool Exchange()
    {
        var any = false;
        foreach (var rank in _free)
        {
            for (var i = 0; i + 1 < rank.Count; i++)
            {
                Vertex left = rank[i], right = rank[i + 1];
                if (Between(left, right) <= Between(right, left)) continue;
                (rank[i], rank[i + 1]) = (right, left);
                (left.Position, right.Position) = (right.Position, left.Position);
                any = true;
            }
        }

        return any;
    }

    /// <summary>Moves a vertex past several others where that saves crossings: an exchange of neighbors alone may have to go over a worse order.</summary>
    private bool Move()
    {
        var any = false;
        foreach (var rank in _free)
        {
            foreach (var vertex in rank.ToArray())
            {
                var at = vertex.Position;
                var (gain, target) = (0L, at);
                long sum = 0;
                for (var i = at + 1; i < rank.Count; i++) Consider(i, Between(vertex, rank[i]) - Between(rank[i], vertex));
                sum = 0;
                for (var i = at - 1; i >= 0; i--) Consider(i, Between(rank[i], vertex) - Between(vertex, rank[i]));
                if (gain == 0) continue;
                rank.RemoveAt(at);
                rank.Insert(target, vertex);
                Number(rank);
                any = true;

                void Consider(int place, long saved)
                {
                    sum += saved;
                    if (sum > gain) (gain, target) = (sum, place);
                }
            }
        }

        return any;
    }

    /// <summary>The crossings of the links of two vertices of a rank if the one stands left of the other.</summary>
    private static long Between(Vertex left, Vertex right)
    {
        long count = 0;
        foreach (var a in left.Up)
        {
            foreach (var b in right.Up)
            {
                if (UpperKey(a) > UpperKey(b)) count++;
            }
        }

        foreach (var a in left.Down)
        {
            foreach (var b in right.Down)
            {
                if (LowerKey(a) > LowerKey(b)) count++;
            }
        }

        return count;
    }
}
