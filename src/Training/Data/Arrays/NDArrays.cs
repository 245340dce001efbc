using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>
/// The data of all inputs, or of all outputs, of a model: one array, several in the model's order (<c>[a, b]</c>), or several by name
/// (<c>new() { ["title"] = a, ["body"] = b }</c>).
/// </summary>
/// <remarks>
/// <para>These convert, wherever data is taken. The first dimension counts samples.</para>
/// <list type="bullet">
/// <item><description><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c>, <c>byte</c>, <c>bool</c> in arrays of rank 1 to 5: <c>double[,]</c>,
/// <c>byte[,,,]</c>.</description></item>
/// <item><description>The same in arrays of rows, <c>float[][]</c>, and <c>float[][][]</c>, <c>double[][][]</c>; all rows have one length.</description></item>
/// <item><description><c>List&lt;T&gt;</c> of <c>float</c>, <c>double</c>, <c>int</c>, <c>long</c>, <c>bool</c>, and of rows of <c>float</c>, <c>double</c>,
/// <c>int</c>, <c>long</c>, <c>byte</c>: <c>List&lt;double[]&gt;</c>.</description></item>
/// <item><description><c>Tensor&lt;T&gt;</c> and <c>ReadOnlyTensorSpan&lt;T&gt;</c> of the six types.</description></item>
/// <item><description>Text in <c>string[]</c>, <c>string[,]</c>, <c>List&lt;string&gt;</c> and <c>Tensor&lt;string&gt;</c>, for inputs of DType.String.
/// </description></item>
/// <item><description>Everything else by <c>NDArray.From(...)</c>: any <c>IEnumerable&lt;T&gt;</c> of numbers, arrays, lists or tensors, arrays of any rank and
/// depth (<c>float[][,]</c>), also of <c>decimal</c>, <c>Half</c>, <c>short</c>, <c>ushort</c>, <c>sbyte</c>, <c>uint</c>. C# has no implicit conversions from
/// interfaces.</description></item>
/// <item><description>A flat array with a shape, by <c>NDArray.Create(elements, [60000, 28, 28, 1])</c>.</description></item>
/// <item><description>A <c>Dictionary&lt;string, NDArray&gt;</c>, by the names of inputs or outputs.</description></item>
/// </list>
/// <para>
/// Values become the type of the input that takes them, as in Keras. Real numbers are computed as float32; a finite number beyond its range is refused. Real
/// numbers given to an input of integers must be whole. Bytes are integers from 0 to 255 and stay bytes in memory until a batch is made; a model of such images
/// begins with <c>Rescaling</c> by 1/255. Arrays of any rank and tensors of <c>float</c>, <c>int</c>, <c>long</c>, <c>byte</c>, <c>bool</c> and <c>string</c>
/// are used, not copied, so they must not change while they are trained on; other types, lists and arrays of rows are copied. A range of samples,
/// <c>x[..1000]</c>, is a view of the same elements.
/// </para>
/// <para>
/// A <c>float[][]</c> is one array, whose samples are its rows; <c>[a, b]</c> of two <c>float[]</c> are two arrays, for two inputs.
/// </para>
/// </remarks>
/// <example><code>
/// trainer.Fit([x, x], [y, y]);                                                       // in order
/// trainer.Fit(new() { ["title"] = x, ["body"] = x }, new() { ["priority"] = y });    // by name
/// </code></example>
[CollectionBuilder(typeof(NDArrays), nameof(Create))]
public sealed partial class NDArrays : IReadOnlyList<NDArray>
{
    private readonly NamedItems<NDArray> _items;

    /// <summary>An empty list, to which arrays are given by the names of inputs or outputs: <c>new() { ["class"] = a }</c>.</summary>
    public NDArrays() => _items = new([], "arrays");

    private NDArrays(ReadOnlySpan<NDArray> items) => _items = new(items, "arrays");

    private NDArrays(NDArray[] items, IReadOnlyList<string>? names) =>
        _items = names is null ? new(items, "arrays") : NamedItems<NDArray>.Of(names.Zip(items, KeyValuePair.Create), "arrays");

    /// <summary>The number of arrays.</summary>
    public int Count => _items.Items.Count;

