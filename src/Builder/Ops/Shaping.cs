namespace OnnxFunctional.Operators;

/// <summary>An operator that rearranges elements of its inputs and computes nothing.</summary>
internal abstract record MoveOp : Op
{
    public sealed override bool Moves(int input) => !ReadsOnlyShapeOf(input);
}

/// <summary>All elements of the first input in the same order, in another shape.</summary>
internal abstract record ViewOp : MoveOp
{
    public sealed override bool TakesText => true;
}

/// <summary>The same elements in another shape: 0 keeps that dimension of the input, -1 (at most once) is inferred.</summary>
internal sealed record Reshape(IntList Target) : ViewOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var shape = inputs[0].Shape;
        var dims = new int[Target.Count];
        var (open, known, product) = (-1, true, 1L);
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = Target[i] == 0 ? (i < shape.Rank ? shape.Symbols[i] : throw Mismatch(shape)) : Target[i];
            if (Target[i] == -1) open = i;
            else if (dims[i] < 0) known = false;
            else product *= dims[i];
        }

        // Unknown dimensions that are kept cancel out, so the inferred dimension is often known.
        var (rest, unknown, symbol) = (1L, 0, Shape.Unknown);
        for (var i = 0; i < shape.Rank; i++)
        {
            if (shape.Dims[i] == Shape.Unknown)
            {
                if (i < Target.Count && Target[i] == 0) continue;
                unknown++;
                symbol = shape.Symbols[i];
            }
            else
            {
                rest *= shape.Dims[i];
            }
        }

        if (unknown == 0 && open >= 0)
        {
            if (product == 0 ? rest != 0 : rest % product != 0) throw Mismatch(shape);
            dims[open] = product == 0 ? 0 : (int)(rest / product);
        }
        else if (unknown == 0 && known && rest != product)
        {
            throw Mismatch(shape);
        }
        else if (open >= 0)
        {
            // The inferred dimension is the only other unknown one if nothing else changes.
            dims[open] = unknown == 1 && rest == product && rest > 0 ? symbol : Shape.Unknown;
        }

        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }

    private ModelException Mismatch(Shape shape) =>
        new(
            $"Reshape of {shape} to {Target} changes the number of elements ({string.Join(" x ", shape)} against {string.Join(" x ", Target)}); "
            + "0 keeps a dimension and -1 is inferred.");
}

/// <summary>The same elements in the shape of the second input.</summary>
internal sealed record ReshapeLike : ViewOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Shape = inputs[1].Shape }];

    public override bool ReadsOnlyShapeOf(int input) => input == 1;
}

/// <summary>The first input broadcast to the shape of the second.</summary>
internal sealed record ExpandLike : MoveOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.Broadcast(inputs[0].Shape, inputs[1].Shape, Name);
        return [inputs[0] with { Shape = inputs[1].Shape }];
    }

    public override bool ReadsOnlyShapeOf(int input) => input == 1;
}

/// <summary>Inserts dimensions of size 1 at these positions of the result.</summary>
internal sealed record Unsqueeze(IntList Axes) : ViewOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var shape = inputs[0].Shape;
        foreach (var axis in ShapeRules.Axes(Axes, shape.Rank + Axes.Count, Name)) shape = shape.Insert(axis, 1);
        return [inputs[0] with { Shape = shape }];
    }
}

/// <summary>Removes these dimensions, which must have size 1.</summary>
internal sealed record Squeeze(IntList Axes) : ViewOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var shape = inputs[0].Shape;
        foreach (var axis in ShapeRules.Axes(Axes, shape.Rank, Name).Reverse())
        {
            if (shape.Dims[axis] is not (1 or Shape.Unknown))
                throw new ModelException($"Squeeze removes axes of size 1, but axis {axis} of {inputs[0].Shape} has size {shape.Dims[axis]}.");
            shape = shape.Remove(axis);
        }

        return [inputs[0] with { Shape = shape }];
    }
}

/// <summary>Axis i of the result is axis <c>Permutation[i]</c> of the input.</summary>
internal sealed record Transpose(IntList Permutation) : MoveOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var shape = inputs[0].Shape;
        if (Permutation.Count != shape.Rank || Permutation.Order().Where((axis, i) => axis != i).Any())
            throw new ModelException($"Transpose by {Permutation} does not name each axis of {shape} once.");
        return [inputs[0] with { Shape = Shape.Of([.. Permutation.Select(axis => shape.Symbol(axis))]) }];
    }

    public static Transpose Inverse(IntList permutation)
    {
        var inverse = new int[permutation.Count];
        for (var i = 0; i < inverse.Length; i++) inverse[permutation[i]] = i;
        return new([.. inverse]);
    }
}

