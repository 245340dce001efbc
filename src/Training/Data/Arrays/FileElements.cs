using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Elements that stay in a file, row by row in this machine's byte order, and are read from there each time.</summary>
/// <typeparam name="T">The type that the file holds.</typeparam>
/// <param name="file">The file.</param>
/// <param name="offset">The place of the first element in it, in bytes.</param>
/// <param name="length">The number of elements.</param>
internal sealed class FileElements<T>(OpenedFile file, long offset, long length) : Elements<T>
    where T : unmanaged
{
    // A span of bytes ends at 2 GiB.
    private const int MostAtOnce = 1 << 26;

    public override long Length => length;

    public override long HeldBytes => 0;

    public override bool IsInFile => true;

    public override Elements<byte>? Narrow => null;

    public override Elements Slice(long start, long length)
    {
        Check(start, length);
        return new FileElements<T>(file, offset + (start * Unsafe.SizeOf<T>()), length);
    }

    public override ReadOnlySpan<T> Read(long start, int count, T[] buffer)
    {
        CopyTo(start, buffer.AsSpan(0, count));
        return buffer.AsSpan(0, count);
    }

    public override void CopyTo(long start, Span<T> target)
    {
        Check(start, target.Length);
        while (!target.IsEmpty)
        {
            var count = Math.Min(MostAtOnce, target.Length);
            file.Read(offset + (start * Unsafe.SizeOf<T>()), MemoryMarshal.AsBytes(target[..count]));
            start += count;
            target = target[count..];
        }
    }

    public override T[] Rent(int count) => ArrayPool<T>.Shared.Rent(count);
}
