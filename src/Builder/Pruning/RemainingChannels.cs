namespace OnnxFunctional.Pruning;

/// <summary>What is left of axes when some channels are gone.</summary>
/// <param name="classes">The classes of channels.</param>
/// <param name="gone">The classes that are removed.</param>
internal sealed class RemainingChannels(ChannelClasses classes, HashSet<int> gone)
{
    /// <summary>The number that is left of channels.</summary>
    public int Count(int[] channels) => channels.Count(Stays);

    /// <summary>The number that is left along an axis: its size, if it has no channels.</summary>
    public int Count(int[]? channels, int size) => channels is null ? size : Count(channels);

    /// <summary>The indices that are left along each axis.</summary>
    public int[][] Indices(int[]?[] axes, Shape shape)
    {
        var dims = shape.Dims.ToArray();
        return [.. axes.Select((channels, axis) => Enumerable.Range(0, dims[axis]).Where(i => channels is null || Stays(channels[i])).ToArray())];
    }

    /// <summary>The elements at the indices of each axis, row by row.</summary>
    public static void Take<T>(ReadOnlySpan<T> source, ReadOnlySpan<int> dims, ReadOnlySpan<int[]> kept, Span<T> destination)
    {
        if (dims.IsEmpty)
        {
            source.CopyTo(destination);
            return;
        }

        if (kept[0].Length == 0) return;
        var (from, to) = (source.Length / dims[0], destination.Length / kept[0].Length);
        for (var i = 0; i < kept[0].Length; i++) Take(source.Slice(kept[0][i] * from, from), dims[1..], kept[1..], destination.Slice(i * to, to));
    }

    private bool Stays(int channel) => !gone.Contains(classes.Find(channel));
}
