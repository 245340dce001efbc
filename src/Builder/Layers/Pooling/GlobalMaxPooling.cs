namespace OnnxFunctional.Layers;

/// <summary>The maximum of each channel over time or another single axis: <c>y[c] = max(x[p, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, channels), or (batch, 1, channels) with keepdims. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/global_max_pooling1d/</para>
/// </remarks>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="keepdims">Whether the axes of the positions are kept, with size 1.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class GlobalMaxPooling1D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepdims = false, string? name = null)
    : GlobalPoolingLayer(1, dataFormat, keepdims, name)
{
    private protected override SymbolicTensor Pool(SymbolicTensor x) => Ops.Max(x, Positions, Keepdims);
}

/// <summary>The maximum of each channel over the two axes of an image: <c>y[c] = max(x[p, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, channels), or (batch, 1, 1, channels) with keepdims. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/global_max_pooling2d/</para>
/// </remarks>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="keepdims">Whether the axes of the positions are kept, with size 1.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class GlobalMaxPooling2D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepdims = false, string? name = null)
    : GlobalPoolingLayer(2, dataFormat, keepdims, name)
{
    private protected override SymbolicTensor Pool(SymbolicTensor x) => Ops.Max(x, Positions, Keepdims);
}

/// <summary>The maximum of each channel over the three axes of a volume: <c>y[c] = max(x[p, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels). Output: (batch, channels), or (batch, 1, 1, 1, channels) with keepdims. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/global_max_pooling3d/</para>
/// </remarks>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="keepdims">Whether the axes of the positions are kept, with size 1.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class GlobalMaxPooling3D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepdims = false, string? name = null)
    : GlobalPoolingLayer(3, dataFormat, keepdims, name)
{
    private protected override SymbolicTensor Pool(SymbolicTensor x) => Ops.Max(x, Positions, Keepdims);
}
