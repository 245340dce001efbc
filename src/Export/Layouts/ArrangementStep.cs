namespace OnnxFunctional.Export.Layouts;

/// <summary>One change in how a weight's elements are stored: it only moves them, so it can be undone when a file is read.</summary>
internal abstract record ArrangementStep
{
    /// <summary>The shape after the step.</summary>
    /// <exception cref="FormatException">The step does not fit the shape.</exception>
    public abstract Shape Apply(Shape shape);

    /// <summary>The elements after the step.</summary>
    public abstract T[] Apply<T>(T[] data, Shape shape);

    /// <summary>The elements before the step.</summary>
    /// <param name="data">The elements after the step.</param>
    /// <param name="shape">The shape before the step.</param>
    public abstract T[] Undo<T>(T[] data, Shape shape);

    protected static FormatException Misfit(ArrangementStep step, Shape shape) => new($"'{step}' does not fit a weight of shape {shape}.");

    /// <summary>Copies blocks along an axis: block i of the result is block <c>sources[i]</c> of the data.</summary>
    protected static T[] Select<T>(T[] data, Shape shape, int axis, ReadOnlySpan<int> sources)
    {
        var inner = 1;
        for (var i = axis + 1; i < shape.Rank; i++) inner *= shape.Dims[i];
        var block = shape.Dims[axis] * inner;
        var outer = block == 0 ? 0 : data.Length / block;
        var result = new T[outer * sources.Length * inner];
        for (var o = 0; o < outer; o++)
        {
            for (var i = 0; i < sources.Length; i++)
                Array.Copy(data, (o * block) + (sources[i] * inner), result, ((o * sources.Length) + i) * inner, inner);
        }

        return result;
    }
}

/// <summary>Other dimensions, the same elements in the same order.</summary>
internal sealed record ReshapeStep(IntList Dims) : ArrangementStep
{
    public override Shape Apply(Shape shape)
    {
        var result = Shape.Of(Dims.Span);
        return result.ElementCount == shape.ElementCount ? result : throw Misfit(this, shape);
    }

    public override T[] Apply<T>(T[] data, Shape shape) => data;

    public override T[] Undo<T>(T[] data, Shape shape) => data;

    public override string ToString() => "reshape " + string.Join(',', FeatureOrder.Numbers(Dims));
}

/// <summary>Axes in another order: axis i of the result is axis <c>Permutation[i]</c>.</summary>
internal sealed record TransposeStep(IntList Permutation) : ArrangementStep
{
    private const int Tile = 16;

    public override Shape Apply(Shape shape) => Permutation.Order().SequenceEqual(Enumerable.Range(0, shape.Rank))
        ? Shape.Of([.. Permutation.Select(axis => shape.Dim(axis))])
        : throw Misfit(this, shape);

    public override T[] Apply<T>(T[] data, Shape shape) => Permute(data, shape, Permutation);

    public override T[] Undo<T>(T[] data, Shape shape) => Permute(data, Apply(shape), Operators.Transpose.Inverse(Permutation).Permutation);

    public override string ToString() => "transpose " + string.Join(',', FeatureOrder.Numbers(Permutation));

    private static T[] Permute<T>(T[] data, Shape shape, IntList permutation)
    {
        var (dims, order) = Merged(shape, permutation);
        var rank = dims.Length;
        var strides = new int[rank];
        for (var (i, size) = (rank - 1, 1); i >= 0; size *= dims[i], i--) strides[i] = size;
        var result = new T[data.Length];
        if (data.Length == 0) return result;
        if (rank < 2 || order[^1] == rank - 1)
        {
            // Rows stay whole.
            var row = rank == 0 ? 1 : dims[^1];
            Walk(Math.Max(rank - 1, 0), row, (source, target) => Array.Copy(data, source, result, target, row));
            return result;
        }

        // The last two axes of the result in tiles, so that reading and writing both stay in the cache.
        var (high, wide) = (dims[order[^2]], dims[order[^1]]);
        var (down, across) = (strides[order[^2]], strides[order[^1]]);
        Walk(rank - 2, high * wide, (source, target) =>
        {
            for (var top = 0; top < high; top += Tile)
            {
                for (var left = 0; left < wide; left += Tile)
                {
                    for (var i = top; i < Math.Min(top + Tile, high); i++)
                    {
                        for (var j = left; j < Math.Min(left + Tile, wide); j++) result[target + (i * wide) + j] = data[source + (i * down) + (j * across)];
                    }
                }
            }
        });
        return result;

        // Visits the outer axes of the result in order.
        void Walk(int axes, int block, Action<int, int> visit)
        {
            var index = new int[axes];
            for (var (source, target) = (0, 0); target < result.Length; target += block)
            {
                visit(source, target);
                for (var i = axes - 1; i >= 0; i--)
                {
                    source += strides[order[i]];
                    if (++index[i] < dims[order[i]]) break;
                    source -= strides[order[i]] * index[i];
                    index[i] = 0;
                }
            }
        }
    }

