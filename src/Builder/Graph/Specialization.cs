using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>Makes of a graph that holds both ways of computing the one for training or the one for inference.</summary>
internal static class Specialization
{
    /// <summary>Resolves every <see cref="Phase"/> on the way from the inputs to the outputs.</summary>
    /// <returns>Where each value went; values that did not depend on the phase stay what they were.</returns>
    public static Dictionary<Value, Value> Of(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs, bool training) =>
        Extend(Graph.Between(inputs, outputs), null, training);

    /// <summary>Resolves every <see cref="Phase"/> of a graph whose inputs went somewhere already.</summary>
    public static Dictionary<Value, Value> Extend(Graph graph, IReadOnlyDictionary<Value, Value>? known, bool training) =>
        graph.Rewrite((node, given) => node.Op is Phase phase ? [given[training && !(phase.FreezesWithLayer && node.Scope is { Trainable: false }) ? 0 : 1]] : null, known);
}
