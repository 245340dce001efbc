namespace OnnxFunctional.Layers;

/// <summary>
/// In training, spreads the values of a batch of images so that all are about equally frequent, each channel by itself.
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels), the number of channels known. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/equalization/</para>
/// </remarks>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="bins">The number of steps in which values are counted.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of steps is not positive.</exception>
public sealed class Equalization(DoubleValues valueRange = default, int bins = 256, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : RandomColorLayer(valueRange, null, dataFormat, name)
{
    /// <summary>The number of steps in which values are counted.</summary>
    public int Bins { get; } = Check.Positive(bins, "Equalization", nameof(bins));

    internal override SymbolicTensor Changed(SymbolicTensor x) => ValueRanges.AsBytes(x, ValueRange, Equalized);

    private SymbolicTensor Equalized(SymbolicTensor bytes)
    {
        var channels = Check.Known(bytes, 3, "the number of channels");
        var firsts = Ops.Constant(Shape.Of(channels), [.. Enumerable.Range(0, channels).Select(channel => (float)(channel * Bins))]);
        var steps = Ops.Cast(Ops.Clip(Ops.Floor(bytes * (Bins - 1) / 255), 0, Bins - 1) + firsts, DType.Int64);
        var counts = Ops.Make(
            new Operators.GatherGradient(0),
            Ops.OnesLike(Ops.Reshape(bytes, -1)),
            Ops.Reshape(steps, -1),
            Ops.Constant(Shape.Of(channels * Bins), new float[channels * Bins]));
        counts = Ops.Reshape(counts, channels, Bins);
        var sums = Ops.CumSum(counts, 1);
        var all = Ops.Slice(sums, 1, -1);
        var least = Ops.Min(Ops.Where(Ops.Greater(sums, 0), sums, all), 1, keepdims: true);
        var range = all - least;
        var table = Ops.Clip(Ops.Round((sums - least) * 255 / Ops.Where(Ops.Equal(range, 0), 1, range)), 0, 255);
        var used = Ops.Sum(Ops.Cast(Ops.Greater(counts, 0), DType.Float32), 1);
        return Ops.Where(Ops.Greater(used, 1), Ops.Take(Ops.Reshape(table, -1), steps), bytes);
    }
}

/// <summary>Stretches the values of each image over the whole range, each channel by itself; in training and in inference, as in Keras.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/auto_contrast/</para>
/// </remarks>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class AutoContrast(DoubleValues valueRange = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null) : Layer(name)
{
    /// <summary>The smallest and the largest value of an image.</summary>
    public DoubleValues ValueRange { get; } = ValueRanges.OrBytes(valueRange);

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, 2, DataFormat);
        return ChannelOrder.FromLast(Stretched(ChannelOrder.ToLast(Ops.Cast(x, DType.Float32), DataFormat)), DataFormat);
    }

    /// <summary>Channels-last images, stretched.</summary>
    internal SymbolicTensor Stretched(SymbolicTensor x)
    {
        var (low, high) = (Ops.Min(x, [1, 2], keepdims: true), Ops.Max(x, [1, 2], keepdims: true));
        var (least, most) = ValueRanges.Of(ValueRange);
        var range = high - low;
        var share = (x - low) / Ops.Where(Ops.Greater(range, 0), range, 1);
        return Ops.Where(Ops.Greater(range, 0), (Ops.Clip(share, 0, 1) * (most - least)) + least, x);
    }
}
