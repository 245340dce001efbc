namespace OnnxFunctional.Layers;

/// <summary>Scales vectors along some axes to length one: <c>y = x / max(|x|, 1e-12)</c>.</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/normalization_layers/unit_normalization/</para>
/// </remarks>
/// <param name="axis">The axes; the last by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class UnitNormalization(Axes axis = default, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The axes.</summary>
    public Axes Axis { get; } = axis.List.Count == 0 ? -1 : axis;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Operators.ShapeRules.Axes(Axis.List, x.Rank, "UnitNormalization");
        return Ops.UnitLength(x, Axis, 1e-12f);
    }
}
