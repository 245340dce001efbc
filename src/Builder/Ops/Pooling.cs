namespace OnnxFunctional.Operators;

/// <summary>A window that slides over the spatial axes of a channels-last image and gives one value per channel.</summary>
internal abstract record PoolOp(IntList Kernel, IntList Strides, Pads Pads) : Op
{
    public override bool TakesFloats(int input) => true;

    public sealed override int[]? MixedAxes(int rank) => [.. Enumerable.Range(1, rank - 2)];

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        var x = inputs[0].Shape;
        if (x.Rank != Kernel.Count + 2)
            throw new ModelException($"{Name} over {Kernel.Count} axes takes {Kernel.Count + 2} dimensions (batch, positions..., channels), but got {x}.");
        var dims = x.Symbols.ToArray();
        for (var i = 0; i < Kernel.Count; i++)
        {
            dims[i + 1] = Pads.OutputSize(i, x.Symbols[i + 1], Kernel[i], Strides[i]);
            if (dims[i + 1] == 0)
            {
                throw new ModelException(
                    $"{Name}: a window of {Kernel[i]} does not fit in {x.Dims[i + 1]} positions along axis {i + 1} of {x}. "
                    + "Use a smaller window, Padding.Same, or fewer poolings before it.");
            }
        }

        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }
}

/// <summary>The largest element in the window; padding does not count.</summary>
internal sealed record MaxPool(IntList Kernel, IntList Strides, Pads Pads) : PoolOp(Kernel, Strides, Pads);

/// <summary>The mean of the elements in the window; padding does not count.</summary>
internal sealed record AveragePool(IntList Kernel, IntList Strides, Pads Pads) : PoolOp(Kernel, Strides, Pads);

/// <summary>
/// The gradient of <see cref="MaxPool"/>, from its input, its output and the output gradient: the gradient of each window goes to its first largest element.
/// </summary>
internal sealed record MaxPoolGradient(IntList Kernel, IntList Strides, Pads Pads) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];
}

/// <summary>The gradient of <see cref="AveragePool"/>, from the output gradient and the input for its shape.</summary>
internal sealed record AveragePoolGradient(IntList Kernel, IntList Strides, Pads Pads) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1]];

    public override bool ReadsOnlyShapeOf(int input) => input == 1;
}
