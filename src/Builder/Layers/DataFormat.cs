namespace OnnxFunctional.Layers;

/// <summary>Where the channel axis of an image or sequence is.</summary>
public enum DataFormat
{
    /// <summary>After the positions: (batch, height, width, channels). The engine computes in this order.</summary>
    ChannelsLast,

    /// <summary>Before the positions: (batch, channels, height, width). The layer transposes its input and output.</summary>
    ChannelsFirst,
}

/// <summary>Moves the channel axis for layers that were asked for channels-first order.</summary>
internal static class ChannelOrder
{
    public static SymbolicTensor ToLast(SymbolicTensor x, DataFormat format) =>
        format == DataFormat.ChannelsLast || x.Rank < 3 ? x : Ops.Transpose(x, [0, .. Enumerable.Range(2, x.Rank - 2), 1]);

    public static SymbolicTensor FromLast(SymbolicTensor x, DataFormat format) =>
        format == DataFormat.ChannelsLast || x.Rank < 3 ? x : Ops.Transpose(x, [0, x.Rank - 1, .. Enumerable.Range(1, x.Rank - 2)]);
}
