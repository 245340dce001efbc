using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One number for all positions of an axis, or one for each.</summary>
/// <example><c>new Rescaling(1f / 255)</c>, <c>new Rescaling([0.5f, 1, 2])</c>.</example>
[CollectionBuilder(typeof(FloatValues), nameof(Create))]
public readonly struct FloatValues : IEquatable<FloatValues>, IReadOnlyList<float>
{
    private readonly float[]? _items;

    private FloatValues(float[] items, bool isSingle)
    {
        _items = items;
        IsSingle = isSingle;
    }

    /// <summary>How many numbers there are.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>Whether it is one number without an axis.</summary>
    public bool IsSingle { get; }

    internal ReadOnlySpan<float> Span => _items;

    /// <summary>One of the numbers.</summary>
    public float this[int index] => _items![index];

    /// <summary>Makes the list; what a collection literal calls.</summary>
    public static FloatValues Create(ReadOnlySpan<float> numbers) => new(numbers.ToArray(), false);

    /// <summary>The same number for all positions.</summary>
    public static implicit operator FloatValues(float number) => new([number], true);

    /// <inheritdoc/>
    public bool Equals(FloatValues other) => IsSingle == other.IsSingle && Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FloatValues other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var number in Span) hash.Add(number);
        return hash.ToHashCode();
    }

    /// <summary>The numbers as written in a program.</summary>
    public override string ToString()
    {
        var text = string.Join(", ", this.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        return IsSingle ? text : "[" + text + "]";
    }

    /// <summary>Goes through the numbers in order.</summary>
    public IEnumerator<float> GetEnumerator() => ((IEnumerable<float>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both hold the same numbers.</summary>
    public static bool operator ==(FloatValues left, FloatValues right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(FloatValues left, FloatValues right) => !left.Equals(right);
}
