
namespace OnnxFunctional.Training.Simd;

/// <summary>The sizes of a pooling. Padding never counts: a maximum treats it as minus infinity, a mean leaves it out.</summary>
/// <remarks>
/// Input <c>[Batch, depth, height, width, Channels]</c>, output <c>[Batch, od, oh, ow, Channels]</c>. A single spatial axis is <see cref="Height"/>, because
/// work is divided along it.
/// </remarks>
internal sealed record PoolingGeometry
{
    /// <summary>Creates a geometry; throws if an axis is invalid.</summary>
    public PoolingGeometry(int batch, int channels, WindowAxis depth, WindowAxis height, WindowAxis width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        depth.Check();
        height.Check();
        width.Check();
        (Batch, Channels, Depth, Height, Width) = (batch, channels, depth, height, width);
    }

    public int Batch { get; }
    public int Channels { get; }
    public WindowAxis Depth { get; }
    public WindowAxis Height { get; }
    public WindowAxis Width { get; }

    public int Taps => Depth.Kernel * Height.Kernel * Width.Kernel;
    public long InputLength => (long)Batch * Depth.Input * Height.Input * Width.Input * Channels;
    public long OutputLength => (long)Batch * Depth.Output * Height.Output * Width.Output * Channels;

    /// <summary>Creates a geometry from lists over one to three spatial axes, outermost first.</summary>
    public static PoolingGeometry Create(
        int batch, int channels, ReadOnlySpan<int> input, ReadOnlySpan<int> window, ReadOnlySpan<int> strides, ReadOnlySpan<int> dilations,
        ReadOnlySpan<int> padBegin, ReadOnlySpan<int> padEnd)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Length, 1, nameof(input));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(input.Length, 3, nameof(input));
        Span<WindowAxis> axes = [WindowAxis.None, WindowAxis.None, WindowAxis.None];
        var first = input.Length == 3 ? 0 : 1;
        for (var i = 0; i < input.Length; i++) axes[first + i] = new(input[i], window[i], strides[i], dilations[i], padBegin[i], padEnd[i]);
        return new(batch, channels, axes[0], axes[1], axes[2]);
    }
}
