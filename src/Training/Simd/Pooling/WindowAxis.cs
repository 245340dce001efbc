
namespace OnnxFunctional.Training.Simd;

/// <summary>One spatial axis under a sliding window: how long the input is, how wide the window, how it moves, and what lies beyond the ends.</summary>
/// <remarks>Negative padding crops; a transposed convolution whose output is longer than its window needs has one at the end.</remarks>
internal readonly record struct WindowAxis(int Input, int Kernel, int Stride = 1, int Dilation = 1, int PadBegin = 0, int PadEnd = 0)
{
    /// <summary>An axis that is not there: one position, a window of one.</summary>
    public static WindowAxis None => new(1, 1);

    /// <summary>Positions of the window: <c>floor((Input + PadBegin + PadEnd - extent) / Stride) + 1</c>, none if the window is longer than the padded input.</summary>
    public int Output
    {
        get
        {
            var slack = Input + PadBegin + PadEnd - ((Kernel - 1) * Dilation + 1);
            return slack < 0 ? 0 : slack / Stride + 1;
        }
    }

    /// <summary>The input place under the first tap at position <paramref name="output"/>; it may lie in the padding.</summary>
    public int Origin(int output) => output * Stride - PadBegin;

    /// <summary>The first tap at position <paramref name="output"/> that does not lie in the padding before the input.</summary>
    public int FirstTap(int output) => Math.Min(Kernel, (Math.Max(0, -Origin(output)) + Dilation - 1) / Dilation);

    /// <summary>One behind the last tap at position <paramref name="output"/> that does not lie in the padding behind the input.</summary>
    public int EndTap(int output) => Math.Clamp((Input - Origin(output) + Dilation - 1) / Dilation, FirstTap(output), Kernel);

    /// <summary>Throws if a size is not one that a window can have.</summary>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Input);
        ArgumentOutOfRangeException.ThrowIfLessThan(Kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Dilation, 1);
    }
}
