namespace OnnxFunctional.Layers;

/// <summary>Multiplies and shifts: <c>y = scale x + offset</c>; a scale of 1/255 maps the bytes of an image to 0 to 1.</summary>
/// <remarks>
/// <para>Input and output: any shape; integers become floating point. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/</para>
/// </remarks>
/// <param name="scale">The factor: one number, or one per position of the last axis.</param>
/// <param name="offset">The offset: one number, or one per position of the last axis.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is out of range, or options do not go together.</exception>
/// <example><code>
/// var pixels = new Rescaling(1.0 / 255).Call(Model.Input([28, 28, 1]));
/// </code></example>
public sealed class Rescaling(DoubleValues scale, DoubleValues offset = default, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The factor.</summary>
    public DoubleValues Scale { get; } = scale.Count > 0
        ? scale
        : throw Check.Option("Rescaling", nameof(scale), "empty", "one number, or one per position of the last axis");

    /// <summary>The offset.</summary>
    public DoubleValues Offset { get; } = offset.Count > 0 ? offset : 0f;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => (Ops.Cast(x, DType.Float32) * Ops.Constant(Scale)) + Ops.Constant(Offset);
}
