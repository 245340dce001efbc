using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>The dimensions of a tensor. An unknown one (the batch, the length of a sequence) is <see langword="null"/>; Keras writes <c>None</c>.</summary>
/// <example><c>Shape image = [28, 28, 1]; Shape sequence = [null, 64];</c></example>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int?>
{
    /// <summary>An unknown dimension about which nothing else is known.</summary>
    internal const int Unknown = -1;

    /// <summary>The symbol of the batch: the first dimension of all inputs of a model.</summary>
    internal const int Batch = -2;

    private static int s_lastSymbol = Batch;

    private readonly int[]? _dims;
    private readonly int[]? _symbols;

    private Shape(int[] symbols)
    {
        _symbols = symbols;
        _dims = symbols;
        if (!symbols.AsSpan().ContainsAnyInRange(int.MinValue, Batch)) return;
        _dims = (int[])symbols.Clone();
        foreach (ref var dim in _dims.AsSpan()) dim = Math.Max(dim, Unknown);
    }

    /// <summary>The number of dimensions: 0 for a scalar.</summary>
    public int Count => _dims?.Length ?? 0;

    /// <summary>Whether every dimension is known.</summary>
    public bool IsKnown => !Dims.Contains(Unknown);

    /// <summary>The dimensions; those that are not known are all <see cref="Unknown"/>.</summary>
    internal ReadOnlySpan<int> Dims => _dims;

    /// <summary>
    /// The dimensions, with a negative number in place of each unknown one: equal numbers below <see cref="Unknown"/> are certainly equal sizes, different ones
    /// may be anything, 1 and 5 for example.
    /// </summary>
    /// <remarks>
    /// Shape rules pass symbols on where a size stays the same. A rule that reads <see cref="Dims"/> instead forgets them: no error, but a broadcast along
    /// that dimension can then no longer be excluded.
    /// </remarks>
    internal ReadOnlySpan<int> Symbols => _symbols;

    internal int Rank => Count;

    /// <summary>One dimension, or <see langword="null"/> if it is unknown.</summary>
    /// <param name="index">The index, from 0; <c>^1</c> is the last dimension.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such dimension.</exception>
    public int? this[int index] => Dims[index] is var dim and not Unknown ? dim : null;

    /// <summary>Creates a shape from its dimensions; called by collection expressions.</summary>
    /// <param name="dims">The dimensions; <see langword="null"/> for one that is not known.</param>
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

    /// <summary>Creates a shape from sizes and symbols of unknown sizes.</summary>
    internal static Shape Of(params ReadOnlySpan<int> dims) => new(dims.ToArray());

    /// <summary>The lengths of a .NET tensor of this shape; [1] for a scalar, because .NET's tensors without dimensions are empty.</summary>
    internal nint[] TensorLengths() => Rank == 0 ? [1] : [.. Dims.ToArray().Select(dim => (nint)dim)];

    /// <summary>A symbol that no other dimension has.</summary>
    internal static int NewSymbol() => Interlocked.Decrement(ref s_lastSymbol);

    /// <summary>The product of the known dimensions; <see cref="long.MaxValue"/> if it is larger.</summary>
    internal long KnownElements
    {
        get
        {
            if (Dims.Contains(0)) return 0;
            var count = (Int128)1;
            foreach (var dim in Dims)
            {
                if (dim != Unknown && (count *= dim) > long.MaxValue) return long.MaxValue;
            }

            return (long)count;
        }
    }

    /// <summary>Whether it has more elements than an array holds, even if each unknown dimension is 1.</summary>
    internal bool IsTooLarge => KnownElements > Array.MaxLength;

    /// <summary>The product of all dimensions.</summary>
    /// <exception cref="ModelException">A dimension is unknown, or the product exceeds 64 bits.</exception>
    internal long ElementCount
    {
        get
        {
            if (!IsKnown) throw new ModelException($"The number of elements of {this} is unknown.");
            return KnownElements is var count and < long.MaxValue
                ? count
                : throw new ModelException($"A shape of {this} has more elements than 64 bits count. Check its dimensions.");
        }
    }

    /// <summary>The dimension at <paramref name="axis"/>, which may be negative to count from the end; <see cref="Unknown"/> if it is not known.</summary>
    internal int Dim(int axis) => Dims[axis < 0 ? axis + Count : axis];

    /// <summary>The size or symbol at <paramref name="axis"/>, which may be negative to count from the end.</summary>
    internal int Symbol(int axis) => Symbols[axis < 0 ? axis + Count : axis];

    /// <summary>The same shape with a symbol of its own for each dimension about which nothing is known.</summary>
    internal Shape WithNewSymbols()
    {
        if (!Symbols.Contains(Unknown)) return this;
        var dims = Symbols.ToArray();
        foreach (ref var dim in dims.AsSpan())
        {
            if (dim == Unknown) dim = NewSymbol();
        }

        return new(dims);
    }

    /// <summary>Whether both are certainly the same shape, whatever the unknown dimensions are.</summary>
    internal bool IsCertainly(Shape other) => Symbols.SequenceEqual(other.Symbols) && !Symbols.Contains(Unknown);

    internal Shape With(int axis, int dim)
    {
        var dims = Symbols.ToArray();
        dims[axis < 0 ? axis + Count : axis] = dim;
        return new(dims);
    }

    internal Shape Insert(int axis, int dim)
    {
        var dims = new int[Count + 1];
        Symbols[..axis].CopyTo(dims);
        dims[axis] = dim;
        Symbols[axis..].CopyTo(dims.AsSpan(axis + 1));
        return new(dims);
    }

    internal Shape Remove(int axis)
    {
        var dims = new int[Count - 1];
        Symbols[..axis].CopyTo(dims);
        Symbols[(axis + 1)..].CopyTo(dims.AsSpan(axis));
        return new(dims);
    }

    internal Shape Slice(int start, int length) => Of(Symbols.Slice(start, length));

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
