
namespace OnnxFunctional.Training.Simd;

/// <summary>One spatial axis under a sliding window: the length of the input, the size and movement of the window, and the padding.</summary>
/// <remarks>Negative padding crops. A transposed convolution whose output is longer than its window needs has negative padding at the end.</remarks>
internal readonly record struct WindowAxis(int Input, int Kernel, int Stride = 1, int Dilation = 1, int PadBegin = 0, int PadEnd = 0)
{
    /// <summary>An absent axis: one position, a window of one.</summary>
    public static WindowAxis None => new(1, 1);

    /// <summary>
    /// The number of window positions: <c>floor((Input + PadBegin + PadEnd - extent) / Stride) + 1</c>, or 0 if the window is longer than the padded input.
    /// </summary>
    public int Output
    {
        get
        {
            var slack = Input + PadBegin + PadEnd - ((Kernel - 1) * Dilation + 1);
            return slack < 0 ? 0 : slack / Stride + 1;
        }
    }

    /// <summary>The input index under the first tap at position <paramref name="output"/>; it may be in the padding.</summary>
    public int Origin(int output) => output * Stride - PadBegin;

    /// <summary>The first tap at position <paramref name="output"/> that is not in the padding before the input.</summary>
    public int FirstTap(int output) => Math.Min(Kernel, (Math.Max(0, -Origin(output)) + Dilation - 1) / Dilation);

    /// <summary>One past the last tap at position <paramref name="output"/> that is not in the padding after the input.</summary>
    public int EndTap(int output) => Math.Clamp((Input - Origin(output) + Dilation - 1) / Dilation, FirstTap(output), Kernel);

    /// <summary>Throws if a size is invalid.</summary>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Input);
        ArgumentOutOfRangeException.ThrowIfLessThan(Kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Dilation, 1);
    }
}
