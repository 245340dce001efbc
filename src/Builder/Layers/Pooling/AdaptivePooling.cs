using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the adaptive poolings: the positions are divided into a given number of windows, and each yields one value.</summary>
/// <remarks>
/// <para>
/// Window i of an axis goes from <c>floor(i n / out)</c> to <c>ceil((i + 1) n / out)</c>, so windows may overlap. No weights; the input's positions must be
/// known.
/// </para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AdaptivePoolingLayer : SpatialLayer
{
    private protected AdaptivePoolingLayer(int rank, IntValues outputSize, DataFormat dataFormat, string? name)
        : base(rank, dataFormat, name) => OutputSize = outputSize.For(rank, GetType().Name, nameof(outputSize));

    /// <summary>Positions of the output along each axis.</summary>
    public IntValues OutputSize { get; }

    private protected sealed override SymbolicTensor Compute(SymbolicTensor x)
    {
        var image = ChannelOrder.ToLast(x, DataFormat);
        var sizes = Enumerable.Range(0, SpatialRank).Select(i => Check.Known(image, i + 1, "the number of positions")).ToArray();
        if (sizes.Zip(OutputSize).All(pair => pair.First % pair.Second == 0))
        {
            IntList window = [.. sizes.Zip(OutputSize, (size, output) => size / output)];
            return ChannelOrder.FromLast(Ops.Make(Window(window), image), DataFormat);
        }

        // Windows of unequal size: one axis after the other, which is right for mean and maximum because a window is a product of intervals.
        for (var axis = 1; axis <= SpatialRank; axis++)
        {
            var (size, output) = (sizes[axis - 1], OutputSize[axis - 1]);
            if (size == output) continue;
            var windows = new SymbolicTensor[output];
            for (var i = 0; i < output; i++)
                windows[i] = Reduce(Ops.Slice(image, axis, i * size / output, (((i + 1) * size) + output - 1) / output), axis);
            image = Ops.Concatenate([.. windows], axis);
        }

        return ChannelOrder.FromLast(image, DataFormat);
    }

    /// <summary>The pooling by adjacent windows of equal size.</summary>
    private protected abstract Op Window(IntList size);

    /// <summary>The pooling of one axis to size 1.</summary>
    private protected abstract SymbolicTensor Reduce(SymbolicTensor x, int axis);
}

/// <summary>The base of the adaptive average poolings.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AdaptiveAveragePooling : AdaptivePoolingLayer
{
    private protected AdaptiveAveragePooling(int rank, IntValues outputSize, DataFormat dataFormat, string? name)
        : base(rank, outputSize, dataFormat, name)
    {
    }

    private protected sealed override Op Window(IntList size) => new Operators.AveragePool(size, size, Padding.Valid);

    private protected sealed override SymbolicTensor Reduce(SymbolicTensor x, int axis) => Ops.Mean(x, axis, keepdims: true);
}

/// <summary>The mean of each of a given number of windows over one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels), positions known. Output: (batch, outputSize..., channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/adaptive_average_pooling1d/</para>
/// </remarks>
/// <param name="outputSize">Positions of the output along each axis.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class AdaptiveAveragePooling1D(IntValues outputSize, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : AdaptiveAveragePooling(1, outputSize, dataFormat, name);

/// <summary>The mean of each of a given number of windows over the two axes of an image.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels), positions known. Output: (batch, outputSize..., channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/adaptive_average_pooling2d/</para>
/// </remarks>
/// <param name="outputSize">Positions of the output along each axis.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class AdaptiveAveragePooling2D(IntValues outputSize, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : AdaptiveAveragePooling(2, outputSize, dataFormat, name);

/// <summary>The mean of each of a given number of windows over the three axes of a volume.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels), positions known. Output: (batch, outputSize..., channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/adaptive_average_pooling3d/</para>
/// </remarks>
/// <param name="outputSize">Positions of the output along each axis.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class AdaptiveAveragePooling3D(IntValues outputSize, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : AdaptiveAveragePooling(3, outputSize, dataFormat, name);

/// <summary>The base of the adaptive max poolings.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AdaptiveMaxPooling : AdaptivePoolingLayer
{
    private protected AdaptiveMaxPooling(int rank, IntValues outputSize, DataFormat dataFormat, string? name)
        : base(rank, outputSize, dataFormat, name)
    {
    }

    private protected sealed override Op Window(IntList size) => new Operators.MaxPool(size, size, Padding.Valid);

    private protected sealed override SymbolicTensor Reduce(SymbolicTensor x, int axis) => Ops.Max(x, axis, keepdims: true);
}

/// <summary>The maximum of each of a given number of windows over one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels), positions known. Output: (batch, outputSize..., channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/adaptive_max_pooling1d/</para>
/// </remarks>
/// <param name="outputSize">Positions of the output along each axis.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class AdaptiveMaxPooling1D(IntValues outputSize, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : AdaptiveMaxPooling(1, outputSize, dataFormat, name);

/// <summary>The maximum of each of a given number of windows over the two axes of an image.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels), positions known. Output: (batch, outputSize..., channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/adaptive_max_pooling2d/</para>
/// </remarks>
/// <param name="outputSize">Positions of the output along each axis.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class AdaptiveMaxPooling2D(IntValues outputSize, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : AdaptiveMaxPooling(2, outputSize, dataFormat, name);

/// <summary>The maximum of each of a given number of windows over the three axes of a volume.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels), positions known. Output: (batch, outputSize..., channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/adaptive_max_pooling3d/</para>
/// </remarks>
/// <param name="outputSize">Positions of the output along each axis.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class AdaptiveMaxPooling3D(IntValues outputSize, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : AdaptiveMaxPooling(3, outputSize, dataFormat, name);
