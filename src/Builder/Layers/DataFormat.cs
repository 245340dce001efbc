namespace OnnxFunctional.Layers;

/// <summary>Where the channels of an image or sequence stand.</summary>
public enum DataFormat
{
    /// <summary>Behind the positions: (batch, height, width, channels). What the engine computes on.</summary>
    ChannelsLast,

    /// <summary>Before the positions: (batch, channels, height, width). The layer moves the axis before and after.</summary>
    ChannelsFirst,
}

/// <summary>Moves the channel axis for layers that were asked for channels-first.</summary>
internal static class ChannelOrder
{
    public static SymbolicTensor ToLast(SymbolicTensor x, DataFormat format) =>
        format == DataFormat.ChannelsLast || x.Rank < 3 ? x : Ops.Transpose(x, [0, .. Enumerable.Range(2, x.Rank - 2), 1]);

    public static SymbolicTensor FromLast(SymbolicTensor x, DataFormat format) =>
        format == DataFormat.ChannelsLast || x.Rank < 3 ? x : Ops.Transpose(x, [0, x.Rank - 1, .. Enumerable.Range(1, x.Rank - 2)]);
}
