using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Export.Runtime;

/// <summary>The elements of a dense tensor as memory that can be pinned, so that ONNX Runtime reads them in place.</summary>
internal sealed class TensorMemory<T>(Tensor<T> tensor) : MemoryManager<T>
{
    public override Span<T> GetSpan() => MemoryMarshal.CreateSpan(ref tensor.GetPinnableReference(), (int)tensor.FlattenedLength);

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(elementIndex, 0);
        return tensor.GetPinnedHandle();
    }

    // The handle returned by Pin unpins itself.
    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
