using System.Buffers;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Shows a buffer of truth values as memory of bytes, which a driver keeps between its parts.</summary>
internal sealed class ByteMemory(ValueBuffer buffer) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => buffer.Bytes;

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("The engine's memory is pinned already; take a span.");

    public override void Unpin() => throw new NotSupportedException("The engine's memory is pinned already; take a span.");

    protected override void Dispose(bool disposing)
    {
    }
}
