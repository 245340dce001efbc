namespace OnnxFunctional.Layers;

/// <summary>Passes its input on, with its mask.</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/identity/</para>
/// </remarks>
/// <param name="name">Its name; a model makes one if none is given.</param>
public sealed class Identity(string? name = null) : ElementwiseLayer(name)
{
    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => x;
}
