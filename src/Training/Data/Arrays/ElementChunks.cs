namespace OnnxFunctional.Training.Data;

/// <summary>Elements in turn, some at a time: what <c>foreach</c> takes.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
internal ref struct ElementChunks<T>
{
    private readonly Elements<T> _elements;
    private readonly T[] _buffer;
    private long _next;

    public ElementChunks(Elements<T> elements)
    {
        _elements = elements;
        _buffer = elements.Rent(Elements.ChunkLength);
    }

    /// <summary>The current elements.</summary>
    public ElementChunk<T> Current { get; private set; }

    /// <summary>These.</summary>
    public readonly ElementChunks<T> GetEnumerator() => this;

    /// <summary>Goes on; false after the last element.</summary>
    public bool MoveNext()
    {
        var count = (int)Math.Min(Elements.ChunkLength, _elements.Length - _next);
        if (count <= 0) return false;
        Current = new ElementChunk<T>(_next, _elements.Read(_next, count, _buffer));
        _next += count;
        return true;
    }

    /// <summary>Gives the buffer back.</summary>
    public readonly void Dispose() => Elements<T>.Return(_buffer);
}

/// <summary>Some consecutive elements.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <param name="start">The place of the first.</param>
/// <param name="span">The elements.</param>
internal readonly ref struct ElementChunk<T>(long start, ReadOnlySpan<T> span)
{
    /// <summary>The place of the first.</summary>
    public long Start { get; } = start;

    /// <summary>The elements.</summary>
    public ReadOnlySpan<T> Span { get; } = span;
}
