using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Selections by index.</summary>
internal static class Indexing
{
    public static FileResult[] Gather(FileNode node)
    {
        var rank = node.RankOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", 0), rank, "Gather");
        var table = node.Value(0).IsParameter ? node.Parameter(0, Layout.Identity(rank)) : node.In(0);

        // One known index drops the axis, which needs no table of indices.
        if (node.Value(1).Data is { Shape.Count: 0 } index && !node.Value(0).IsParameter)
            return [Ops.Squeeze(Ops.Position(table, axis, DataMoves.Integers(index)[0]), axis)];
        return [Ops.Make(new Gather(axis), table, node.In(1))];
    }

    public static FileResult[] GatherElements(FileNode node)
    {
        var rank = node.RankOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", 0), rank, "GatherElements");
        var (x, indices) = (node.In(0), node.In(1));

        // The file may select fewer positions along the other axes than there are.
        for (var i = 0; i < rank; i++)
        {
            if (i != axis && indices.Shape.Dims[i] is >= 0 and var count && count < x.Shape.Dims[i]) x = Ops.Slice(x, i, 0, count);
        }

        return [Ops.Make(new GatherElements(axis), x, x.Shape.Dims[axis] is >= 0 and var size ? Parts.Checked(node, indices, size) : indices)];
    }

    /// <summary>Slices by tuples of indices: the leading axes are joined, and tuples become positions along them.</summary>
    public static FileResult[] GatherNd(FileNode node)
    {
        var (x, indices) = (node.In(0), Ops.Cast(node.In(1), DType.Int64));
        var batch = node.Int("batch_dims", 0);
        var (shape, tuples) = (x.Shape, indices.Shape);
        var depth = tuples.Dims[^1];
        if (!shape.IsKnown || !tuples.IsKnown) throw new ModelException($"it selects from {shape} by {tuples}; expected known sizes.");
        var flat = Ops.Reshape(x, [-1, .. shape.Dims[(batch + depth)..]]);
        var rows = Flattened(node, indices, shape, batch, depth);
        return [Ops.Take(flat, rows, 0)];
    }

    public static FileResult[] OneHot(FileNode node)
    {
        var depth = node.Integers(1, "its depth")[0];
        var indices = node.In(0);
        if (!indices.DType.IsInteger()) indices = Ops.Cast(indices, DType.Int64);
        var axis = node.Int("axis", -1);
        var values = node.In(2);
        var isNegative = Ops.Make(new Less(), indices, Parts.Number(0, indices.DType));
        var wrapped = Ops.Make(new Where(), isNegative, Ops.Make(new Add(), indices, Parts.Number(depth, indices.DType)), indices);
        var hot = Ops.Make(new OneHot(depth), wrapped);
        var (off, on) = (Ops.Squeeze(Ops.Slice(values, 0, 0, 1), 0), Ops.Squeeze(Ops.Slice(values, 0, 1, 2), 0));
        var chosen = Ops.Make(new Where(), Ops.Cast(hot, DType.Bool), on, off);
        var rank = indices.Rank + 1;
        axis = axis < 0 ? axis + rank : axis;
        return [new(chosen, Layout.AtEnd(rank, axis))];
    }

    public static FileResult[] Compress(FileNode node)
    {
        var keep = node.Known(1, "its condition").Bytes.ToArray();
        long[] kept = [.. Enumerable.Range(0, keep.Length).Where(i => keep[i] != 0).Select(i => (long)i)];
        var x = node.In(0);
        if (node.IntOrNull("axis") is not { } axis) (x, axis) = (Ops.Reshape(x, -1), 0);
        return [Ops.Take(x, Ops.Constant([kept.Length], kept), ShapeRules.Axis(axis, x.Rank, "Compress"))];
    }

    public static FileResult[] ReverseSequence(FileNode node)
    {
        var (time, batch) = (node.Int("time_axis", 0), node.Int("batch_axis", 1));
        var x = node.In(0);
        var lengths = Ops.Cast(node.In(1), DType.Int64);
        if (!x.Shape.IsKnown) throw new ModelException($"it reverses {x.Shape}; expected known sizes.");

        // Position t of a sequence of n steps comes from n - 1 - t, behind its end from itself.
        var (steps, rank) = (x.Shape.Dims[time], x.Rank);
        int[] alongTime = [.. Enumerable.Range(0, rank).Select(i => i == time ? steps : 1)];
        int[] alongBatch = [.. Enumerable.Range(0, rank).Select(i => i == batch ? x.Shape.Dims[batch] : 1)];
        var at = Ops.Reshape(Parts.Count(node, steps), alongTime);
        var count = Ops.Reshape(lengths, alongBatch);
        var mirrored = Ops.Make(new Sub(), Ops.Make(new Sub(), count, Parts.Number(1, count.DType)), at);
        var from = Ops.Make(new Where(), Ops.Make(new Less(), at, count), mirrored, at);
        return [Ops.Make(new GatherElements(time), x, Ops.Make(new ExpandLike(), from, x))];
    }

    public static FileResult[] NonZero(FileNode node)
    {
        var data = node.Known(0, "its input");
        var values = DataMoves.Floats(data);
        var (rank, dims) = (data.Shape.Rank, data.Shape.Dims.ToArray());
        int[] found = [.. Enumerable.Range(0, values.Length).Where(i => values[i] != 0)];
        var result = new long[rank * found.Length];
        for (var i = 0; i < found.Length; i++)
        {
            var rest = found[i];
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                result[(axis * found.Length) + i] = rest % dims[axis];
                rest /= dims[axis];
            }
        }

        return [Ops.Constant([rank, found.Length], result)];
    }

    /// <summary>Positions along the joined leading axes, of tuples of indices that may be negative.</summary>
    private static SymbolicTensor Flattened(FileNode node, SymbolicTensor indices, Shape shape, int batch, int depth)
    {
        SymbolicTensor? rows = null;
        for (var axis = 0; axis < batch + depth; axis++)
        {
            SymbolicTensor own;
            if (axis < batch)
            {
                var size = shape.Dims[axis];
                int[] alone = [.. Enumerable.Range(0, indices.Rank - 1).Select(i => i == axis ? size : 1)];
                own = Ops.Reshape(Parts.Count(node, size), alone);
            }
            else
            {
                own = Parts.Checked(node, Ops.Squeeze(Ops.Slice(indices, indices.Rank - 1, axis - batch, axis - batch + 1), -1), shape.Dims[axis]);
            }

            rows = rows is null ? own : Ops.Make(new Add(), Ops.Make(new Mul(), rows, Parts.Number(shape.Dims[axis], rows.DType)), own);
        }

        return rows!;
    }
}