/// <summary>Joins tensors along an axis; all other dimensions agree.</summary>
internal sealed record Concat(int Axis) : MoveOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var first = inputs[0].Shape;
        var axis = ShapeRules.Axis(Axis, first.Rank, Name);
        var dims = first.Symbols.ToArray();
        foreach (var input in inputs[1..])
        {
            if (input.Type != inputs[0].Type) throw new ModelException($"Concatenation takes tensors of one element type, but got {inputs[0]} and {input}.");
            if (input.Shape.Rank != first.Rank || !input.Shape.With(axis, 0).IsCompatibleWith(first.With(axis, 0)))
            {
                throw new ModelException(
                    $"Concatenation along axis {axis} takes tensors that agree in every other dimension, but got {first} and {input.Shape}.");
            }

            for (var i = 0; i < dims.Length; i++)
            {
                if (i == axis) dims[i] = ShapeRules.Add(dims[i], input.Shape.Dims[i]);
                else if (dims[i] < 0 && input.Shape.Dims[i] >= 0) dims[i] = input.Shape.Dims[i];
            }
        }

        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }
}

/// <summary>Cuts a tensor into pieces of given sizes along an axis: the inverse of <see cref="Concat"/>.</summary>
internal sealed record Split(int Axis, IntList Sizes) : MoveOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var spec = inputs[0];
        var axis = ShapeRules.Axis(Axis, spec.Shape.Rank, Name);
        if (spec.Shape.Dims[axis] != Shape.Unknown && Sizes.Sum(size => (long)size) != spec.Shape.Dims[axis])
        {
            throw new ModelException(
                $"Split of axis {axis} of {spec.Shape} into {Sizes}: the sizes add up to {Sizes.Sum(size => (long)size)}, expected {spec.Shape.Dims[axis]}.");
        }

        return [.. Sizes.Select(size => spec with { Shape = spec.Shape.With(axis, size) })];
    }
}

/// <summary>Cuts the first input into the shapes of the others: the inverse of their <see cref="Concat"/>.</summary>
internal sealed record SplitLike(int Axis) : MoveOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var type = inputs[0].Type;
        var outputs = new TensorSpec[inputs.Length - 1];
        for (var i = 0; i < outputs.Length; i++) outputs[i] = inputs[i + 1] with { Type = type };
        return outputs;
    }

    public override bool ReadsOnlyShapeOf(int input) => input > 0;
}

/// <summary>
/// A range of each axis, from start (inclusive) to end (exclusive); negative positions count from the end, and <c>int.MaxValue</c> is the end.
/// </summary>
internal sealed record Slice(IntList Axes, IntList Starts, IntList Ends, IntList Steps) : MoveOp
{
    public override int[]? MixedAxes(int rank) => ShapeRules.Axes(Axes, rank, Name);

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var dims = inputs[0].Shape.Symbols.ToArray();
        for (var i = 0; i < Axes.Count; i++)
        {
            var axis = ShapeRules.Axis(Axes[i], dims.Length, Name);
            if (Steps[i] == 0) throw new ModelException("Slice: a step is 0; expected a positive or negative integer.");
            dims[axis] = dims[axis] < 0 ? Shape.Unknown : Range(i, dims[axis]).Count;
        }

        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }

    /// <summary>The first position and the number of positions along the i-th sliced axis, which has that size.</summary>
    public (int Start, int Count) Range(int i, int size)
    {
        // Positions and steps may lie anywhere, also where their sums are no integers of 32 bits.
        long step = Steps[i];
        var (start, end) = (Resolve(Starts[i]), Resolve(Ends[i]));
        var (first, last) = step > 0 ? (0, size) : (-1, size - 1);
        (start, end) = (Math.Clamp(start, first, last), Math.Clamp(end, first, last));
        return ((int)start, (int)Math.Max(0, step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step));

        // The smallest integer means "before the first", where a negative step ends.
        long Resolve(long position) => position == int.MinValue ? -1 : position < 0 ? position + size : position;
    }
}

/// <summary>The gradient of <see cref="Slice"/>: zeros of the shape of the second input with the first put back where it was taken from.</summary>
internal sealed record SliceGradient(IntList Axes, IntList Starts, IntList Ends, IntList Steps) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1] with { Type = inputs[0].Type }];

    public override bool ReadsOnlyShapeOf(int input) => input == 1;
}

/// <summary>The values of added positions.</summary>
internal enum PadMode
{
    Constant,
    Reflect,
    Edge,
}

