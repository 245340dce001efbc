using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training;

/// <summary>The data of all inputs, or of all outputs, of a model: one array, several in the model's order, or several by name.</summary>
[CollectionBuilder(typeof(NDArrays), nameof(Create))]
public sealed class NDArrays : IReadOnlyList<NDArray>
{
    private readonly NDArray[] _items;
    private readonly string[]? _names;

    private NDArrays(NDArray[] items, string[]? names = null) => (_items, _names) = (items, names);

    /// <summary>The number of arrays.</summary>
    public int Count => _items.Length;

    /// <summary>An array by its position.</summary>
    public NDArray this[int index] => _items[index];

    /// <summary>Makes the list; called by collection literals.</summary>
    public static NDArrays Create(ReadOnlySpan<NDArray> arrays) => new(arrays.ToArray());

    /// <summary>A list of one array; null for null.</summary>
    [return: NotNullIfNotNull(nameof(array))]
    public static implicit operator NDArrays?(NDArray? array) => array is null ? null : new([array]);

    /// <summary>Arrays by the names of inputs or outputs.</summary>
    public static implicit operator NDArrays(Dictionary<string, NDArray> arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        return new([.. arrays.Values], [.. arrays.Keys]);
    }

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(Tensor<float> tensor) => new([tensor]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(Tensor<long> tensor) => new([tensor]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(Tensor<int> tensor) => new([tensor]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(float[] values) => new([values]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(long[] values) => new([values]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(int[] values) => new([values]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(float[,] values) => new([values]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(float[,,] values) => new([values]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(float[,,,] values) => new([values]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(long[,] values) => new([values]);

    /// <summary>A list of one array.</summary>
    public static implicit operator NDArrays(int[,] values) => new([values]);

    /// <summary>Enumerates the arrays in order.</summary>
    public IEnumerator<NDArray> GetEnumerator() => ((IEnumerable<NDArray>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The arrays in the order of the names, whether they were given by position or by name.</summary>
    internal NDArray[] InOrder(IReadOnlyList<string> names, string what)
    {
        if (_names is not null)
        {
            var missing = names.Except(_names).ToList();
            var extra = _names.Except(names).ToList();
            if (missing.Count > 0 || extra.Count > 0)
            {
                throw new ModelException(
                    $"The model's {what}s are {Quoted(names)}, but the data names {Quoted(_names)}."
                    + (missing.Count > 0 && extra.Count > 0 && Naming.Nearest(extra[0], missing) is { } nearest
                        ? $" Did you mean '{nearest}' by '{extra[0]}'?"
                        : ""));
            }

            return [.. names.Select(name => _items[Array.IndexOf(_names, name)])];
        }

        return _items.Length == names.Count
            ? _items
            : throw new ModelException(
                $"The model has {names.Count} {what}(s) ({string.Join(", ", names)}), but got {_items.Length} arrays. "
                + "Pass a list in that order, or a dictionary by name.");

        static string Quoted(IReadOnlyList<string> all) => string.Join(", ", all.Select(name => $"'{name}'"));
    }

    /// <summary>The names, if the arrays were given by name.</summary>
    internal IReadOnlyList<string>? Names => _names;

    /// <summary>The array of that name, or at that position if the arrays have no names; null if there is none.</summary>
    internal NDArray? Find(string name, int position)
    {
        var place = _names is null ? position : Array.IndexOf(_names, name);
        return place >= 0 && place < _items.Length ? _items[place] : null;
    }

    /// <summary>Concatenates lists of the same arrays, each along its first axis.</summary>
    internal static NDArrays Concatenate(IReadOnlyList<NDArrays> lists)
    {
        var items = new NDArray[lists[0]._items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            var place = i;
            items[i] = NDArray.Concatenate([.. lists.Select(list => list._items.Length == items.Length ? list._items[place] : throw Differs(list))]);
        }

        return new(items, lists[0]._names);

        ModelException Differs(NDArrays list) =>
            new($"All samples of a batch must have the same arrays, but got {list._items.Length} after {items.Length}.");
    }

    /// <summary>The same list with another array at one position.</summary>
    internal NDArrays With(int position, NDArray array)
    {
        NDArray[] items = [.. _items];
        items[position] = array;
        return new(items, _names);
    }

    internal NDArrays Take(ReadOnlySpan<int> samples)
    {
        var items = new NDArray[_items.Length];
        for (var i = 0; i < items.Length; i++) items[i] = _items[i].Take(samples);
        return new(items, _names);
    }
}
