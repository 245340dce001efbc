namespace OnnxFunctional.Layers;

/// <summary>Multiplies and shifts: <c>y = scale x + offset</c>; with 1/255 it brings bytes of an image to 0 to 1.</summary>
/// <remarks>
/// <para>Input and output: any shape; whole numbers become floating point. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/</para>
/// </remarks>
/// <param name="scale">The factor, or one for each position of the last axis.</param>
/// <param name="offset">What is added, or one number for each position of the last axis.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
public sealed class Rescaling(FloatValues scale, FloatValues offset = default, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The factor.</summary>
    public FloatValues Scale { get; } = scale.Count > 0 ? scale : throw Check.Option("Rescaling", nameof(scale), "empty", "a number, or one for each position of the last axis");

    /// <summary>What is added.</summary>
    public FloatValues Offset { get; } = offset.Count > 0 ? offset : 0f;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => (Ops.Cast(x, DType.Float32) * Ops.Constant(Scale)) + Ops.Constant(Offset);
}
