namespace OnnxFunctional.Layers;

/// <summary>Positive values that sum to one: <c>exp(x) / sum(exp(x))</c> along one or more axes.</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights. Masked elements become 0; all do if the mask is false along the whole axis.</para>
/// <para>Keras: https://keras.io/api/layers/activation_layers/softmax/</para>
/// </remarks>
/// <param name="axis">The axis or axes; the last by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Softmax(Axes axis = default, string? name = null) : ElementwiseLayer(name)
{
    // What Keras puts in place of masked logits: far below any other, but finite.
    private const float Hidden = -1e9f;

    /// <summary>The axis or axes.</summary>
    public Axes Axis { get; } = axis.List.Count == 0 ? -1 : axis;

    /// <summary>Calls the layer with a mask that is true, or above 0.5, where a logit counts.</summary>
    /// <param name="x">The logits.</param>
    /// <param name="mask">A shape that can be broadcast to that of the logits.</param>
    /// <exception cref="ModelException">The mask does not fit the logits.</exception>
    public SymbolicTensor Call(SymbolicTensor x, SymbolicTensor mask)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(mask);
        return CallAll(x, new CallOptions { Mask = mask })[0];
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        foreach (var axis in Axis) Operators.ShapeRules.Axis(axis, x.Rank, "Softmax");
        if (x.Mask is { } mask)
        {
            var fits = mask.Rank <= x.Rank;
            for (var i = 1; fits && i <= mask.Rank; i++)
            {
                // The samples of a mask (batch, time) must not meet the steps of logits (batch, steps, features): that fits batches of one size only.
                var (m, n) = (mask.Shape.Symbol(-i), x.Shape.Symbol(-i));
                fits = m == 1 || m == n || (Math.Min(m, n) < 0 && m != Shape.Batch);
            }

            if (!fits)
                throw new ModelException($"the mask {mask.Shape} cannot be broadcast to the logits {x.Shape}; "
                    + "expected 1 or the same size in each dimension, counted from the last.");
            return Masked(x, Axis, mask.DType == DType.Bool ? mask : Ops.Greater(mask, 0.5f));
        }

        return Masked(x, Axis, null);
    }

    /// <summary>Softmax over the unmasked logits; if all are masked, zeros or equal values.</summary>
    internal static SymbolicTensor Masked(SymbolicTensor logits, Axes axes, SymbolicTensor? mask, bool zeros = true)
    {
        if (mask is not null) logits = Ops.Where(mask, logits, Hidden);
        var y = axes.List.Count == 1 ? Ops.Softmax(logits, axes.List[0]) : Ops.Exp(logits - Ops.LogSumExp(logits, axes, keepdims: true));
        return mask is null || !zeros ? y : Ops.Where(mask, y, 0);
    }
}
