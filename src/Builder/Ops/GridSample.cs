namespace OnnxFunctional.Operators;

/// <summary>What lies beyond the border of an image.</summary>
internal enum SamplePadding
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The value at the border.</summary>
    Border,

    /// <summary>The image, mirrored at the border.</summary>
    Reflection,
}

/// <summary>
/// Images of (batch, positions..., channels) at the places of a grid (batch, places..., axes): coordinates go from -1 to 1, the last axis first. The result is
/// (batch, places..., channels).
/// </summary>
/// <param name="Mode">How values between positions are made; a cubic kernel is that of -0.75.</param>
/// <param name="Padding">What lies beyond the border.</param>
/// <param name="AlignCorners">Whether -1 and 1 are the centers of the first and last position, not their outer borders.</param>
internal sealed record GridSample(ResizeMode Mode, SamplePadding Padding, bool AlignCorners) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var (x, grid) = (inputs[0].Shape, inputs[1].Shape);
        ShapeRules.RequireFloat(inputs[0], Name);
        ShapeRules.RequireFloat(inputs[1], Name);
        var axes = x.Rank - 2;
        if (axes is < 1 or > 3 || grid.Rank != x.Rank || grid.Dims[^1] != axes || !x.Slice(1, x.Rank - 1).IsKnown || x.Dims[1..^1].Contains(0))
            throw new ModelException($"it samples {x} at {grid}; expected (batch, positions..., channels) of known sizes and places.");
        return [inputs[0] with { Shape = Shape.Of([.. grid.Symbols[..^1], x.Dims[^1]]) }];
    }
}
