namespace OnnxFunctional.Visualization.Layouts;

/// <summary>
/// Gives each vertex of an acyclic graph a rank, so that edges go downward and their total length is least: the network simplex method of Gansner, Koutsofios,
/// North and Vo, "A technique for drawing directed graphs" (1993), section 2.
/// </summary>
/// <remarks>
/// A spanning tree of edges of length 1 fixes all ranks. The cut value of a tree edge is the weight of the edges that would become shorter less that of those
/// which would become longer if its two sides moved apart. While one is negative, the edge leaves the tree and the shortest one that goes the other way enters.
/// </remarks>
internal sealed class RankAssignment
{
    private readonly int[] _tails, _heads, _weights;
    private readonly int[] _ranks, _balance;
    private readonly bool[] _inTree;
    private readonly List<int>[] _edgesOf;
    private readonly int[] _parentEdge, _first, _last, _order;

    private RankAssignment(int vertices, IReadOnlyList<(int Tail, int Head)> edges)
    {
        // One more vertex above all others keeps the graph connected; its edges weigh nothing.
        var root = vertices;
        var all = edges.Select(edge => (edge.Tail, edge.Head, Weight: 1))
            .Concat(Enumerable.Range(0, vertices).Select(vertex => (Tail: root, Head: vertex, Weight: 0)))
            .ToList();
        _tails = [.. all.Select(edge => edge.Tail)];
        _heads = [.. all.Select(edge => edge.Head)];
        _weights = [.. all.Select(edge => edge.Weight)];
        _inTree = new bool[all.Count];
        _edgesOf = [.. Enumerable.Range(0, vertices + 1).Select(_ => new List<int>())];
        _balance = new int[vertices + 1];
        for (var e = 0; e < all.Count; e++)
        {
            _edgesOf[_tails[e]].Add(e);
            _edgesOf[_heads[e]].Add(e);
            _balance[_tails[e]] += _weights[e];
            _balance[_heads[e]] -= _weights[e];
        }

        _ranks = new int[vertices + 1];
        _parentEdge = new int[vertices + 1];
        _first = new int[vertices + 1];
        _last = new int[vertices + 1];
        _order = new int[vertices + 1];
    }

    /// <summary>The rank of each vertex, from 0.</summary>
    /// <param name="vertices">Number of vertices.</param>
    /// <param name="edges">The edges, which have no cycle.</param>
    public static int[] Of(int vertices, IReadOnlyList<(int Tail, int Head)> edges)
    {
        if (vertices == 0) return [];
        var assignment = new RankAssignment(vertices, edges);
        assignment.LongestPaths();
        assignment.TightTree();
        assignment.Improve();
        var ranks = assignment._ranks[..vertices];
        var least = ranks.Min();
        return [.. ranks.Select(rank => rank - least)];
    }

    private int Slack(int edge) => _ranks[_heads[edge]] - _ranks[_tails[edge]] - 1;

    private void LongestPaths()
    {
        var waiting = new int[_ranks.Length];
        foreach (var head in _heads) waiting[head]++;
        var ready = new Queue<int>([_ranks.Length - 1]);
        while (ready.TryDequeue(out var vertex))
        {
            foreach (var edge in _edgesOf[vertex])
            {
                if (_tails[edge] != vertex) continue;
                var head = _heads[edge];
                _ranks[head] = Math.Max(_ranks[head], _ranks[vertex] + 1);
                if (--waiting[head] == 0) ready.Enqueue(head);
            }
        }
    }

    /// <summary>Grows a tree of edges without slack; if no further edge has none, the tree moves toward its nearest neighbor.</summary>
    private void TightTree()
    {
        var reached = new bool[_ranks.Length];
        var members = new List<int>();
        Reach(_ranks.Length - 1);
        while (members.Count < _ranks.Length)
        {
            var nearest = -1;
            foreach (var vertex in members)
            {
                foreach (var edge in _edgesOf[vertex])
                {
                    if (reached[_tails[edge]] == reached[_heads[edge]]) continue;
                    if (nearest < 0 || Slack(edge) < Slack(nearest)) nearest = edge;
                }
            }

            var shift = reached[_tails[nearest]] ? Slack(nearest) : -Slack(nearest);
            foreach (var vertex in members) _ranks[vertex] += shift;
            _inTree[nearest] = true;
            Reach(reached[_tails[nearest]] ? _heads[nearest] : _tails[nearest]);
        }

        void Reach(int start)
        {
            var stack = new Stack<int>([start]);
            reached[start] = true;
            while (stack.TryPop(out var vertex))
            {
                members.Add(vertex);
                foreach (var edge in _edgesOf[vertex])
                {
                    var other = _tails[edge] == vertex ? _heads[edge] : _tails[edge];
                    if (reached[other] || Slack(edge) != 0) continue;
                    reached[other] = true;
                    _inTree[edge] = true;
                    stack.Push(other);
                }
            }
        }
    }

