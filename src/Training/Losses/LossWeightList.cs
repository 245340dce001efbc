using System.Collections;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>Factors on the losses of a model: one for each output in the model's order, or by the names of the outputs, where the default is 1.</summary>
/// <example><c>lossWeights: [1.0, 0.2]</c>, <c>lossWeights: new() { ["value"] = 0.2 }</c></example>
[CollectionBuilder(typeof(LossWeightList), nameof(Create))]
public sealed class LossWeightList : IEnumerable<double>
{
    private readonly NamedItems<double> _items;

    /// <summary>An empty list, to which factors are given by the names of outputs: <c>new() { ["value"] = 0.2 }</c>.</summary>
    public LossWeightList() => _items = new([], "weights");

    private LossWeightList(NamedItems<double> items) => _items = items;

    /// <summary>The factor on the loss of an output, by its name.</summary>
    /// <param name="output">The name of an output.</param>
    /// <exception cref="ModelException">There is no factor of that name.</exception>
    public double this[string output]
    {
        get => _items.Get(output);
        set => _items.Set(output, value);
    }

    /// <summary>Makes the list, in the order of the outputs; called by collection literals.</summary>
    /// <param name="weights">The factors, in the order of the outputs.</param>
    public static LossWeightList Create(ReadOnlySpan<double> weights) => new(new(weights, "weights"));

    /// <summary>Factors by the names of the outputs.</summary>
    public static implicit operator LossWeightList(Dictionary<string, double> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return new(NamedItems<double>.Of(weights, "weights"));
    }

    /// <summary>Factors by the names of the outputs.</summary>
    public static implicit operator LossWeightList(Dictionary<string, float> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return new(NamedItems<double>.Of(weights.Select(entry => KeyValuePair.Create(entry.Key, (double)entry.Value)), "weights"));
    }

    /// <summary>Enumerates the factors as they were given.</summary>
    public IEnumerator<double> GetEnumerator() => _items.Items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The factor of each output, computed as float32.</summary>
    /// <exception cref="ModelException">Names or number are not those of the outputs, or a factor is not finite.</exception>
    internal float[] InOrder(IReadOnlyList<string> outputs)
    {
        _items.Check(outputs, "lossWeights");
        return [.. outputs.Select((name, position) => _items.Find(name, position, out var weight) ? Checked((float)weight, name) : 1)];
    }

    private static float Checked(float weight, string output) => float.IsFinite(weight)
        ? weight
        : throw new ModelException($"The loss weight of output '{output}' is {weight}; expected a finite number.");
}
