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
    private protected ConvLstm(int rank, int filters, IntValues kernelSize, Activation? activation, Activation? recurrentActivation, string? name)
        : base(name)
    {
        SpatialRank = rank;
        Filters = Check.Positive(filters, GetType().Name, nameof(filters));
        KernelSize = kernelSize.For(rank, GetType().Name, nameof(kernelSize));
        Strides = IntValues.Repeat(1, rank);
        DilationRate = IntValues.Repeat(1, rank);
        Activation = activation ?? Activation.Tanh;
        RecurrentActivation = recurrentActivation ?? Activation.Sigmoid;
    }

    /// <summary>Output channels.</summary>
    public int Filters { get; }

    /// <summary>The size of the window along each axis.</summary>
    public IntValues KernelSize { get; }

    /// <summary>The stride of the input's convolution.</summary>
    public IntValues Strides { get; init => field = value.For(SpatialRank, GetType().Name, nameof(Strides)); }

    /// <summary>How the border is treated in the input's convolution.</summary>
    public Padding Padding
    {
        get;
        init => field = value != Padding.Causal ? value : throw Check.Option(GetType().Name, nameof(Padding), nameof(Padding.Causal), "Valid or Same");
    }

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; init; }

    /// <summary>The dilation of the input's convolution: the distance between the positions that a window reads.</summary>
    public IntValues DilationRate { get; init => field = value.For(SpatialRank, GetType().Name, nameof(DilationRate)); }

    /// <summary>Activation of the new input and the cell state.</summary>
    public Activation Activation { get; }

    /// <summary>Activation of the gates.</summary>
    public Activation RecurrentActivation { get; }

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias { get => Options.UseBias; init => Options = Options with { UseBias = value }; }

    /// <summary>Whether the forget gate's bias starts at one.</summary>
    public bool UnitForgetBias { get; init; } = true;

    private protected int SpatialRank { get; }

    private protected sealed override void CheckInput(SymbolicTensor x)
    {
        Check.Rank(
            x,
            SpatialRank + 3,
            $"the batch, time, {SpatialRank} axes of positions, and the channels",
            "A Reshape makes an image a sequence of one; the shape given to Model.Input excludes the batch.");
        if (Strides.Any(stride => stride > 1) && DilationRate.Any(rate => rate > 1))
            throw new ModelException($"Strides {Strides} and DilationRate {DilationRate} are both above 1, which Keras does not define; set one of them to 1.");
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

/// <summary>A convolutional LSTM over one axis.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, steps, channels), all but batch and time known. Output: (batch, new steps, filters), or with ReturnSequences (batch, time, new steps,
/// filters). States: hidden and cell, each (batch, new steps, filters).
/// </para>
/// <para>Weights: kernel (window..., channels, 4 filters), recurrent_kernel (window..., filters, 4 filters), bias (4 filters).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/conv_lstm1d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="activation">Activation of the new input and the cell state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class ConvLstm1D(int filters, IntValues kernelSize, Activation? activation = null, Activation? recurrentActivation = null, string? name = null)
    : ConvLstm(1, filters, kernelSize, activation, recurrentActivation, name)
{
    internal override string ClassName => "ConvLSTM1D";
}

/// <summary>A convolutional LSTM over the two axes of an image.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, height, width, channels), all but batch and time known. Output: (batch, new height, new width, filters), or with ReturnSequences
/// (batch, time, new height, new width, filters). States: hidden and cell, each (batch, new height, new width, filters).
/// </para>
/// <para>Weights: kernel (window..., channels, 4 filters), recurrent_kernel (window..., filters, 4 filters), bias (4 filters).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/conv_lstm2d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="activation">Activation of the new input and the cell state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class ConvLstm2D(int filters, IntValues kernelSize, Activation? activation = null, Activation? recurrentActivation = null, string? name = null)
    : ConvLstm(2, filters, kernelSize, activation, recurrentActivation, name)
{
    internal override string ClassName => "ConvLSTM2D";
}

/// <summary>A convolutional LSTM over the three axes of a volume.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, depth, height, width, channels), all but batch and time known. Output: (batch, new depth, new height, new width, filters), or
/// with ReturnSequences (batch, time, new depth, new height, new width, filters). States: hidden and cell, each (batch, new depth, new height, new width,
/// filters).
/// </para>
/// <para>Weights: kernel (window..., channels, 4 filters), recurrent_kernel (window..., filters, 4 filters), bias (4 filters).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/conv_lstm3d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="activation">Activation of the new input and the cell state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class ConvLstm3D(int filters, IntValues kernelSize, Activation? activation = null, Activation? recurrentActivation = null, string? name = null)
    : ConvLstm(3, filters, kernelSize, activation, recurrentActivation, name)
{
    internal override string ClassName => "ConvLSTM3D";
}
