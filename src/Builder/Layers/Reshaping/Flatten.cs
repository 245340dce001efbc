namespace OnnxFunctional.Layers;

/// <summary>All numbers of a sample in one row, channels last: <c>(batch, a, b, c)</c> becomes <c>(batch, a b c)</c>.</summary>
/// <remarks>
/// <para>Input: (batch, ...). Output: (batch, product of the rest). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/flatten/</para>
/// </remarks>
/// <param name="name">Its name; a model makes one if none is given.</param>
public sealed class Flatten(string? name = null) : Layer(name)
{
    /// <summary>Where the channels stand; channels-first input is brought to channels-last order first.</summary>
    public DataFormat DataFormat { get; init; }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 1, "(batch, ...)");
        return Ops.Reshape(ChannelOrder.ToLast(x, DataFormat), 0, -1);
    }
}
