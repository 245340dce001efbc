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
    private protected DepthwiseConvolution(int rank, IntValues kernelSize, Activation? activation, string? name)
        : base(rank, kernelSize, activation, name)
    {
    }

    /// <summary>Output channels per input channel.</summary>
    public int DepthMultiplier { get; init => field = Check.Positive(value, GetType().Name, nameof(DepthMultiplier)); } = 1;

    /// <summary>Initializer of the kernel.</summary>
    public Initializer DepthwiseInitializer { get; init; } = Initializer.GlorotUniform;

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? DepthwiseRegularizer { get; init; }

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? DepthwiseConstraint { get; init; }

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
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class DepthwiseConv1D(IntValues kernelSize, Activation? activation = null, string? name = null)
    : DepthwiseConvolution(1, kernelSize, activation, name);

/// <summary>A depthwise convolution over the two axes of an image.</summary>
/// <remarks>
/// <para>
/// Input: (batch, height, width, channels). Output: (batch, new height, new width, channels depthMultiplier). Weights: kernel (window height, window width,
/// channels, depthMultiplier), bias (channels depthMultiplier).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/</para>
/// </remarks>
/// <param name="kernelSize">The size of the window: one number, or height and width.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class DepthwiseConv2D(IntValues kernelSize, Activation? activation = null, string? name = null)
    : DepthwiseConvolution(2, kernelSize, activation, name);
