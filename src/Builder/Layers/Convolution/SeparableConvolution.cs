using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>A depthwise convolution, followed by a pointwise one that mixes the channels at each position (Chollet 2017).</summary>
/// <remarks>
/// Weights: depthwise_kernel (window..., channels, depthMultiplier), pointwise_kernel (1..., channels depthMultiplier, filters), bias (filters).
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SeparableConvolution : ConvolutionLayer
{
    private protected SeparableConvolution(int rank, int filters, IntValues kernelSize, Activation? activation, string? name)
        : base(rank, kernelSize, activation, name) => Filters = Check.Positive(filters, GetType().Name, nameof(filters));

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>Channels per input channel after the depthwise step.</summary>
    public int DepthMultiplier { get; init => field = Check.Positive(value, GetType().Name, nameof(DepthMultiplier)); } = 1;

    /// <summary>Initializer of the depthwise kernel.</summary>
    public Initializer DepthwiseInitializer { get; init; } = Initializer.GlorotUniform;

    /// <summary>Initializer of the pointwise kernel.</summary>
    public Initializer PointwiseInitializer { get; init; } = Initializer.GlorotUniform;

    /// <summary>A penalty on the depthwise kernel.</summary>
    public Regularizer? DepthwiseRegularizer { get; init; }

    /// <summary>A penalty on the pointwise kernel.</summary>
    public Regularizer? PointwiseRegularizer { get; init; }

    /// <summary>A constraint applied to the depthwise kernel after each step.</summary>
    public Constraint? DepthwiseConstraint { get; init; }

    /// <summary>A constraint applied to the pointwise kernel after each step.</summary>
    public Constraint? PointwiseConstraint { get; init; }

    private protected sealed override SymbolicTensor Convolve(SymbolicTensor x)
    {
        var channels = x.Shape.Dim(-1);
        var depthwise = Weight(
            "depthwise_kernel",
            Shape.Of([.. KernelSize, channels, DepthMultiplier]),
            DepthwiseInitializer,
            regularizer: DepthwiseRegularizer,
            constraint: DepthwiseConstraint);
        var pointwise = Weight(
            "pointwise_kernel",
            Shape.Of([.. Enumerable.Repeat(1, SpatialRank), channels * DepthMultiplier, Filters]),
            PointwiseInitializer,
            regularizer: PointwiseRegularizer,
            constraint: PointwiseConstraint);
        var spread = Ops.Make(new Operators.Conv(Window(channels)), x, DepthwiseConvolution.Grouped(depthwise));
        var ones = IntList.Repeat(1, SpatialRank);
        return Convolved(new Operators.Conv(new Operators.Window(ones, ones, Padding.Valid)), spread, pointwise, Bias(Filters));
    }
}

/// <summary>A separable convolution over one axis, such as time.</summary>
/// <remarks>
/// <para>
/// Input: (batch, steps, channels). Output: (batch, new steps, filters). Weights: depthwise_kernel (window, channels, depthMultiplier), pointwise_kernel (1,
/// channels depthMultiplier, filters), bias (filters).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/separable_convolution1d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class SeparableConv1D(int filters, IntValues kernelSize, Activation? activation = null, string? name = null)
    : SeparableConvolution(1, filters, kernelSize, activation, name);

/// <summary>A separable convolution over the two axes of an image.</summary>
/// <remarks>
/// <para>
/// Input: (batch, height, width, channels). Output: (batch, new height, new width, filters). Weights: depthwise_kernel (window height, window width, channels,
/// depthMultiplier), pointwise_kernel (1, 1, channels depthMultiplier, filters), bias (filters).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/separable_convolution2d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window: one number, or height and width.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class SeparableConv2D(int filters, IntValues kernelSize, Activation? activation = null, string? name = null)
    : SeparableConvolution(2, filters, kernelSize, activation, name);
