using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Images sampled at computed places: rows of a table of all positions, weighted and added.</summary>
internal static class Sampling
{
    // The cubic kernel of ONNX's specification.
    private const float Cubic = -0.75f;

    /// <summary>Images at the places of a grid, whose coordinates go from -1 to 1.</summary>
    public static SymbolicTensor Sample(GridSample op, SymbolicTensor x, SymbolicTensor grid)
    {
        var axes = grid.Shape.Dims[^1];
        var positions = x.Shape.Dims[1..^1].ToArray();
        return Taken(x, [.. positions.Select((size, axis) => Places(op, Coordinate(axes - 1 - axis), size))]);

        SymbolicTensor Coordinate(int i) => Ops.Squeeze(Ops.Position(grid, grid.Rank - 1, i), grid.Rank - 1);
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
            return (Row(inside), weight * Ops.Cast(Ops.Equal(inside, position), DType.Float32));
        }
    }

    /// <summary>The positions along an axis from which a place takes its value, and how much of each.</summary>
    private static List<(SymbolicTensor Row, SymbolicTensor? Weight)> Places(GridSample op, SymbolicTensor coordinate, int size)
    {
        var at = op.AlignCorners ? (coordinate + 1) * ((size - 1) / 2f) : (((coordinate + 1) * size) - 1) * 0.5f;
        var below = Ops.Floor(at);
        var t = at - below;
        return op.Mode switch
        {
            ResizeMode.Nearest => [Place(Ops.Round(at), null)],
            ResizeMode.Linear => [Place(below, 1 - t), Place(below + 1, t)],
            _ => [Place(below - 1, Far(t + 1)), Place(below, Near(t)), Place(below + 1, Near(1 - t)), Place(below + 2, Far(2 - t))],
        };

        (SymbolicTensor, SymbolicTensor?) Place(SymbolicTensor position, SymbolicTensor? weight)
        {
            if (op.Padding == SamplePadding.Reflection) position = Ops.Round(Reflected(position, size, op.AlignCorners));
            var inside = Ops.Clip(position, 0, size - 1);
            if (op.Padding == SamplePadding.Zeros) weight = Product(Ops.Cast(Ops.Equal(inside, position), DType.Float32), weight);
            return (Row(inside), weight);
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

    /// <summary>A position as an index; a place that is no number, which ONNX Runtime converts to the smallest integer, takes the first.</summary>
    private static SymbolicTensor Row(SymbolicTensor position) => Ops.Maximum(Ops.Cast(position, DType.Int64), 0);

    private static SymbolicTensor Near(SymbolicTensor x) => ((((Cubic + 2) * x) - (Cubic + 3)) * x * x) + 1;

    private static SymbolicTensor Far(SymbolicTensor x) => ((((Cubic * x) - (5 * Cubic)) * x) + (8 * Cubic)) * x - (4 * Cubic);

    private static SymbolicTensor? Product(SymbolicTensor? left, SymbolicTensor? right) => left is null ? right : right is null ? left : left * right;
}
