using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Images sampled at computed places, and places that an affine map gives.</summary>
internal static class Grids
{
    // The cubic kernel of ONNX's specification.
    private const float Cubic = -0.75f;

    public static FileResult[] Sample(FileNode node)
    {
        var (shape, rank) = (node.ShapeOf(0), node.RankOf(0));
        var (axes, grid) = (rank - 2, node.In(1));
        if (axes is < 1 or > 3 || grid.Rank != rank || grid.Shape.Dims[^1] != axes || !shape.Slice(1, rank - 1).IsKnown || shape.Dims[2..].Contains(0))
            throw new ModelException($"it samples {shape} at {grid.Shape}; expected (batch, channels, positions...) of known sizes and places.");
        var order = Layout.ChannelsFirst(rank);
        var x = node.In(0, order);
        var positions = x.Shape.Dims[1..^1].ToArray();
        return [new(Taken(x, [.. positions.Select((size, axis) => Places(node, Parts.At(grid, rank - 1, axes - 1 - axis), size))]), order)];
    }

    /// <summary>The sums of weighted values of images.</summary>
    /// <param name="x">The images, (batch, positions..., channels).</param>
    /// <param name="axes">For each axis of positions the places that a result takes its value from, and their weights.</param>
    /// <param name="images">The first row of each result's image in a table of all positions; null if results are (batch, ...).</param>
    public static SymbolicTensor Taken(SymbolicTensor x, IReadOnlyList<List<(SymbolicTensor Row, SymbolicTensor? Weight)>> axes, SymbolicTensor? images = null)
    {
        // Rows of a table are the positions of all images, one image after the other.
        var (table, positions) = (Ops.Reshape(x, -1, x.Shape.Dims[^1]), x.Shape.Dims[1..^1].ToArray());
        int[] alone = [-1, .. Enumerable.Repeat(1, axes[0][0].Row.Rank - 1)];
        images ??= Ops.Reshape(Ops.Make(new Positions(0), x) * positions.Aggregate(1, (product, size) => product * size), alone);
        var taps = new List<(SymbolicTensor Row, SymbolicTensor? Weight)> { (images, null) };
        var stride = 1;
        for (var axis = axes.Count - 1; axis >= 0; axis--)
        {
            var (places, step) = (axes[axis], stride);
            taps = [.. taps.SelectMany(tap => places.Select(place => (tap.Row + (place.Row * step), Product(tap.Weight, place.Weight))))];
            stride *= positions[axis];
        }

        return taps.Select(Weighted).Aggregate((sum, next) => sum + next);

        SymbolicTensor Weighted((SymbolicTensor Row, SymbolicTensor? Weight) tap)
        {
            var values = Ops.Take(table, tap.Row, 0);
            return tap.Weight is null ? values : values * Ops.ExpandDims(tap.Weight, -1);
        }
    }

    /// <summary>The two positions around a place; outside of an axis are zeros.</summary>
    public static List<(SymbolicTensor Row, SymbolicTensor? Weight)> Linear(SymbolicTensor at, int size)
    {
        var below = Ops.Floor(at);
        var t = at - below;
        return [Place(below, 1 - t), Place(below + 1, t)];

        (SymbolicTensor, SymbolicTensor?) Place(SymbolicTensor position, SymbolicTensor weight)
        {
            var inside = Ops.Clip(position, 0, size - 1);
            return (Ops.Cast(inside, DType.Int64), weight * Ops.Cast(Ops.Equal(inside, position), DType.Float32));
        }
    }