    private void Improve()
    {
        // Degenerate exchanges could go round in a circle; what is reached by then is a valid ranking all the same.
        var exchanges = 20 * _ranks.Length;
        var next = 0;
        while (exchanges-- > 0)
        {
            var totals = Walk();
            var leaving = Leaving(totals, ref next);
            if (leaving < 0) return;
            var child = _parentEdge[_heads[leaving]] == leaving ? _heads[leaving] : _tails[leaving];
            var childIsTail = _tails[leaving] == child;
            var entering = -1;
            for (var edge = 0; edge < _tails.Length; edge++)
            {
                if (_inTree[edge]) continue;
                bool tailIsBelow = IsBelow(_tails[edge], child), headIsBelow = IsBelow(_heads[edge], child);
                if (tailIsBelow == headIsBelow || tailIsBelow == childIsTail) continue;
                if (entering < 0 || Slack(edge) < Slack(entering)) entering = edge;
            }

            if (entering < 0) return;
            _inTree[leaving] = false;
            _inTree[entering] = true;
            Settle();
        }
    }

    private bool IsBelow(int vertex, int ancestor) => _first[ancestor] <= _first[vertex] && _first[vertex] <= _last[ancestor];

    /// <summary>Numbers the tree in preorder from the added vertex, and sums, for each subtree, the weight that leaves it less that which enters it.</summary>
    private int[] Walk()
    {
        var count = 0;
        var stack = new Stack<int>([_ranks.Length - 1]);
        _parentEdge[^1] = -1;
        while (stack.TryPop(out var vertex))
        {
            _first[vertex] = count;
            _order[count++] = vertex;
            foreach (var edge in _edgesOf[vertex])
            {
                if (!_inTree[edge] || edge == _parentEdge[vertex]) continue;
                var child = _tails[edge] == vertex ? _heads[edge] : _tails[edge];
                _parentEdge[child] = edge;
                stack.Push(child);
            }
        }

        var totals = (int[])_balance.Clone();
        Array.Copy(_first, _last, _first.Length);
        for (var i = count - 1; i > 0; i--)
        {
            var vertex = _order[i];
            var parent = Parent(vertex);
            totals[parent] += totals[vertex];
            _last[parent] = Math.Max(_last[parent], _last[vertex]);
        }

        return totals;
    }

    private int Parent(int vertex)
    {
        var edge = _parentEdge[vertex];
        return _tails[edge] == vertex ? _heads[edge] : _tails[edge];
    }

    /// <summary>The next tree edge, after the one that left before, whose cut value is negative; -1 if there is none.</summary>
    private int Leaving(int[] totals, ref int next)
    {
        for (var i = 0; i < totals.Length - 1; i++)
        {
            var vertex = (next + i) % (totals.Length - 1);
            var edge = _parentEdge[vertex];
            var cut = _tails[edge] == vertex ? totals[vertex] : -totals[vertex];
            if (cut >= 0) continue;
            next = vertex + 1;
            return edge;
        }

        return -1;
    }

    /// <summary>Ranks from the tree, whose edges all have length 1.</summary>
    private void Settle()
    {
        var stack = new Stack<(int Vertex, int From)>([(_ranks.Length - 1, -1)]);
        while (stack.TryPop(out var top))
        {
            foreach (var edge in _edgesOf[top.Vertex])
            {
                if (!_inTree[edge] || edge == top.From) continue;
                var isTail = _tails[edge] == top.Vertex;
                var other = isTail ? _heads[edge] : _tails[edge];
                _ranks[other] = _ranks[top.Vertex] + (isTail ? 1 : -1);
                stack.Push((other, edge));
            }
        }
    }
}
