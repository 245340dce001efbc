using System.ComponentModel;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>An LSTM whose products are convolutions, for sequences of images (Shi et al. 2015).</summary>
/// <remarks>
/// <para>
/// <c>i, f, o = recurrentActivation(x * W + h * R + b)</c>, <c>g = activation(x * W + h * R + b)</c>, <c>c' = f c + i g</c>, <c>h' = o activation(c')</c>; the
/// recurrent convolution has padding same and stride 1.
/// </para>
/// <para>
/// A known number of steps unrolls the loop. An unknown one makes it a Scan in exported files, which then take sequences of any length; RecurrentDropout needs
/// a known one.
/// </para>
/// <para>Weights: kernel (window..., channels, 4 filters), recurrent_kernel (window..., filters, 4 filters), bias (4 filters).</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ConvLstm : GatedRecurrentLayer
{
    private protected ConvLstm(
        int rank,
        int filters,
        IntValues kernelSize,
        IntValues strides,
        Padding padding,
        DataFormat dataFormat,
        IntValues dilationRate,
        Activation? activation,
        Activation? recurrentActivation,
        bool useBias,
        Initializer? kernelInitializer,
        Initializer? recurrentInitializer,
        Initializer? biasInitializer,
        bool unitForgetBias,
        Regularizer? kernelRegularizer,
        Regularizer? recurrentRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? kernelConstraint,
        Constraint? recurrentConstraint,
        Constraint? biasConstraint,
        double dropout,
        double recurrentDropout,
        int? seed,
        bool returnSequences,
        bool returnState,
        bool goBackwards,
        bool stateful,
        bool unroll,
        bool zeroOutputForMask,
        string? name)
        : base(
            useBias,
            kernelInitializer,
            recurrentInitializer,
            biasInitializer,
            kernelRegularizer,
            recurrentRegularizer,
            biasRegularizer,
            activityRegularizer,
            kernelConstraint,
            recurrentConstraint,
            biasConstraint,
            dropout,
            recurrentDropout,
            seed,
            returnSequences,
            returnState,
            goBackwards,
            stateful,
            unroll,
            zeroOutputForMask,
            name)
    {
        SpatialRank = rank;
        Filters = Check.Positive(filters, GetType().Name, nameof(filters));
        KernelSize = kernelSize.For(rank, GetType().Name, nameof(kernelSize));
        Strides = strides.OrOnes(rank, GetType().Name, nameof(strides));
        Padding = padding != Padding.Causal ? padding : throw Check.Option(GetType().Name, nameof(padding), nameof(Padding.Causal), "Valid or Same");
        DataFormat = dataFormat;
        DilationRate = dilationRate.OrOnes(rank, GetType().Name, nameof(dilationRate));
        Activation = activation ?? Activation.Tanh;
        RecurrentActivation = recurrentActivation ?? Activation.Sigmoid;
        UnitForgetBias = unitForgetBias;
    }

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>The size of the window along each axis.</summary>
    public IntValues KernelSize { get; }

    /// <summary>The stride of the input's convolution.</summary>
    public IntValues Strides { get; }

    /// <summary>How the border is treated in the input's convolution.</summary>
    public Padding Padding { get; }

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; }

    /// <summary>The dilation of the input's convolution: the distance between the positions that a window reads.</summary>
    public IntValues DilationRate { get; }

    /// <summary>Activation of the new input and the cell state.</summary>
    public Activation Activation { get; }

    /// <summary>Activation of the gates.</summary>
    public Activation RecurrentActivation { get; }

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias => Options.UseBias;

    /// <summary>Whether the forget gate's bias starts at one.</summary>
    public bool UnitForgetBias { get; }

    private protected int SpatialRank { get; }

    private protected sealed override void CheckInput(SymbolicTensor x)
    {
        Check.Rank(
            x,
            SpatialRank + 3,
            $"the batch, time, {SpatialRank} axes of positions, and the channels",
            "A Reshape makes an image a sequence of one; the shape given to Model.Input excludes the batch.");
        if (Strides.Any(stride => stride > 1) && DilationRate.Any(rate => rate > 1))
            throw new ModelException($"strides {Strides} and dilationRate {DilationRate} are both above 1, which Keras does not define; set one of them to 1.");
        for (var axis = 2; axis < x.Rank; axis++) Check.Known(x, axis, "positions and channels");
    }

    private protected sealed override IReadOnlyList<Shape> StateShapes(SymbolicTensor x)
    {
        var image = x.Shape.Remove(1);
        var last = DataFormat == DataFormat.ChannelsLast ? image : Shape.Of([image.Dim(0), .. image.Dims[2..], image.Dim(1)]);
        var state = InputWindow.OutputShape(last, Shape.Of([.. KernelSize, last.Dim(-1), Filters]), "ConvLstm");
        if (DataFormat == DataFormat.ChannelsFirst) state = Shape.Of([state.Dim(0), state.Dim(-1), .. state.Dims[1..^1]]);
        return [state, state];
    }

    private protected sealed override SymbolicTensors Run(SymbolicTensor x, SymbolicTensors states, bool ownTimes)
    {
        if (states.Count == 0) states = [.. StateShapes(x).Select(shape => Zeros(x, shape))];
        states = [.. states.Select(state => ChannelOrder.ToLast(state, DataFormat))];
        var frames = DataFormat == DataFormat.ChannelsLast ? x : Ops.Transpose(x, [0, 1, .. Enumerable.Range(3, SpatialRank), 2]);
        var channels = frames.Shape.Dim(-1);
        var (kernel, recurrent, bias) = Options.Weights(
            this,
            "conv_lstm_cell/",
            Shape.Of([.. KernelSize, channels, 4 * Filters]),
            Shape.Of([.. KernelSize, Filters, 4 * Filters]),
            Shape.Of(4 * Filters),
            UnitForgetBias);
        frames = Options.WithInputDropout(frames, Options.NewStream(), [1]);

        // The input's convolution for all time steps at once, with time folded into the batch; an unknown number of steps cannot be unfolded again.
        var isKnown = frames.Shape[1] is not null;
        var sequence = frames;
        if (frames.Shape[1] is { } steps)
        {
            var convolved = Projected(Ops.Reshape(frames, [-1, .. frames.Shape.Dims[2..]]));
            sequence = Ops.Reshape(convolved, [-1, steps, .. convolved.Shape.Dims[1..]]);
        }

        var ones = IntList.Repeat(1, SpatialRank);
        var recurrence = new Conv(new Window(ones, ones, Padding.Same));
        var stream = Options.NewStream();
        var results = WrittenOut(sequence.WithMask(x.Mask), states, ownTimes, "A convolutional LSTM", (time, before) =>
        {
            var hidden = Options.WithStateDropout(before[0], stream);
            var gates = (isKnown ? time : Projected(time)) + Ops.Make(recurrence, hidden, recurrent);
            return RecurrentSteps.LstmFromGates(gates, before[1], Activation, RecurrentActivation);
        });
        if (DataFormat == DataFormat.ChannelsLast) return results;
        var output = ReturnSequences
            ? Ops.Transpose(results[0], [0, 1, SpatialRank + 2, .. Enumerable.Range(2, SpatialRank)])
            : ChannelOrder.FromLast(results[0], DataFormat);
        return [output, .. results.Skip(1).Select(state => ChannelOrder.FromLast(state, DataFormat))];

        SymbolicTensor Projected(SymbolicTensor images) =>
            bias is null ? Ops.Make(new Conv(InputWindow), images, kernel) : Ops.Make(new Conv(InputWindow), images, kernel, bias);
    }

    private Window InputWindow => new(Strides.List, DilationRate.List, Padding);
}
