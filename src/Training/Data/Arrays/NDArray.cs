using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>
/// An array in memory, with the samples along the first axis: what Fit, Evaluate and Predict take, and what Predict returns. Arrays, lists and tensors convert
/// to it; <see cref="NDArrays"/> lists what.
/// </summary>
/// <remarks>
/// <c>p[i, j]</c> is one number of a prediction, <c>(float[,])p</c> its copy as a .NET array, <c>Tensor&lt;float&gt; t = p</c> a tensor, and
/// <c>Console.WriteLine(p)</c> prints it as NumPy does.
/// </remarks>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed partial class NDArray : IHtml
{
    // float[], long[], int[], bool[], short[] for int8, or string[] as the type says; byte[] for any type of numbers: bytes are widened where they are read,
    // because images fill memory.
    private readonly Array _elements;

    private NDArray(Shape shape, DType type, Array elements)
    {
        Shape = shape;
        DType = type;
        _elements = elements;
        if (shape.ElementCount != elements.Length)
            throw new ModelException($"Data of shape {shape} has {shape.ElementCount} elements, but {elements.Length} were given.");
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
    internal long HeldBytes => _elements switch
    {
        string[] texts => texts.Sum(text => (long)sizeof(char) * text.Length),
        byte[] or bool[] => _elements.LongLength,
        short[] => _elements.LongLength * sizeof(short),
        long[] => _elements.LongLength * sizeof(long),
        _ => _elements.LongLength * sizeof(float),
    };

    private int ElementsPerSample => Count == 0 ? 0 : (int)(Shape.ElementCount / Count);

    /// <summary>All elements, which take less than 2 GB; larger arrays are read by <see cref="CopyTo(Span{byte}, int, int)"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => ArrayElements.BytesOf(ArrayElements.Widened(_elements, DType), 0, _elements.Length);

    /// <summary>An array from its elements in row-major order. Elements that need no conversion are used, not copied.</summary>
    /// <typeparam name="T">The type of the elements: one of those that <see cref="NDArrays"/> lists.</typeparam>
    /// <param name="elements">The elements.</param>
    /// <param name="shape">The dimensions, samples first.</param>
    /// <exception cref="ModelException">The shape has another number of elements, or elements of this type or size are not taken.</exception>
    public static NDArray Create<T>(T[] elements, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(elements);
        return Of(ElementType.Of(typeof(T)), elements, shape);
    }

    /// <summary>Some of the samples, in the given order.</summary>
    /// <param name="samples">The indices of the samples, in the order wanted.</param>
    public NDArray Take(ReadOnlySpan<int> samples)
    {
        var size = ElementsPerSample;
        var shape = Shape.With(0, samples.Length);
        var result = new NDArray(shape, DType, ArrayElements.Like(_elements, Sizes.Count(shape, "A batch of shape", "Take fewer samples.")));
        for (var i = 0; i < samples.Length; i++) Array.Copy(_elements, (long)samples[i] * size, result._elements, (long)i * size, size);
        return result;
    }

    /// <summary>A range of samples.</summary>
    internal NDArray Slice(int start, int count)
    {
        var samples = new int[count];
        for (var i = 0; i < count; i++) samples[i] = start + i;
        return Take(samples);
    }

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
        return Joined(arrays, shape, Sizes.Count(shape, "A batch of shape", "Use a smaller batch size."));
    }

    /// <summary>Copies all elements to a value of the engine.</summary>
    internal void CopyTo(ValueBuffer target)
    {
        if (_elements is string[] texts) texts.CopyTo(target.Strings);
        else ArrayElements.Copy(_elements, 0, _elements.Length, DType, target.Bytes);
    }

    /// <summary>Copies some consecutive samples to a value of the engine.</summary>
    internal void CopyTo(int first, int count, ValueBuffer target)
    {
        if (_elements is string[] texts) texts.AsSpan(first * ElementsPerSample, count * ElementsPerSample).CopyTo(target.Strings);
        else CopyTo(target.Bytes, first, count);
    }

    /// <summary>Copies the texts of a sample to one of a value of the engine.</summary>
    internal void CopyText(int sample, ValueBuffer target, int to)
    {
        var size = ElementsPerSample;
        AsTexts().Slice(sample * size, size).CopyTo(target.Strings[(to * size)..]);
    }

    /// <summary>Copies the elements of some consecutive samples, which take less than 2 GB.</summary>
    internal void CopyTo(Span<byte> target, int sample, int count) =>
        ArrayElements.Copy(_elements, sample * ElementsPerSample, count * ElementsPerSample, DType, target);

    /// <summary>The array with another number of steps along its second axis: cut at the end, or padded with a value.</summary>
    internal NDArray WithSteps(int steps, float padding, bool padFront)
    {
        var given = Shape.Dim(1);
        if (given == steps) return this;
        var shape = Shape.With(1, steps);
        var filled = padding == 0 ? null : Create([padding], OnnxFunctional.Shape.Of(1)).To(DType, "PaddingValue");
        var result = Zeros(shape, DType);
        var source = Bytes;
        var target = MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(result._elements), checked((int)shape.ElementCount * DType.Size()));
        if (filled is not null)
        {
            for (var i = 0; i < target.Length; i += filled.Bytes.Length) filled.Bytes.CopyTo(target[i..]);
        }

        var (from, to) = (source.Length / Math.Max(1, Count * given) * given, target.Length / Math.Max(1, Count * steps) * steps);
        for (var i = 0; i < Count; i++)
        {
            var row = source.Slice(i * from, Math.Min(from, to));
            row.CopyTo(target.Slice((i * to) + (padFront ? Math.Max(0, to - from) : 0), row.Length));
        }

        return result;
    }

    /// <summary>An array of zeros.</summary>
    internal static NDArray Zeros(Shape shape, DType type) => new(shape, type, ArrayElements.New(type, checked((int)shape.ElementCount)));

    /// <summary>The same elements in another shape.</summary>
    internal NDArray Reshape(Shape shape) => new(shape, DType, _elements);

    /// <summary>The elements as float32.</summary>
    internal ReadOnlySpan<float> AsFloats() => ArrayElements.Floats(_elements);

    /// <summary>Whether every element is a finite number.</summary>
    internal bool IsFinite => _elements is not float[] floats || TensorPrimitives.IsFiniteAll<float>(floats);

    /// <summary>The same values as another element type; conversions to integers must be exact.</summary>
    internal NDArray To(DType type, string what)
    {
        if (type == DType) return this;
        if (_elements is string[]) throw ArrayElements.IsText(what);
        if (type == DType.String) throw new ModelException($"{what} takes text, but the data is {DType.KerasName()}. Pass a string[].");
        switch (type)
        {
            case DType.Float32 or DType.Int32 or DType.Int64 when _elements is byte[]:
                return new(Shape, type, _elements);
            case DType.Float32:
                return new(Shape, type, AsFloats().ToArray());
            case DType.Int64:
                return new(Shape, type, ArrayElements.Longs(_elements, what));
            case DType.Int32:
                return new(Shape, type, ArrayElements.Ints(_elements, what, "Declare the input with dtype: DType.Int64."));
            case DType.UInt8:
                return new(Shape, type, ToBytes(what));
            case DType.Int8:
                return new(Shape, type, Array.ConvertAll(Within(what, sbyte.MinValue, sbyte.MaxValue, "int8"), value => (short)value));
            case DType.Bool:
                var floats = AsFloats();
                var bools = new bool[floats.Length];
                for (var i = 0; i < bools.Length; i++) bools[i] = floats[i] != 0;
                return new(Shape, type, bools);
            default:
                throw new ModelException(
                    $"{what} takes {type.KerasName()}, which arrays in memory do not support. Declare the input as float32 or an integer type.");
        }
    }

    /// <summary>The elements as bytes, one each.</summary>
    /// <exception cref="ModelException">One is no integer from 0 to 255.</exception>
    internal byte[] ToBytes(string what)
    {
        if (_elements is byte[] bytes) return bytes;
        return Array.ConvertAll(Within(what, byte.MinValue, byte.MaxValue, "bytes"), value => (byte)value);
    }

    private long[] Within(string what, long lowest, long highest, string taken)
    {
        var longs = ArrayElements.Longs(_elements, what);
        var beyond = Array.FindIndex(longs, value => value < lowest || value > highest);
        return beyond < 0
            ? longs
            : throw new ModelException($"{what} takes {taken}, {lowest} to {highest}, but element {beyond} is {longs[beyond]}.");
    }

    /// <summary>The elements of arrays of one type, one array after the other.</summary>
    private static NDArray Joined(IReadOnlyList<NDArray> arrays, Shape shape, int count)
    {
        var (first, alike) = (arrays[0], true);
        foreach (var array in arrays) alike &= array._elements.GetType() == first._elements.GetType();
        var elements = alike ? ArrayElements.Like(first._elements, count) : ArrayElements.New(first.DType, count);
        var position = 0L;
        foreach (var array in arrays)
        {
            Array.Copy(alike ? array._elements : ArrayElements.Widened(array._elements, first.DType), 0, elements, position, array._elements.Length);
            position += array._elements.Length;
        }

        return new(shape, first.DType, elements);
    }
}
