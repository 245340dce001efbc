using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training;

/// <summary>An array in memory, with the samples along the first axis: what Fit, Evaluate and Predict take. Tensors and .NET arrays convert to it.</summary>
public sealed class NDArray
{
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

    /// <summary>The type of the elements.</summary>
    public DType DType { get; }

    /// <summary>The number of samples.</summary>
    public int Count => Shape.Rank == 0 ? 1 : Shape.Dims[0];

    private int ElementsPerSample => Count == 0 ? 0 : (int)(Shape.ElementCount / Count);

    /// <summary>All elements; an array of more than 2 GB is read by <see cref="BytesOf"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => DType switch
    {
        DType.Float32 => MemoryMarshal.AsBytes<float>((float[])_elements),
        DType.Int64 => MemoryMarshal.AsBytes<long>((long[])_elements),
        DType.Int32 => MemoryMarshal.AsBytes<int>((int[])_elements),
        _ => MemoryMarshal.AsBytes<bool>((bool[])_elements),
    };

    /// <summary>An array of floats in row-major order; the elements are used, not copied.</summary>
    /// <exception cref="ModelException">The shape has another number of elements.</exception>
    public static NDArray Create(float[] elements, Shape shape) => new(shape, DType.Float32, elements);

    /// <summary>An array of integers in row-major order; the elements are used, not copied.</summary>
    /// <exception cref="ModelException">The shape has another number of elements.</exception>
    public static NDArray Create(long[] elements, Shape shape) => new(shape, DType.Int64, elements);

    /// <summary>
    /// The elements as float32 in a tensor of the same shape. An array without dimensions gives one of shape (1), because .NET's tensors without dimensions are
    /// empty.
    /// </summary>
    public Tensor<float> ToTensor() => Tensor.Create(AsFloats().ToArray(), Shape.TensorLengths());

    /// <summary>An array of floats.</summary>
    public static implicit operator NDArray(Tensor<float> tensor) => new(ShapeOf(tensor), DType.Float32, Flat(tensor));

    /// <summary>An array of integers.</summary>
    public static implicit operator NDArray(Tensor<long> tensor) => new(ShapeOf(tensor), DType.Int64, Flat(tensor));

    /// <summary>An array of integers.</summary>
    public static implicit operator NDArray(Tensor<int> tensor) => new(ShapeOf(tensor), DType.Int32, Flat(tensor));

    /// <summary>An array of booleans.</summary>
    public static implicit operator NDArray(Tensor<bool> tensor) => new(ShapeOf(tensor), DType.Bool, Flat(tensor));

    /// <summary>One float per sample.</summary>
    public static implicit operator NDArray(float[] values) => new(OnnxFunctional.Shape.Of(Checked(values).Length), DType.Float32, values);

    /// <summary>One integer per sample.</summary>
    public static implicit operator NDArray(long[] values) => new(OnnxFunctional.Shape.Of(Checked(values).Length), DType.Int64, values);

    /// <summary>One integer per sample.</summary>
    public static implicit operator NDArray(int[] values) => new(OnnxFunctional.Shape.Of(Checked(values).Length), DType.Int32, values);

    /// <summary>One row per sample.</summary>
    public static implicit operator NDArray(float[,] values) => FromArray(Checked(values));

    /// <summary>One matrix per sample.</summary>
    public static implicit operator NDArray(float[,,] values) => FromArray(Checked(values));

    /// <summary>One image per sample.</summary>
    public static implicit operator NDArray(float[,,,] values) => FromArray(Checked(values));

    /// <summary>One row of integers per sample.</summary>
    public static implicit operator NDArray(long[,] values)
    {
        var flat = new long[Checked(values).Length];
        Buffer.BlockCopy(values, 0, flat, 0, flat.Length * sizeof(long));
        return new(OnnxFunctional.Shape.Of(values.GetLength(0), values.GetLength(1)), DType.Int64, flat);
    }

    /// <summary>One row of integers per sample.</summary>
    public static implicit operator NDArray(int[,] values)
    {
        var flat = new int[Checked(values).Length];
        Buffer.BlockCopy(values, 0, flat, 0, flat.Length * sizeof(int));
        return new(OnnxFunctional.Shape.Of(values.GetLength(0), values.GetLength(1)), DType.Int32, flat);
    }

    /// <summary>Some of the samples, in the given order.</summary>
    public NDArray Take(ReadOnlySpan<int> samples)
    {
        var size = ElementsPerSample;
        var shape = Shape.With(0, samples.Length);
        var result = new NDArray(shape, DType, NewElements(DType, Sizes.Count(shape, "A batch of shape", "Take fewer samples.")));
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
        var result = new NDArray(shape, first.DType, NewElements(first.DType, Sizes.Count(shape, "A batch of shape", "Use a smaller batch size.")));
        var position = 0L;
        foreach (var array in arrays)
        {
            Array.Copy(array._elements, 0, result._elements, position, array._elements.Length);
            position += array._elements.Length;
        }

        return result;
    }

