using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Samples: inputs, targets, and weights if there are any.</summary>
internal sealed class SampleSet(Model model, IReadOnlyList<NDArray> arrays)
{
    public IReadOnlyList<NDArray> Arrays { get; } = arrays;

    public int Count => Arrays[0].Count;

    public IReadOnlyList<NDArray> Inputs => [.. Arrays.Take(model.Inputs.Count)];

    public bool IsWeighted => Arrays.Count > model.Inputs.Count + model.Outputs.Count;

    public NDArray Target(int output) => Arrays[model.Inputs.Count + output];

    /// <summary>The weights of an output's samples; null without.</summary>
    public NDArray? Weights(int output)
    {
        var first = model.Inputs.Count + model.Outputs.Count;
        return Arrays.Count == first ? null : Arrays[Arrays.Count == first + 1 ? first : first + output];
    }

    /// <summary>At most so many samples, evenly spread, because data is often sorted.</summary>
    public SampleSet Spread(int most)
    {
        if (most >= Count) return this;
        var chosen = EvenSpread.Of(Count, most);
        return new SampleSet(model, [.. Arrays.Select(array => array.Take(chosen))]);
    }
}
