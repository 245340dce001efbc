namespace OnnxFunctional.Export.Importers;

/// <summary>Known elements in another order or type.</summary>
internal static class DataMoves
{
    /// <summary>The elements with axis i of the result being axis <c>permutation[i]</c> of the data.</summary>
    public static TensorData Transposed(TensorData data, IntList permutation)
    {
        var rank = permutation.Count;
        if (permutation.Select((axis, i) => axis == i).All(same => same)) return data;
        var dims = new int[rank];
        var steps = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            dims[i] = data.Shape.Dims[permutation[i]];
            steps[i] = 1;
            for (var axis = permutation[i] + 1; axis < rank; axis++) steps[i] *= data.Shape.Dims[axis];
        }

        var width = data.Type.Size();
        var source = data.Bytes;
        var result = new byte[source.Length];
        var index = new int[rank];
        var from = 0L;
        for (var to = 0; to < result.Length; to += width)
        {
            source.Slice((int)from * width, width).CopyTo(result.AsSpan(to));
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                from += steps[axis];
                if (++index[axis] < dims[axis]) break;
                from -= steps[axis] * dims[axis];
                index[axis] = 0;
            }
        }

        return TensorData.Create(Shape.Of(dims), data.Type, result);
    }

    /// <summary>The same elements in another shape.</summary>
    public static TensorData Reshaped(TensorData data, Shape shape) => TensorData.Create(shape, data.Type, data.Bytes);

    /// <summary>A shape filled with the one element of a constant.</summary>
    public static TensorData Filled(TensorData value, Shape shape)
    {
        var element = value.Bytes[..value.Type.Size()];
        var bytes = new byte[checked(Sizes.Count(shape, "A constant of shape") * element.Length)];
        for (var i = 0; i < bytes.Length; i += element.Length) element.CopyTo(bytes.AsSpan(i));
        return TensorData.Create(shape, value.Type, bytes);
    }

    public static long[] Longs(TensorData data) => data.Type switch
    {
        DType.Int64 => data.As<long>().ToArray(),
        DType.Int32 => [.. data.As<int>().ToArray().Select(value => (long)value)],
        DType.Int8 => [.. data.As<sbyte>().ToArray().Select(value => (long)value)],
        DType.Bool or DType.UInt8 => [.. data.Bytes.ToArray().Select(value => (long)value)],
        _ => [.. data.As<float>().ToArray().Select(value => (long)value)],
    };

    /// <summary>Integers; what lies beyond 32 bits is the nearest of these, as the ends of slices mean it.</summary>
    public static int[] Integers(TensorData data) => [.. Longs(data).Select(value => (int)Math.Clamp(value, int.MinValue, int.MaxValue))];

    public static float[] Floats(TensorData data) =>
        data.Type == DType.Float32 ? data.As<float>().ToArray() : [.. Longs(data).Select(value => (float)value)];
}
