namespace OnnxFunctional.Layers;

/// <summary>Layers one after the other as one layer, such as the steps that prepare images.</summary>
/// <remarks>
/// <para>Input: that of the first layer. Output: that of the last one. Weights: those of the layers.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/</para>
/// </remarks>
/// <param name="layers">The layers, in the order in which they are called.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">There is no layer.</exception>
/// <example><code>
/// var images = new Pipeline([new Rescaling(1.0 / 255), new RandomFlip(FlipMode.Horizontal)]).Call(Model.Input([32, 32, 3]));
/// </code></example>
public sealed class Pipeline(IReadOnlyList<Layer> layers, string? name = null) : Layer(name)
{
    /// <summary>The layers, in the order in which they are called.</summary>
    public IReadOnlyList<Layer> Layers { get; } = layers is { Count: > 0 }
        ? [.. layers]
        : throw Check.Option("Pipeline", nameof(layers), "an empty list", "at least one layer");

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Layers.Aggregate(x, (tensor, layer) => layer.Call(tensor));
}
