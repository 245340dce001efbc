using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>The nodes of a graph in an order in which each follows those that it reads from; that of the file if it is one.</summary>
internal static class OrderedNodes
{
    public static IReadOnlyList<NodeProto> Of(GraphProto graph)
    {
        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < graph.Node.Count; i++)
        {
            foreach (var output in graph.Node[i].Output) producers[output] = i;
        }

        // An explicit stack, because files may hold chains of any length. The guard has refused circles.
        var (done, result, stack) = (new bool[graph.Node.Count], new List<NodeProto>(), new Stack<(int Node, bool IsReady)>());
        for (var first = 0; first < done.Length; first++)
        {
            stack.Push((first, false));
            while (stack.TryPop(out var top))
            {
                if (done[top.Node]) continue;
                if (top.IsReady)
                {
                    done[top.Node] = true;
                    result.Add(graph.Node[top.Node]);
                    continue;
                }

                stack.Push((top.Node, true));
                foreach (var name in Reads(graph.Node[top.Node]))
                {
                    if (producers.TryGetValue(name, out var before) && before != top.Node && !done[before]) stack.Push((before, false));
                }
            }
        }

        return result;
    }

    /// <summary>The names that a node reads, those that its inner graphs read from around them included.</summary>
    private static IEnumerable<string> Reads(NodeProto node) => node.Input.Concat(node.Attribute
        .SelectMany(Import.GraphGuard.Subgraphs)
        .SelectMany(graph => graph.Node.SelectMany(Reads).Concat(graph.Output.Select(output => output.Name))));
}
