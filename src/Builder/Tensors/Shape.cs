using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>The dimensions of a tensor. An unknown one (the batch, the length of a sequence) is <see langword="null"/>; Keras writes <c>None</c>.</summary>
/// <example><c>Shape image = [28, 28, 1]; Shape sequence = [null, 64];</c></example>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int?>
{
    internal const int Unknown = -1;

    private readonly int[]? _dims;

    private Shape(int[] dims) => _dims = dims;

    /// <summary>The number of dimensions: 0 for a scalar.</summary>
    public int Count => _dims?.Length ?? 0;

    /// <summary>Whether every dimension is known.</summary>
    public bool IsKnown => !Dims.Contains(Unknown);

    internal ReadOnlySpan<int> Dims => _dims;

    internal int Rank => Count;

    /// <summary>One dimension, or <see langword="null"/> if it is unknown.</summary>
    /// <param name="index">The index, from 0; <c>^1</c> is the last dimension.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such dimension.</exception>
    public int? this[int index] => Dims[index] is var dim and not Unknown ? dim : null;

    /// <summary>Creates a shape from its dimensions; called by collection expressions.</summary>
    /// <exception cref="ModelException">A dimension is negative.</exception>
    public static Shape Create(ReadOnlySpan<int?> dims)
    {
        var items = new int[dims.Length];
        for (var i = 0; i < dims.Length; i++)
        {
            items[i] = dims[i] ?? Unknown;
            if (dims[i] < 0) throw new ModelException($"Dimension {i} of a shape is {dims[i]}; expected 0 or more, or null if it is unknown.");
        }

        return new(items);
    }

    internal static Shape Of(params ReadOnlySpan<int> dims) => new(dims.ToArray());

    /// <summary>The product of all dimensions.</summary>
    /// <exception cref="ModelException">A dimension is unknown.</exception>
    /// <exception cref="OverflowException">The product exceeds 64 bits.</exception>
    internal long ElementCount
    {
        get
        {
            var count = 1L;
            foreach (var dim in Dims)
            {
                if (dim == Unknown) throw new ModelException($"The number of elements of {this} is unknown.");
                count = checked(count * dim);
            }

            return count;
        }
    }

    /// <summary>The dimension at <paramref name="axis"/>, which may be negative to count from the end; <see cref="Unknown"/> if it is not known.</summary>
    internal int Dim(int axis) => Dims[axis < 0 ? axis + Count : axis];

    internal Shape With(int axis, int dim)
    {
        var dims = Dims.ToArray();
        dims[axis < 0 ? axis + Count : axis] = dim;
        return new(dims);
    }

    internal Shape Insert(int axis, int dim)
    {
        var dims = new int[Count + 1];
        Dims[..axis].CopyTo(dims);
        dims[axis] = dim;
        Dims[axis..].CopyTo(dims.AsSpan(axis + 1));
        return new(dims);
    }

    internal Shape Remove(int axis)
    {
        var dims = new int[Count - 1];
        Dims[..axis].CopyTo(dims);
        Dims[(axis + 1)..].CopyTo(dims.AsSpan(axis));
        return new(dims);
    }

    internal Shape Slice(int start, int length) => Of(Dims.Slice(start, length));

    /// <summary>Whether both could be the same shape once all dimensions are known.</summary>
    internal bool IsCompatibleWith(Shape other)
    {
        if (Count != other.Count) return false;
        for (var i = 0; i < Count; i++)
        {
            if (Dims[i] != other.Dims[i] && Dims[i] != Unknown && other.Dims[i] != Unknown) return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => Dims.SequenceEqual(other.Dims);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var dim in Dims) hash.Add(dim);
        return hash.ToHashCode();
    }

    /// <summary>The shape as Keras prints it: <c>(None, 28, 28, 1)</c>.</summary>
    public override string ToString() =>
        "(" + string.Join(", ", this.Select(dim => dim?.ToString(CultureInfo.InvariantCulture) ?? "None")) + (Count == 1 ? ",)" : ")");

    /// <summary>Enumerates the dimensions in order.</summary>
    public IEnumerator<int?> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether the shapes are equal, unknown dimensions included.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether the shapes differ.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
