namespace OnnxFunctional.Layers;

/// <summary>Concatenates tensors along an axis.</summary>
/// <remarks>
/// <para>Inputs: shapes that agree in every other dimension. Output: the same dimensions, with the sizes along the axis summed. No weights.</para>
/// <para>Masks are joined in the same way; an input without a mask counts as unmasked.</para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/concatenate/</para>
/// </remarks>
/// <param name="axis">The axis along which the tensors are joined.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <example><code>
/// var joined = new Concatenate().Call(Model.Input([8]), Model.Input([4]));                      // (None, 12)
/// </code></example>
public sealed class Concatenate(int axis = -1, string? name = null) : MergeLayer(name)
{
    /// <summary>The axis along which the tensors are joined.</summary>
    public int Axis { get; } = axis;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (Operators.ShapeRules.Axis(Axis, tensors[0].Rank, "Concatenate") == 0)
            throw new ModelException("axis 0 is the batch, whose samples cannot be joined. Choose another axis, or -1 for the last.");
        return Ops.Concatenate([.. tensors], Axis);
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs)
    {
        var rank = inputs[0].Rank;
        if (inputs.All(input => input.Mask is null) || inputs.Any(input => input.Mask is { } mask && mask.Rank != rank - 1)) return null;
        var axis = Axis < 0 ? Axis + rank : Axis;
        if (axis < rank - 1) return Ops.Concatenate([.. inputs.Select(input => input.Mask ?? AllTrue(input))], axis);

        // Joined along the features, a step counts if it counts in any input; an input without a mask makes all steps count.
        return inputs.Any(input => input.Mask is null) ? null : inputs.Select(input => input.Mask!).Aggregate(Ops.LogicalOr);
    }

    private static SymbolicTensor AllTrue(SymbolicTensor x)
    {
        var steps = Ops.Squeeze(Ops.Slice(x, -1, 0, 1), -1);
        return Ops.Make(new Operators.ExpandLike(), Ops.Make(new Operators.Constant(TensorData.Of(Shape.Of(), [true]))), steps);
    }
}
