using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Training;

/// <summary>The next values of weights: those of the optimizer and those that layers set themselves.</summary>
internal sealed class WeightUpdates
{
    private readonly List<(Weight Weight, Value Value)> _all = [];
    private readonly List<SymbolicTensor> _gradients = [];
    private readonly HashSet<Weight> _learned = [];
    private readonly Dictionary<Weight, int> _places = [];
    private int _known;

    public IReadOnlyList<(Weight Weight, Value Value)> All => _all;

    /// <summary>Whether the optimizer updates the weight.</summary>
    public bool Learns(Weight weight) => _learned.Contains(weight);

    /// <summary>A weight's next value so far; null if it stays the same.</summary>
    public Value? NextOf(Weight weight) => PlaceOf(weight) is { } place ? _all[place].Value : null;

    /// <summary>Updates weights by their gradients.</summary>
    public void Learn(
        Optimizer optimizer,
        IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> gradients,
        OptimizerState state,
        AccumulationPhase phase = AccumulationPhase.Counted)
    {
        optimizer.Build(gradients, state, _all, phase);
        _gradients.AddRange(gradients.Select(entry => entry.Gradient));
        _learned.UnionWith(gradients.Select(entry => entry.Weight));
    }

    /// <summary>The whole update of a step: the optimizer's, then what layers set. With a loss scale, only if all gradients are finite.</summary>
    /// <param name="compiled">The optimizer, its state, and the scale of the loss.</param>
    /// <param name="scaled">Gradients of the scaled loss.</param>
    /// <param name="set">What layers set.</param>
    /// <param name="phase">What the step does with gradients that are accumulated.</param>
    /// <returns>The gradients of the loss.</returns>
    public IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> Step(
        CompiledTraining compiled,
        IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> scaled,
        IEnumerable<(Weight Weight, Value Value)> set,
        AccumulationPhase phase = AccumulationPhase.Counted)
    {
        var scaling = compiled.LossScaling;
        var gradients = scaling is null ? scaled : [.. scaled.Select(entry => (entry.Path, entry.Weight, entry.Gradient / scaling.Scale))];
        Learn(compiled.Optimizer, gradients, compiled.State, phase);
        SetByLayers(set, value => value);
        if (scaling is null) return gradients;
        var finite = LossScaling.AllFinite(scaled.Select(entry => entry.Gradient));
        OnlyIf(finite);
        foreach (var (weight, value) in scaling.Updates(finite)) Set(weight, value);
        return gradients;
    }

    /// <summary>Adds what layers set themselves, such as moving statistics and states.</summary>
    /// <param name="updates">The updates of their calls, in order.</param>
    /// <param name="specialized">Maps a value to that in the graph for training, or for inference.</param>
    public void SetByLayers(IEnumerable<(Weight Weight, Value Value)> updates, Func<Value, Value> specialized)
    {
        foreach (var (weight, value) in updates) SetByLayer(weight, specialized(value));
    }

    /// <summary>Makes all updates so far conditional: if the condition is false, weights stay the same.</summary>
    public void OnlyIf(SymbolicTensor condition)
    {
        for (var i = 0; i < _all.Count; i++)
        {
            var (weight, value) = _all[i];
            _all[i] = (weight, Ops.Where(condition, new SymbolicTensor(value), new SymbolicTensor(weight.Variable)).Value);
        }
    }

    /// <summary>Sets a weight that nothing else updates.</summary>
    public void Set(Weight weight, Value value) => _all.Add((weight, value));

    /// <summary>
    /// Sets a weight as its layer says. If the weight is updated already, one update follows the other: the optimizer's step starts from the layer's value
    /// (SpectralNormalization), a later call from the result of an earlier one (a shared BatchNormalization).
    /// </summary>
    private void SetByLayer(Weight weight, Value value)
    {
        if (PlaceOf(weight) is not { } set)
        {
            _all.Add((weight, value));
            return;
        }

        var (first, then) = Learns(weight) ? (value, _all[set].Value) : (_all[set].Value, value);
        _all[set] = (weight, UpdateOrder.Then(weight, first, then, _gradients.Select(gradient => gradient.Value)));
    }

    /// <summary>Where the first update of a weight is; null if nothing updates it.</summary>
    private int? PlaceOf(Weight weight)
    {
        // The optimizer adds to the list itself.
        while (_known < _all.Count)
        {
            _places.TryAdd(_all[_known].Weight, _known);
            _known++;
        }

        return _places.TryGetValue(weight, out var place) ? place : null;
    }
}
