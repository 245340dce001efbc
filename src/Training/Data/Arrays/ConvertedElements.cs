using System.Buffers;

namespace OnnxFunctional.Training.Data;

/// <summary>Converts consecutive elements.</summary>
/// <typeparam name="TFrom">The type of the elements that are given.</typeparam>
/// <typeparam name="T">The type they become.</typeparam>
/// <param name="from">The elements.</param>
/// <param name="to">Where they go.</param>
/// <param name="first">The place of the first, for messages.</param>
internal delegate void Conversion<TFrom, T>(ReadOnlySpan<TFrom> from, Span<T> to, long first);

/// <summary>Elements that are converted, and checked, each time they are read.</summary>
/// <typeparam name="TFrom">The type of the source.</typeparam>
/// <typeparam name="T">The type they become.</typeparam>
/// <param name="source">The elements as they are stored.</param>
/// <param name="first">The place of their first, for messages.</param>
/// <param name="convert">Converts some of them.</param>
internal sealed class ConvertedElements<TFrom, T>(Elements<TFrom> source, long first, Conversion<TFrom, T> convert) : Elements<T>
{
    public override long Length => source.Length;

    public override long HeldBytes => source.HeldBytes;

    public override bool IsInFile => source.IsInFile;

    public override Elements<byte>? Narrow => typeof(T) == typeof(bool) ? null : source as Elements<byte>;

    public override Elements Slice(long start, long length) =>
        new ConvertedElements<TFrom, T>((Elements<TFrom>)source.Slice(start, length), first + start, convert);

    public override Elements Take(ReadOnlySpan<int> rows, long size)
    {
        // Bytes stay bytes; what is read from a file is converted once.
        if (IsInFile && Narrow is null) return base.Take(rows, size);
        return new ConvertedElements<TFrom, T>((Elements<TFrom>)source.Take(rows, size), 0, convert);
    }

    public override Elements Join(IReadOnlyList<Elements> parts, int length)
    {
        var sources = new List<Elements>();
        foreach (var part in parts)
        {
            if (part.Narrow is { } bytes) sources.Add(bytes);
        }

        return Narrow is null || sources.Count < parts.Count
            ? base.Join(parts, length)
            : new ConvertedElements<TFrom, T>((Elements<TFrom>)source.Join(sources, length), 0, convert);
    }

    public override ReadOnlySpan<T> Read(long start, int count, T[] buffer)
    {
        var target = buffer.AsSpan(0, count);
        CopyTo(start, target);
        return target;
    }

    public override void CopyTo(long start, Span<T> target)
    {
        if (target.IsEmpty) return;
        var length = Math.Min(ChunkLength, target.Length);
        var buffer = source.Rent(length);
        try
        {
            for (; !target.IsEmpty; start += length, target = target[length..])
            {
                length = Math.Min(length, target.Length);
                convert(source.Read(start, length, buffer), target[..length], first + start);
            }
        }
        finally
        {
            Elements<TFrom>.Return(buffer);
        }
    }

    public override T[] Rent(int count) => ArrayPool<T>.Shared.Rent(count);
}
