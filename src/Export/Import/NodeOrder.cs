namespace OnnxFunctional.Export.Import;

/// <summary>Which nodes must run before which; linked lists in arrays, because a hostile file may have a million edges.</summary>
internal sealed class NodeOrder(int nodes)
{
    private readonly int[] _firstEdge = CreateEmpty(nodes);
    private readonly int[] _waitingFor = new int[nodes];
    private readonly List<(int To, int NextEdge)> _edges = [];

    public void Add(int before, int after)
    {
        _edges.Add((after, _firstEdge[before]));
        _firstEdge[before] = _edges.Count - 1;
        _waitingFor[after]++;
    }

    /// <summary>Kahn's algorithm: removes nodes that wait for no other until none is left, or only a cycle.</summary>
    public bool HasCycle()
    {
        var ready = new Stack<int>();
        for (var i = 0; i < _waitingFor.Length; i++)
        {
            if (_waitingFor[i] == 0) ready.Push(i);
        }

        var done = 0;
        while (ready.TryPop(out var node))
        {
            done++;
            for (var edge = _firstEdge[node]; edge >= 0; edge = _edges[edge].NextEdge)
            {
                if (--_waitingFor[_edges[edge].To] == 0) ready.Push(_edges[edge].To);
            }
        }

        return done < _waitingFor.Length;
    }

    private static int[] CreateEmpty(int count)
    {
        var result = new int[count];
        Array.Fill(result, -1);
        return result;
    }
}
