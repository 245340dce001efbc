using System.Buffers;

namespace OnnxFunctional.Training.Simd;

/// <summary>A piece of a block as <see cref="Memory{T}"/>. It can be pointed at another block, which changes the memory that was handed out.</summary>
internal sealed class NativeSlice(int floats) : MemoryManager<float>
{
    private NativeBlock? _block;
    private long _offset;

    public int Floats => floats;

    public void Point(NativeBlock block, long offset)
    {
        if (offset + floats > block.Floats) throw new ArgumentOutOfRangeException(nameof(offset), $"{floats} floats at {offset} of {block.Floats}.");
        (_block, _offset) = (block, offset);
    }

    public override Span<float> GetSpan() => _block is { } block ? block.Span(_offset, floats) : [];

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("The engine's memory does not move; use a span.");

    public override void Unpin() => throw new NotSupportedException("The engine's memory does not move; use a span.");

    // CreateMemory, unlike Memory, does not ask for the span, which is there only once the slice points at a block.
    public Memory<float> Whole => CreateMemory(floats);

    protected override void Dispose(bool disposing)
    {
    }
}
