using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One integer for each axis of a window, stride or target shape; a single number applies to all axes.</summary>
/// <example><c>new Conv2D(32, 3)</c>, <c>new Conv2D(32, (3, 5))</c>, <c>new Reshape([7, 7, 64])</c>.</example>
[CollectionBuilder(typeof(IntValues), nameof(Create))]
public readonly struct IntValues : IEquatable<IntValues>, IReadOnlyList<int>
{
    private IntValues(IntList list) => List = list;

    /// <summary>The number of values; 0 if an option was omitted.</summary>
    public int Count => List.Count;

    internal IntList List { get; }

    /// <summary>The value for one axis.</summary>
    /// <param name="index">The position, from 0.</param>
    public int this[int index] => List[index];

    /// <summary>Creates the list; called by collection expressions.</summary>
    /// <param name="sizes">The sizes.</param>
    public static IntValues Create(ReadOnlySpan<int> sizes) => new(IntList.Create(sizes));

    internal static IntValues Repeat(int size, int count) => new(IntList.Repeat(size, count));

    /// <summary>One value per axis, each at least <paramref name="minimum"/>.</summary>
    internal IntValues For(int rank, string layer, string option, int minimum = 1)
    {
        if (Count != 1 && Count != rank)
        {
            throw new ModelException($"{layer}: {option} has {Count} values, {this}; expected one for all axes or {rank}, one for each.")
            {
                NamesLayer = true,
            };
        }

        foreach (var size in this)
        {
            if (size < minimum)
                throw new ModelException($"{layer}: {option} is {this}; expected integers of at least {minimum}.") { NamesLayer = true };
        }

        return Count == rank ? this : Repeat(this[0], rank);
    }

    /// <summary>One value per axis; 1 for each if none was given.</summary>
    internal IntValues OrOnes(int rank, string layer, string option) => Count == 0 ? Repeat(1, rank) : For(rank, layer, option);

    /// <summary>The same value for all axes.</summary>
    public static implicit operator IntValues(int size) => new([size]);

    /// <summary>One value for each of two axes.</summary>
    public static implicit operator IntValues((int First, int Second) sizes) => new([sizes.First, sizes.Second]);

    /// <summary>One value for each of three axes.</summary>
    public static implicit operator IntValues((int First, int Second, int Third) sizes) => new([sizes.First, sizes.Second, sizes.Third]);

    /// <inheritdoc/>
    public bool Equals(IntValues other) => List.Equals(other.List);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IntValues other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => List.GetHashCode();

    /// <summary>The values in parentheses: <c>(3, 5)</c>.</summary>
    public override string ToString() => "(" + string.Join(", ", List) + ")";

    /// <summary>Enumerates the values in order.</summary>
    public IEnumerator<int> GetEnumerator() => List.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both hold the same values.</summary>
    public static bool operator ==(IntValues left, IntValues right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(IntValues left, IntValues right) => !left.Equals(right);
}
