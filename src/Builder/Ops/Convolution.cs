namespace OnnxFunctional.Operators;

/// <summary>The window of a convolution. Images are channels-last, kernels <c>(k..., in / groups, out)</c>.</summary>
internal readonly record struct Window(IntList Strides, IntList Dilations, Pads Pads, int Groups = 1)
{
    public int SpatialRank => Strides.Count;

    public Shape OutputShape(Shape input, Shape kernel, string what)
    {
        var rank = SpatialRank;
        if (input.Rank != rank + 2)
        {
            throw new ModelException(
                $"{what} takes (batch, {string.Join(", ", Enumerable.Range(0, rank).Select(i => "position " + i))}, channels), {rank + 2} dimensions, "
                + $"but got {input}. A Reshape adds a missing channel axis.");
        }

        var channels = input.Dims[^1];
        if (channels != Shape.Unknown && channels != kernel.Dims[^2] * Groups)
        {
            throw new ModelException(
                $"{what}: the kernel {kernel} with {Groups} group(s) takes {kernel.Dims[^2] * Groups} channels, but got {channels} in {input}.");
        }

        if (kernel.Dims[^1] % Groups != 0)
            throw new ModelException($"{what}: {kernel.Dims[^1]} filters cannot be split into {Groups} groups; expected a multiple.");
        var dims = new int[rank + 2];
        dims[0] = input.Symbols[0];
        dims[^1] = kernel.Dims[^1];
        for (var i = 0; i < rank; i++)
        {
            dims[i + 1] = Pads.OutputSize(i, input.Symbols[i + 1], Extent(kernel.Dims[i], i), Strides[i]);
            if (dims[i + 1] == 0)
            {
                throw new ModelException(
                    $"{what}: a window of {kernel.Dims[i]} (dilation {Dilations[i]}) does not fit in {input.Dims[i + 1]} positions along axis {i + 1} of "
                    + $"{input}. Use a smaller kernel, Padding.Same, or fewer poolings before it.");
            }
        }

        return Shape.Of(dims);
    }

    /// <summary>The positions that a kernel of that size spans: <c>(k - 1) d + 1</c>.</summary>
    public int Extent(int kernel, int axis) => ((kernel - 1) * Dilations[axis]) + 1;
}

/// <summary>Convolution (cross-correlation, as everywhere in deep learning): inputs x, kernel and an optional bias per output channel.</summary>
internal sealed record Conv(Window Window) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        return [inputs[0] with { Shape = Window.OutputShape(inputs[0].Shape, inputs[1].Shape, Name) }];
    }
}

/// <summary>The gradient of <see cref="Conv"/> with respect to its input: output gradient, kernel, and the input, for its shape.</summary>
internal sealed record ConvInputGradient(Window Window) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[2]];

    public override bool ReadsOnlyShapeOf(int input) => input == 2;
}

/// <summary>The gradient of <see cref="Conv"/> with respect to its kernel: input, output gradient, and the kernel, for its shape.</summary>
internal sealed record ConvWeightGradient(Window Window) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[2]];

    public override bool ReadsOnlyShapeOf(int input) => input == 2;
}

/// <summary>Transposed convolution: inputs x, kernel <c>(k..., out, in)</c>, optional bias. Output sizes follow Keras.</summary>
/// <param name="Window">Strides, dilations and Valid or Same.</param>
/// <param name="OutputPadding">Extra positions at the end of each axis; empty means Keras' default.</param>
internal sealed record ConvTranspose(Window Window, IntList OutputPadding) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        var (x, kernel) = (inputs[0].Shape, inputs[1].Shape);
        var rank = Window.SpatialRank;
        if (x.Rank != rank + 2)
            throw new ModelException($"ConvTranspose over {rank} axes takes {rank + 2} dimensions (batch, positions..., channels), but got {x}.");
        if (x.Dims[^1] != Shape.Unknown && x.Dims[^1] != kernel.Dims[^1])
            throw new ModelException($"ConvTranspose: the kernel {kernel} takes {kernel.Dims[^1]} channels, but got {x.Dims[^1]} in {x}.");
        var dims = new int[rank + 2];
        dims[0] = x.Symbols[0];
        dims[^1] = kernel.Dims[^2];
        for (var i = 0; i < rank; i++)
        {
            var crop = Crop(i, kernel.Dims[i]);
            dims[i + 1] = x.Dims[i + 1] == Shape.Unknown
                ? Shape.Unknown
                : ((x.Dims[i + 1] - 1) * Window.Strides[i]) + Window.Extent(kernel.Dims[i], i) - crop.Begin - crop.End;
        }

        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }

    /// <summary>Positions cropped from the full result <c>(in - 1) s + (k - 1) d + 1</c>; a negative end adds positions that no input reaches.</summary>
    public (int Begin, int End) Crop(int axis, int kernel)
    {
        var (extent, stride) = (Window.Extent(kernel, axis), Window.Strides[axis]);
        if (Window.Pads.IsExplicit) return (Window.Pads.Begin[axis], Window.Pads.End[axis]);
        var given = OutputPadding.Count > 0;
        if (Window.Pads.Mode == Padding.Valid) return (0, -(given ? OutputPadding[axis] : Math.Max(extent, stride) - extent));
        var padding = given ? extent + (extent % 2) - 2 + OutputPadding[axis] : stride + extent - 2;
        var left = Math.Min((padding / 2) + (padding % 2), extent - 1);
        return (extent - 1 - left, extent - 1 - (padding - left));
    }

    /// <summary>The convolution whose input gradient this is.</summary>
    public Window Adjoint(Shape kernel)
    {
        var begin = new int[Window.SpatialRank];
        var end = new int[Window.SpatialRank];
        for (var i = 0; i < begin.Length; i++)
        {
            var crop = Crop(i, kernel.Dims[i]);
            begin[i] = crop.Begin;
            end[i] = Math.Max(crop.End, 0);
        }

        return Window with { Pads = Pads.Explicit([.. begin], [.. end]) };
    }
}
