using OnnxFunctional.Operators;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Copies of a model's weights, and plans that read and write the copies in place of the weights.</summary>
internal sealed class WeightCopies
{
    private readonly Dictionary<Weight, (Weight Copy, float[] Start)> _copies = [];

    public WeightCopies(Model model)
    {
        // All of one moment, if another thread trains the model.
        using var held = WeightGate.Hold(model.Weights);
        foreach (var weight in model.Weights) Of(weight);
    }

    /// <summary>The copy of a weight.</summary>
    public Weight Of(Weight weight)
    {
        if (_copies.TryGetValue(weight, out var known)) return known.Copy;
        var copy = new Weight(weight.Name, weight.Shape, weight.Initializer, trainable: false, owner: null);
        weight.Storage.CopyTo(copy.Overwritten());
        _copies.Add(weight, (copy, [.. weight.Storage]));
        return copy;
    }

    /// <summary>Gives all copies the values with which they began.</summary>
    public void Restore()
    {
        foreach (var (copy, start) in _copies.Values) start.CopyTo(copy.Overwritten());
    }

    /// <summary>Makes the plan of a graph in which copies stand for all weights but those that are kept.</summary>
    /// <param name="options">The settings of the model.</param>
    /// <param name="inputs">Values that the caller provides.</param>
    /// <param name="outputs">Values that the caller reads.</param>
    /// <param name="updates">Weights that are set.</param>
    /// <param name="kept">Weights that belong to the caller.</param>
    /// <param name="specs">Shapes and types of the inputs.</param>
    /// <param name="mustBeFinite">The positions of outputs without which no weight is set.</param>
    /// <param name="trace">Receives what the planner makes of the graph.</param>
    public ExecutionPlan Plan(
        PlanOptions options,
        IReadOnlyList<Value> inputs,
        IReadOnlyList<Value> outputs,
        IReadOnlyList<(Weight Weight, Value Value)> updates,
        HashSet<Weight> kept,
        IReadOnlyList<TensorSpec> specs,
        IReadOnlyList<int> mustBeFinite,
        PlanTrace? trace = null)
    {
        var graph = Graph.Between(inputs, [.. outputs, .. updates.Select(update => update.Value)]);
        var map = graph.Rewrite((node, _) => node.Op is Variable { Weight: var weight } && !kept.Contains(weight) ? [Of(weight).Variable] : null);
        var request = new PlanRequest(
            options,
            inputs,
            [.. outputs.Select(output => map[output])],
            [.. updates.Select(update => (kept.Contains(update.Weight) ? update.Weight : Of(update.Weight), map[update.Value]))])
        {
            MustBeFinite = mustBeFinite,

            // The copy draws the same random numbers as the trainer.
            Original = graph,
            Trace = trace is null ? null : new PlanTrace(),
        };
        var plan = Planner.Plan(request, specs);
        if (request.Trace is { } made)
        {
            var known = map.Where(entry => made.Simplified.ContainsKey(entry.Value));
            trace!.Set(known.ToDictionary(entry => entry.Key, entry => made.Simplified[entry.Value]), made.Kernels);
        }

        return plan;
    }
}
