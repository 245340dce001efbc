using System.Buffers;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The truth values of a buffer as memory of bytes, which a driver can keep between its parts.</summary>
internal sealed class ByteMemory(ValueBuffer buffer) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => buffer.Bytes;

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("The engine's memory is pinned already; use a span.");

    public override void Unpin() => throw new NotSupportedException("The engine's memory is pinned already; use a span.");

    protected override void Dispose(bool disposing)
    {
    }
}
