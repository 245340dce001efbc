namespace OnnxFunctional.Layers;

/// <summary>Marks steps whose features all have one value as padding: the mask is <c>any(x != maskValue)</c>, and such steps become zero.</summary>
/// <remarks>
/// <para>Input and output: (batch, time, ..., features). No weights. Recurrent layers, attention, losses and metrics read the mask.</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/masking/</para>
/// </remarks>
/// <param name="maskValue">The value of padding.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The value is not finite: NaN equals nothing.</exception>
public sealed class Masking(double maskValue = 0, string? name = null) : Layer(name)
{
    /// <summary>The value of padding.</summary>
    public double MaskValue { get; } = Check.Finite(maskValue, "Masking", nameof(maskValue));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 2, "(batch, ..., features)");
        var mask = Ops.Any(Ops.NotEqual(x, MaskValue), -1);
        return Ops.Where(Ops.ExpandDims(mask, -1), x, 0).WithMask(mask);
    }
}
