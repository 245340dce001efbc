using OnnxFunctional.Layers;

namespace OnnxFunctional.Pruning;

/// <summary>The layers that can be made smaller, one row per weight.</summary>
internal static class PrunableLayers
{
    /// <summary>
    /// The axis of a weight that counts the layer's output channels, and the axes that follow channels made elsewhere or by the layer's kernel; neither for
    /// weights that keep their size.
    /// </summary>
    public static (int? Made, int[] Followed) AxesOf(LayerBase layer, Weight weight) => (layer, weight.Name) switch
    {
        (Dense, "kernel") => (1, [0]),
        (Dense, "bias") => (null, [0]),
        (Convolution, "kernel") => (weight.Shape.Rank - 1, [weight.Shape.Rank - 2]),
        (Convolution, "bias") => (null, [0]),
        (TransposedConvolution, "kernel") => (weight.Shape.Rank - 2, [weight.Shape.Rank - 1]),
        (TransposedConvolution, "bias") => (null, [0]),
        (SeparableConvolution, "pointwise_kernel") => (weight.Shape.Rank - 1, [weight.Shape.Rank - 2]),
        (SeparableConvolution, "depthwise_kernel") => (null, [weight.Shape.Rank - 2]),
        (SeparableConvolution, "bias") => (null, [0]),
        (DepthwiseConvolution, "kernel") => (null, [weight.Shape.Rank - 2]),
        (DepthwiseConvolution, "bias") => (null, [0]),
        (BatchNormalization, _) => (null, [0]),
        (PRelu, _) => (null, [.. Enumerable.Range(0, weight.Shape.Rank)]),
        _ => (null, []),
    };

    /// <summary>The option that counts the output channels of a layer.</summary>
    public static string ChannelOption(LayerBase layer) => layer is Dense ? nameof(Dense.Units) : nameof(Convolution.Filters);

    /// <summary>Whether the layer may become smaller; a convolution with groups would have to lose the same number from each group.</summary>
    public static bool CanShrink(LayerBase layer) => layer is not Convolution { Groups: > 1 };

    /// <summary>Whether layers inside this one may become smaller: its copy contains their copies and works with any size.</summary>
    public static bool IsTransparent(LayerBase around) => around is Model or TimeDistributed;

    /// <summary>
    /// Whether calling the layer on fewer channels computes the same for those that remain: a built-in layer without an option that counts channels.
    /// </summary>
    public static bool IsUnderstood(LayerBase layer) =>
        layer is Model or OperatorLayer
        || (layer.GetType().Assembly == typeof(LayerBase).Assembly
            && layer is not (Lambda or GroupNormalization { Groups: > 0 } or Dropout { NoiseShape: not null } or AlphaDropout { NoiseShape: not null }));
}