    public static FileResult[] Affine(FileNode node)
    {
        var sizes = node.Integers(1, "its size");
        var (rank, shape) = (sizes.Length - 2, node.ShapeOf(0));
        if (rank is not (2 or 3) || shape.Rank != 3 || shape.Dims[1] != rank || shape.Dims[2] != rank + 1 || sizes.Any(size => size < 1))
            throw new ModelException($"it maps [{string.Join(", ", sizes)}] by {shape}; expected (batch, 2, 3) or (batch, 3, 4) and sizes from 1 on.");
        if (shape.Dims[0] >= 0 && shape.Dims[0] != sizes[0]) throw new ModelException($"it makes {sizes[0]} grids by {shape}; expected one map for each.");
        var (positions, isAligned) = (sizes[2..], node.Flag("align_corners"));
        if (isAligned && positions.Contains(1)) throw new ModelException("it aligns the corners of an axis of one position; expected at least two.");
        var count = positions.Aggregate(1, (product, size) => checked(product * size));
        var values = new float[(rank + 1) * count];
        for (var i = 0; i < count; i++)
        {
            // The innermost axis is the first coordinate; the last row of ones adds the offset.
            var rest = i;
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                var (at, size) = (rest % positions[axis], positions[axis]);
                values[((rank - 1 - axis) * count) + i] = (float)(isAligned ? -1 + (2.0 * at / (size - 1)) : -1 + (((2.0 * at) + 1) / size));
                rest /= size;
            }

            values[(rank * count) + i] = 1;
        }

        var grid = Ops.MatMul(node.In(0), Ops.Constant([rank + 1, count], values));
        return [Ops.Reshape(Ops.Transpose(grid, 0, 2, 1), [0, .. positions, rank])];
    }

    /// <summary>The positions along an axis from which a place takes its value, and how much of each.</summary>
    private static List<(SymbolicTensor Row, SymbolicTensor? Weight)> Places(FileNode node, SymbolicTensor coordinate, int size)
    {
        var padding = node.Text("padding_mode", "zeros");
        var isAligned = node.Flag("align_corners");
        if (padding is not ("zeros" or "border" or "reflection"))
            throw new ModelException($"its padding_mode is '{padding}'; expected zeros, border or reflection.");
        var at = isAligned ? (coordinate + 1) * ((size - 1) / 2f) : (((coordinate + 1) * size) - 1) * 0.5f;
        var mode = node.Text("mode", "linear");
        var below = Ops.Floor(at);
        var t = at - below;
        return mode switch
        {
            "nearest" => [Place(Ops.Round(at), null)],
            "linear" or "bilinear" => [Place(below, 1 - t), Place(below + 1, t)],
            "cubic" or "bicubic" => [Place(below - 1, Far(t + 1)), Place(below, Near(t)), Place(below + 1, Near(1 - t)), Place(below + 2, Far(2 - t))],
            _ => throw new ModelException($"its mode is '{mode}'; expected linear, nearest or cubic."),
        };

        (SymbolicTensor, SymbolicTensor?) Place(SymbolicTensor position, SymbolicTensor? weight)
        {
            if (padding == "reflection") position = Ops.Round(Reflected(position, size, isAligned));
            var inside = Ops.Clip(position, 0, size - 1);
            if (padding == "zeros") weight = Product(Ops.Cast(Ops.Equal(inside, position), DType.Float32), weight);
            return (Ops.Cast(inside, DType.Int64), weight);
        }
    }

    /// <summary>A position that walks back and forth between the borders.</summary>
    private static SymbolicTensor Reflected(SymbolicTensor position, int size, bool isAligned)
    {
        var (low, high) = isAligned ? (0f, size - 1f) : (-0.5f, size - 0.5f);
        if (high == low) return Ops.ZerosLike(position);
        var distance = Ops.Abs(position - low);
        var turns = Ops.Floor(distance / (high - low));
        var rest = distance - (turns * (high - low));
        return Ops.Where(Ops.Equal(Ops.Mod(turns, 2), 0), rest + low, high - rest);
    }

    private static SymbolicTensor Near(SymbolicTensor x) => ((((Cubic + 2) * x) - (Cubic + 3)) * x * x) + 1;

    private static SymbolicTensor Far(SymbolicTensor x) => ((((Cubic * x) - (5 * Cubic)) * x) + (8 * Cubic)) * x - (4 * Cubic);

    private static SymbolicTensor? Product(SymbolicTensor? left, SymbolicTensor? right) => left is null ? right : right is null ? left : left * right;
}
