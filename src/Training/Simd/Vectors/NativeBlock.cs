using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Memory of the engine outside the garbage collector's heap, aligned to a cache line; its content is undefined at first.</summary>
/// <remarks>
/// It is freed by <see cref="Dispose"/>, at once; a block that nobody references any more is freed by its finalizer.
/// Why not pinned arrays: a dropped array stays until a full collection, and no array holds more than 8 GB.
/// </remarks>
internal sealed unsafe class NativeBlock : IDisposable
{
    // Below that, telling the garbage collector costs more than it can win.
    private const long SmallestPressure = 1 << 16;

    private readonly MemoryCount _count;
    private nint _address;

    /// <summary>Allocates memory.</summary>
    /// <param name="floats">The size.</param>
    /// <param name="count">Where the bytes are added, until the block is freed.</param>
    /// <exception cref="OutOfMemoryException">The system has no such memory.</exception>
    public NativeBlock(long floats, MemoryCount count)
    {
        (Floats, _count) = (floats, count);
        _address = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(Bytes, AlignedMemory.Alignment), AlignedMemory.Alignment);
        count.Add(Bytes);

        // Blocks of a model that was let go are freed when the collector finds it, so it has to know what hangs on that.
        if (Bytes >= SmallestPressure) GC.AddMemoryPressure(Bytes);
    }

    ~NativeBlock() => Free();

    public long Floats { get; }

    public long Bytes => Floats * sizeof(float);

    /// <summary>A piece of the block.</summary>
    /// <exception cref="ObjectDisposedException">The block was freed.</exception>
    public Span<float> Span(long offset, int floats)
    {
        var address = _address;
        ObjectDisposedException.ThrowIf(address == 0, this);
        return new Span<float>((float*)address + offset, floats);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        var address = Interlocked.Exchange(ref _address, 0);
        if (address == 0) return;
        NativeMemory.AlignedFree((void*)address);
        _count.Add(-Bytes);
        if (Bytes >= SmallestPressure) GC.RemoveMemoryPressure(Bytes);
    }
}

/// <summary>Bytes that are in use, counted by several threads.</summary>
internal sealed class MemoryCount
{
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
