using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the convolutions: a window that slides over the positions of an image or sequence, then a bias and an activation.</summary>
/// <remarks>
/// <para>
/// Output positions along an axis, with <c>w = (kernel - 1) dilation + 1</c>: valid <c>floor((n - w) / stride) + 1</c>, same and causal
/// <c>ceil(n / stride)</c>.
/// </para>
/// <para>Keras: https://keras.io/api/layers/convolution_layers/</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ConvolutionLayer : Layer
{
    private protected ConvolutionLayer(
        int rank,
        IntValues kernelSize,
        IntValues strides,
        Padding padding,
        DataFormat dataFormat,
        IntValues dilationRate,
        Activation? activation,
        bool useBias,
        Initializer? biasInitializer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? biasConstraint,
        string? name)
        : base(name)
    {
        SpatialRank = rank;
        KernelSize = kernelSize.For(rank, GetType().Name, nameof(kernelSize));
        Strides = strides.OrOnes(rank, GetType().Name, nameof(strides));
        Padding = padding != Padding.Causal || AllowsCausal
            ? padding
            : throw Check.Option(
                GetType().Name,
                nameof(padding),
                nameof(Padding.Causal),
                "Valid or Same",
                "Only one-dimensional convolutions have a time axis.");
        DataFormat = dataFormat;
        DilationRate = dilationRate.OrOnes(rank, GetType().Name, nameof(dilationRate));
        Activation = activation ?? Activation.Linear;
        UseBias = useBias;
        BiasInitializer = biasInitializer ?? Initializer.Zeros;
        BiasRegularizer = biasRegularizer;
        BiasConstraint = biasConstraint;
        ActivityRegularizer = activityRegularizer;
    }

    /// <summary>The size of the window along each axis.</summary>
    public IntValues KernelSize { get; }

    /// <summary>The stride between windows along each axis.</summary>
    public IntValues Strides { get; }

    /// <summary>How the border is treated.</summary>
    public Padding Padding { get; }

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; }

    /// <summary>The dilation: the distance between the positions that a window reads along each axis.</summary>
    public IntValues DilationRate { get; }

    /// <summary>Activation applied to the sum.</summary>
    public Activation Activation { get; }

    /// <summary>Whether a bias per channel is added.</summary>
    public bool UseBias { get; }

    /// <summary>Initializer of the bias.</summary>
    public Initializer BiasInitializer { get; }

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer { get; }

    /// <summary>A constraint applied to the bias after each step.</summary>
    public Constraint? BiasConstraint { get; }

    /// <summary>A penalty on the output.</summary>
    public Regularizer? ActivityRegularizer { get; }

    private protected int SpatialRank { get; }

    private protected virtual bool AllowsCausal => SpatialRank == 1;

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, SpatialRank, DataFormat, "A Reshape adds a missing channel axis; the shape given to Model.Input excludes the batch.");
        if (Strides.Any(stride => stride > 1) && DilationRate.Any(rate => rate > 1))
            throw new ModelException($"strides {Strides} and dilationRate {DilationRate} are both above 1, which Keras does not define; set one of them to 1.");
        var image = ChannelOrder.ToLast(x, DataFormat);
        Check.Known(image, -1, "the number of channels");
        var y = Activation.Apply(ChannelOrder.FromLast(Convolve(image), DataFormat));
        if (ActivityRegularizer is not null) AddLoss(ActivityRegularizer.PerSample(y));
        return y;
    }

    /// <summary>The convolution with its bias, channels last.</summary>
    private protected abstract SymbolicTensor Convolve(SymbolicTensor x);

    private protected SymbolicTensor? Bias(int channels) =>
        UseBias ? Weight("bias", Shape.Of(channels), BiasInitializer, regularizer: BiasRegularizer, constraint: BiasConstraint) : null;

    private protected Operators.Window Window(int groups) => new(Strides.List, DilationRate.List, Padding, groups);

    private protected static SymbolicTensor Convolved(Op convolution, SymbolicTensor x, SymbolicTensor kernel, SymbolicTensor? bias) =>
        bias is null ? Ops.Make(convolution, x, kernel) : Ops.Make(convolution, x, kernel, bias);
}
