using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Pieces that several rows compose operators of.</summary>
internal static class Parts
{
    /// <summary>The whole numbers from 0 on.</summary>
    /// <exception cref="ModelException">The constants of the file would be larger than the limit.</exception>
    public static SymbolicTensor Count(FileNode node, int number) => Ops.Constant([number], Positions(node, number));

    /// <summary>The positions of an axis of that size.</summary>
    /// <exception cref="ModelException">The constants of the file would be larger than the limit.</exception>
    public static long[] Positions(FileNode node, int size)
    {
        var positions = new long[node.Reserved([size], DType.Int64).ElementCount];
        for (var i = 0; i < positions.Length; i++) positions[i] = i;
        return positions;
    }

    /// <summary>Whole numbers as a tensor of that shape.</summary>
    public static SymbolicTensor Longs(Shape shape, IEnumerable<long> values) => Ops.Constant(shape, [.. values]);

    /// <summary>The size of an axis, known or not.</summary>
    public static SymbolicTensor SizeOf(SymbolicTensor x, int axis) => x.Shape.Dims[axis] is >= 0 and var size
        ? Ops.Make(new Constant(TensorData.Of(Shape.Of(), [(long)size])))
        : Ops.Cast(Ops.Make(new Operators.Size([axis]), x), DType.Int64);

    /// <summary>One position of an axis, which is gone then.</summary>
    public static SymbolicTensor At(SymbolicTensor x, int axis, int position) => Ops.Squeeze(Ops.Position(x, axis, position), axis);

    /// <summary>One whole number, in a type.</summary>
    public static SymbolicTensor Number(long value, DType type) => Filled([], value, type);

    /// <summary>Zeros of the type of a tensor.</summary>
    /// <exception cref="ModelException">The constants of the file would be larger than the limit.</exception>
    public static SymbolicTensor Zeros(FileNode node, Shape shape, DType type) => Filled(node.Reserved(shape, type), 0, type);

    /// <summary>The same number everywhere, in a type.</summary>
    private static SymbolicTensor Filled(Shape shape, long value, DType type) => Ops.Make(new Constant(DataMoves.Filled(
        type switch
        {
            DType.Int64 => TensorData.Of([1], [value]),
            DType.Int32 => TensorData.Of([1], [checked((int)value)]),
            DType.Int8 or DType.UInt8 => TensorData.Create([1], type, [unchecked((byte)value)]),
            DType.Bool => TensorData.Of([1], [value != 0]),
            _ => TensorData.Of([1], [(float)value]),
        },
        shape)));

    /// <summary>Indices that are not negative; what lies outside 0 to size - 1 stops the run, in files too.</summary>
    /// <exception cref="ModelException">The constants of the file would be larger than the limit.</exception>
    public static SymbolicTensor Checked(FileNode node, SymbolicTensor indices, int size) => Ops.Take(Count(node, size), indices, 0);

    /// <summary>An operator of two between all positions of an axis, exactly for whole numbers too; the axis is gone then.</summary>
    public static SymbolicTensor Fold(Op op, SymbolicTensor x, int axis)
    {
        while (x.Shape.Dims[axis] is > 1 and var size)
        {
            var half = size / 2;
            var joined = Ops.Make(op, Ops.Slice(x, axis, 0, half), Ops.Slice(x, axis, half, 2 * half));
            x = size % 2 == 0 ? joined : Ops.Concatenate(new[] { joined, Ops.Slice(x, axis, 2 * half) }, axis);
        }

        return Ops.Squeeze(x, axis);
    }

    /// <summary>A tensor with an axis moved to the end.</summary>
    public static SymbolicTensor ToEnd(SymbolicTensor x, int axis) =>
        axis == x.Rank - 1 ? x : Ops.Transpose(x, [.. Enumerable.Range(0, x.Rank).Where(i => i != axis), axis]);

    /// <summary>The inverse of <see cref="ToEnd"/>.</summary>
    public static SymbolicTensor FromEnd(SymbolicTensor x, int axis) =>
        axis == x.Rank - 1 ? x : Ops.Transpose(x, [.. Enumerable.Range(0, axis), x.Rank - 1, .. Enumerable.Range(axis, x.Rank - 1 - axis)]);
}