    /// <summary>An array by its position.</summary>
    /// <param name="index">The position, from 0.</param>
    public NDArray this[int index] => _items.Items[index];

    /// <summary>An array by the name of its input or output.</summary>
    /// <param name="name">The name of an input or output.</param>
    /// <exception cref="ModelException">There is none of that name, or the arrays were given in the model's order.</exception>
    public NDArray this[string name]
    {
        get => _items.Get(name);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _items.Set(name, value);
        }
    }

    /// <summary>Makes the list; called by collection literals.</summary>
    /// <param name="arrays">The arrays.</param>
    public static NDArrays Create(ReadOnlySpan<NDArray> arrays) => new(arrays);

    /// <summary>A list of one array; null for null.</summary>
    [return: NotNullIfNotNull(nameof(array))]
    public static implicit operator NDArrays?(NDArray? array) => array is null ? null : new([array]);

    /// <summary>Arrays in the model's order.</summary>
    public static implicit operator NDArrays(NDArray[] arrays) => new(arrays);

    /// <summary>Arrays by the names of inputs or outputs.</summary>
    public static implicit operator NDArrays(Dictionary<string, NDArray> arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        return new([.. arrays.Values], [.. arrays.Keys]);
    }

    /// <summary>Enumerates the arrays in order.</summary>
    public IEnumerator<NDArray> GetEnumerator() => _items.Items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The arrays in the order of the names, whether they were given by position or by name.</summary>
    internal NDArray[] InOrder(IReadOnlyList<string> names, string what)
    {
        if (Names is { } own)
        {
            var missing = names.Except(own).ToList();
            var extra = own.Except(names).ToList();
            if (missing.Count > 0 || extra.Count > 0)
            {
                throw new ModelException(
                    $"The model's {what}s are {NamedItems<NDArray>.Quoted(names)}, but the data names {NamedItems<NDArray>.Quoted(own)}."
                    + (missing.Count > 0 && extra.Count > 0 && Naming.Nearest(extra[0], missing) is { } nearest
                        ? $" Did you mean '{nearest}' by '{extra[0]}'?"
                        : ""));
            }

            return [.. names.Select(_items.Get)];
        }

        return Count == names.Count
            ? [.. _items.Items]
            : throw new ModelException(
                $"The model has {names.Count} {what}(s) ({string.Join(", ", names)}), but got {Count} arrays. "
                + "Pass a list in that order, or a dictionary by name.");
    }

    /// <summary>The names, if the arrays were given by name.</summary>
    internal IReadOnlyList<string>? Names => _items.Names;

    /// <summary>The array of that name, or at that position if the arrays have no names; null if there is none.</summary>
    internal NDArray? Find(string name, int position) => _items.Find(name, position, out var array) ? array : null;

    /// <summary>Concatenates lists of the same arrays, each along its first axis.</summary>
    internal static NDArrays Concatenate(IReadOnlyList<NDArrays> lists)
    {
        var items = new NDArray[lists[0].Count];
        for (var i = 0; i < items.Length; i++)
        {
            var place = i;
            items[i] = NDArray.Concatenate([.. lists.Select(list => list.Count == items.Length ? list[place] : throw Differs(list))]);
        }

        return new(items, lists[0].Names);

        ModelException Differs(NDArrays list) => new($"All samples of a batch must have the same arrays, but got {list.Count} after {items.Length}.");
    }

    /// <summary>A list of other arrays with the same names.</summary>
    internal NDArrays With(NDArray[] arrays) => new(arrays, Names);

    /// <summary>The same list with another array at one position.</summary>
    internal NDArrays With(int position, NDArray array)
    {
        NDArray[] items = [.. _items.Items];
        items[position] = array;
        return new(items, Names);
    }

    /// <summary>Some of the samples of every array, in the given order.</summary>
    /// <param name="samples">The indices of the samples, in the order wanted.</param>
    public NDArrays Take(ReadOnlySpan<int> samples)
    {
        var items = new NDArray[Count];
        for (var i = 0; i < items.Length; i++) items[i] = this[i].Take(samples);
        return new(items, Names);
    }

    /// <summary>At most so many samples of every array, evenly spread, because data is often sorted.</summary>
    internal NDArrays Spread(int most) => this[0].Count <= most ? this : Take(EvenSpread.Of(this[0].Count, most));
}
