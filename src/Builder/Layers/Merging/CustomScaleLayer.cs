namespace OnnxFunctional.Layers;

/// <summary>Adds a second tensor, scaled: <c>y = a + scale b</c>.</summary>
/// <remarks>
/// <para>Input: two tensors whose shapes broadcast. Output: the broadcast shape. No weights.</para>
/// <para>Keras: a layer of its applications, https://keras.io/api/applications/inceptionresnetv2/</para>
/// </remarks>
/// <param name="scale">The factor of the second tensor.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is not finite.</exception>
public sealed class CustomScaleLayer(double scale, string? name = null) : ElementwiseMerge(name)
{
    /// <summary>The factor of the second tensor.</summary>
    public double Scale { get; } = Check.Finite(scale, "CustomScaleLayer", nameof(scale));

    private protected override SymbolicTensor Merge(SymbolicTensor[] tensors) => tensors.Length == 2
        ? tensors[0] + (tensors[1] * Scale)
        : throw new ModelException($"adds one tensor to another, but got {tensors.Length}; expected 2. Add takes any number.");
}
