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
    public override Shape Apply(Shape shape) => Permutation.Order().SequenceEqual(Enumerable.Range(0, shape.Rank))
        ? Shape.Of([.. Permutation.Select(axis => shape.Dim(axis))])
        : throw Misfit(this, shape);

    public override T[] Apply<T>(T[] data, Shape shape) => Permute(data, shape, Permutation);

    public override T[] Undo<T>(T[] data, Shape shape) => Permute(data, Apply(shape), Operators.Transpose.Inverse(Permutation).Permutation);

    public override string ToString() => "transpose " + string.Join(',', FeatureOrder.Numbers(Permutation));

    private static T[] Permute<T>(T[] data, Shape shape, IntList permutation)
    {
        var rank = shape.Rank;
        var strides = new int[rank];
        for (var (i, size) = (rank - 1, 1); i >= 0; size *= shape.Dims[i], i--) strides[i] = size;
        var result = new T[data.Length];
        var index = new int[rank];
        var source = 0;
        for (var n = 0; n < result.Length; n++)
        {
            result[n] = data[source];
            for (var i = rank - 1; i >= 0; i--)
            {
                source += strides[permutation[i]];
                if (++index[i] < shape.Dims[permutation[i]]) break;
                source -= strides[permutation[i]] * index[i];
                index[i] = 0;
            }
        }

        return result;
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
