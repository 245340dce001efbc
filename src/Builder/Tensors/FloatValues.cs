using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One value for all positions of an axis, or one for each position.</summary>
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

    /// <summary>The number of values.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>Whether it is a single value for all positions.</summary>
    public bool IsSingle { get; }

    internal ReadOnlySpan<float> Span => _items;

    /// <summary>The value at an index.</summary>
    public float this[int index] => _items![index];

    /// <summary>Creates the list; called by collection expressions.</summary>
    public static FloatValues Create(ReadOnlySpan<float> values) => new(values.ToArray(), false);

    /// <summary>The same value for all positions.</summary>
    public static implicit operator FloatValues(float value) => new([value], true);

    /// <inheritdoc/>
    public bool Equals(FloatValues other) => IsSingle == other.IsSingle && Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FloatValues other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var value in Span) hash.Add(value);
        return hash.ToHashCode();
    }

    /// <summary>The values as written in code: <c>0.5</c> or <c>[0.5, 1, 2]</c>.</summary>
    public override string ToString()
    {
        var text = string.Join(", ", this.Select(value => value.ToString(CultureInfo.InvariantCulture)));
        return IsSingle ? text : "[" + text + "]";
    }

    /// <summary>Enumerates the values in order.</summary>
    public IEnumerator<float> GetEnumerator() => ((IEnumerable<float>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both hold the same values.</summary>
    public static bool operator ==(FloatValues left, FloatValues right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(FloatValues left, FloatValues right) => !left.Equals(right);
}
