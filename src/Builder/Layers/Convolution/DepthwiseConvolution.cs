using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>
/// Convolves each channel separately, with <c>depthMultiplier</c> filters per channel:
/// <c>y[p, c m + i] = activation(sum(x[stride p + dilation k, c] W[k, c, i]) + b)</c>.
/// </summary>
/// <remarks>Weights: kernel (window..., channels, depthMultiplier), bias (channels depthMultiplier).</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class DepthwiseConvolution : ConvolutionLayer
{
    private protected DepthwiseConvolution(
        int rank,
        IntValues kernelSize,
        IntValues strides,
        Padding padding,
        int depthMultiplier,
        DataFormat dataFormat,
        IntValues dilationRate,
        Activation? activation,
        bool useBias,
        Initializer? depthwiseInitializer,
        Initializer? biasInitializer,
        Regularizer? depthwiseRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? depthwiseConstraint,
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
        DepthMultiplier = Check.Positive(depthMultiplier, GetType().Name, nameof(depthMultiplier));
        DepthwiseInitializer = depthwiseInitializer ?? Initializer.GlorotUniform;
        DepthwiseRegularizer = depthwiseRegularizer;
        DepthwiseConstraint = depthwiseConstraint;
    }

    /// <summary>Output channels per input channel.</summary>
    public int DepthMultiplier { get; }

    /// <summary>Initializer of the kernel.</summary>
    public Initializer DepthwiseInitializer { get; }

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? DepthwiseRegularizer { get; }

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? DepthwiseConstraint { get; }

    private protected sealed override SymbolicTensor Convolve(SymbolicTensor x)
    {
        var kernel = Weight(
            "kernel",
            Shape.Of([.. KernelSize, x.Shape.Dim(-1), DepthMultiplier]),
            DepthwiseInitializer,
            regularizer: DepthwiseRegularizer,
            constraint: DepthwiseConstraint);
        return Convolved(new Operators.Conv(Window(x.Shape.Dim(-1))), x, Grouped(kernel), Bias(x.Shape.Dim(-1) * DepthMultiplier));
    }

    /// <summary>
    /// (window..., channels, m) as the kernel of a convolution with one group per channel, (window..., 1, channels m): the elements have the same order.
    /// </summary>
    internal static SymbolicTensor Grouped(SymbolicTensor kernel)
    {
        var dims = kernel.Shape.Dims;
        return Ops.Reshape(kernel, [.. dims[..^2], 1, dims[^2] * dims[^1]]);
    }
}

/// <summary>A depthwise convolution over one axis, such as time.</summary>
/// <remarks>
/// <para>
/// Input: (batch, steps, channels). Output: (batch, new steps, channels depthMultiplier). Weights: kernel (window, channels, depthMultiplier), bias (channels
/// depthMultiplier).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/depthwise_convolution1d/</para>
/// </remarks>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated. Causal: a step reads no later one.</param>
/// <param name="depthMultiplier">Output channels of the depthwise step per input channel.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="depthwiseInitializer">Initializer of the depthwise kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="depthwiseRegularizer">A penalty on the depthwise kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="depthwiseConstraint">A constraint applied to the depthwise kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class DepthwiseConv1D(
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    int depthMultiplier = 1,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    bool useBias = true,
    Initializer? depthwiseInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? depthwiseRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? depthwiseConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : DepthwiseConvolution(
        1,
        kernelSize,
        strides,
        padding,
        depthMultiplier,
        dataFormat,
        dilationRate,
        activation,
        useBias,
        depthwiseInitializer,
        biasInitializer,
        depthwiseRegularizer,
        biasRegularizer,
        activityRegularizer,
        depthwiseConstraint,
        biasConstraint,
        name);

/// <summary>A depthwise convolution over the two axes of an image.</summary>
/// <remarks>
/// <para>
/// Input: (batch, height, width, channels). Output: (batch, new height, new width, channels depthMultiplier). Weights: kernel (window height, window width,
/// channels, depthMultiplier), bias (channels depthMultiplier).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/</para>
/// </remarks>
/// <param name="kernelSize">The size of the window: one number, or height and width.</param>
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated.</param>
/// <param name="depthMultiplier">Output channels of the depthwise step per input channel.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="depthwiseInitializer">Initializer of the depthwise kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="depthwiseRegularizer">A penalty on the depthwise kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="depthwiseConstraint">A constraint applied to the depthwise kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class DepthwiseConv2D(
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    int depthMultiplier = 1,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    bool useBias = true,
    Initializer? depthwiseInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? depthwiseRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? depthwiseConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : DepthwiseConvolution(
        2,
        kernelSize,
        strides,
        padding,
        depthMultiplier,
        dataFormat,
        dilationRate,
        activation,
        useBias,
        depthwiseInitializer,
        biasInitializer,
        depthwiseRegularizer,
        biasRegularizer,
        activityRegularizer,
        depthwiseConstraint,
        biasConstraint,
        name);
