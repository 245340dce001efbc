namespace OnnxFunctional.Layers;

/// <summary>Applies a layer to every step of a sequence separately: <c>y[t] = layer(x[t])</c>.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, ...). Output: (batch, time, output of the layer). Weights: those of the layer. Time is folded into the batch, so the layer runs once.
/// </para>
/// <para>
/// A mask over all axes but the last is also that of the layer's steps: a recurrent layer inside skips them. One over the time alone is passed on.
/// </para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/time_distributed/</para>
/// </remarks>
/// <param name="layer">A layer that is called on one step at a time.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <example><code>
/// var perFrame = new TimeDistributed(new Conv2D(8, 3)).Call(Model.Input([10, 28, 28, 1]));      // (None, 10, 26, 26, 8)
/// </code></example>
public sealed class TimeDistributed(Layer layer, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The layer.</summary>
    public Layer Layer { get; } = layer ?? throw new ArgumentNullException(nameof(layer));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 3, "(batch, time, ...)");
        if (x.Mask is { } mask && (mask.Rank < 2 || !mask.Shape.Slice(0, 2).IsCompatibleWith(x.Shape.Slice(0, 2))))
            throw new ModelException($"takes a mask that begins with {x.Shape.Slice(0, 2)}, but got {mask.Shape}.");

        // A Dense layer works on the last axis, whatever the others are.
        if (Layer is Dense) return Layer.Call(x.WithMask(null));
        var sample = x.Shape.Slice(2, x.Rank - 2);
        if (!sample.IsKnown)
            throw new ModelException($"folds time into the batch and needs all other sizes, but got {x.Shape}. Set those sizes in Model.Input.");
        var inside = x.Mask is { } all && all.Rank == x.Rank - 1 ? Ops.Reshape(all, [-1, .. sample.Dims[..^1]]) : null;
        var y = Layer.Call(Ops.Reshape(x.WithMask(null), [-1, .. sample.Dims]).WithMask(inside));
        var result = y.Shape.Slice(1, y.Rank - 1);
        if (!result.IsKnown) throw new ModelException($"its layer returns {y.Shape} with unknown sizes after the batch; expected known ones.");
        if (x.Shape[1] is { } steps) return Ops.Reshape(y, [-1, steps, .. result.Dims]);

        // Neither batch nor time is known: the result takes its shape from a tensor made for that purpose.
        var pattern = x;
        for (var axis = 2; axis < x.Rank; axis++) pattern = Ops.Slice(pattern, axis, 0, 1);
        pattern = Ops.Reshape(pattern, [0, 0, .. Enumerable.Repeat(1, result.Rank)]);
        pattern += Ops.Filled(result, 0);
        return Ops.Make(new Operators.ReshapeLike(), y, pattern);
    }
}
