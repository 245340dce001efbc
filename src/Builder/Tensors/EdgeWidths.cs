using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>How many positions are added or cut before and after each axis.</summary>
/// <remarks>
/// One number holds for all sides. As many numbers as axes hold for both sides of their axis, except that with one axis two numbers are before and after it.
/// Twice as many numbers are before and after each axis.
/// </remarks>
/// <example><c>new ZeroPadding2D(1)</c>, <c>new ZeroPadding2D((1, 2))</c>, <c>new ZeroPadding2D(((0, 1), (0, 1)))</c>.</example>
[CollectionBuilder(typeof(EdgeWidths), nameof(Create))]
public readonly struct EdgeWidths : IEquatable<EdgeWidths>, IReadOnlyList<int>
{
    private readonly IntList _numbers;

    private EdgeWidths(IntList numbers) => _numbers = numbers;

    /// <summary>How many numbers there are.</summary>
    public int Count => _numbers.Count;

    /// <summary>One of the numbers.</summary>
    public int this[int index] => _numbers[index];

    /// <summary>Makes the list; what a collection literal calls.</summary>
    public static EdgeWidths Create(ReadOnlySpan<int> numbers) => new(IntList.Create(numbers));

    /// <summary>Before and after each axis: 2 numbers an axis.</summary>
    internal EdgeWidths For(int rank, string layer, string option)
    {
        var numbers = _numbers.ToArray();
        if (numbers.Any(number => number < 0)) throw new ModelException($"{layer}: {option} is {this}; expected whole numbers of at least 0.") { NamesLayer = true };
        if (numbers.Length == 2 * rank) return this;
        if (numbers.Length == 1) return new(IntList.Repeat(numbers[0], 2 * rank));
        if (numbers.Length == rank) return new([.. numbers.SelectMany(number => new[] { number, number })]);
        throw new ModelException($"{layer}: {option} has {numbers.Length} numbers, {this}; expected 1, {(rank == 1 ? "" : rank + ", ")}or {2 * rank}: before and after each axis.") { NamesLayer = true };
    }

    /// <summary>The same number on all sides.</summary>
    public static implicit operator EdgeWidths(int number) => new([number]);

    /// <summary>One axis: before and after. Two axes: both sides of each.</summary>
    public static implicit operator EdgeWidths((int First, int Second) numbers) => new([numbers.First, numbers.Second]);

    /// <summary>Three axes: both sides of each.</summary>
    public static implicit operator EdgeWidths((int First, int Second, int Third) numbers) => new([numbers.First, numbers.Second, numbers.Third]);

    /// <summary>Two axes: before and after each.</summary>
    public static implicit operator EdgeWidths(((int Before, int After) First, (int Before, int After) Second) axes) =>
        new([axes.First.Before, axes.First.After, axes.Second.Before, axes.Second.After]);

    /// <summary>Three axes: before and after each.</summary>
    public static implicit operator EdgeWidths(((int Before, int After) First, (int Before, int After) Second, (int Before, int After) Third) axes) =>
        new([axes.First.Before, axes.First.After, axes.Second.Before, axes.Second.After, axes.Third.Before, axes.Third.After]);

    /// <inheritdoc/>
    public bool Equals(EdgeWidths other) => _numbers.Equals(other._numbers);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EdgeWidths other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _numbers.GetHashCode();

    /// <summary>The numbers in parentheses: <c>(0, 1, 0, 1)</c>.</summary>
    public override string ToString() => "(" + string.Join(", ", _numbers) + ")";

    /// <summary>Goes through the numbers in order.</summary>
    public IEnumerator<int> GetEnumerator() => _numbers.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both hold the same numbers.</summary>
    public static bool operator ==(EdgeWidths left, EdgeWidths right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(EdgeWidths left, EdgeWidths right) => !left.Equals(right);
}
