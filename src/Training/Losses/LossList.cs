using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>The losses of a model: one for every output, one for each in the model's order, or by the names of the outputs.</summary>
/// <example>
/// <code>
/// model.Compile(new Adam(), Loss.MeanSquaredError);
/// model.Compile(new Adam(), [Loss.BinaryCrossentropy, Loss.MeanSquaredError]);
/// model.Compile(new Adam(), new() { ["class"] = Loss.BinaryCrossentropy, ["value"] = Loss.MeanSquaredError });
/// </code>
/// </example>
[CollectionBuilder(typeof(LossList), nameof(Create))]
public sealed class LossList : IEnumerable<Loss?>
{
    private readonly Loss? _everywhere;
    private readonly NamedItems<Loss?> _items;

    /// <summary>An empty list, to which losses are given by the names of outputs: <c>new() { ["class"] = loss }</c>.</summary>
    public LossList() => _items = new([], "losses");

    private LossList(NamedItems<Loss?> items, Loss? everywhere = null) => (_items, _everywhere) = (items, everywhere);

    /// <summary>The loss of an output, by its name; an output without one is not trained.</summary>
    /// <param name="output">The name of an output.</param>
    /// <exception cref="ModelException">There is no loss of that name.</exception>
    public Loss? this[string output]
    {
        get => _items.Get(output);
        set => _items.Set(output, value);
    }

    /// <summary>Makes the list, in the order of the outputs; called by collection literals. An output whose loss is null is not trained.</summary>
    /// <param name="losses">The losses, in the order of the outputs.</param>
    public static LossList Create(ReadOnlySpan<Loss?> losses) => new(new(losses, "losses"));

    /// <summary>The same loss for every output; null for null.</summary>
    [return: NotNullIfNotNull(nameof(loss))]
    public static implicit operator LossList?(Loss? loss) => loss is null ? null : new(new([], "losses"), loss);

    /// <summary>Losses in the order of the outputs.</summary>
    public static implicit operator LossList(Loss[] losses) => Create(losses);

    /// <summary>Losses by the names of the outputs.</summary>
    public static implicit operator LossList(Dictionary<string, Loss> losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        return new(NamedItems<Loss?>.Of(losses!, "losses"));
    }

    /// <summary>Enumerates the losses as they were given.</summary>
    public IEnumerator<Loss?> GetEnumerator() => (_everywhere is null ? _items.Items : [_everywhere]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The loss of each output.</summary>
    /// <exception cref="ModelException">Names or number are not those of the outputs.</exception>
    internal Loss?[] InOrder(IReadOnlyList<string> outputs)
    {
        if (_everywhere is not null) return [.. outputs.Select(_ => _everywhere)];
        _items.Check(outputs, "loss");
        return [.. outputs.Select((name, position) => _items.Find(name, position, out var loss) ? loss : null)];
    }
}
