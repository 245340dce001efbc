using System.Collections.Immutable;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Resize and Upsample: the graph's operator where it has that form, else sums of weighted positions along each axis.</summary>
internal static class Resizing
{
    // Beyond this many positions per result, one product with the matrix of weights is cheaper.
    private const int MostTaps = 6;

    private static readonly ImmutableArray<string> s_coordinates =
        ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"];

    private static readonly ImmutableArray<string> s_roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

    public static FileResult[] Import(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var spec = Read(node, shape);
        if (spec.Scales.All(scale => scale == 1) && !spec.Crops) return [new(Ops.Make(new Identity(), node.AsItLies(0)), node.OrderOf(0))];
        if (Operator(spec, shape) is { } op)
        {
            var images = Layout.ChannelsFirst(shape.Rank);
            return [new(Ops.Make(op, node.In(0, images)), images)];
        }

        var order = node.OrderOf(0);
        var x = node.AsItLies(0);
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            if (spec.Scales[axis] == 1 && !spec.Crops) continue;
            if (shape.Dims[axis] == Shape.Unknown)
                throw new ModelException($"it resizes axis {axis} of {shape} in mode {spec.Mode}, {spec.Coordinates}; expected a known size.");
            if (spec.Sizes[axis] < 1)
                throw new ModelException($"it resizes axis {axis} of {shape} by {spec.Scales[axis]} to nothing; expected at least one position.");
            node.Reserved([spec.Sizes[axis], spec.Reach(axis, shape.Dims[axis])], DType.Int64);
            x = Along(node, x, order[axis], shape.Dims[axis], spec.Along(axis, shape.Dims[axis]));
        }

