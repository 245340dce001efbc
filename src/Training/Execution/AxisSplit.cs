namespace OnnxFunctional.Training.Execution;

/// <summary>A shape seen as [outer, count, inner] around one axis.</summary>
/// <param name="Outer">The product of the dimensions before the axis.</param>
/// <param name="Count">The dimension of the axis.</param>
/// <param name="Inner">The product of the dimensions after the axis: the distance between neighboring positions along it.</param>
internal readonly record struct AxisSplit(int Outer, int Count, int Inner)
{
    /// <summary>Elements of one outer slice.</summary>
    public int Slice => Count * Inner;

    /// <summary>Splits a shape; a negative axis counts from the end.</summary>
    public static AxisSplit Of(Shape shape, int axis)
    {
        var dims = shape.Dims;
        if (axis < 0) axis += dims.Length;
        return new(Product(dims[..axis]), dims[axis], Product(dims[(axis + 1)..]));
    }

    private static int Product(ReadOnlySpan<int> dims)
    {
        var product = 1;
        foreach (var dim in dims) product *= dim;
        return product;
    }
}
