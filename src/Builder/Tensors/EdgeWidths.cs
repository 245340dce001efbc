using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>The number of positions added or removed before and after each axis.</summary>
/// <remarks>
/// A single width applies to all sides. One width per axis applies to both sides of that axis. Two widths per axis are those before and after it.
/// </remarks>
/// <example><c>new ZeroPadding2D(1)</c>, <c>new ZeroPadding2D((1, 2))</c>, <c>new ZeroPadding2D(((0, 1), (0, 1)))</c>.</example>
[CollectionBuilder(typeof(EdgeWidths), nameof(Create))]
public readonly struct EdgeWidths : IEquatable<EdgeWidths>, IReadOnlyList<int>
{
    private readonly IntList _widths;

    private EdgeWidths(IntList widths) => _widths = widths;

    /// <summary>The number of widths.</summary>
    public int Count => _widths.Count;

    /// <summary>The width at an index.</summary>
    /// <param name="index">The position, from 0.</param>
    public int this[int index] => _widths[index];

    /// <summary>Creates the list; called by collection expressions.</summary>
    /// <param name="widths">The widths.</param>
    public static EdgeWidths Create(ReadOnlySpan<int> widths) => new(IntList.Create(widths));

    /// <summary>Two widths per axis: before and after it.</summary>
    internal EdgeWidths For(int rank, string layer, string option)
    {
        var widths = _widths.ToArray();
        if (widths.Any(width => width < 0))
            throw new ModelException($"{layer}: {option} is {this}; expected integers of at least 0.") { NamesLayer = true };
        if (widths.Length == 2 * rank) return this;
        if (widths.Length == 1) return new(IntList.Repeat(widths[0], 2 * rank));
        if (widths.Length == rank) return new([.. widths.SelectMany(width => new[] { width, width })]);
        var counts = rank == 1 ? "1 or 2" : $"1, {rank} or {2 * rank}";
        throw new ModelException(
            $"{layer}: {option} has {widths.Length} values, {this}; expected {counts}: for all sides, for each axis, or before and after each axis.")
        {
            NamesLayer = true,
        };
    }

    /// <summary>The same width on all sides.</summary>
    public static implicit operator EdgeWidths(int width) => new([width]);

    /// <summary>For one axis, the widths before and after it; for two axes, one width for both sides of each.</summary>
    public static implicit operator EdgeWidths((int First, int Second) widths) => new([widths.First, widths.Second]);

    /// <summary>For three axes, one width for both sides of each.</summary>
    public static implicit operator EdgeWidths((int First, int Second, int Third) widths) => new([widths.First, widths.Second, widths.Third]);

    /// <summary>For two axes, the widths before and after each.</summary>
    public static implicit operator EdgeWidths(((int Before, int After) First, (int Before, int After) Second) axes) =>
        new([axes.First.Before, axes.First.After, axes.Second.Before, axes.Second.After]);

    /// <summary>For three axes, the widths before and after each.</summary>
    public static implicit operator EdgeWidths(((int Before, int After) First, (int Before, int After) Second, (int Before, int After) Third) axes) =>
        new([axes.First.Before, axes.First.After, axes.Second.Before, axes.Second.After, axes.Third.Before, axes.Third.After]);

    /// <inheritdoc/>
    public bool Equals(EdgeWidths other) => _widths.Equals(other._widths);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EdgeWidths other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _widths.GetHashCode();

    /// <summary>The widths in parentheses: <c>(0, 1, 0, 1)</c>.</summary>
    public override string ToString() => "(" + string.Join(", ", _widths) + ")";

    /// <summary>Enumerates the widths in order.</summary>
    public IEnumerator<int> GetEnumerator() => _widths.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both hold the same widths.</summary>
    public static bool operator ==(EdgeWidths left, EdgeWidths right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(EdgeWidths left, EdgeWidths right) => !left.Equals(right);
}
