using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The sizes of a convolution. With one or two spatial axes, the outer ones are <see cref="WindowAxis.None"/>.</summary>
/// <remarks>
/// Input <c>[Batch, depth, height, width, InputChannels]</c>, kernel <c>[kd, kh, kw, InputChannels / Groups, OutputChannels]</c>,
/// output <c>[Batch, od, oh, ow, OutputChannels]</c>.
/// A depthwise convolution has as many groups as input channels; output channel <c>c * m + j</c> reads input channel <c>c</c>.
/// </remarks>
internal sealed record ConvolutionGeometry
{
    /// <summary>Checks the sizes.</summary>
    /// <exception cref="ArgumentException">The channels do not divide into the groups, or an axis is impossible.</exception>
    public ConvolutionGeometry(int batch, int inputChannels, int outputChannels, int groups, WindowAxis depth, WindowAxis height, WindowAxis width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        if (inputChannels % groups != 0 || outputChannels % groups != 0)
            throw new ArgumentException($"{inputChannels} input and {outputChannels} output channels do not divide into {groups} groups.", nameof(groups));
        depth.Check();
        height.Check();
        width.Check();
        (Batch, InputChannels, OutputChannels, Groups, Depth, Height, Width) = (batch, inputChannels, outputChannels, groups, depth, height, width);
    }

    public int Batch { get; }
    public int InputChannels { get; }
    public int OutputChannels { get; }
    public int Groups { get; }
    public WindowAxis Depth { get; }
    public WindowAxis Height { get; }
    public WindowAxis Width { get; }

    public int GroupInput => InputChannels / Groups;
    public int GroupOutput => OutputChannels / Groups;
    public int Taps => Depth.Kernel * Height.Kernel * Width.Kernel;
    public bool IsDepthwise => Groups > 1 && Groups == InputChannels;

    public long InputLength => (long)Batch * Depth.Input * Height.Input * Width.Input * InputChannels;
    public long OutputLength => (long)Batch * Depth.Output * Height.Output * Width.Output * OutputChannels;
    public long KernelLength => (long)Taps * GroupInput * OutputChannels;

    /// <summary>The number of multiplications and additions of the direct form.</summary>
    public double Operations => 2.0 * OutputLength * Taps * GroupInput;

    /// <summary>Creates a geometry from lists over the one to three spatial axes, outermost first.</summary>
    public static ConvolutionGeometry Create(
        int batch,
        int inputChannels,
        int outputChannels,
        int groups,
        ReadOnlySpan<int> input,
        ReadOnlySpan<int> kernel,
        ReadOnlySpan<int> strides,
        ReadOnlySpan<int> dilations,
        ReadOnlySpan<int> padBegin,
        ReadOnlySpan<int> padEnd)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Length, 1, nameof(input));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(input.Length, 3, nameof(input));
        Span<WindowAxis> axes = [WindowAxis.None, WindowAxis.None, WindowAxis.None];
        for (var i = 0; i < input.Length; i++)
            axes[3 - input.Length + i] = new(input[i], kernel[i], strides[i], dilations[i], padBegin[i], padEnd[i]);
        return new(batch, inputChannels, outputChannels, groups, axes[0], axes[1], axes[2]);
    }
}
