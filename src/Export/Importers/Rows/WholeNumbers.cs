using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Functions of integers that floats would round.</summary>
internal static class WholeNumbers
{
    // Float32 holds whole numbers of so many bits.
    private const int Digit = 24;
    private const int MostCompared = 2048;

    /// <summary>A function of two tensors.</summary>
    public delegate SymbolicTensor Both(SymbolicTensor x, SymbolicTensor y);

    /// <summary>A reduction of integers by an operator of two, exact where sizes are known; anything else by another importer.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="otherwise">The importer of floats.</param>
    /// <param name="axesAsInput">The version since which axes are an input.</param>
    public static Importer Reduced(Op op, Importer otherwise, int axesAsInput = 18) => node =>
    {
        var shape = node.ShapeOf(0);
        if (!node.TypeOf(0).IsInteger() || !shape.IsKnown || shape.Dims.Contains(0)) return otherwise(node);
        var given = Shaping.Axes(node, axesAsInput) ?? [];
        if (given.Length == 0 && node.Flag("noop_with_empty_axes") && node.Version >= axesAsInput) return otherwise(node);
        int[] axes = given.Length == 0
            ? [.. Enumerable.Range(0, shape.Rank)]
            : [.. given.Select(axis => ShapeRules.Axis(axis, shape.Rank, node.OpType)).Distinct().Order()];
        var x = node.In(0);
        foreach (var axis in axes.Reverse()) x = Parts.Fold(op, x, axis);
        return [node.Flag("keepdims", true) && axes.Length > 0 ? Ops.Make(new Unsqueeze([.. axes]), x) : Ops.Make(new Identity(), x)];
    };

    /// <summary>Where the largest or smallest element along an axis is.</summary>
    public static Importer Position(bool largest) => node =>
    {
        if (!node.TypeOf(0).IsInteger()) return Reductions.Position(largest)(node);
        var x = node.In(0);
        var axis = ShapeRules.Axis(node.Int("axis", 0), x.Rank, node.OpType);
        var (size, isLast) = (x.Shape.Dims[axis], node.Flag("select_last_index"));
        if (isLast && size < 0) throw new ModelException($"it seeks the last extreme along axis {axis} of {x.Shape}; expected a known size.");
        if (isLast) x = Ops.Slice(x, axis, -1, null, -1);
        var found = Ops.Make(new ArgMax(axis, node.Flag("keepdims", true)), Keys(x, axis, largest));
        return [isLast ? size - 1 - found : found];
    };

    public static FileResult[] TopK(FileNode node)
    {
        if (!node.TypeOf(0).IsInteger()) return Reductions.TopK(node);
        var axis = ShapeRules.Axis(node.Int("axis", -1), node.RankOf(0), "TopK");
        var k = node.Version < 10 ? node.Int("k", 1) : node.Integers(1, "k") is [var one] ? one : -1;
        if (k < 0) throw new ModelException("its k is no number; expected one of at least 0.");
        var found = Top(node, Parts.ToEnd(node.In(0), axis), k, node.Flag("largest", true));
        return [Parts.FromEnd(found[0], axis), Parts.FromEnd(found[1], axis)];
    }

    /// <summary>Numbers in the order of integers: the position of the first largest of them is the same.</summary>
    private static SymbolicTensor Keys(SymbolicTensor x, int axis, bool largest)
    {
        // Digits of 24 bits from the highest on; what is not largest so far falls out.
        var digits = x.DType == DType.Int32 ? 2 : 3;
        SymbolicTensor? key = null;
        var rest = new SymbolicTensor[digits];
        for (var i = 0; i < digits; i++)
        {
            rest[i] = i == digits - 1 ? x : Ops.Mod(x, 1L << Digit);
            x = Shifted(x, Digit);
        }

        for (var i = digits - 1; i >= 0; i--)
        {
            var own = Ops.Cast(rest[i], DType.Float32);
            if (!largest) own = Ops.Negative(own);
            key = key is null ? own : Ops.Where(Ops.Equal(key, Ops.Max(key, axis, keepdims: true)), own, double.NegativeInfinity);
        }

        return key!;
    }

    /// <summary>The k largest or smallest integers along the last axis, and where they are.</summary>
    private static SymbolicTensors Top(FileNode node, SymbolicTensor x, int k, bool largest)
    {
        var count = x.Shape.Dims[^1];
        if (count is < 0 or > MostCompared)
            throw new ModelException($"it sorts {x.DType.KerasName()} along an axis of {x.Shape}; expected a known size of at most {MostCompared}.");

        // The rank of each element: how many come before it.
        var (own, other) = (Ops.ExpandDims(x, -1), Ops.ExpandDims(x, -2));
        var isEarlier = Ops.Greater(Ops.ExpandDims(Parts.Count(node, count), 1), Parts.Count(node, count));
        var isBefore = Ops.LogicalOr(largest ? Ops.Greater(other, own) : Ops.Less(other, own), Ops.LogicalAnd(Ops.Equal(other, own), isEarlier));
        var rank = Ops.Sum(Ops.Cast(isBefore, DType.Float32), -1);
        var indices = Ops.MakeAll(new TopK(k), Ops.Negative(rank))[1];
        return new[] { Ops.Make(new GatherElements(x.Rank - 1), x, indices), indices };
    }

    /// <summary>Each bit of an integer is the other one.</summary>
    public static SymbolicTensor Not(FileNode node, SymbolicTensor x)
    {
        RequireInteger(node, x);
        return Elementwise.InInt32(Parts.Number(-1, x.DType), x, (ones, bits) => Ops.Make(new Sub(), ones, bits));
    }

    public static Importer Bitwise(BitwiseOp op) => node =>
    {
        var order = Elementwise.OrderOf(node, [0, 1]);
        var (x, y) = (node.Aligned(0, order), node.Aligned(1, order));
        RequireInteger(node, x);
        RequireInteger(node, y);
        return [new(Elementwise.InInt32(x, y, (a, b) => Ops.Make(op, a, b)), order)];
    };

    private static void RequireInteger(FileNode node, SymbolicTensor x)
    {
        if (!x.DType.IsInteger() && !x.DType.Is8Bit())
            throw new ModelException($"it takes bits of {x.DType.KerasName()}; expected int8, uint8, int32 or int64.");
    }

    private static SymbolicTensor Shifted(SymbolicTensor x, int bits) => Floor(x, Parts.Number(1L << bits, x.DType));

    private static SymbolicTensor Floor(SymbolicTensor x, SymbolicTensor divisor) =>
        Ops.Make(new Div(), Ops.Make(new Sub(), x, Ops.Make(new Mod(), x, divisor)), divisor);
}