    /// <summary>The elements of some consecutive samples, which take less than 2 GB.</summary>
    internal ReadOnlySpan<byte> BytesOf(int sample, int count = 1)
    {
        var (start, length) = (sample * ElementsPerSample, count * ElementsPerSample);
        return DType switch
        {
            DType.Float32 => MemoryMarshal.AsBytes(((float[])_elements).AsSpan(start, length)),
            DType.Int64 => MemoryMarshal.AsBytes(((long[])_elements).AsSpan(start, length)),
            DType.Int32 => MemoryMarshal.AsBytes(((int[])_elements).AsSpan(start, length)),
            _ => MemoryMarshal.AsBytes(((bool[])_elements).AsSpan(start, length)),
        };
    }

    /// <summary>The array with another number of steps along its second axis: cut at the end, or padded with a value.</summary>
    internal NDArray WithSteps(int steps, float padding, bool padFront)
    {
        var given = Shape.Dim(1);
        if (given == steps) return this;
        var shape = Shape.With(1, steps);
        var filled = padding == 0 ? null : Create([padding], OnnxFunctional.Shape.Of(1)).To(DType, "PaddingValue");
        var result = new NDArray(shape, DType, NewElements(DType, checked((int)shape.ElementCount)));
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
    internal static NDArray Zeros(Shape shape, DType type) => new(shape, type, NewElements(type, checked((int)shape.ElementCount)));

    /// <summary>The same elements in another shape.</summary>
    internal NDArray Reshape(Shape shape) => new(shape, DType, _elements);

    /// <summary>The elements as float32.</summary>
    internal ReadOnlySpan<float> AsFloats()
    {
        if (DType == DType.Float32) return (float[])_elements;
        var values = new float[_elements.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = DType switch
            {
                DType.Int64 => ((long[])_elements)[i],
                DType.Int32 => ((int[])_elements)[i],
                _ => ((bool[])_elements)[i] ? 1 : 0,
            };
        }

        return values;
    }

    /// <summary>The same values as another element type; conversions to integers must be exact.</summary>
    internal NDArray To(DType type, string what)
    {
        if (type == DType) return this;
        var count = _elements.Length;
        switch (type)
        {
            case DType.Float32:
                return new(Shape, type, AsFloats().ToArray());
            case DType.Int64 or DType.Int32:
                var longs = new long[count];
                for (var i = 0; i < count; i++)
                {
                    longs[i] = DType switch
                    {
                        DType.Int64 => ((long[])_elements)[i],
                        DType.Int32 => ((int[])_elements)[i],
                        DType.Bool => ((bool[])_elements)[i] ? 1 : 0,
                        _ when float.IsInteger(((float[])_elements)[i]) && MathF.Abs(((float[])_elements)[i]) < 9.2e18f => (long)((float[])_elements)[i],
                        _ => throw new ModelException($"{what} takes integers, but element {i} is {((float[])_elements)[i]}."),
                    };
                }

                if (type == DType.Int64) return new(Shape, type, longs);
                var beyond = Array.FindIndex(longs, value => value is < int.MinValue or > int.MaxValue);
                return beyond < 0
                    ? new(Shape, type, Array.ConvertAll(longs, value => (int)value))
                    : throw new ModelException($"{what} takes int32, but element {beyond} is {longs[beyond]}. Declare the input with dtype: DType.Int64.");
            case DType.Bool:
                var floats = AsFloats();
                var bools = new bool[count];
                for (var i = 0; i < count; i++) bools[i] = floats[i] != 0;
                return new(Shape, type, bools);
            default:
                throw new ModelException(
                    $"{what} takes {type.KerasName()}, which arrays in memory do not support. Declare the input as float32 or an integer type.");
        }
    }

    private static Array NewElements(DType type, int length) => type switch
    {
        DType.Float32 => new float[length],
        DType.Int64 => new long[length],
        DType.Int32 => new int[length],
        _ => new bool[length],
    };

    private static T Checked<T>(T values) where T : class
    {
        ArgumentNullException.ThrowIfNull(values);
        return values;
    }

    private static Shape ShapeOf<T>(Tensor<T> tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var dims = new int[tensor.Rank];
        for (var i = 0; i < dims.Length; i++) dims[i] = checked((int)tensor.Lengths[i]);
        return OnnxFunctional.Shape.Of(dims);
    }

    private static T[] Flat<T>(Tensor<T> tensor)
    {
        var flat = new T[tensor.FlattenedLength];
        tensor.FlattenTo(flat);
        return flat;
    }

    private static NDArray FromArray(Array values)
    {
        var flat = new float[values.Length];
        Buffer.BlockCopy(values, 0, flat, 0, flat.Length * sizeof(float));
        var dims = new int[values.Rank];
        for (var i = 0; i < dims.Length; i++) dims[i] = values.GetLength(i);
        return new(OnnxFunctional.Shape.Of(dims), DType.Float32, flat);
    }
}
