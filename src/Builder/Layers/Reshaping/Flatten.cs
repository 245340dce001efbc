namespace OnnxFunctional.Layers;

/// <summary>Flattens each sample to a vector, channels last: <c>(batch, a, b, c)</c> becomes <c>(batch, a b c)</c>.</summary>
/// <remarks>
/// <para>Input: (batch, ...). Output: (batch, product of the rest). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/flatten/</para>
/// </remarks>
/// <param name="dataFormat">Where the channel axis is; channels-first input is transposed to channels-last first.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Flatten(DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null) : Layer(name)
{
    /// <summary>Where the channel axis is; channels-first input is transposed to channels-last first.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 1, "(batch, ...)");
        return Ops.Reshape(ChannelOrder.ToLast(x, DataFormat), 0, -1);
    }
}
