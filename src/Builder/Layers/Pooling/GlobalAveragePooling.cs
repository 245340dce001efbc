namespace OnnxFunctional.Layers;

/// <summary>The mean of each channel over time or another single axis: <c>y[c] = mean(x[p, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, channels), or (batch, 1, channels) with keepdims. No weights.</para>
/// <para>With a mask, only unmasked positions count: <c>sum(mask x) / sum(mask)</c>; a sample without any gives NaN, as in Keras, and a warning
/// (<see cref="WarningKind.NothingUnmasked"/>).</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/global_average_pooling1d/</para>
/// </remarks>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="keepdims">Whether the axes of the positions are kept, with size 1.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class GlobalAveragePooling1D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepdims = false, string? name = null)
    : GlobalPoolingLayer(1, dataFormat, keepdims, name)
{
    private protected override SymbolicTensor Pool(SymbolicTensor x)
    {
        if (x.Mask is null) return Ops.Mean(x, Positions, Keepdims);
        var mask = Ops.ExpandDims(Ops.Cast(x.Mask, x.DType), DataFormat == DataFormat.ChannelsLast ? 2 : 1);
        var count = Ops.Make(new Operators.MaskCount(), Ops.Sum(mask, Positions, Keepdims));
        return Ops.Sum(x * mask, Positions, Keepdims) / count;
    }
}

/// <summary>The mean of each channel over the two axes of an image: <c>y[c] = mean(x[p, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, channels), or (batch, 1, 1, channels) with keepdims. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/global_average_pooling2d/</para>
/// </remarks>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="keepdims">Whether the axes of the positions are kept, with size 1.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class GlobalAveragePooling2D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepdims = false, string? name = null)
    : GlobalPoolingLayer(2, dataFormat, keepdims, name)
{
    private protected override SymbolicTensor Pool(SymbolicTensor x) => Ops.Mean(x, Positions, Keepdims);
}

/// <summary>The mean of each channel over the three axes of a volume: <c>y[c] = mean(x[p, c])</c>.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels). Output: (batch, channels), or (batch, 1, 1, 1, channels) with keepdims. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/global_average_pooling3d/</para>
/// </remarks>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="keepdims">Whether the axes of the positions are kept, with size 1.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class GlobalAveragePooling3D(DataFormat dataFormat = DataFormat.ChannelsLast, bool keepdims = false, string? name = null)
    : GlobalPoolingLayer(3, dataFormat, keepdims, name)
{
    private protected override SymbolicTensor Pool(SymbolicTensor x) => Ops.Mean(x, Positions, Keepdims);
}
