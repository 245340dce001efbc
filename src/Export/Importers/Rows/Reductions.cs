using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Reductions, positions of extremes, sums along axes.</summary>
internal static class Reductions
{
    /// <summary>A reduction of floats; integers are converted and back.</summary>
    /// <param name="make">The operator.</param>
    /// <param name="axesAsInput">The version since which axes are an input.</param>
    /// <param name="neutral">What the reduction of nothing gives; null if it gives nothing.</param>
    public static Importer Of(Func<IntList, bool, Op> make, int axesAsInput = 18, float? neutral = null) => node =>
    {
        var shape = node.ShapeOf(0);
        var given = Shaping.Axes(node, axesAsInput) ?? [];
        var order = node.OrderOf(0);
        var x = node.AsItLies(0);
        if (given.Length == 0 && node.Flag("noop_with_empty_axes") && node.Version >= axesAsInput) return [new(Pointwise(make, x), order)];
        int[] axes = given.Length == 0
            ? [.. Enumerable.Range(0, shape.Rank)]
            : [.. given.Select(axis => ShapeRules.Axis(axis, shape.Rank, node.OpType)).Distinct()];
        var keeps = node.Flag("keepdims", true);
        var left = keeps ? order : order.Without(axes);
        IntList inGraph = [.. axes.Select(axis => order[axis])];
        if (axes.Length == 0) return [new(Pointwise(make, x), order)];
        if (axes.Any(axis => shape.Dims[axis] == 0))
        {
            var kept = Enumerable.Range(0, shape.Rank).Where(axis => keeps || !axes.Contains(axis));
            var result = Shape.Of([.. kept.Select(axis => axes.Contains(axis) ? 1 : shape.Dims[axis])]);
            if (neutral is not { } nothing || !result.IsKnown) throw new ModelException($"it reduces axes of size 0 of {shape}, which has no result.");
            return [new(Ops.Cast(Ops.Filled(result, nothing), x.DType), Layout.Identity(left.Rank))];
        }

        if (x.DType == DType.Bool)
        {
            var isAny = make([], true) is ReduceMax;
            return [new(Ops.Make(isAny ? new ReduceAny(inGraph, keeps) : new ReduceAll(inGraph, keeps), x), left)];
        }

        return [new(Ops.Cast(Ops.Make(make(inGraph, keeps), x), x.DType), left)];
    };

    public static FileResult[] LogSum(FileNode node) =>
        [.. Of((axes, keep) => new ReduceSum(axes, keep), neutral: 0)(node).Select(sum => sum with { Tensor = Ops.Log(sum.Tensor) })];

    public static Importer Position(bool largest) => node =>
    {
        var shape = node.ShapeOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", 0), shape.Rank, node.OpType);
        var order = node.OrderOf(0);
        var x = node.AsItLies(0);
        var (inGraph, keeps) = (order[axis], node.Flag("keepdims", true));
        var last = node.Flag("select_last_index");
        if (last) x = Ops.Slice(x, inGraph, -1, null, -1);
        var found = Ops.Make(largest ? new ArgMax(inGraph, keeps) : new ArgMin(inGraph, keeps), x);
        if (last)
        {
            if (shape.Dims[axis] == Shape.Unknown) throw new ModelException($"it seeks the last extreme along axis {axis} of {shape}; expected a known size.");
            found = Ops.Make(new Sub(), Ops.Cast(Ops.Constant(shape.Dims[axis] - 1), DType.Int64), found);
        }

        return [new(found, keeps ? order : order.Without([axis]))];
    };

    public static FileResult[] CumSum(FileNode node)
    {
        var axis = ShapeRules.Axis(node.Integers(1, "its axis")[0], node.RankOf(0), "CumSum");
        var order = node.OrderOf(0);
        var x = node.AsItLies(0);
        var sums = Ops.Make(new CumSum(order[axis], node.Flag("exclusive"), node.Flag("reverse")), x);
        return [new(Ops.Cast(sums, x.DType), order)];
    }

    public static FileResult[] TopK(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", -1), shape.Rank, "TopK");
        var k = node.Version < 10 ? node.Int("k", 1) : node.Integers(1, "k")[0];
        if (node.TypeOf(0) != DType.Float32) throw new ModelException($"it sorts {node.TypeOf(0).KerasName()}; expected float32.");

        // The graph's operator works along the last axis.
        var order = Layout.AtEnd(shape.Rank, axis);
        var x = node.In(0, order);
        var smallest = !node.Flag("largest", true);
        var found = Ops.MakeAll(new TopK(k), smallest ? Ops.Make(new Neg(), x) : x);
        return [new(smallest ? Ops.Make(new Neg(), found[0]) : found[0], order), new(found[1], order)];
    }

    /// <summary>The reduction along no axis: of each element alone.</summary>
    private static SymbolicTensor Pointwise(Func<IntList, bool, Op> make, SymbolicTensor x)
    {
        var op = make([0], false);
        return op is ReduceMax or ReduceMin or ReduceSum or ReduceMean or ReduceProd
            ? Ops.Make(new Identity(), x)
            : Ops.Cast(Ops.Make(make([x.Rank], false), Ops.ExpandDims(x, x.Rank)), x.DType);
    }
}
