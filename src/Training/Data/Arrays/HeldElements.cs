using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Elements in memory, where an array or a tensor of .NET holds them row by row. They are used, not copied.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
internal sealed class HeldElements<T> : Elements<T>
{
    private const int WrittenAtOnce = 1 << 18;

    // T[], an array of T of any rank, or a dense Tensor<T>.
    private readonly object _owner;
    private readonly long _offset;

    public HeldElements(Array array)
        : this(array, 0, array.LongLength)
    {
    }

    private HeldElements(object owner, long offset, long length) => (_owner, _offset, Length) = (owner, offset, length);

    public override long Length { get; }

    public override long HeldBytes
    {
        get
        {
            if (this is not HeldElements<string> texts) return Length * Unsafe.SizeOf<T>();
            var bytes = 0L;
            foreach (var chunk in texts.Chunks())
            {
                foreach (var text in chunk.Span) bytes += sizeof(char) * (long)text.Length;
            }

            return bytes;
        }
    }

    public override bool IsInFile => false;

    public override Elements<byte>? Narrow => null;

    /// <summary>The elements of a tensor: where they lie, or a copy if they do not lie row by row.</summary>
    public static HeldElements<T> Of(Tensor<T> tensor)
    {
        if (tensor.IsDense && !tensor.IsPinned) return new(tensor, 0, tensor.FlattenedLength);
        var copy = new T[tensor.FlattenedLength];
        tensor.FlattenTo(copy);
        return new(copy);
    }

    /// <summary>The elements of an array of .NET of any rank, row by row.</summary>
    public static Span<T> SpanOf(Array array) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

    /// <summary>Writes the bytes of all elements, in this machine's order.</summary>
    public void WriteTo(Stream stream)
    {
        for (long start = 0; start < Length; start += WrittenAtOnce)
        {
            var span = Span(start, (int)Math.Min(WrittenAtOnce, Length - start));
            stream.Write(MemoryMarshal.CreateReadOnlySpan(
                ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(span)), span.Length * Unsafe.SizeOf<T>()));
        }
    }

    public override Elements Slice(long start, long length)
    {
        Check(start, length);
        return new HeldElements<T>(_owner, _offset + start, length);
    }

    public override bool TryGetSpan(out ReadOnlySpan<T> span)
    {
        span = Length <= int.MaxValue ? Span(0, (int)Length) : default;
        return Length <= int.MaxValue;
    }

    public override ReadOnlySpan<T> Read(long start, int count, T[] buffer) => Span(start, count);

    public override void CopyTo(long start, Span<T> target) => Span(start, target.Length).CopyTo(target);

    public override T[] Rent(int count) => [];

    private ReadOnlySpan<T> Span(long start, int count)
    {
        Check(start, count);
        return count == 0 ? default : MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref First, (nint)(_offset + start)), count);
    }

    private ref T First
    {
        get
        {
            if (_owner is T[] flat) return ref MemoryMarshal.GetArrayDataReference(flat);
            if (_owner is Array array) return ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array));

            // That of the tensor itself is the start of its memory, also where the tensor is a slice of it.
            return ref ((Tensor<T>)_owner).AsTensorSpan().GetPinnableReference();
        }
    }
}
