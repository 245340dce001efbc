using System.Globalization;
using System.Numerics.Tensors;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <content>Read by indices, as arrays of .NET, as a tensor, and as text.</content>
public sealed partial class NDArray
{
    /// <summary>One element as float32: <c>p[i, j]</c>.</summary>
    /// <param name="indices">One index per dimension, from 0.</param>
    /// <exception cref="ModelException">The number of indices is not that of the dimensions.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside its dimension.</exception>
    public float this[params ReadOnlySpan<int> indices] => ElementAt(PlaceOf(indices));

    /// <summary>A range of samples, as NumPy's <c>x[:1000]</c>: <c>x[..1000]</c>, <c>x[^1000..]</c>. It is a view: nothing is copied.</summary>
    /// <param name="samples">Positions along the first axis.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the samples.</exception>
    public NDArray this[Range samples]
    {
        get
        {
            var (start, count) = samples.GetOffsetAndLength(Count);
            return Slice(start, count);
        }
    }

    /// <summary>All elements as float32, row by row, in a new array.</summary>
    public float[] ToArray() => AsFloats().ToArray();

    /// <summary>
    /// The elements as float32 in a tensor of the same shape. An array without dimensions gives one of shape (1), because .NET's tensors without dimensions are
    /// empty.
    /// </summary>
    public Tensor<float> ToTensor() => Tensor.Create(ToArray(), Shape.TensorLengths());

    /// <summary>The values as NumPy prints them, after type and shape; of large arrays the ends of each dimension.</summary>
    public override string ToString() => NDArrayText.Of(this);

    void IHtml.WriteHtml(HtmlWriter html) => NDArrayText.WriteHtml(this, html);

    /// <summary>The elements as float32, as <see cref="ToTensor"/> returns them.</summary>
    public static implicit operator Tensor<float>(NDArray array) => Checked(array).ToTensor();

    /// <summary>The only element.</summary>
    /// <exception cref="ModelException">The array has several elements, or none.</exception>
    public static explicit operator float(NDArray array) => Checked(array).ElementAt(array.OnlyPlace());

    /// <summary>The only element.</summary>
    /// <exception cref="ModelException">The array has several elements, or none.</exception>
    public static explicit operator double(NDArray array) => (float)array;

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator float[](NDArray array) => (float[])Checked(array).ToNet<float>(1);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator float[,](NDArray array) => (float[,])Checked(array).ToNet<float>(2);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator float[,,](NDArray array) => (float[,,])Checked(array).ToNet<float>(3);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator float[,,,](NDArray array) => (float[,,,])Checked(array).ToNet<float>(4);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator float[,,,,](NDArray array) => (float[,,,,])Checked(array).ToNet<float>(5);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator double[](NDArray array) => (double[])Checked(array).ToNet<double>(1);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator double[,](NDArray array) => (double[,])Checked(array).ToNet<double>(2);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator double[,,](NDArray array) => (double[,,])Checked(array).ToNet<double>(3);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator double[,,,](NDArray array) => (double[,,,])Checked(array).ToNet<double>(4);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator double[,,,,](NDArray array) => (double[,,,,])Checked(array).ToNet<double>(5);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator int[](NDArray array) => (int[])Checked(array).ToNet<int>(1);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator int[,](NDArray array) => (int[,])Checked(array).ToNet<int>(2);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator long[](NDArray array) => (long[])Checked(array).ToNet<long>(1);

    /// <summary>A copy as a .NET array.</summary>
    /// <exception cref="ModelException">The array has another number of dimensions, or a value does not fit the type.</exception>
    public static explicit operator long[,](NDArray array) => (long[,])Checked(array).ToNet<long>(2);

    /// <summary>A copy of text as a .NET array.</summary>
    /// <exception cref="ModelException">The array holds numbers, or has another number of dimensions.</exception>
    public static explicit operator string[](NDArray array) => (string[])Checked(array).ToNet<string>(1);

