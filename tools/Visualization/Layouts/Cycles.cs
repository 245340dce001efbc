namespace OnnxFunctional.Visualization.Layouts;

/// <summary>Finds the edges to turn round, so that a graph has no cycle.</summary>
internal static class Cycles
{
    /// <summary>For each edge, whether a depth-first walk comes by it to a vertex that it has not left yet.</summary>
    public static bool[] BackEdges(int vertices, IReadOnlyList<(int Tail, int Head)> edges)
    {
        var outgoing = Enumerable.Range(0, vertices).Select(_ => new List<int>()).ToArray();
        for (var e = 0; e < edges.Count; e++) outgoing[edges[e].Tail].Add(e);
        var isBack = new bool[edges.Count];
        var state = new int[vertices];
        var hasIncoming = new bool[vertices];
        foreach (var (tail, head) in edges) hasIncoming[head] |= tail != head;

        // From the sources first: the walk then follows the flow of the data.
        foreach (var start in Enumerable.Range(0, vertices).OrderBy(vertex => hasIncoming[vertex])) Walk(start);
        return isBack;

        void Walk(int start)
        {
            if (state[start] != 0) return;
            var stack = new Stack<(int Vertex, int Next)>([(start, 0)]);
            state[start] = 1;
            while (stack.TryPop(out var top))
            {
                if (top.Next == outgoing[top.Vertex].Count)
                {
                    state[top.Vertex] = 2;
                    continue;
                }

                stack.Push((top.Vertex, top.Next + 1));
                var edge = outgoing[top.Vertex][top.Next];
                var head = edges[edge].Head;
                if (state[head] == 1) isBack[edge] = true;
                if (state[head] != 0) continue;
                state[head] = 1;
                stack.Push((head, 0));
            }
        }
    }
}
