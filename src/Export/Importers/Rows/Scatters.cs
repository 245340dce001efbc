using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Tensors with some elements replaced by others, or combined with them.</summary>
internal static class Scatters
{
    // Comparisons of all rows with all updates, as many as one tensor may hold; and pairs of updates that are compared.
    private const int MostComparisons = 1 << 24;
    private const int MostCompared = 2048;

    // Float32 counts that far.
    private const int MostRows = 1 << 24;

    public static FileResult[] Elements(FileNode node)
    {
        var (data, indices, updates) = (node.ShapeOf(0), node.ShapeOf(1), node.ShapeOf(2));
        var axis = ShapeRules.Axis(node.Int("axis", 0), data.Rank, node.OpType);
        if (Added(node, axis) is { } added) return [added];
        Require(node, data, indices, updates);
        if (indices != updates || indices.Rank != data.Rank || Enumerable.Range(0, data.Rank).Any(i => i != axis && indices.Dims[i] > data.Dims[i]))
            throw new ModelException($"it writes {updates} at {indices} into {data}; expected indices and updates of one shape, within the data.");
        var (rows, strides) = (new long[node.Reserved(indices, DType.Int64).ElementCount], Strides(data.Dims));
        for (var i = 0; i < rows.Length; i++)
        {
            var rest = i;
            for (var d = data.Rank - 1; d >= 0; d--)
            {
                if (d != axis) rows[i] += rest % indices.Dims[d] * strides[d];
                rest /= indices.Dims[d];
            }
        }

        SymbolicTensor? computed = null;
        if (Known(node, data.Dims[axis]) is { } known) rows = [.. rows.Zip(known, (row, index) => row + (index * strides[axis]))];
        else computed = Ops.Reshape(Parts.Checked(node, node.In(1), data.Dims[axis]), -1) * strides[axis] + Ops.Constant([rows.Length], rows);
        return [Written(node, 1, computed, rows)];
    }

    /// <summary>The data plus updates that differ from it along the axis alone, which no other size needs to be known for; null for other nodes.</summary>
    private static SymbolicTensor? Added(FileNode node, int axis)
    {
        var (data, indices) = (node.ShapeOf(0), node.ShapeOf(1));
        var isAlike = indices.Rank == data.Rank && node.ShapeOf(2) == indices && data.Dims[axis] != Shape.Unknown
            && Enumerable.Range(0, data.Rank).All(i => i == axis || indices.Symbols[i] == data.Symbols[i]);
        if (!isAlike || data.IsKnown || node.Text("reduction", "none") != "add" || node.In(0).DType != DType.Float32) return null;
        var places = Parts.Checked(node, node.In(1), data.Dims[axis]);
        return node.In(0) + Ops.Make(new GatherElementsGradient(axis), node.In(2), places, node.In(0));
    }

    public static FileResult[] Nd(FileNode node)
    {
        var (data, indices, updates) = (node.ShapeOf(0), node.ShapeOf(1), node.ShapeOf(2));
        Require(node, data, indices, updates);
        var depth = indices.Rank == 0 ? 0 : indices.Dims[^1];
        if (depth < 1 || depth > data.Rank || updates != Shape.Of([.. indices.Dims[..^1], .. data.Dims[depth..]]))
            throw new ModelException($"it writes {updates} at {indices} into {data}; expected tuples of up to {data.Rank} indices and an update for each.");
        var strides = Strides(data.Dims[..depth]);
        var (rows, computed) = (new long[node.Reserved(Shape.Of(indices.Dims[..^1]), DType.Int64).ElementCount], (SymbolicTensor?)null);
        for (var d = 0; d < depth; d++)
        {
            if (Known(node, data.Dims[d], d, depth) is { } known)
            {
                for (var i = 0; i < rows.Length; i++) rows[i] += known[i] * strides[d];
            }
            else
            {
                var own = Parts.Checked(node, Ops.Reshape(Ops.Slice(node.In(1), indices.Rank - 1, d, d + 1), -1), data.Dims[d]) * strides[d];
                computed = computed is null ? own : computed + own;
            }
        }

        return [Written(node, (int)data.Slice(depth, data.Rank - depth).ElementCount, computed, rows)];
    }

