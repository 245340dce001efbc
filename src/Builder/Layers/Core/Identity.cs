namespace OnnxFunctional.Layers;

/// <summary>Returns its input with its mask.</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/identity/</para>
/// </remarks>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Identity(string? name = null) : ElementwiseLayer(name)
{
    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => x;
}