/// <summary>The elements of matrices on one side of a diagonal, which stay; the others are 0.</summary>
/// <param name="Upper">Whether the elements on and above the diagonal stay, otherwise those on and below it.</param>
/// <param name="K">The diagonal: how many columns right of the main one.</param>
internal sealed record Trilu(bool Upper, int K) : MoveOp
{
    public override int[]? MixedAxes(int rank) => [rank - 2, rank - 1];

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => inputs[0].Shape.Rank >= 2
        ? [inputs[0]]
        : throw new ModelException($"{(Upper ? "Triu" : "Tril")} takes matrices, (..., rows, columns), but got {inputs[0].Shape}. Use Ops.ExpandDims.");
}

/// <summary>Adds positions before and after each axis; negative numbers remove them.</summary>
internal sealed record Pad(IntList Begin, IntList End, PadMode Mode = PadMode.Constant, float Value = 0) : MoveOp
{
    public override int[]? MixedAxes(int rank) => [.. Enumerable.Range(0, rank).Where(axis => Begin[axis] != 0 || End[axis] != 0)];

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var dims = inputs[0].Shape.Symbols.ToArray();
        if (Begin.Count != dims.Length || End.Count != dims.Length)
            throw new ModelException($"Pad by {Begin} and {End} does not name every axis of {inputs[0].Shape}.");
        for (var i = 0; i < dims.Length; i++)
        {
            if (dims[i] < 0)
            {
                if (Begin[i] + End[i] != 0) dims[i] = Shape.Unknown;
                continue;
            }

            // Nothing may be left: the gradient of zeros around an empty axis is empty.
            if (dims[i] + Begin[i] + End[i] < 0)
            {
                throw new ModelException(
                    $"Cropping {-Begin[i]} and {-End[i]} from axis {i} of {inputs[0].Shape} takes more than there is; expected at most {dims[i]} in total.");
            }

            if (Mode == PadMode.Reflect && (Begin[i] >= dims[i] || End[i] >= dims[i]))
                throw new ModelException($"Reflecting {Math.Max(Begin[i], End[i])} positions requires more than that along axis {i} of {inputs[0].Shape}.");
            dims[i] += Begin[i] + End[i];
        }

        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }
}

/// <summary>Repeats the input along each axis.</summary>
internal sealed record Tile(IntList Repeats) : MoveOp
{
    public override int[]? MixedAxes(int rank) => [.. Enumerable.Range(0, rank).Where(axis => Repeats[axis] != 1)];

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var dims = inputs[0].Shape.Symbols.ToArray();
        if (Repeats.Count != dims.Length) throw new ModelException($"Tile by {Repeats} does not name every axis of {inputs[0].Shape}.");
        if (Repeats.Any(repeats => repeats < 0)) throw new ModelException($"Tile by {Repeats} of {inputs[0].Shape}; expected numbers of at least 0.");
        for (var i = 0; i < dims.Length; i++) dims[i] = ShapeRules.Multiply(dims[i], Repeats[i]);
        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }
}

/// <summary>The interpolation of a resized image.</summary>
internal enum ResizeMode
{
    Nearest,
    Linear,
    Cubic,
}

/// <summary>Resizes the spatial axes of a channels-last image, with half-pixel centers (nearest repeats pixels for integer factors).</summary>
/// <param name="Sizes">New sizes; 0 where <paramref name="Scales"/> applies.</param>
/// <param name="Scales">Integer factors; 0 where <paramref name="Sizes"/> applies.</param>
/// <param name="Mode">Nearest, linear or cubic.</param>
internal sealed record Resize(IntList Sizes, IntList Scales, ResizeMode Mode) : Op
{
    public override int[]? MixedAxes(int rank) => [.. Enumerable.Range(1, rank - 2)];

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var dims = inputs[0].Shape.Symbols.ToArray();
        if (dims.Length != Sizes.Count + 2)
        {
            throw new ModelException(
                $"Resizing {Sizes.Count} axes takes {Sizes.Count + 2} dimensions (batch, positions..., channels), but got {inputs[0].Shape}.");
        }

        for (var i = 0; i < Sizes.Count; i++) dims[i + 1] = Sizes[i] > 0 ? Sizes[i] : ShapeRules.Multiply(dims[i + 1], Scales[i]);
        return [inputs[0] with { Shape = Shape.Of(dims) }];
    }
}

/// <summary>The gradient of <see cref="Resize"/> from the output gradient and the input, for its shape.</summary>
internal sealed record ResizeGradient(IntList Sizes, IntList Scales, ResizeMode Mode) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1]];

    public override bool ReadsOnlyShapeOf(int input) => input == 1;
}
