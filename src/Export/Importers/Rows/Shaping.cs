using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Shapes, pieces and joins.</summary>
internal static class Shaping
{
    public static FileResult[] Shape(FileNode node)
    {
        var rank = node.RankOf(0);
        var (start, end) = SizeRules.Range(node, rank);
        var order = node.OrderOf(0);
        var x = node.AsItLies(0);
        SymbolicTensor[] sizes = [.. Enumerable.Range(start, end - start).Select(axis => Ops.ExpandDims(Parts.SizeOf(x, order[axis]), 0))];
        return [sizes.Length == 0 ? Ops.Constant([0], Array.Empty<long>()) : Ops.Concatenate(sizes, 0)];
    }

    public static FileResult[] Size(FileNode node)
    {
        var x = node.AsItLies(0);
        return [x.Rank == 0
            ? Parts.Number(1, DType.Int64)
            : Ops.Cast(Ops.Make(new Operators.Size([.. Enumerable.Range(0, x.Rank)]), x), DType.Int64)];
    }

    public static FileResult[] Reshape(FileNode node)
    {
        var target = node.Version < 5 ? [.. node.Ints("shape")!.Select(size => Extent.Of(size))] : node.Sizes(1, "its target shape");
        return [new(Reshaped(node, 0, target, node.Flag("allowzero")), Layout.Identity(target.Count))];
    }

    public static FileResult[] Flatten(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var axis = node.Int("axis", 1);
        axis = axis < 0 ? axis + shape.Rank : axis;
        var x = node.In(0);

        // What is flattened in front or behind may hold several sizes that are not known; the other side then has to be.
        var (front, back) = (Product(shape.Slice(0, axis)), Product(shape.Slice(axis, shape.Rank - axis)));
        IntList target = axis == 1 ? [0, back ?? -1] : front is { } rows ? [rows, back ?? -1] : [-1, back ?? throw new ModelException(
            $"it flattens {shape} at axis {axis}, where both sides hold sizes that are not known. ImportOptions or a file of fixed sizes decides them.")];
        return [Ops.Make(new Reshape(target), x)];
    }

    public static FileResult[] Squeeze(FileNode node)
    {
        var shape = node.ShapeOf(0);
        int[] axes = Axes(node, 13) is { } given
            ? [.. given.Select(axis => ShapeRules.Axis(axis, shape.Rank, "Squeeze")).Distinct()]
            : shape.IsKnown ? [.. Enumerable.Range(0, shape.Rank).Where(axis => shape.Dims[axis] == 1)]
            : throw new ModelException($"it removes all axes of size 1 of {shape}, whose sizes are not all known. Export the file with axes.");
        var order = node.OrderOf(0);
        var x = node.AsItLies(0);
        return axes.Length == 0
            ? [new(Ops.Make(new Identity(), x), order)]
            : [new(Ops.Make(new Squeeze([.. axes.Select(axis => order[axis])]), x), order.Without(axes))];
    }

    public static FileResult[] Unsqueeze(FileNode node)
    {
        int[] axes = Axes(node, 13) ?? throw new ModelException("its axes are missing.");
        return [axes.Length == 0 ? Ops.Make(new Identity(), node.In(0)) : Ops.Make(new Unsqueeze([.. axes]), node.In(0))];
    }

    public static FileResult[] Transpose(FileNode node)
    {
        var rank = node.RankOf(0);
        int[] permutation = node.Ints("perm") ?? [.. Enumerable.Range(0, rank).Reverse()];
        if (permutation.Length != rank || permutation.Order().Where((axis, i) => axis != i).Any())
            throw new ModelException($"perm [{string.Join(", ", permutation)}] does not name each of {rank} axes once.");
        return [new(Ops.Make(new Identity(), node.AsItLies(0)), node.OrderOf(0).Transposed(permutation))];
    }

    public static FileResult[] Concat(FileNode node)
    {
        int[] inputs = [.. Enumerable.Range(0, node.InputCount)];
        var order = Elementwise.OrderOf(node, inputs);
        var axis = ShapeRules.Axis(node.Int("axis", 1), order.Rank, "Concat");
        var parts = Samples.Alike([.. inputs.Select(input => node.In(input, order))], order[axis]);
        return [new(parts.Length == 1 ? Ops.Make(new Identity(), parts[0]) : Ops.Make(new Concat(order[axis]), parts), order)];
    }

