using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>Reduces a graph that holds the computations of both training and inference to one of the two.</summary>
internal static class Specialization
{
    /// <summary>Resolves every <see cref="Phase"/> between the inputs and the outputs, and puts several calls of a stateful layer in order.</summary>
    /// <param name="inputs">The input values.</param>
    /// <param name="outputs">The output values.</param>
    /// <param name="training">True for training, false for inference.</param>
    /// <param name="trains">Whether training updates the layer of a call; default: <see cref="LayerCall.Trainable"/>.</param>
    /// <param name="rule">
    /// Replaces other nodes too: <c>Preparation.Of</c> in all graphs that run, but not in parts of graphs, to which it would happen twice.
    /// </param>
    /// <returns>The replacement of each value; values that do not depend on a phase are replaced by themselves.</returns>
    public static Dictionary<Value, Value> Of(
        IReadOnlyList<Value> inputs,
        IReadOnlyList<Value> outputs,
        bool training,
        Func<LayerCall, bool>? trains = null,
        Rewriting? rule = null)
    {
        var graph = Graph.Between(inputs, outputs);
        if (StateOrder.Of(graph) is not { } ordered) return Extend(graph, null, training, trains, rule);
        var map = Extend(Graph.Between(inputs, [.. ordered.Values.Distinct()]), null, training, trains, rule);
        return ordered.ToDictionary(entry => entry.Key, entry => map[entry.Value]);
    }

    /// <summary>Resolves every <see cref="Phase"/> of a graph, some of whose inputs are already replaced.</summary>
    public static Dictionary<Value, Value> Extend(
        Graph graph,
        IReadOnlyDictionary<Value, Value>? replacedInputs,
        bool training,
        Func<LayerCall, bool>? trains = null,
        Rewriting? rule = null)
    {
        return graph.Rewrite(
            (node, given) => node.Op is Phase phase ? [given[IsTraining(phase, node.Scope) ? 0 : 1]] : rule?.Invoke(node, given),
            replacedInputs);

        bool IsTraining(Phase phase, LayerCall? call) => training && !(phase.FreezesWithLayer && IsFrozen(call));

        bool IsFrozen(LayerCall? call) => call is not null && !(trains is null ? call.Trainable : trains(call));
    }
}
