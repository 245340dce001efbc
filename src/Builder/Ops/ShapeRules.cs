namespace OnnxFunctional.Operators;

/// <summary>Shape arithmetic shared by operators.</summary>
internal static class ShapeRules
{
    /// <summary>The shape that two shapes broadcast to, as in NumPy.</summary>
    public static Shape Broadcast(Shape left, Shape right, string what)
    {
        var rank = Math.Max(left.Rank, right.Rank);
        Span<int> dims = stackalloc int[rank];
        for (var i = 1; i <= rank; i++)
        {
            var a = i <= left.Rank ? left.Symbols[^i] : 1;
            var b = i <= right.Rank ? right.Symbols[^i] : 1;
            if (a != b && a != 1 && b != 1 && a >= 0 && b >= 0)
            {
                throw new ModelException(
                    $"{what} of {left} and {right}: dimension {rank - i} is {a} on the left and {b} on the right; "
                    + "expected equal sizes, or 1 for a dimension that is repeated. Reshape one of them, or check which axis holds the features.");
            }

            // Of two different unknown sizes either may be 1, so the result is a third.
            dims[rank - i] = a == 1 || a == b ? b : b == 1 ? a : Math.Max(Math.Max(a, b), Shape.Unknown);
        }

        return Shape.Of(dims);
    }

    /// <summary>The axis counted from the front; throws if it does not exist.</summary>
    public static int Axis(int axis, int rank, string what)
    {
        var positive = axis < 0 ? axis + rank : axis;
        return positive >= 0 && positive < rank
            ? positive
            : throw new ModelException($"{what}: axis {axis} does not exist in a tensor of {rank} dimensions; expected {-rank} to {rank - 1}.");
    }

    /// <summary>The axes counted from the front, sorted; throws if one repeats. No axes means all.</summary>
    public static int[] Axes(IntList axes, int rank, string what)
    {
        if (axes.Count == 0) return [.. Enumerable.Range(0, rank)];
        var result = axes.Select(axis => Axis(axis, rank, what)).Distinct().Order().ToArray();
        return result.Length == axes.Count ? result : throw new ModelException($"{what}: axes {axes} contain the same axis twice.");
    }

    public static void RequireRank(Shape shape, int minimum, string what, string expected)
    {
        if (shape.Rank < minimum)
        {
            throw new ModelException(
                $"{what} takes {expected}, but got {shape} with {shape.Rank} dimensions. Model.Input does not count the batch; a Reshape adds a missing axis.");
        }
    }

    public static void RequireFloat(TensorSpec spec, string what)
    {
        if (!spec.Type.IsFloating())
        {
            throw new ModelException(
                $"{what} takes floating-point numbers, but got {spec.Type.KerasName()} of shape {spec.Shape}. "
                + "Use Ops.Cast, or declare the input with dtype: DType.Float32.");
        }
    }

    /// <summary>Refuses 8-bit integers where numbers are computed with.</summary>
    public static void Refuse8Bit(TensorSpec spec, string what)
    {
        if (spec.Type.Is8Bit())
            throw new ModelException($"{what} does not compute with {spec.Type.KerasName()}. Use Ops.Cast to float32 or int32 first.");
    }

    /// <summary>The sum of two sizes or symbols.</summary>
    public static int Add(int left, int right) => left < 0 || right < 0 ? Shape.Unknown : left + right;

    /// <summary>The product of a size or symbol and a factor.</summary>
    public static int Multiply(int size, int factor) => factor == 1 ? size : size < 0 || factor < 0 ? Shape.Unknown : size * factor;
}
