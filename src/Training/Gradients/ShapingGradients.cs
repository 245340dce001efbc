using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Gradients of operators that move elements: they move the gradients back.</summary>
internal static class ShapingGradients
{
    public static SymbolicTensor?[] Concat(GradientContext c, Concat op)
    {
        var inputs = new SymbolicTensor[c.InputCount + 1];
        inputs[0] = c.Upstream();
        for (var i = 0; i < c.InputCount; i++) inputs[i + 1] = c.Input(i);
        return [.. Ops.MakeAll(new SplitLike(op.Axis), inputs)];
    }

    public static SymbolicTensor?[] SplitLike(GradientContext c, SplitLike op)
    {
        var gradients = new SymbolicTensor?[c.InputCount];
        gradients[0] = Ops.Make(new Concat(op.Axis), AllUpstreams(c, c.InputCount - 1));
        return gradients;
    }

    public static SymbolicTensor[] AllUpstreams(GradientContext c, int count)
    {
        var upstreams = new SymbolicTensor[count];
        for (var i = 0; i < count; i++) upstreams[i] = c.Upstream(i);
        return upstreams;
    }

    public static SymbolicTensor Pad(GradientContext c, Pad op) =>
        Ops.Make(new Pad([.. op.Begin.Select(n => -n)], [.. op.End.Select(n => -n)]), c.Upstream());

    /// <summary>Each axis is split into its repeats; the gradient is their sum.</summary>
    public static SymbolicTensor Tile(GradientContext c, Tile op)
    {
        var x = c.Input(0);
        var dy = c.Upstream();
        for (var axis = x.Rank - 1; axis >= 0; axis--)
        {
            if (op.Repeats[axis] == 1) continue;
            var pieces = x.Shape[axis] is { } size ? Slices(dy, axis, size, op.Repeats[axis]) : Likenesses(dy, axis, x, op.Repeats);
            dy = pieces[0];
            foreach (var piece in pieces[1..]) dy += piece;
        }

        return dy;
    }

    private static SymbolicTensor[] Slices(SymbolicTensor dy, int axis, int size, int count) =>
        [.. Enumerable.Range(0, count).Select(i => Ops.Slice(dy, axis, i * size, (i + 1) * size))];

    /// <summary>Pieces as long as the tensor, whose length only the data tells; the axes in front are still tiled.</summary>
    private static SymbolicTensor[] Likenesses(SymbolicTensor dy, int axis, SymbolicTensor x, IntList repeats)
    {
        var inFront = IntList.Create([.. repeats.Select((count, i) => i < axis ? count : 1)]);
        var piece = inFront.All(count => count == 1) ? x : Ops.Make(new Tile(inFront), x);
        return [.. Ops.MakeAll(new SplitLike(axis), [dy, .. Enumerable.Repeat(piece, repeats[axis])])];
    }
}
