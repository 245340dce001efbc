using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One value for all positions of an axis, or one for each position.</summary>
/// <example><c>new Rescaling(1.0 / 255)</c>, <c>new Rescaling([0.5, 1, 2])</c>.</example>
[CollectionBuilder(typeof(DoubleValues), nameof(Create))]
public readonly struct DoubleValues : IEquatable<DoubleValues>, IReadOnlyList<double>
{
    private readonly double[]? _items;

    private DoubleValues(double[] items, bool isSingle)
    {
        _items = items;
        IsSingle = isSingle;
    }

    /// <summary>The number of values.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>Whether it is a single value for all positions.</summary>
    public bool IsSingle { get; }

    internal ReadOnlySpan<double> Span => _items;

    /// <summary>The values as the engine computes with them.</summary>
    internal float[] ToFloats() => [.. this.Select(value => (float)value)];

    /// <summary>The value at an index.</summary>
    /// <param name="index">The position, from 0.</param>
    public double this[int index] => _items![index];

    /// <summary>Creates the list; called by collection expressions.</summary>
    /// <param name="values">The numbers.</param>
    public static DoubleValues Create(ReadOnlySpan<double> values) => new(values.ToArray(), false);

    /// <summary>The same value for all positions.</summary>
    public static implicit operator DoubleValues(double value) => new([value], true);

    /// <inheritdoc/>
    public bool Equals(DoubleValues other) => IsSingle == other.IsSingle && Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DoubleValues other && Equals(other);

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
    public IEnumerator<double> GetEnumerator() => ((IEnumerable<double>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both hold the same values.</summary>
    public static bool operator ==(DoubleValues left, DoubleValues right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(DoubleValues left, DoubleValues right) => !left.Equals(right);
}
