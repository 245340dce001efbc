using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>The bounds of a Slice node: attributes at first, inputs since version 10.</summary>
internal sealed record Slices(int[] Axes, int[] Starts, int[] Ends, int[] Steps)
{
    /// <summary>The bounds, if all are known; null otherwise.</summary>
    public static Slices? Of(FileNode node)
    {
        var rank = node.RankOf(0);
        if (node.Version < 10)
        {
            var (from, to) = (node.Ints("starts") ?? [], node.Ints("ends") ?? []);
            return Made(node.Ints("axes") ?? [.. Enumerable.Range(0, from.Length)], from, to, null, rank);
        }

        if (List(node, 1) is not { } starts || List(node, 2) is not { } ends) return null;
        var axes = node.Has(3) ? List(node, 3) : [.. Enumerable.Range(0, starts.Length)];
        var steps = node.Has(4) ? List(node, 4) : null;
        return axes is null || (node.Has(4) && steps is null) ? null : Made(axes, starts, ends, steps, rank);
    }

    public static FileResult[] Import(FileNode node)
    {
        if (Leading(node) is { } leading) return [leading];
        var bounds = Of(node) ?? throw node.Undecided(Enumerable.Range(1, 4).First(i => node.Has(i) && List(node, i) is null), "a bound");
        var (order, shape) = (node.OrderOf(0), node.ShapeOf(0));
        int[] cut = [.. Enumerable.Range(0, bounds.Axes.Length).Where(i => !bounds.IsWhole(i, shape.Symbols[bounds.Axes[i]]))];
        if (cut.Length == 0) return [new(Ops.Make(new Identity(), node.AsItLies(0)), order)];
        var slice = new Slice(
            [.. cut.Select(i => order[bounds.Axes[i]])],
            [.. cut.Select(i => bounds.Starts[i])],
            [.. cut.Select(i => bounds.Ends[i])],
            [.. cut.Select(i => bounds.Steps[i])]);
        return [new(Ops.Make(slice, node.AsItLies(0)), order)];
    }

    /// <summary>The first positions of one axis, as many as a size that is a symbol; null if the node asks for something else.</summary>
    private static SymbolicTensor? Leading(FileNode node)
    {
        if (node.Version < 10 || !node.Has(3) || List(node, 1) is not [0] || List(node, 3) is not [var axis]) return null;
        if (node.Has(4) && List(node, 4) is not [1]) return null;
        return node.SizesOf(2) is [{ IsKnown: false } end] && node.Positions(end.Symbol) is { } positions
            ? Ops.Take(node.In(0), positions, ShapeRules.Axis(axis, node.RankOf(0), "Slice"))
            : null;
    }

    /// <summary>Whether all positions of an axis are taken, also those of a batch that the file fixes to 1.</summary>
    private bool IsWhole(int i, int size) =>
        Starts[i] == 0 && Steps[i] == 1 && (Ends[i] == int.MaxValue || (size >= 0 && Ends[i] >= size) || (size == Shape.Batch && Ends[i] == 1));

    private static Slices Made(int[] axes, int[] starts, int[] ends, int[]? steps, int rank) => new(
        [.. axes.Select(axis => ShapeRules.Axis(axis, rank, "Slice"))], starts, ends, steps ?? [.. starts.Select(_ => 1)]);

    private static int[]? List(FileNode node, int input) => node.SizesOf(input) is { } sizes && sizes.All(size => size.IsKnown)
        ? [.. sizes.Select(size => (int)Math.Clamp(size.Number!.Value, int.MinValue, int.MaxValue))]
        : null;
}
