using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>
/// Every output is a weighted sum over a window of positions and the channels of its group:
/// <c>y[p, f] = activation(sum(x[stride p + dilation k, c] W[k, c, f]) + b[f])</c>.
/// </summary>
/// <remarks>Weights: kernel (window..., channels / groups, filters), bias (filters).</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class Convolution : ConvolutionLayer
{
    private protected Convolution(
        int rank,
        int filters,
        IntValues kernelSize,
        IntValues strides,
        Padding padding,
        DataFormat dataFormat,
        IntValues dilationRate,
        int groups,
        Activation? activation,
        bool useBias,
        Initializer? kernelInitializer,
        Initializer? biasInitializer,
        Regularizer? kernelRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? kernelConstraint,
        Constraint? biasConstraint,
        int? loraRank,
        double? loraAlpha,
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
        UseLora(loraRank, loraAlpha);
        Filters = Check.Positive(filters, GetType().Name, nameof(filters));
        Groups = Check.Positive(groups, GetType().Name, nameof(groups));
        KernelInitializer = kernelInitializer ?? Initializer.GlorotUniform;
        KernelRegularizer = kernelRegularizer;
        KernelConstraint = kernelConstraint;
    }

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>The number of groups into which input and output channels are split; each is convolved separately.</summary>
    public int Groups { get; }

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer { get; }

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get; }

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint { get; }

    /// <summary>The rank of the adapter that is trained beside the kernel; null without. See <see cref="LayerBase.EnableLora"/>.</summary>
    public int? LoraRank => Lora?.Rank;

    /// <summary>The factor on the adapter is this by the rank; null for the rank.</summary>
    public double? LoraAlpha => Lora?.Alpha;

    private protected sealed override SymbolicTensor Convolve(SymbolicTensor x)
    {
        var channels = x.Shape.Dim(-1);
        if (channels % Groups != 0)
            throw new ModelException($"{channels} channels of {x.Shape} cannot be split into groups: {Groups}; choose a divisor of {channels}.");
        if (Filters % Groups != 0) throw new ModelException($"{Filters} filters cannot be split into groups: {Groups}; choose a multiple of {Groups}.");
        var kernel = AdaptableWeight("kernel", Shape.Of([.. KernelSize, channels / Groups, Filters]), KernelInitializer, KernelRegularizer, KernelConstraint);
        return Convolved(new Operators.Conv(Window(Groups)), x, kernel, Bias(Filters));
    }
}

/// <summary>A convolution over one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, new steps, filters). Weights: kernel (window, channels / groups, filters), bias (filters).</para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/convolution1d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated. Causal: a step reads no later one.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="groups">The number of groups into which input and output channels are split; each is convolved separately.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="loraRank">The rank of an adapter that is trained beside the frozen kernel, as by <c>EnableLora</c>; default: none.</param>
/// <param name="loraAlpha">The factor on the adapter is this by the rank; default: the rank.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv1D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    int groups = 1,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    int? loraRank = null,
    double? loraAlpha = null,
    string? name = null)
    : Convolution(
        1,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        groups,
        activation,
        useBias,
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        loraRank,
        loraAlpha,
        name);

/// <summary>A convolution over the two axes of an image.</summary>
/// <remarks>
/// <para>
/// Input: (batch, height, width, channels). Output: (batch, new height, new width, filters). Weights: kernel (window height, window width, channels / groups,
/// filters), bias (filters).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/convolution2d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window: one number, or height and width.</param>
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="groups">The number of groups into which input and output channels are split; each is convolved separately.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="loraRank">The rank of an adapter that is trained beside the frozen kernel, as by <c>EnableLora</c>; default: none.</param>
/// <param name="loraAlpha">The factor on the adapter is this by the rank; default: the rank.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
/// <example><code>
/// var maps = new Conv2D(32, 3, strides: 2, padding: Padding.Same, activation: Activation.Relu).Call(Model.Input([28, 28, 1]));
/// </code></example>
public sealed class Conv2D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    int groups = 1,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    int? loraRank = null,
    double? loraAlpha = null,
    string? name = null)
    : Convolution(
        2,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        groups,
        activation,
        useBias,
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        loraRank,
        loraAlpha,
        name);

/// <summary>A convolution over the three axes of a volume.</summary>
/// <remarks>
/// <para>
/// Input: (batch, depth, height, width, channels). Output: (batch, new depth, new height, new width, filters). Weights: kernel (window..., channels / groups,
/// filters), bias (filters).
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/convolution3d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window: one number, or depth, height and width.</param>
/// <param name="strides">The stride between windows; 1 by default.</param>
/// <param name="padding">How the border is treated.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The distance between the positions that a window reads; 1 by default.</param>
/// <param name="groups">The number of groups into which input and output channels are split; each is convolved separately.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="loraRank">The rank of an adapter that is trained beside the frozen kernel, as by <c>EnableLora</c>; default: none.</param>
/// <param name="loraAlpha">The factor on the adapter is this by the rank; default: the rank.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Conv3D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    int groups = 1,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    int? loraRank = null,
    double? loraAlpha = null,
    string? name = null)
    : Convolution(
        3,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        groups,
        activation,
        useBias,
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        loraRank,
        loraAlpha,
        name);
