namespace OnnxFunctional.Layers;

/// <summary>Applies a layer to every step of a sequence by itself: <c>y[t] = layer(x[t])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, time, ...). Output: (batch, time, output of the layer). Weights: those of the layer. Time is folded into the batch, so the layer runs once.</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/time_distributed/</para>
/// </remarks>
/// <param name="layer">A layer that takes a sample of one step.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
public sealed class TimeDistributed(Layer layer, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The layer.</summary>
    public Layer Layer { get; } = layer ?? throw new ArgumentNullException(nameof(layer));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 3, "(batch, time, ...)");
        if (x.Mask is { } mask && (mask.Rank < 2 || !mask.Shape.Slice(0, 2).IsCompatibleWith(x.Shape.Slice(0, 2))))
            throw new ModelException($"takes a mask that begins with {x.Shape.Slice(0, 2)}, but came {mask.Shape}.");

        // A Dense layer computes on the last axis whatever stands before it.
        if (Layer is Dense) return Layer.Call(x.WithMask(null));
        var sample = x.Shape.Slice(2, x.Rank - 2);
        if (!sample.IsKnown) throw new ModelException($"folds time into the batch, for which it needs all sizes behind them, but came {x.Shape}. Give Model.Input those sizes.");
        var y = Layer.Call(Ops.Reshape(x.WithMask(null), [-1, .. sample.Dims]));
        var result = y.Shape.Slice(1, y.Rank - 1);
        if (!result.IsKnown) throw new ModelException($"its layer gives {y.Shape}, of which sizes are unknown behind the batch; expected known ones.");
        if (x.Shape[1] is { } steps) return Ops.Reshape(y, [-1, steps, .. result.Dims]);

        // Neither batch nor time is known: a tensor of the right shape stands model for the result.
        var pattern = x;
        for (var axis = 2; axis < x.Rank; axis++) pattern = Ops.Slice(pattern, axis, 0, 1);
        pattern = Ops.Reshape(pattern, [0, 0, .. Enumerable.Repeat(1, result.Rank)]);
        pattern += Ops.Constant(result, new float[result.ElementCount]);
        return Ops.Make(new Operators.ReshapeLike(), y, pattern);
    }
}
