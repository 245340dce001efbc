using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Elements of one type.</summary>
/// <typeparam name="T">The type as the engine computes with it, or as a file stores it.</typeparam>
internal abstract class Elements<T> : Elements
{
    /// <summary>All elements where they lie in memory; false if they lie elsewhere or one span does not hold them.</summary>
    public virtual bool TryGetSpan(out ReadOnlySpan<T> span)
    {
        span = default;
        return false;
    }

    /// <summary>Consecutive elements: where they lie, if that is in memory, or else in a buffer.</summary>
    /// <param name="start">The first element.</param>
    /// <param name="count">How many.</param>
    /// <param name="buffer">What <see cref="Rent"/> returned for at least as many.</param>
    public abstract ReadOnlySpan<T> Read(long start, int count, T[] buffer);

    /// <summary>Copies consecutive elements.</summary>
    /// <param name="start">The first element.</param>
    /// <param name="target">Where they go; as many are copied as fit.</param>
    public abstract void CopyTo(long start, Span<T> target);

    /// <summary>A buffer for elements that do not lie in memory, which is given back to <see cref="Return"/>; empty if none is needed.</summary>
    /// <param name="count">The number of elements.</param>
    public abstract T[] Rent(int count);

    /// <summary>Gives a buffer back.</summary>
    public static void Return(T[] buffer)
    {
        if (buffer.Length > 0) ArrayPool<T>.Shared.Return(buffer);
    }

    /// <summary>The element at a place.</summary>
    public T At(long place)
    {
        T element = default!;
        CopyTo(place, new Span<T>(ref element));
        return element;
    }

    /// <summary>All elements in turn, some at a time.</summary>
    public ElementChunks<T> Chunks() => new(this);

    /// <summary>A copy of all elements.</summary>
    /// <param name="length">Their number, which fits into an array.</param>
    public T[] ToArray(int length)
    {
        var result = NewArray(length);
        CopyTo(0, result);
        return result;
    }

    public override void CopyTo(long start, Span<byte> target)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>()) throw ElementConversions.IsText("The data");
        CopyTo(start, MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetReference(target)), target.Length / Unsafe.SizeOf<T>()));
    }

    public override Elements Take(ReadOnlySpan<int> rows, long size)
    {
        var result = NewArray(checked((int)(rows.Length * size)));
        for (int i = 0, run; i < rows.Length; i += run)
        {
            for (run = 1; i + run < rows.Length && rows[i + run] == rows[i] + run;) run++;
            CopyTo(rows[i] * size, result.AsSpan((int)(i * size), (int)(run * size)));
        }

        return new HeldElements<T>(result);
    }

    public override Elements Gather(ReadOnlySpan<Elements> sources, ReadOnlySpan<int> rows, long size)
    {
        var result = NewArray(checked((int)(rows.Length * size)));
        for (var i = 0; i < rows.Length; i++) ((Elements<T>)sources[i]).CopyTo(rows[i] * size, result.AsSpan((int)(i * size), (int)size));
        return new HeldElements<T>(result);
    }

    public override Elements Join(IReadOnlyList<Elements> parts, int length)
    {
        var result = NewArray(length);
        var position = 0;
        foreach (var part in parts)
        {
            ((Elements<T>)part).CopyTo(0, result.AsSpan(position, (int)part.Length));
            position += (int)part.Length;
        }

        return new HeldElements<T>(result);
    }

    /// <summary>An array all of whose elements are about to be written.</summary>
    protected static T[] NewArray(int length) => GC.AllocateUninitializedArray<T>(length);

    /// <summary>Refuses a range that is not within the elements: a view must not show what lies beside it.</summary>
    protected void Check(long start, long count)
    {
        if ((ulong)start > (ulong)Length || (ulong)count > (ulong)(Length - start))
            throw new ArgumentOutOfRangeException(nameof(start), $"Elements {start} to {start + count - 1} are not within the {Length} of the array.");
    }
}