        return [new(x, order)];
    }

    private static ResizeSpec Read(FileNode node, Shape shape)
    {
        float[]? scales = null;
        Extent[]? extents = null;
        if (node.OpType == "Upsample") scales = node.Version < 9 ? node.Floats("scales") : DataMoves.Floats(node.Known(1, "its scales"));
        else if (node.Version < 11) scales = DataMoves.Floats(node.Known(1, "its scales"));
        else if (node.Has(3)) extents = [.. node.Sizes(3, "its list of sizes")];
        else scales = DataMoves.Floats(node.Known(2, "its scales"));
        int[] axes = [.. (node.Ints("axes") ?? [.. Enumerable.Range(0, shape.Rank)]).Select(axis => ShapeRules.Axis(axis, shape.Rank, "Resize"))];
        if ((scales?.Length ?? extents?.Length) != axes.Length) throw new ModelException($"it takes {axes.Length} scales or sizes, one for each of its axes.");

        var isOld = node.OpType == "Upsample" || node.Version < 11;
        var coordinates = node.Choice("coordinate_transformation_mode", First(isOld ? "asymmetric" : "half_pixel", s_coordinates));

        // An axis that keeps its size is none that is resized, whatever its size is; so is the batch, which the file may fix to 1.
        var crops = coordinates == "tf_crop_and_resize";
        bool[] keeps = [.. axes.Select((axis, i) => !crops && extents?[i] is { } extent
            && (extent == Extent.OfDimension(shape.Symbols[axis]) || (extent.Number == 1 && shape.Symbols[axis] == Shape.Batch)))];
        if (extents is not null)
        {
            axes = [.. axes.Where((_, i) => !keeps[i])];
            extents = [.. extents.Where((_, i) => !keeps[i])];
        }

        var sizes = extents?.Select(extent => checked((int)(extent.Number ?? throw node.Undecided(3, "a size")))).ToArray();
        return new ResizeSpec(
            shape,
            axes,
            scales,
            sizes,
            node.Choice("mode", "nearest", "linear", "cubic"),
            coordinates,
            node.Choice("nearest_mode", First(isOld ? "floor" : "round_prefer_floor", s_roundings)),
            node.Float("cubic_coeff_a", -0.75f),
            node.Flag("exclude_outside"),
            node.Flag("antialias"),
            node.Choice("keep_aspect_ratio_policy", "stretch", "not_larger", "not_smaller"),
            node.Float("extrapolation_value", 0),
            node.Has(1) && node.Version >= 11 && node.ShapeOf(1) is { Rank: 1 } roi && roi.Dims[0] > 0 ? DataMoves.Floats(node.Known(1, "its region")) : null,
            node);
    }

    private static string[] First(string first, ImmutableArray<string> ways) => [first, .. ways.Remove(first)];

    /// <summary>The graph's operator, if it computes the same.</summary>
    private static Resize? Operator(ResizeSpec spec, Shape shape)
    {
        if (shape.Rank < 3 || spec.Scales[0] != 1 || spec.Scales[1] != 1 || spec.Crops) return null;
        var factors = spec.Scales[2..];
        var isWhole = factors.All(scale => scale == MathF.Round(scale) && scale >= 1);
        var fits = spec.Mode switch
        {
            "nearest" => isWhole && (spec is { Coordinates: "asymmetric", Nearest: "floor" } or { Coordinates: "half_pixel", Nearest: "round_prefer_floor" }),
            "linear" => spec is { Coordinates: "half_pixel", Antialias: false, ExcludeOutside: false },
            "cubic" => spec is { Coordinates: "half_pixel", Antialias: false, ExcludeOutside: true, CubicA: -0.5f },
            _ => false,
        };
        if (!fits) return null;
        IntList none = [.. new int[factors.Length]];
        var mode = spec.Mode switch { "nearest" => ResizeMode.Nearest, "linear" => ResizeMode.Linear, _ => ResizeMode.Cubic };
        if (isWhole) return new Resize(none, [.. factors.Select(scale => (int)scale)], mode);

        // A scale that is no quotient of sizes puts the samples elsewhere.
        var isQuotient = shape.Slice(2, factors.Length).IsKnown
            && factors.Select((scale, i) => (spec.Sizes[i + 2] / (float)shape.Dims[i + 2]) == scale).All(same => same);
        return isQuotient ? new Resize([.. spec.Sizes[2..]], none, mode) : null;
    }

    /// <summary>The tensor with each position along an axis replaced by a weighted sum of positions.</summary>
    private static SymbolicTensor Along(FileNode node, SymbolicTensor x, int axis, int from, ResizedPosition[] rows)
    {
        var (to, taps) = (rows.Length, rows.Max(row => row.Taps.Length));
        if (taps > MostTaps) return Product(node, x, axis, from, rows);
        SymbolicTensor? sum = null;
        int[] along = [.. Enumerable.Range(0, x.Rank).Select(i => i == axis ? to : 1)];
        for (var tap = 0; tap < Math.Max(taps, 1); tap++)
        {
            var indices = new long[to];
            var weights = new float[to];
            for (var row = 0; row < to; row++)
            {
                if (tap < rows[row].Taps.Length) (indices[row], weights[row]) = rows[row].Taps[tap];
            }

            var part = Ops.Take(x, Ops.Constant([to], indices), axis);
            if (weights.Any(weight => weight != 1)) part *= Ops.Constant(Shape.Of(along), weights);
            sum = sum is null ? part : sum + part;
        }

        float[] outside = [.. rows.Select(row => row.Outside)];
        return outside.All(value => value == 0) ? sum! : sum! + Ops.Constant(Shape.Of(along), outside);
    }

    private static SymbolicTensor Product(FileNode node, SymbolicTensor x, int axis, int from, ResizedPosition[] rows)
    {
        var to = rows.Length;
        node.Reserved(Shape.Of(from, to), DType.Float32);
        var transposed = new float[from * to];
        for (var row = 0; row < to; row++)
        {
            foreach (var (column, weight) in rows[row].Taps) transposed[(column * to) + row] = weight;
        }

        int[] last = [.. Enumerable.Range(0, x.Rank).Where(i => i != axis), axis];
        var moved = Ops.MatMul(Ops.Transpose(x, last), Ops.Constant([from, to], transposed));
        return Ops.Make(Transpose.Inverse([.. last]), moved);
    }
}
