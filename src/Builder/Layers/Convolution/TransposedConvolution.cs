using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>
/// The transpose of a convolution: every input position adds a weighted window to the output, <c>y[stride p + dilation k, f] += x[p, c] W[k, f, c]</c>.
/// </summary>
/// <remarks>
/// <para>
/// Output positions along an axis, with <c>w = (kernel - 1) dilation + 1</c>: valid <c>(n - 1) stride + max(w, stride)</c>, same <c>n stride</c>; with an
/// output padding: valid <c>(n - 1) stride + w + padding</c>, same <c>(n - 1) stride + w % 2 + padding</c>.
/// </para>
/// <para>Weights: kernel (window..., filters, channels), bias (filters).</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TransposedConvolution : ConvolutionLayer
{
    private protected TransposedConvolution(int rank, int filters, IntValues kernelSize, Activation? activation, string? name)
        : base(rank, kernelSize, activation, name) => Filters = Check.Positive(filters, GetType().Name, nameof(filters));

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>Positions added at the end of each axis, fewer than the stride; Keras' choice by default.</summary>
    public IntValues? OutputPadding { get; init => field = value?.For(SpatialRank, GetType().Name, nameof(OutputPadding), minimum: 0); }

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer { get; init; } = Initializer.GlorotUniform;

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get; init; }

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint { get; init; }

    private protected sealed override bool AllowsCausal => false;

    private protected sealed override SymbolicTensor Convolve(SymbolicTensor x)
    {
        if (OutputPadding is { } padding && padding.Zip(Strides).Any(pair => pair.First >= pair.Second))
            throw new ModelException($"OutputPadding {padding} is not below Strides {Strides} along every axis; choose smaller values.");
        var kernel = Weight(
            "kernel",
            Shape.Of([.. KernelSize, Filters, x.Shape.Dim(-1)]),
            KernelInitializer,
            regularizer: KernelRegularizer,
            constraint: KernelConstraint);
        return Convolved(new Operators.ConvTranspose(Window(1), OutputPadding?.List ?? []), x, kernel, Bias(Filters));
    }
}

/// <summary>A transposed convolution over one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, new steps, filters). Weights: kernel (window, filters, channels), bias (filters).</para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/convolution1d_transpose/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv1DTranspose(int filters, IntValues kernelSize, Activation? activation = null, string? name = null)
    : TransposedConvolution(1, filters, kernelSize, activation, name);

/// <summary>A transposed convolution over the two axes of an image.</summary>
/// <remarks>
/// <para>
/// Input: (batch, height, width, channels). Output: (batch, new height, new width, filters). Weights: kernel (window height, window width, filters, channels),
/// bias (filters).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/convolution2d_transpose/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window: one number, or height and width.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv2DTranspose(int filters, IntValues kernelSize, Activation? activation = null, string? name = null)
    : TransposedConvolution(2, filters, kernelSize, activation, name);

/// <summary>A transposed convolution over the three axes of a volume.</summary>
/// <remarks>
/// <para>
/// Input: (batch, depth, height, width, channels). Output: (batch, new depth, new height, new width, filters). Weights: kernel (window..., filters, channels),
/// bias (filters).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/convolution3d_transpose/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window: one number, or depth, height and width.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv3DTranspose(int filters, IntValues kernelSize, Activation? activation = null, string? name = null)
    : TransposedConvolution(3, filters, kernelSize, activation, name);