    /// <summary>A copy of text as a .NET array.</summary>
    /// <exception cref="ModelException">The array holds numbers, or has another number of dimensions.</exception>
    public static explicit operator string[,](NDArray array) => (string[,])Checked(array).ToNet<string>(2);

    /// <summary>All elements of text, row by row.</summary>
    /// <exception cref="ModelException">The array holds numbers.</exception>
    internal ReadOnlySpan<string> AsTexts() => Texts.TryGetSpan(out var span)
        ? span
        : Texts.ToArray(Sizes.Count(Shape, "An array of shape", "Read a part of it, as x[..1000]."));

    /// <summary>The element at a place in row-major order, as float32.</summary>
    internal float ElementAt(long place) => DType == DType.String ? throw ElementConversions.IsText("The array") : Floats.At(place);

    /// <summary>The text at a place in row-major order.</summary>
    internal string TextAt(long place) => Texts.At(place);

    /// <summary>The integer at a place in row-major order.</summary>
    internal long IntegerAt(long place) =>
        _elements is Elements<float> or Elements<bool> ? (long)ElementAt(place) : ElementConversions.Longs(_elements, "The array").At(place);

    private Elements<string> Texts => _elements as Elements<string> ?? throw new ModelException(
        $"The array holds {DType.KerasName()}, not text. Convert it to float[] or another array of numbers.");

    private static NDArray Checked(NDArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        return array;
    }

    /// <summary>A copy as an array of .NET with a number of dimensions. Trailing dimensions of size 1 may be missing in it.</summary>
    private Array ToNet<T>(int rank)
    {
        var dims = Shape.Dims;
        var name = ElementType.Of(typeof(T)).Name;
        if (dims.Length < rank || dims[rank..].ContainsAnyExcept(1))
        {
            throw new ModelException(
                $"An array of shape {Shape} does not become {Named(rank)}, which has {rank} dimension(s). "
                + (dims.Length is 0 or > 5 ? "" : $"Convert it to {Named(dims.Length)}, or ") + "ToArray() gives all elements row by row.");
        }

        _ = Sizes.Count(Shape, "An array of shape", "Read a part of it, as x[..1000].");
        Array result = rank switch
        {
            1 => new T[dims[0]],
            2 => new T[dims[0], dims[1]],
            3 => new T[dims[0], dims[1], dims[2]],
            4 => new T[dims[0], dims[1], dims[2], dims[3]],
            _ => new T[dims[0], dims[1], dims[2], dims[3], dims[4]],
        };
        Converted().CopyTo(0, HeldElements<T>.SpanOf(result));
        return result;

        Elements<T> Converted()
        {
            if (typeof(T) == typeof(string)) return (Elements<T>)(Elements)Texts;
            if (typeof(T) == typeof(float)) return (Elements<T>)(Elements)Floats;
            if (typeof(T) == typeof(long)) return (Elements<T>)(Elements)ElementConversions.Longs(_elements, Named(rank));
            if (typeof(T) == typeof(double)) return (Elements<T>)(Elements)ElementConversions.Doubles(_elements);
            return (Elements<T>)(Elements)ElementConversions.Narrowed<int>(_elements, Named(rank), "int32", " Use long.");
        }

        string Named(int count) => $"{name}[{new string(',', count - 1)}]";
    }

    private long PlaceOf(ReadOnlySpan<int> indices)
    {
        var dims = Shape.Dims;
        if (indices.Length != dims.Length)
            throw new ModelException($"An element of an array of shape {Shape} has {dims.Length} indices, but {indices.Length} were given.");
        var place = 0L;
        for (var axis = 0; axis < dims.Length; axis++)
        {
            if ((uint)indices[axis] >= (uint)dims[axis])
            {
                throw new ArgumentOutOfRangeException(
                    nameof(indices), string.Create(CultureInfo.InvariantCulture, $"Index {indices[axis]} is outside dimension {axis} of shape {Shape}."));
            }

            place = (place * dims[axis]) + indices[axis];
        }

        return place;
    }

    private long OnlyPlace() => _elements.Length == 1 ? 0 : throw new ModelException($"An array of shape {Shape} has {_elements.Length} elements, not one.");
}