    /// <summary>The permutation with axes of size 1 left out and axes that stay neighbours as one.</summary>
    private static (int[] Dims, int[] Order) Merged(Shape shape, IntList permutation)
    {
        var kept = Enumerable.Range(0, shape.Rank).Where(axis => shape.Dims[axis] != 1).ToList();
        var runs = new List<List<int>>();
        foreach (var axis in permutation.Select(axis => kept.IndexOf(axis)).Where(axis => axis >= 0))
        {
            if (runs.Count > 0 && runs[^1][^1] + 1 == axis) runs[^1].Add(axis);
            else runs.Add([axis]);
        }

        List<List<int>> sources = [.. runs.OrderBy(run => run[0])];
        return ([.. sources.Select(run => run.Aggregate(1, (size, axis) => size * shape.Dims[kept[axis]]))], [.. runs.Select(run => sources.IndexOf(run))]);
    }
}

/// <summary>Blocks along an axis in another order, such as the gates of recurrent kernels.</summary>
internal sealed record TakeStep(int Axis, IntList Order) : ArrangementStep
{
    public override Shape Apply(Shape shape) =>
        Axis >= 0 && Axis < shape.Rank && Order.Order().SequenceEqual(Enumerable.Range(0, shape.Dims[Axis])) ? shape : throw Misfit(this, shape);

    public override T[] Apply<T>(T[] data, Shape shape) => Select(data, shape, Axis, Order.Span);

    public override T[] Undo<T>(T[] data, Shape shape) => Select(data, shape, Axis, Operators.Transpose.Inverse(Order).Permutation.Span);

    public override string ToString() => "take " + string.Join(',', FeatureOrder.Numbers([Axis, .. Order]));
}

/// <summary>Rows in the order of a flattened image that is stored channels-first.</summary>
internal sealed record ReorderStep(int Axis, FeatureOrder Order) : ArrangementStep
{
    public override Shape Apply(Shape shape) => Axis >= 0 && Axis < shape.Rank && Order.Size == shape.Dims[Axis] ? shape : throw Misfit(this, shape);

    public override T[] Apply<T>(T[] data, Shape shape) => Select(data, shape, Axis, Order.Sources());

    public override T[] Undo<T>(T[] data, Shape shape) => Select(data, shape, Axis, Order.Targets());

    public override string ToString() => "reorder " + string.Join(',', FeatureOrder.Numbers([Axis])) + "," + Order;
}

/// <summary>Zeros after the last position of an axis: the second bias of ONNX's recurrent operators, which Keras does not have.</summary>
internal sealed record AppendZerosStep(int Axis, int Count) : ArrangementStep
{
    public override Shape Apply(Shape shape) =>
        Axis >= 0 && Axis < shape.Rank && Count > 0 ? shape.With(Axis, checked(shape.Dims[Axis] + Count)) : throw Misfit(this, shape);

    public override T[] Apply<T>(T[] data, Shape shape) => Resize(data, shape, Apply(shape));

    public override T[] Undo<T>(T[] data, Shape shape) => Resize(data, Apply(shape), shape);

    public override string ToString() => "append " + string.Join(',', FeatureOrder.Numbers([Axis, Count]));

    private T[] Resize<T>(T[] data, Shape from, Shape to)
    {
        var inner = 1;
        for (var i = Axis + 1; i < from.Rank; i++) inner *= from.Dims[i];
        var (source, target) = (from.Dims[Axis] * inner, to.Dims[Axis] * inner);
        var result = new T[(int)to.ElementCount];
        for (var o = 0; o * target < result.Length; o++) Array.Copy(data, o * source, result, o * target, Math.Min(source, target));
        return result;
    }
}
