using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Products and sums along an axis up to each position.</summary>
internal static class Cumulative
{
    public static FileResult[] Product(FileNode node) => Combined(node, new Mul(), 1);

    /// <summary>Sums; those of integers are exact where the size is known.</summary>
    public static FileResult[] Sum(FileNode node)
    {
        var isExact = node.TypeOf(0).IsInteger() && node.ShapeOf(0).IsKnown && node.ShapeOf(0).Rank > 0;
        return isExact ? Combined(node, new Add(), 0) : Reductions.CumSum(node);
    }

    private static FileResult[] Combined(FileNode node, Op op, int neutral)
    {
        var axes = node.Integers(1, "its axis");
        if (axes.Length != 1) throw new ModelException($"its axis is {node.ShapeOf(1)}; expected one number.");
        var axis = ShapeRules.Axis(axes[0], node.RankOf(0), node.OpType);
        var x = node.In(0);
        var size = x.Shape.Dims[axis];
        if (size < 0) throw new ModelException($"it combines along axis {axis} of {x.Shape}; expected a known size.");
        if (size == 0) return [Ops.Make(new Identity(), x)];
        var isReverse = node.Flag("reverse");
        if (isReverse) x = Ops.Slice(x, axis, -1, null, -1);
        if (node.Flag("exclusive"))
        {
            var first = Ops.Make(new ExpandLike(), Parts.Number(neutral, x.DType), Ops.Slice(x, axis, 0, 1));
            x = size == 1 ? first : Ops.Concatenate(new[] { first, Ops.Slice(x, axis, 0, size - 1) }, axis);
        }

        x = Ops.Cumulated(op, x, axis, neutral, node.OpType);
        return [isReverse ? Ops.Slice(x, axis, -1, null, -1) : x];
    }
}
