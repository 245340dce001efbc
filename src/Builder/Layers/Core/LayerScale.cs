namespace OnnxFunctional.Layers;

/// <summary>Scales every channel by a learned factor: <c>y = gamma x</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, ..., projectionDim). Weights: gamma (projectionDim).</para>
/// <para>Keras: a layer of its applications, https://keras.io/api/applications/convnext/</para>
/// </remarks>
/// <param name="initValues">The first value of each factor.</param>
/// <param name="projectionDim">The number of channels.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The value is not finite, or the number of channels is not positive.</exception>
public sealed class LayerScale(double initValues, int projectionDim, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The first value of each factor.</summary>
    public double InitValues { get; } = Check.Finite(initValues, "LayerScale", nameof(initValues));

    /// <summary>The number of channels.</summary>
    public int ProjectionDim { get; } = Check.Positive(projectionDim, "LayerScale", nameof(projectionDim));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 2, "(batch, ..., channels)");
        if (x.Shape[^1] is { } channels && channels != ProjectionDim)
            throw new ModelException($"scales {ProjectionDim} channels, but got {channels} in {x.Shape}. Set projectionDim to {channels}.");
        return x * Weight("gamma", [ProjectionDim], Initializer.Constant(InitValues));
    }
}
