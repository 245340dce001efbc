using OnnxFunctional.Layers;

namespace OnnxFunctional.Pruning;

/// <summary>The layers that can be made smaller, one row a weight.</summary>
internal static class PrunableLayers
{
    /// <summary>The axis of a weight along which the layer makes its channels, and those along which the weight follows channels made elsewhere (or by the layer's kernel); neither for weights that stay as they are.</summary>
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

    /// <summary>The option that counts the channels a layer makes.</summary>
    public static string ChannelOption(LayerBase layer) => layer is Dense ? nameof(Dense.Units) : nameof(Convolution.Filters);

    /// <summary>Whether the layer may become smaller; a convolution of several groups would need the same number from each.</summary>
    public static bool CanShrink(LayerBase layer) => layer is not Convolution { Groups: > 1 };

    /// <summary>Whether the layer's weights may change their size when it stands in this one: its copy holds a copy of that layer and builds on whatever size it has.</summary>
    public static bool IsTransparent(LayerBase around) => around is Model or TimeDistributed;

    /// <summary>Whether calling the layer again on fewer channels computes the same on those that are left: a built-in one, none of whose options counts channels.</summary>
    public static bool IsUnderstood(LayerBase layer) =>
        layer is Model
        || (layer.GetType().Assembly == typeof(LayerBase).Assembly
            && layer is not (Lambda or GroupNormalization { Groups: > 0 } or Dropout { NoiseShape: not null } or AlphaDropout { NoiseShape: not null }));
}