    public static FileResult[] Split(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", 0), shape.Rank, "Split");
        var sizes = node.Ints("split") ?? (node.Version >= 13 && node.Has(1) ? node.Integers(1, "its list of sizes") : null);
        if (sizes is null)
        {
            var parts = node.Int("num_outputs", node.OutputCount);
            if (parts != node.OutputCount)
                throw new ModelException($"its num_outputs is {parts}, but it has {node.OutputCount} outputs; expected equal numbers.");
            var size = shape.Dims[axis];
            if (size == OnnxFunctional.Shape.Unknown)
                throw new ModelException($"it cuts axis {axis} of {shape} into {parts} equal parts, but its size is not known.");
            var each = (size + parts - 1) / parts;
            sizes = [.. Enumerable.Range(0, parts).Select(part => Math.Clamp(size - (part * each), 0, each))];
        }

        var order = node.OrderOf(0);
        return [.. Ops.MakeAll(new Split(order[axis], [.. sizes]), node.AsItLies(0)).Select(part => new FileResult(part, order))];
    }

    public static FileResult[] Pad(FileNode node)
    {
        var rank = node.RankOf(0);
        var given = node.Version < 11 ? node.Ints("pads") ?? node.Ints("paddings") ?? [] : node.Integers(1, "its list of pads");
        int[] axes = node.Version >= 18 && node.Has(3)
            ? [.. node.Integers(3, "its axes").Select(axis => ShapeRules.Axis(axis, rank, "Pad"))]
            : [.. Enumerable.Range(0, rank)];
        if (given.Length != 2 * axes.Length) throw new ModelException($"it takes {2 * axes.Length} pads, but got {given.Length}.");
        var order = node.OrderOf(0);
        var (begin, end) = (new int[rank], new int[rank]);
        for (var i = 0; i < axes.Length; i++) (begin[order[axes[i]]], end[order[axes[i]]]) = (given[i], given[axes.Length + i]);
        var x = node.AsItLies(0);
        var mode = node.Choice("mode", "constant", "edge", "reflect", "wrap");
        if (mode == "wrap") return [new(Wrapped(node, x, begin, end), order)];
        if (mode == "constant" && x.DType != DType.Float32) return [new(PaddedWhole(node, x, begin, end), order)];
        var kind = mode switch
        {
            "constant" => PadMode.Constant,
            "edge" => PadMode.Edge,
            _ => PadMode.Reflect,
        };
        var value = node.Version < 11 ? node.Float("value", 0) : node.Has(2) ? DataMoves.Floats(node.Known(2, "its value"))[0] : 0;
        return [new(Ops.Make(new Pad([.. begin], [.. end], kind, kind == PadMode.Constant ? value : 0), x), order)];
    }

    public static FileResult[] Tile(FileNode node)
    {
        if (node.Version < 6)
        {
            var repeats = Enumerable.Repeat(1, node.RankOf(0)).ToArray();
            repeats[node.Integers(2, "its axis")[0]] = node.Integers(1, "its number of repeats")[0];
            return [Ops.Make(new Tile([.. repeats]), node.In(0))];
        }

        var order = node.OrderOf(0);
        var given = node.Integers(1, "its list of repeats");
        var inGraph = new int[given.Length];
        for (var axis = 0; axis < given.Length; axis++) inGraph[order[axis]] = given[axis];
        return [new(Ops.Make(new Tile([.. inGraph]), node.AsItLies(0)), order)];
    }

    public static FileResult[] Expand(FileNode node)
    {
        var target = node.Sizes(1, "its target shape");
        var x = node.In(0);
        if (target.Count > x.Rank) x = Ops.ExpandDims(x, [.. Enumerable.Range(0, target.Count - x.Rank)]);

        // Where the target is 1, or the size that is there already, nothing is repeated.
        var repeats = new int[x.Rank];
        for (var axis = 0; axis < repeats.Length; axis++)
        {
            var at = axis - (x.Rank - target.Count);
            var (own, wanted) = (x.Shape.Symbols[axis], at < 0 ? Extent.Of(1) : target[at]);
            var isSame = wanted.Number == 1 || wanted == Extent.OfDimension(own);
            if (!isSame && (own != 1 || !wanted.IsKnown)) return [Expanded(node, x, target)];
            repeats[axis] = isSame ? 1 : checked((int)wanted.Number!.Value);
        }

        return [repeats.All(repeat => repeat == 1) ? Ops.Make(new Identity(), x) : Ops.Make(new Tile([.. repeats]), x)];
    }

