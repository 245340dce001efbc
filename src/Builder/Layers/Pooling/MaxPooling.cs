namespace OnnxFunctional.Layers;

/// <summary>The maximum of each window over time or another single axis: <c>y[p, c] = max(x[stride p + k, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, new steps, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/max_pooling1d/</para>
/// </remarks>
/// <param name="poolSize">The size of the window; 2 by default.</param>
/// <param name="strides">The stride between windows; the window's size by default.</param>
/// <param name="padding">How the border is treated; padded positions never count.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class MaxPooling1D(
    IntValues poolSize = default,
    IntValues? strides = null,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : PoolingLayer(1, poolSize, strides, padding, dataFormat, name)
{
    private protected override Op Pool(Padding padding) => new Operators.MaxPool(PoolSize.List, Strides.List, padding);
}

/// <summary>The maximum of each window over the two axes of an image: <c>y[p, c] = max(x[stride p + k, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/max_pooling2d/</para>
/// </remarks>
/// <param name="poolSize">The size of the window; 2 by default.</param>
/// <param name="strides">The stride between windows; the window's size by default.</param>
/// <param name="padding">How the border is treated; padded positions never count.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
/// <example><code>
/// var smaller = new MaxPooling2D(2).Call(Model.Input([28, 28, 8]));                               // (None, 14, 14, 8)
/// </code></example>
public sealed class MaxPooling2D(
    IntValues poolSize = default,
    IntValues? strides = null,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : PoolingLayer(2, poolSize, strides, padding, dataFormat, name)
{
    private protected override Op Pool(Padding padding) => new Operators.MaxPool(PoolSize.List, Strides.List, padding);
}

/// <summary>The maximum of each window over the three axes of a volume: <c>y[p, c] = max(x[stride p + k, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels). Output: (batch, new depth, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/max_pooling3d/</para>
/// </remarks>
/// <param name="poolSize">The size of the window; 2 by default.</param>
/// <param name="strides">The stride between windows; the window's size by default.</param>
/// <param name="padding">How the border is treated; padded positions never count.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class MaxPooling3D(
    IntValues poolSize = default,
    IntValues? strides = null,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : PoolingLayer(3, poolSize, strides, padding, dataFormat, name)
{
    private protected override Op Pool(Padding padding) => new Operators.MaxPool(PoolSize.List, Strides.List, padding);
}
