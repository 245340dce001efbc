using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>A kernel in two passes over rows of channels: partial sums, which are then joined by channel, and values.</summary>
/// <remarks>
/// Operands in 16 bits are widened block by block on the stack, so the layers whose inputs and outputs are the largest values of a network need no wide copies.
/// </remarks>
internal abstract class ChannelKernel : Kernel, IParallelWork
{
    /// <summary>The number of elements widened at a time: four operands fit the first-level cache.</summary>
    public const int BlockLength = 2048;

    private bool _isSecondPass;

    /// <param name="layout">Rows, channels and parts.</param>
    /// <param name="result">The result of the second pass; null if nobody reads it.</param>
    /// <param name="inputs">The operands that are as large as the result.</param>
    protected ChannelKernel(ChannelLayout layout, ValueBuffer? result, params ReadOnlySpan<ValueBuffer> inputs)
    {
        (Layout, Result) = (layout, result);
        IsNarrow = result?.Spec.Type.IsHalfWidth() == true;
        foreach (var input in inputs) IsNarrow |= input.Spec.Type.IsHalfWidth();
    }

    protected ChannelLayout Layout { get; }

    protected ValueBuffer? Result { get; }

    /// <summary>Whether an operand lies in 16 bits.</summary>
    protected bool IsNarrow { get; }

    public override void Run(in RunContext context)
    {
        _isSecondPass = false;
        context.Pool.Run(this, Layout.Parts);
        Join();
        if (Result is null) return;
        _isSecondPass = true;
        context.Pool.Run(this, Layout.Parts);
    }

    void IParallelWork.Execute(int part)
    {
        var (first, end) = Layout.Range(part);
        var length = Layout.RowLength;
        if (Layout.IsLast)
        {
            Execute(first * length, (end - first) * length, 0, length, part * length);
            return;
        }

        for (var plane = first; plane < end; plane++) Execute(plane * length, length, plane % Layout.Channels, 1, plane);
    }

    /// <summary>The first pass over a run of elements: [count / width, width], with the channels from <paramref name="channel"/> on.</summary>
    protected abstract void Sum(int start, int count, int channel, int width, int partial);

    /// <summary>Joins the partial sums of the first pass.</summary>
    protected abstract void Join();

    /// <summary>The second pass over the same run.</summary>
    protected abstract void Compute(int start, int count, int channel, int width);

    /// <summary>The number of elements to process at a time in a run of rows of the given width.</summary>
    protected int Block(int width, int count) => IsNarrow ? BlockLength / width * width : Math.Max(1, count);

    /// <summary>A run of elements as floats: in place, or widened.</summary>
    protected static ReadOnlySpan<float> Read(ValueBuffer buffer, int start, int count, Span<float> wide)
    {
        switch (buffer.Spec.Type)
        {
            case DType.Float16:
                WordLoops.Widen<HalfFormat>(buffer.Words.Slice(start, count), wide[..count]);
                return wide[..count];
            case DType.BFloat16:
                WordLoops.Widen<BFloat16Format>(buffer.Words.Slice(start, count), wide[..count]);
                return wide[..count];
            default:
                return buffer.Floats.Slice(start, count);
        }
    }

    /// <summary>Where to write a run of results before calling <see cref="Write"/>.</summary>
    protected static Span<float> Target(ValueBuffer buffer, int start, int count, Span<float> wide) =>
        buffer.Spec.Type.IsHalfWidth() ? wide[..count] : buffer.Floats.Slice(start, count);

    /// <summary>Stores what was written to <see cref="Target"/>.</summary>
    protected static void Write(ValueBuffer buffer, int start, ReadOnlySpan<float> values)
    {
        if (buffer.Spec.Type == DType.Float16) WordLoops.Narrow<HalfFormat>(values, buffer.Words.Slice(start, values.Length));
        else if (buffer.Spec.Type == DType.BFloat16) WordLoops.Narrow<BFloat16Format>(values, buffer.Words.Slice(start, values.Length));
    }

    private void Execute(int start, int count, int channel, int width, int partial)
    {
        if (_isSecondPass) Compute(start, count, channel, width);
        else Sum(start, count, channel, width, partial);
    }
}
