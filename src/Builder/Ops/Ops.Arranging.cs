using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>The same elements at other places, or several times.</content>
public static partial class Ops
{
    /// <summary>Repeats axes of size 1 until the tensor has a shape (https://keras.io/api/ops/numpy/#broadcast_to-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="shape">The dimensions, the batch included; null keeps one.</param>
    /// <exception cref="ModelException">A dimension is neither kept, 1, nor the one that is wanted.</exception>
    public static SymbolicTensor BroadcastTo(SymbolicTensor x, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(x);
        var added = shape.Rank - x.Rank;
        if (added < 0) throw new ModelException($"BroadcastTo takes at least the {x.Rank} dimensions of {x.Shape}, but got {shape}.");
        var repeats = IntList.Repeat(1, shape.Rank).ToArray();
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            var size = axis < added ? 1 : x.Shape.Dim(axis - added);
            if (shape[axis] is not { } wanted || wanted == size) continue;
            if (size != 1)
            {
                var has = x.Shape[axis - added] is { } known ? Check.Text(known) : "unknown";
                throw new ModelException($"BroadcastTo of {x.Shape} to {shape}: axis {axis} is {has}; expected 1 or {wanted}.");
            }


            repeats[axis] = wanted;
        }

        if (added > 0) x = ExpandDims(x, Axes.Create([.. Enumerable.Range(0, added)]));
        return repeats.All(count => count == 1) ? x : Tile(x, repeats);
    }

    /// <summary>Repeats each element of an axis: <c>a a b b</c> (https://keras.io/api/ops/numpy/#repeat-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="repeats">How often each element is repeated.</param>
    /// <param name="axis">The axis; by default the elements are put in one row first.</param>
    /// <exception cref="ModelException">There is no such axis, or the number is negative.</exception>
    public static SymbolicTensor Repeat(SymbolicTensor x, int repeats, int? axis = null)
    {
        if (axis is not { } given) return Repeat(Reshape(x, -1), repeats, 0);
        if (repeats < 0) throw new ModelException($"Repeat: repeats is {repeats}; expected a number of at least 0.");
        var along = ShapeRules.Axis(given, x.Rank, nameof(Repeat));
        if (x.Shape[along] is { } size) return Repeat(x, [.. Enumerable.Repeat(repeats, size)], along);

        // Copies lie beside each element in an axis of their own, which then merges with it.
        var copies = new int[x.Rank + 1];
        Array.Fill(copies, 1);
        copies[along + 1] = repeats;
        var target = new int[x.Rank];
        target[along] = -1;
        for (var i = along + 1; i < x.Rank; i++) target[i] = SizeOf(x, i, nameof(Repeat));
        return Reshape(Tile(ExpandDims(x, along + 1), copies), target);
    }

    /// <summary>Repeats each element of an axis as often as a list says (https://keras.io/api/ops/numpy/#repeat-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="repeats">How often each element along the axis is repeated.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ModelException">There is not one number for each element of the axis, or one is negative.</exception>
    public static SymbolicTensor Repeat(SymbolicTensor x, ReadOnlySpan<int> repeats, int axis)
    {
        ArgumentNullException.ThrowIfNull(x);
        var along = ShapeRules.Axis(axis, x.Rank, nameof(Repeat));
        if (SizeOf(x, along, nameof(Repeat)) != repeats.Length || repeats.ContainsAnyInRange(int.MinValue, -1))
            throw new ModelException($"Repeat: {repeats.Length} numbers for axis {along} of {x.Shape}; expected {x.Shape[along]} of at least 0.");
        var indices = new List<long>();
        for (var i = 0; i < repeats.Length; i++) indices.AddRange(Enumerable.Repeat((long)i, repeats[i]));
        return Take(x, Constant(Shape.Of(indices.Count), indices.ToArray()), along);
    }

    /// <summary>The tensors that <see cref="Stack"/> would join along an axis (https://keras.io/api/ops/core/#unstack-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, whose size is known.</param>
    /// <exception cref="ModelException">There is no such axis, or its size is unknown.</exception>
    public static SymbolicTensors Unstack(SymbolicTensor x, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        var along = ShapeRules.Axis(axis, x.Rank, nameof(Unstack));
        var size = SizeOf(x, along, nameof(Unstack));
        return Enumerable.Range(0, size).Select(i => Squeeze(Position(x, along, i), along)).ToArray();
    }

    /// <summary>Reverses the order along axes (https://keras.io/api/ops/numpy/#flip-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes; all by default.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor Flip(SymbolicTensor x, Axes axis = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        foreach (var each in ShapeRules.Axes(axis.List, x.Rank, nameof(Flip))) x = Slice(x, each, -1, null, -1);
        return x;
    }

    /// <summary>
    /// Moves the elements along an axis; those that leave it at one end come in at the other (https://keras.io/api/ops/numpy/#roll-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="shift">By how many places; backwards if negative.</param>
    /// <param name="axis">The axis; by default the elements roll as if they lay in one row.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor Roll(SymbolicTensor x, int shift, int? axis = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (axis is not { } given) return Reshape(Roll(Reshape(x, -1), shift, 0), DimsOf(x, nameof(Roll)));
        var along = ShapeRules.Axis(given, x.Rank, nameof(Roll));
        if (x.Shape[along] is { } size) shift = size == 0 ? 0 : ((shift % size) + size) % size;
        return shift == 0 ? x : Concatenate([Slice(x, along, -shift), Slice(x, along, 0, -shift)], along);
    }

    /// <summary>Rotates by 90 degrees, from the first of two axes towards the second (https://keras.io/api/ops/numpy/#rot90-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="k">How often; backwards if negative.</param>
    /// <param name="axes">The plane: two axes, the first two by default.</param>
    /// <exception cref="ModelException">These are not two axes of the tensor.</exception>
    public static SymbolicTensor Rot90(SymbolicTensor x, int k = 1, Axes axes = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        int[] plane = axes.List.Count == 0 ? [0, 1] : [.. axes.Select(axis => ShapeRules.Axis(axis, x.Rank, nameof(Rot90)))];
        if (plane.Length != 2 || plane[0] == plane[1] || x.Rank < 2)
            throw new ModelException($"Rot90 of {x.Shape} in [{string.Join(", ", plane)}]; expected two axes.");
        return (((k % 4) + 4) % 4) switch
        {
            0 => x,
            1 => Flip(SwapAxes(x, plane[0], plane[1]), plane[0]),
            2 => Flip(x, Axes.Create(plane)),
            _ => Flip(SwapAxes(x, plane[0], plane[1]), plane[1]),
        };
    }

    /// <summary>Exchanges two axes (https://keras.io/api/ops/numpy/#swapaxes-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis1">One axis.</param>
    /// <param name="axis2">The other axis.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor SwapAxes(SymbolicTensor x, int axis1, int axis2)
    {
        ArgumentNullException.ThrowIfNull(x);
        var order = Enumerable.Range(0, x.Rank).ToArray();
        var (first, second) = (ShapeRules.Axis(axis1, x.Rank, nameof(SwapAxes)), ShapeRules.Axis(axis2, x.Rank, nameof(SwapAxes)));
        (order[first], order[second]) = (second, first);
        return Transpose(x, order);
    }

    /// <summary>Moves axes to other places; the others keep their order (https://keras.io/api/ops/numpy/#moveaxis-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="source">The axes.</param>
    /// <param name="destination">Their places in the result.</param>
    /// <exception cref="ModelException">There is no such axis, or there is not one place for each.</exception>
    public static SymbolicTensor MoveAxis(SymbolicTensor x, Axes source, Axes destination)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (source.List.Count != destination.List.Count)
            throw new ModelException($"Moveaxis names {source.List.Count} axes but {destination.List.Count} destinations; expected the same number.");
        var from = source.Select(axis => ShapeRules.Axis(axis, x.Rank, nameof(MoveAxis))).ToArray();
        var order = Enumerable.Range(0, x.Rank).Where(axis => !from.Contains(axis)).ToList();
        foreach (var (axis, place) in from.Zip(destination.Select(axis => ShapeRules.Axis(axis, x.Rank, nameof(MoveAxis)))).OrderBy(pair => pair.Second))
            order.Insert(Math.Min(place, order.Count), axis);
        return Transpose(x, [.. order]);
    }

    /// <summary>Joins along the second axis, or vectors along their only one (https://keras.io/api/ops/numpy/#hstack-function).</summary>
    /// <param name="tensors">Tensors that agree in all other dimensions.</param>
    /// <exception cref="ModelException">The tensors differ in another dimension or in type.</exception>
    public static SymbolicTensor HStack(SymbolicTensors tensors)
    {
        var rows = AtLeast(tensors, 1);
        return Concatenate(rows, rows[0].Rank == 1 ? 0 : 1);
    }

    /// <summary>Joins along the first axis, vectors as rows (https://keras.io/api/ops/numpy/#vstack-function).</summary>
    /// <param name="tensors">Tensors that agree in all other dimensions.</param>
    /// <exception cref="ModelException">The tensors differ in another dimension or in type.</exception>
    public static SymbolicTensor VStack(SymbolicTensors tensors) => Concatenate(AtLeast(tensors, 2), 0);

    /// <summary>Joins along the third axis, which matrices and vectors get (https://keras.io/api/ops/numpy/#dstack-function).</summary>
    /// <param name="tensors">Tensors that agree in all other dimensions.</param>
    /// <exception cref="ModelException">The tensors differ in another dimension or in type.</exception>
    public static SymbolicTensor DStack(SymbolicTensors tensors) =>
        Concatenate(AtLeast(tensors, 2).Select(x => x.Rank == 2 ? ExpandDims(x, 2) : x).ToArray(), 2);

    /// <summary>The grids that coordinates span: one tensor for each, all of one shape (https://keras.io/api/ops/numpy/#meshgrid-function).</summary>
    /// <param name="coordinates">Vectors of known sizes.</param>
    /// <param name="matrixOrder">Whether the first vector runs along the first axis (Keras' "ij"), or along the second ("xy").</param>
    /// <exception cref="ModelException">A tensor is no vector of known size.</exception>
    public static SymbolicTensors MeshGrid(SymbolicTensors coordinates, bool matrixOrder = false)
    {
        var rank = coordinates.Count;
        if (coordinates.FirstOrDefault(x => x.Rank != 1) is { } other) throw new ModelException($"MeshGrid takes vectors, but got {other.Shape}.");
        var dims = coordinates.Select(x => SizeOf(x, 0, nameof(MeshGrid))).ToArray();
        var order = Enumerable.Range(0, rank).ToArray();
        if (!matrixOrder && rank > 1) (order[0], order[1]) = (1, 0);
        var shape = Shape.Of([.. order.Select(i => dims[i])]);
        return coordinates.Select((x, i) =>
        {
            int[] others = [.. Enumerable.Range(0, rank).Where(axis => axis != order[i])];
            return BroadcastTo(others.Length == 0 ? x : ExpandDims(x, Axes.Create(others)), shape);
        }).ToArray();
    }

    /// <summary>The size of an axis, counted from the front, that a function must know.</summary>
    internal static int SizeOf(SymbolicTensor x, int axis, string what) => x.Shape[axis] ?? throw new ModelException(
        $"{what} needs the size of axis {axis}, which is unknown in {x.Shape}. Set that size in Model.Input instead of null.");

    /// <summary>The dimensions as a target of Reshape: one may be unknown.</summary>
    internal static int[] DimsOf(SymbolicTensor x, string what) => x.Shape.Count(dim => dim is null) <= 1
        ? x.Shape.Dims.ToArray()
        : throw new ModelException($"{what} takes a tensor with at most one unknown size, but got {x.Shape}. Set sizes in Model.Input instead of null.");

    /// <summary>Tensors with axes of size 1 before and after the others, as NumPy's functions of rows and planes add them.</summary>
    private static SymbolicTensors AtLeast(SymbolicTensors tensors, int rank) =>
        tensors.Select(x => x.Rank >= rank ? x : ExpandDims(x, Axes.Create(rank == 2 && x.Rank == 0 ? [0, 1] : [0]))).ToArray();
}
