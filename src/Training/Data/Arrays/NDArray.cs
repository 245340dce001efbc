using System.Numerics.Tensors;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>
/// An array, with the samples along the first axis: what Fit, Evaluate and Predict take, and what Predict returns. Arrays, lists and tensors convert
/// to it; <see cref="NDArrays"/> lists what.
/// </summary>
/// <remarks>
/// <c>p[i, j]</c> is one number of a prediction, <c>(float[,])p</c> its copy as a .NET array, <c>Tensor&lt;float&gt; t = p</c> a tensor, and
/// <c>Console.WriteLine(p)</c> prints it as NumPy does.
/// </remarks>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed partial class NDArray : IHtml
{
    private readonly Elements _elements;
    private Elements<float>? _floats;

    /// <summary>An array from its elements as the engine takes them.</summary>
    internal NDArray(Shape shape, DType type, Elements elements)
    {
        CheckCount(shape, elements.Length);
        Shape = shape;
        DType = type;
        _elements = elements;
    }

    /// <summary>The dimensions, samples first.</summary>
    public Shape Shape { get; }

    /// <summary>The dimensions as <see cref="System.Numerics.Tensors.Tensor{T}"/> has them.</summary>
    public ReadOnlySpan<nint> Lengths => Shape.TensorLengths();

    /// <summary>The type of the elements.</summary>
    public DType DType { get; }

    /// <summary>The number of samples.</summary>
    public int Count => Shape.Rank == 0 ? 1 : Shape.Dims[0];

    /// <summary>The bytes that the elements take in memory; of texts those of their characters.</summary>
    internal long HeldBytes => _elements.HeldBytes;

    private long ElementsPerSample => Count == 0 ? 0 : Shape.ElementCount / Count;

    /// <summary>All elements, which take less than 2 GB; larger arrays are read by <see cref="CopyTo(Span{byte}, int, int)"/>.</summary>
    internal byte[] Bytes
    {
        get
        {
            var bytes = new byte[Sizes.Count(Shape, "An array of shape", "Take fewer samples.") * (long)DType.Size()];
            _elements.CopyTo(0, bytes);
            return bytes;
        }
    }

    /// <summary>An array from its elements in row-major order. Elements that need no conversion are used, not copied.</summary>
    /// <typeparam name="T">The type of the elements: one of those that <see cref="NDArrays"/> lists.</typeparam>
    /// <param name="elements">The elements.</param>
    /// <param name="shape">The dimensions, samples first.</param>
    /// <exception cref="ModelException">The shape has another number of elements, or elements of this type or size are not taken.</exception>
    public static NDArray Create<T>(T[] elements, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(elements);
        return ElementType.Of(typeof(T)).From(elements, shape);
    }

    /// <summary>A copy of some of the samples, in the given order.</summary>
    /// <param name="samples">The indices of the samples, in the order wanted.</param>
    public NDArray Take(ReadOnlySpan<int> samples)
    {
        var shape = Shape.With(0, samples.Length);
        _ = Sizes.Count(shape, "A batch of shape", "Take fewer samples.");
        return new(shape, DType, _elements.Take(samples, ElementsPerSample));
    }

    /// <summary>A copy of samples of arrays that are alike.</summary>
    /// <param name="arrays">The array of each sample.</param>
    /// <param name="samples">The indices of the samples in them.</param>
    internal static NDArray Gather(ReadOnlySpan<NDArray> arrays, ReadOnlySpan<int> samples)
    {
        var first = arrays[0];
        var shape = first.Shape.With(0, samples.Length);
        _ = Sizes.Count(shape, "A batch of shape", "Take fewer samples.");
        var elements = new Elements[samples.Length];
        for (var i = 0; i < elements.Length; i++) elements[i] = arrays[i]._elements;
        return new(shape, first.DType, first._elements.Gather(elements, samples, first.ElementsPerSample));
    }

    /// <summary>Whether elements are bytes that are widened where they are read.</summary>
    internal bool IsNarrow => _elements.Narrow is not null;

    /// <summary>Whether samples of both have one type and shape.</summary>
    internal bool IsLike(NDArray other) =>
        DType == other.DType && Shape.Rank == other.Shape.Rank && (Shape.Rank == 0 || Shape.Dims[1..].SequenceEqual(other.Shape.Dims[1..]));

    /// <summary>A range of samples: a view of the same elements.</summary>
    internal NDArray Slice(int start, int count) => start == 0 && count == Count
        ? this
        : new(Shape.With(0, count), DType, _elements.Slice(start * ElementsPerSample, count * ElementsPerSample));

    /// <summary>Concatenates arrays along their first axis.</summary>
    /// <exception cref="ModelException">They differ in type or in the shapes of their samples.</exception>
    internal static NDArray Concatenate(IReadOnlyList<NDArray> arrays)
    {
        var first = arrays[0];
        if (arrays.Count == 1) return first;
        var count = 0L;
        foreach (var array in arrays)
        {
            if (array.DType != first.DType || array.Shape.With(0, 1) != first.Shape.With(0, 1))
            {
                throw new ModelException(
                    $"The samples of a batch must have one shape and type, but got {array.Shape} {array.DType.KerasName()} after {first.Shape} "
                    + $"{first.DType.KerasName()}. Pad or crop them with Map first.");
            }

            count += array.Count;
        }

        var shape = first.Shape.With(0, (int)Math.Min(count, int.MaxValue));
        return Joined([.. arrays], shape, Sizes.Count(shape, "A batch of shape", "Use a smaller batch size."));
    }

    /// <summary>Copies all elements to a value of the engine.</summary>
    internal void CopyTo(ValueBuffer target)
    {
        if (_elements is Elements<string> texts) texts.CopyTo(0, target.Strings[..(int)texts.Length]);
        else _elements.CopyTo(0, target.Bytes[..checked((int)(_elements.Length * DType.Size()))]);
    }

    /// <summary>Copies some consecutive samples to a value of the engine.</summary>
    internal void CopyTo(int first, int count, ValueBuffer target)
    {
        var size = ElementsPerSample;
        if (_elements is Elements<string> texts) texts.CopyTo(first * size, target.Strings[..checked((int)(count * size))]);
        else CopyTo(target.Bytes, first, count);
    }

    /// <summary>Copies the texts of a sample to one of a value of the engine.</summary>
    internal void CopyText(int sample, ValueBuffer target, int to)
    {
        var size = (int)ElementsPerSample;
        ((Elements<string>)_elements).CopyTo((long)sample * size, target.Strings.Slice(to * size, size));
    }

    /// <summary>Copies the elements of some consecutive samples, which take less than 2 GB.</summary>
    internal void CopyTo(Span<byte> target, int sample, int count)
    {
        var size = ElementsPerSample;
        _elements.CopyTo(sample * size, target[..checked((int)(count * size * DType.Size()))]);
    }

    /// <summary>The array with another number of steps along its second axis: cut at the end, or padded with a value.</summary>
    internal NDArray WithSteps(int steps, float padding, bool padFront)
    {
        var given = Shape.Dim(1);
        if (given == steps) return this;
        var shape = Shape.With(1, steps);
        var filled = padding == 0 ? null : Create([padding], OnnxFunctional.Shape.Of(1)).To(DType, "PaddingValue").Bytes;
        var source = Bytes;
        var target = new byte[Sizes.Count(shape, "A batch of shape", "Use a smaller batch size.") * (long)DType.Size()];
        if (filled is not null)
        {
            for (var i = 0; i < target.Length; i += filled.Length) filled.CopyTo(target, i);
        }

        var (from, to) = (source.Length / Math.Max(1, Count * given) * given, target.Length / Math.Max(1, Count * steps) * steps);
        for (var i = 0; i < Count; i++)
        {
            var row = source.AsSpan(i * from, Math.Min(from, to));
            row.CopyTo(target.AsSpan((i * to) + (padFront ? Math.Max(0, to - from) : 0), row.Length));
        }

        return new(shape, DType, Elements.OfBytes(DType, target));
    }

    /// <summary>An array of zeros.</summary>
    internal static NDArray Zeros(Shape shape, DType type) =>
        new(shape, type, Elements.Zeros(type, Sizes.Count(shape, "Zeros of shape", "Use fewer samples.")));

    /// <summary>Refuses a shape that has another number of elements.</summary>
    /// <exception cref="ModelException">It has.</exception>
    internal static void CheckCount(Shape shape, long elements)
    {
        if (shape.ElementCount != elements)
            throw new ModelException($"Data of shape {shape} has {shape.ElementCount} elements, but {elements} were given.");
    }

    /// <summary>The same elements in another shape.</summary>
    internal NDArray Reshape(Shape shape) => new(shape, DType, _elements);

    /// <summary>The elements as float32: where they lie, or a copy.</summary>
    /// <exception cref="ModelException">They are text, or too many for one array.</exception>
    internal ReadOnlySpan<float> AsFloats() => Floats.TryGetSpan(out var span)
        ? span
        : Floats.ToArray(Sizes.Count(Shape, "An array of shape", "Read a part of it, as x[..1000]."));

    /// <summary>The elements as float32, converted while they are read.</summary>
    /// <exception cref="ModelException">They are text.</exception>
    internal Elements<float> Floats => _floats ??= ElementConversions.Floats(_elements);

    /// <summary>Whether every element is a finite number.</summary>
    internal bool IsFinite
    {
        get
        {
            if (_elements is not Elements<float> floats || floats.Narrow is not null) return true;
            foreach (var chunk in floats.Chunks())
            {
                if (!TensorPrimitives.IsFiniteAll(chunk.Span)) return false;
            }

            return true;
        }
    }

    /// <summary>The same values as another element type; conversions to integers must be exact.</summary>
    internal NDArray To(DType type, string what)
    {
        if (type == DType) return this;
        if (DType == DType.String) throw ElementConversions.IsText(what);
        if (type == DType.String) throw new ModelException($"{what} takes text, but the data is {DType.KerasName()}. Pass a string[].");
        return new(Shape, type, ElementConversions.Of(_elements, type, what));
    }

    /// <summary>The elements as bytes, one each.</summary>
    /// <exception cref="ModelException">One is no integer from 0 to 255.</exception>
    internal byte[] ToBytes(string what) =>
        ElementConversions.Bytes(_elements, what).ToArray(Sizes.Count(Shape, "An array of shape", "Take fewer samples."));

    /// <summary>The elements of arrays of one type, one array after the other.</summary>
    private static NDArray Joined(List<NDArray> arrays, Shape shape, int count) =>
        new(shape, arrays[0].DType, arrays[0]._elements.Join(arrays.ConvertAll(array => array._elements), count));
}
