using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>An immutable list of integers that is compared by content: axes, strides or permutations among the attributes of an operator.</summary>
[CollectionBuilder(typeof(IntList), nameof(Create))]
internal readonly struct IntList : IEquatable<IntList>, IEnumerable<int>
{
    private readonly int[]? _items;

    private IntList(int[] items) => _items = items;

    public int Count => _items?.Length ?? 0;

    public int this[int index] => _items![index];

    public ReadOnlySpan<int> Span => _items;

    public static IntList Create(ReadOnlySpan<int> items) => new(items.ToArray());

    /// <summary>The same value, <paramref name="count"/> times.</summary>
    public static IntList Repeat(int value, int count)
    {
        var items = new int[count];
        Array.Fill(items, value);
        return new(items);
    }

    public bool Contains(int value) => Span.Contains(value);

    public int[] ToArray() => Span.ToArray();

    public bool Equals(IntList other) => Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is IntList other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var item in Span) hash.Add(item);
        return hash.ToHashCode();
    }

    public override string ToString() => "[" + string.Join(", ", this) + "]";

    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