    /// <summary>A tensor broadcast to sizes that are not known.</summary>
    private static SymbolicTensor Expanded(FileNode node, SymbolicTensor x, IReadOnlyList<Extent> target)
    {
        var like = node.OfShape(target) ?? throw node.Undecided(1, "a size");
        return Ops.Make(new ExpandLike(), x, Ops.Make(new Add(), Ops.Cast(like, DType.Float32), Ops.Cast(x, DType.Float32)));
    }

    public static FileResult[] ConstantOfShape(FileNode node)
    {
        var target = node.Sizes(0, "its shape");
        if (!target.All(size => size.IsKnown))
        {
            var like = node.OfShape(target) ?? throw node.Undecided(0, "a size");
            var element = DataMoves.Filled(node.Tensor("value") ?? TensorData.Of([1], [0f]), OnnxFunctional.Shape.Of());
            return [Ops.Make(new ExpandLike(), Ops.Make(new Constant(element)), like)];
        }

        var shape = OnnxFunctional.Shape.Of([.. target.Select(size => checked((int)size.Number!.Value))]);
        var value = node.Tensor("value") ?? TensorData.Of([1], [0f]);
        return [Ops.Make(new Constant(DataMoves.Filled(value, node.Reserved(shape, value.Type))))];
    }

    public static FileResult[] DepthToSpace(FileNode node)
    {
        var op = new DepthToSpace(node.Int("blocksize", 1), node.Choice("mode", "DCR", "CRD") == "DCR");
        return [new(Ops.Make(op, node.In(0, Layout.ChannelsFirst(4))), Layout.ChannelsFirst(4))];
    }

    public static FileResult[] SpaceToDepth(FileNode node)
    {
        var op = new SpaceToDepth(node.Int("blocksize", 1));
        return [new(Ops.Make(op, node.In(0, Layout.ChannelsFirst(4))), Layout.ChannelsFirst(4))];
    }

    public static FileResult[] Range(FileNode node)
    {
        var (start, step) = (node.Known(0, "its start"), node.Known(2, "its step"));
        if (node.Value(1).Data is null && node.Sizes(1, "its limit") is [var size] && DataMoves.Longs(start) is [0] && DataMoves.Longs(step) is [1])
            return [Ops.Cast(node.Positions(size.Symbol) ?? throw node.Undecided(1, "its limit"), start.Type)];
        var limit = node.Known(1, "its limit");
        if (start.Type == DType.Float32)
        {
            var (a, b, c) = (DataMoves.Floats(start)[0], DataMoves.Floats(limit)[0], DataMoves.Floats(step)[0]);
            var count = Math.Max(0, Math.Ceiling((b - a) / c));
            if (!(count <= int.MaxValue)) throw new ModelException($"it counts from {a} to {b} by {c}; expected a number of steps that fits in memory.");
            node.Reserved(OnnxFunctional.Shape.Of((int)count), DType.Float32);
            var values = new float[(int)count];
            for (var i = 0; i < values.Length; i++) values[i] = a + (i * c);
            return [Ops.Constant([values.Length], values)];
        }

        var (first, end, each) = (DataMoves.Longs(start)[0], DataMoves.Longs(limit)[0], DataMoves.Longs(step)[0]);
        if (each == 0) throw new ModelException("its step is 0; expected a positive or negative number.");
        var steps = Int128.Max(0, ((Int128)end - first + each - Math.Sign(each)) / each);
        if (steps > int.MaxValue) throw new ModelException($"it counts from {first} to {end} by {each}; expected a number of steps that fits in memory.");
        node.Reserved(OnnxFunctional.Shape.Of((int)steps), DType.Int64);
        var numbers = new long[(int)steps];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = first + (i * each);
        return [Ops.Cast(Ops.Constant([numbers.Length], numbers), start.Type)];
    }

    public static FileResult[] Trilu(FileNode node)
    {
        var k = node.Has(1) ? node.Integers(1, "its diagonal")[0] : 0;
        var x = node.In(0);
        if (x.Shape.Dims.Contains(0)) return [Ops.Make(new Identity(), x)];
        return [Ops.Make(new Trilu(node.Flag("upper", true), k), x)];
    }

