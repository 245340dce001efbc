using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>Makes of a graph that holds both ways of computing the one for training or the one for inference.</summary>
internal static class Specialization
{
    /// <summary>Resolves every <see cref="Phase"/> on the way from the inputs to the outputs.</summary>
    /// <param name="inputs">Where the way begins.</param>
    /// <param name="outputs">Where it ends.</param>
    /// <param name="training">For training or for inference.</param>
    /// <param name="trains">Whether training moves the layer of a call; as its flags say now if nothing is given.</param>
    /// <returns>Where each value went; values that did not depend on the phase stay what they were.</returns>
    public static Dictionary<Value, Value> Of(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs, bool training, Func<LayerCall, bool>? trains = null) =>
        Extend(Graph.Between(inputs, outputs), null, training, trains);

    /// <summary>Resolves every <see cref="Phase"/> of a graph whose inputs went somewhere already.</summary>
    public static Dictionary<Value, Value> Extend(Graph graph, IReadOnlyDictionary<Value, Value>? known, bool training, Func<LayerCall, bool>? trains = null)
    {
        return graph.Rewrite((node, given) => node.Op is Phase phase ? [given[training && !(phase.FreezesWithLayer && IsFrozen(node.Scope)) ? 0 : 1]] : null, known);

        bool IsFrozen(LayerCall? call) => call is not null && !(trains is null ? call.Trainable : trains(call));
    }
}
