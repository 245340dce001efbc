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
    private protected TransposedConvolution(
        int rank,
        int filters,
        IntValues kernelSize,
        IntValues strides,
        Padding padding,
        IntValues? outputPadding,
        DataFormat dataFormat,
        IntValues dilationRate,
        Activation? activation,
        bool useBias,
        Initializer? kernelInitializer,
        Initializer? biasInitializer,
        Regularizer? kernelRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? kernelConstraint,
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
        OutputPadding = outputPadding?.For(rank, GetType().Name, nameof(outputPadding), minimum: 0);
        KernelInitializer = kernelInitializer ?? Initializer.GlorotUniform;
        KernelRegularizer = kernelRegularizer;
        KernelConstraint = kernelConstraint;
    }

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>Positions added at the end of each axis, fewer than the stride; Keras' choice by default.</summary>
    public IntValues? OutputPadding { get; }

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer { get; }

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get; }

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint { get; }

    private protected sealed override bool AllowsCausal => false;

    private protected sealed override SymbolicTensor Convolve(SymbolicTensor x)
    {
        if (OutputPadding is { } padding && padding.Zip(Strides).Any(pair => pair.First >= pair.Second))
            throw new ModelException($"outputPadding {padding} is not below strides {Strides} along every axis; choose smaller values.");
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
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated.</param>
/// <param name="outputPadding">Positions added at the end of each axis, fewer than the stride; Keras' choice by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv1DTranspose(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    IntValues? outputPadding = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : TransposedConvolution(
        1,
        filters,
        kernelSize,
        strides,
        padding,
        outputPadding,
        dataFormat,
        dilationRate,
        activation,
        useBias,
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        name);

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
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated.</param>
/// <param name="outputPadding">Positions added at the end of each axis, fewer than the stride; Keras' choice by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv2DTranspose(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    IntValues? outputPadding = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : TransposedConvolution(
        2,
        filters,
        kernelSize,
        strides,
        padding,
        outputPadding,
        dataFormat,
        dilationRate,
        activation,
        useBias,
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        name);

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
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated.</param>
/// <param name="outputPadding">Positions added at the end of each axis, fewer than the stride; Keras' choice by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv3DTranspose(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    IntValues? outputPadding = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : TransposedConvolution(
        3,
        filters,
        kernelSize,
        strides,
        padding,
        outputPadding,
        dataFormat,
        dilationRate,
        activation,
        useBias,
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        name);