    public static FileResult[] EyeLike(FileNode node)
    {
        var shape = node.ShapeOf(0);
        if (!shape.IsKnown) throw new ModelException($"it makes a matrix of shape {shape}; expected known sizes.");
        var type = node.IntOrNull("dtype") is { } number
            ? StoredTensors.TypeOf(number)
                ?? throw new ModelException($"its type is {StoredTensors.NameOf(number)}; expected a float type, int32, int64 or bool.")
            : node.TypeOf(0);
        node.Reserved(shape, DType.Float32);
        var (rows, columns, k) = (shape.Dims[0], shape.Dims[1], node.Int("k", 0));
        var values = new float[rows * columns];
        for (var row = 0; row < rows; row++)
        {
            if (row + k >= 0 && row + k < columns) values[(row * columns) + row + k] = 1;
        }

        return [Ops.Cast(Ops.Constant(shape, values), type)];
    }

    /// <summary>The axes of a node: an attribute, or an input since a version; null if it names none.</summary>
    public static int[]? Axes(FileNode node, int asInput) =>
        node.Version < asInput ? node.Ints("axes") : node.Has(1) ? node.Integers(1, "its axes") : null;

    /// <summary>An input in another shape, whose sizes may be symbols.</summary>
    public static SymbolicTensor Reshaped(FileNode node, int input, IReadOnlyList<Extent> target, bool zeroIsZero)
    {
        var shape = node.ShapeOf(input);
        var sizes = new int[target.Count];
        for (var i = 0; i < sizes.Length; i++)
        {
            var symbol = i < shape.Rank ? shape.Symbols[i] : OnnxFunctional.Shape.Unknown;
            // A batch that the file fixes to 1 may be open in the graph.
            var isBatch = i == 0 && symbol == OnnxFunctional.Shape.Batch && target[i].Number == 1;
            var isSame = target[i].Symbol < OnnxFunctional.Shape.Unknown && target[i].Symbol == symbol;
            sizes[i] = isBatch ? 0 : target[i].Number is { } number ? checked((int)number) : isSame ? 0 : -1;
            if (sizes[i] == 0 && zeroIsZero && target[i].IsKnown && symbol != 0)
                throw new ModelException($"it gives an axis of size 0 (allowzero), in shape [{string.Join(", ", sizes)}]; expected sizes of at least 1.");
        }

        if (sizes.Count(size => size == -1) <= 1) return Ops.Make(new Reshape([.. sizes]), node.In(input));
        return node.OfShape(target) is { } like ? Ops.Make(new ReshapeLike(), node.In(input), like) : throw node.Undecided(1, "a size");
    }

    private static int? Product(Shape shape)
    {
        var product = 1;
        foreach (var dim in shape.Dims)
        {
            if (dim == OnnxFunctional.Shape.Unknown) return null;
            product *= dim;
        }

        return product;
    }

    /// <summary>The tensor continued periodically.</summary>
    private static SymbolicTensor Wrapped(FileNode node, SymbolicTensor x, int[] begin, int[] end)
    {
        for (var axis = 0; axis < begin.Length; axis++)
        {
            if (begin[axis] == 0 && end[axis] == 0) continue;
            var size = x.Shape.Dims[axis];
            if (size <= 0) throw new ModelException($"it continues axis {axis} of {x.Shape} periodically; expected a known size.");
            long[] from = [.. Enumerable.Range(-begin[axis], size + begin[axis] + end[axis]).Select(at => (long)(((at % size) + size) % size))];
            x = Ops.Take(x, Ops.Constant([from.Length], from), axis);
        }

        return x;
    }

    /// <summary>Integers or booleans between constants: the engine's Pad is of floats.</summary>
    private static SymbolicTensor PaddedWhole(FileNode node, SymbolicTensor x, int[] begin, int[] end)
    {
        var value = node.Has(2) ? node.Known(2, "its value") : TensorData.Of([1], [0L]);
        for (var axis = 0; axis < begin.Length; axis++)
        {
            if (begin[axis] < 0 || end[axis] < 0) x = Ops.Slice(x, axis, Math.Max(0, -begin[axis]), end[axis] < 0 ? end[axis] : null);
            if (begin[axis] <= 0 && end[axis] <= 0) continue;
            if (!x.Shape.IsKnown) throw new ModelException($"it pads integers of shape {x.Shape}; expected known sizes.");
            var parts = new List<SymbolicTensor> { x };
            if (begin[axis] > 0) parts.Insert(0, Block(begin[axis]));
            if (end[axis] > 0) parts.Add(Block(end[axis]));
            x = Ops.Concatenate(parts.ToArray(), axis);

            SymbolicTensor Block(int size)
            {
                var shape = node.Reserved(x.Shape.With(axis, size), value.Type);
                return Ops.Cast(Ops.Make(new Constant(DataMoves.Filled(value, shape))), x.DType);
            }
        }

        return x;
    }
}