    /// <summary>Rows of a table replaced by others, the last of those that name the same row.</summary>
    public static SymbolicTensor Replaced(FileNode node, SymbolicTensor table, SymbolicTensor rows, SymbolicTensor updates)
    {
        var (size, count) = (table.Shape.Dims[0], rows.Shape.Dims[0]);
        if ((long)size + count >= MostRows) throw new ModelException($"it writes {count} rows among {size}; expected less than {MostRows} together.");
        var numbers = Ops.Cast(Parts.Count(node, count) + 1, DType.Float32);
        if (count <= MostCompared)
        {
            var later = Ops.Less(Ops.ExpandDims(Parts.Count(node, count), 1), Parts.Count(node, count));
            var isReplaced = Ops.Any(Ops.LogicalAnd(Ops.Equal(Ops.ExpandDims(rows, 1), rows), later), 1);
            numbers = Ops.Where(isReplaced, Ops.Constant(0), numbers);
        }

        // The number of the update that each row takes; 0 for none. Where many updates name one row, a file must not depend on which comes last.
        var taken = Ops.Make(new GatherGradient(0), numbers, rows, Parts.Zeros(node, [size], DType.Float32));
        var update = Ops.Cast(Ops.Minimum(taken, count), DType.Int64) + (size - 1);
        var source = Ops.Where(Ops.Greater(taken, 0), update, Parts.Count(node, size));
        return Ops.Take(Ops.Concatenate(new[] { table, updates }, 0), source, 0);
    }

    private static SymbolicTensor Written(FileNode node, int width, SymbolicTensor? computed, long[] known)
    {
        var data = node.In(0);
        if (node.ShapeOf(2).ElementCount == 0) return Ops.Make(new Identity(), data);
        var (table, updates) = (Ops.Reshape(data, -1, width), Ops.Reshape(node.In(2), -1, width));
        var rows = computed ?? Ops.Constant([known.Length], known);
        var result = (node.Text("reduction", "none"), table.DType) switch
        {
            ("none", _) => computed is null ? ReplacedAtKnown(node, table, known, updates) : Replaced(node, table, rows, updates),
            ("add", DType.Float32) => table + Ops.Make(new GatherGradient(0), updates, rows, table),
            ("add", _) => Combined(new Add(), Parts.Number(0, table.DType)),
            ("mul", _) => Combined(new Mul(), Parts.Number(1, table.DType)),
            ("max", _) => Combined(new Max(), null),
            ("min", _) => Combined(new Min(), null),
            (var other, _) => throw new ModelException($"its reduction is '{other}'; expected none, add, mul, max or min."),
        };
        return Ops.Reshape(result, data.Shape.Dims);

        SymbolicTensor Combined(Op op, SymbolicTensor? neutral)
        {
            var (size, count) = (table.Shape.Dims[0], rows.Shape.Dims[0]);
            if ((long)size * count * width > MostComparisons)
            {
                throw new ModelException(
                    $"it combines {count} updates with {size} rows of {width} elements; expected a product of at most {MostComparisons}. "
                    + "Give the input smaller sizes.");
            }

            var isMeant = Ops.ExpandDims(Ops.Equal(Ops.ExpandDims(Parts.Count(node, size), 1), rows), 2);
            var parts = Ops.Where(isMeant, Ops.ExpandDims(updates, 0), neutral ?? Ops.ExpandDims(table, 1));
            return Ops.Make(op, table, Parts.Fold(op, parts, 1));
        }
    }

    private static SymbolicTensor ReplacedAtKnown(FileNode node, SymbolicTensor table, long[] rows, SymbolicTensor updates)
    {
        var source = Parts.Positions(node, table.Shape.Dims[0]);
        for (var i = 0; i < rows.Length; i++) source[rows[i]] = table.Shape.Dims[0] + i;
        return Ops.Take(Ops.Concatenate(new[] { table, updates }, 0), Ops.Constant([source.Length], source), 0);
    }

    /// <summary>Known indices along an axis of that size, counted from the front; every depth-th from one on.</summary>
    private static long[]? Known(FileNode node, int size, int first = 0, int depth = 1)
    {
        if (node.Value(1).Data is not { } data) return null;
        var all = DataMoves.Longs(data);
        long[] own = [.. all.Where((_, i) => i % depth == first)];
        foreach (ref var index in own.AsSpan())
        {
            if (index < -size || index >= size) throw new ModelException($"its index {index} lies outside an axis of {size}; expected {-size} to {size - 1}.");
            if (index < 0) index += size;
        }

        return own;
    }

    private static void Require(FileNode node, params ReadOnlySpan<Shape> shapes)
    {
        foreach (var shape in shapes)
        {
            if (!shape.IsKnown) throw new ModelException($"it writes into {node.ShapeOf(0)} at {node.ShapeOf(1)}; expected known sizes.");
        }

        if (node.RankOf(0) == 0) throw new ModelException("it writes into a single number; expected at least one axis.");
    }

    private static long[] Strides(ReadOnlySpan<int> dims)
    {
        var strides = new long[dims.Length];
        var step = 1L;
        for (var i = dims.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= dims[i];
        }

        return strides;
    }
}
