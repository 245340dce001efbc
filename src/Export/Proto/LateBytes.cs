using System.Buffers;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace OnnxFunctional.Export.Proto;

/// <summary>
/// The bytes of a stored tensor, made from its source each time they are read, so that a model that is being written holds no copy of its weights.
/// </summary>
/// <param name="length">The number of bytes.</param>
/// <param name="make">Makes the elements; they may be the source itself.</param>
internal sealed class LateBytes(int length, Func<float[]> make) : MemoryManager<byte>
{
    public override Memory<byte> Memory => CreateMemory(length);

    public static ByteString Of(int elements, Func<float[]> make) =>
        UnsafeByteOperations.UnsafeWrap(new LateBytes(checked(elements * sizeof(float)), make).Memory);

    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(make().AsSpan());

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Late bytes have no place in memory.");

    public override void Unpin() => throw new NotSupportedException("Late bytes have no place in memory.");

    protected override void Dispose(bool disposing)
    {
    }
}
