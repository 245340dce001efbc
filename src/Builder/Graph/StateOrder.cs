using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>
/// Several calls of a stateful layer in one run: each starts from the states that the call before it left, in the order in which they were made, as in Keras.
/// </summary>
internal static class StateOrder
{
    /// <summary>A state as a call finds it: a node of that call's own.</summary>
    public static Value Read(Weight state, LayerCall call) => Node.Create(new Identity(), [state.Variable], call).Outputs[0];

    /// <summary>The replacement of each value of a graph; null if no state is read by two calls.</summary>
    public static Dictionary<Value, Value>? Of(Graph graph)
    {
        var states = graph.Nodes.Where(node => StateOf(node) is not null).GroupBy(node => StateOf(node)!).Where(reads => reads.Skip(1).Any())
            .Select(reads => reads.OrderBy(node => node.Scope!.Number).ToList()).ToList();
        if (states.Count == 0) return null;
        var left = states.SelectMany(reads => reads).ToDictionary(node => node, Left);
        var whole = Graph.Between(graph.Inputs, [.. graph.Outputs, .. left.Values]);
        var map = graph.Inputs.Concat(whole.Nodes.SelectMany(node => node.Outputs)).Distinct().ToDictionary(value => value);
        foreach (var reads in states)
        {
            for (var i = 1; i < reads.Count; i++)
            {
                var (read, before) = (reads[i].Outputs[0], map[left[reads[i - 1]]]);
                var pass = Graph.Between([.. graph.Inputs, read], [.. map.Values.Distinct()])
                    .Rewrite((_, _) => null, new Dictionary<Value, Value> { [read] = before });
                foreach (var (value, moved) in map) map[value] = pass[moved];
            }
        }

        return map;
    }

    /// <summary>The updates of some calls without those of states that a later call of the same layer updates.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="updates">Chooses the updates of a call.</param>
    public static List<(Weight Weight, Value Value)> Last(IReadOnlyList<LayerCall> calls, Func<LayerCall, IEnumerable<(Weight Weight, Value Value)>> updates)
    {
        var last = new Dictionary<Weight, (int Number, Value Value)>();
        foreach (var call in calls)
        {
            foreach (var (state, value) in call.StateUpdates)
            {
                if (!last.TryGetValue(state, out var other) || other.Number < call.Number) last[state] = (call.Number, value);
            }
        }

        return [.. calls.SelectMany(updates).Where(update => !update.Weight.IsState || last[update.Weight].Value == update.Value)];
    }

    private static Weight? StateOf(Node node) =>
        node is { Op: Identity, Scope: not null } && node.Inputs[0].Producer.Op is Variable { Weight: { IsState: true } state } ? state : null;

    private static Value Left(Node read) => read.Scope!.StateUpdates.First(update => update.Weight == StateOf(read)).Value;
}
