using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>A depthwise convolution, followed by a pointwise one that mixes the channels at each position (Chollet 2017).</summary>
/// <remarks>
/// Weights: depthwise_kernel (window..., channels, depthMultiplier), pointwise_kernel (1..., channels depthMultiplier, filters), bias (filters).
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SeparableConvolution : ConvolutionLayer
{
    private protected SeparableConvolution(
        int rank,
        int filters,
        IntValues kernelSize,
        IntValues strides,
        Padding padding,
        DataFormat dataFormat,
        IntValues dilationRate,
        int depthMultiplier,
        Activation? activation,
        bool useBias,
        Initializer? depthwiseInitializer,
        Initializer? pointwiseInitializer,
        Initializer? biasInitializer,
        Regularizer? depthwiseRegularizer,
        Regularizer? pointwiseRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? depthwiseConstraint,
        Constraint? pointwiseConstraint,
        Constraint? biasConstraint,
        string? name)
        : base(
            rank,
            kernelSize,
            strides,
            padding,
            dataFormat,
            dilationRate,
            activation,
            useBias,
            biasInitializer,
            biasRegularizer,
            activityRegularizer,
            biasConstraint,
            name)
    {
        Filters = Check.Positive(filters, GetType().Name, nameof(filters));
        DepthMultiplier = Check.Positive(depthMultiplier, GetType().Name, nameof(depthMultiplier));
        DepthwiseInitializer = depthwiseInitializer ?? Initializer.GlorotUniform;
        PointwiseInitializer = pointwiseInitializer ?? Initializer.GlorotUniform;
        DepthwiseRegularizer = depthwiseRegularizer;
        PointwiseRegularizer = pointwiseRegularizer;
        DepthwiseConstraint = depthwiseConstraint;
        PointwiseConstraint = pointwiseConstraint;
    }

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>Channels per input channel after the depthwise step.</summary>
    public int DepthMultiplier { get; }

    /// <summary>Initializer of the depthwise kernel.</summary>
    public Initializer DepthwiseInitializer { get; }

    /// <summary>Initializer of the pointwise kernel.</summary>
    public Initializer PointwiseInitializer { get; }

    /// <summary>A penalty on the depthwise kernel.</summary>
    public Regularizer? DepthwiseRegularizer { get; }

    /// <summary>A penalty on the pointwise kernel.</summary>
    public Regularizer? PointwiseRegularizer { get; }

    /// <summary>A constraint applied to the depthwise kernel after each step.</summary>
    public Constraint? DepthwiseConstraint { get; }

    /// <summary>A constraint applied to the pointwise kernel after each step.</summary>
    public Constraint? PointwiseConstraint { get; }

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
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated. Causal: a step reads no later one.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="depthMultiplier">Output channels of the depthwise step per input channel.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="depthwiseInitializer">Initializer of the depthwise kernel; Glorot uniform by default.</param>
/// <param name="pointwiseInitializer">Initializer of the pointwise kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="depthwiseRegularizer">A penalty on the depthwise kernel.</param>
/// <param name="pointwiseRegularizer">A penalty on the pointwise kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="depthwiseConstraint">A constraint applied to the depthwise kernel after each step.</param>
/// <param name="pointwiseConstraint">A constraint applied to the pointwise kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class SeparableConv1D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    int depthMultiplier = 1,
    Activation? activation = null,
    bool useBias = true,
    Initializer? depthwiseInitializer = null,
    Initializer? pointwiseInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? depthwiseRegularizer = null,
    Regularizer? pointwiseRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? depthwiseConstraint = null,
    Constraint? pointwiseConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : SeparableConvolution(
        1,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        depthMultiplier,
        activation,
        useBias,
        depthwiseInitializer,
        pointwiseInitializer,
        biasInitializer,
        depthwiseRegularizer,
        pointwiseRegularizer,
        biasRegularizer,
        activityRegularizer,
        depthwiseConstraint,
        pointwiseConstraint,
        biasConstraint,
        name);

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
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="depthMultiplier">Output channels of the depthwise step per input channel.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="depthwiseInitializer">Initializer of the depthwise kernel; Glorot uniform by default.</param>
/// <param name="pointwiseInitializer">Initializer of the pointwise kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="depthwiseRegularizer">A penalty on the depthwise kernel.</param>
/// <param name="pointwiseRegularizer">A penalty on the pointwise kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="depthwiseConstraint">A constraint applied to the depthwise kernel after each step.</param>
/// <param name="pointwiseConstraint">A constraint applied to the pointwise kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class SeparableConv2D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    int depthMultiplier = 1,
    Activation? activation = null,
    bool useBias = true,
    Initializer? depthwiseInitializer = null,
    Initializer? pointwiseInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? depthwiseRegularizer = null,
    Regularizer? pointwiseRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? depthwiseConstraint = null,
    Constraint? pointwiseConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : SeparableConvolution(
        2,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        depthMultiplier,
        activation,
        useBias,
        depthwiseInitializer,
        pointwiseInitializer,
        biasInitializer,
        depthwiseRegularizer,
        pointwiseRegularizer,
        biasRegularizer,
        activityRegularizer,
        depthwiseConstraint,
        pointwiseConstraint,
        biasConstraint,
        name);
