namespace OnnxFunctional.Layers;

/// <summary>Sums of products of two tensors along one axis of each, for every sample: <c>y[i, j] = sum(a[i, k] b[j, k])</c>.</summary>
/// <remarks>
/// <para>
/// Inputs: two tensors of at least two dimensions whose sizes along the axes agree. Output: the other dimensions of the first, then those of the second;
/// (batch, 1) if none remain. No weights.
/// </para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/dot/</para>
/// </remarks>
/// <param name="axes">The axis of both tensors, or one axis of each; negative ones count from the end, the batch (0) is not allowed.</param>
/// <param name="normalize">Whether vectors along the axis are scaled to unit length first, so that the products are cosines.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">More than two axes are named, or axis 0.</exception>
/// <example><code>
/// var similarity = new Dot(axes: 1, normalize: true).Call(Model.Input([16]), Model.Input([16]));   // (None, 1)
/// </code></example>
public sealed class Dot(IntValues axes, bool normalize = false, string? name = null) : MergeLayer(name)
{
    /// <summary>The axis of both tensors, or one axis of each.</summary>
    public IntValues Axes { get; } = axes.Count is 1 or 2 && !axes.Contains(0)
        ? axes
        : throw Check.Option("Dot", nameof(axes), axes.ToString(), "one axis, or one for each of the two tensors, and not 0, which is the batch");

    /// <summary>Whether vectors along the axis are scaled to unit length first.</summary>
    public bool Normalize { get; } = normalize;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.Count != 2) throw new ModelException($"takes two tensors, but got {tensors.Count}.");
        var (a, b) = (tensors[0], tensors[1]);
        Check.MinimumRank(a, 2, "(batch, ...)");
        Check.MinimumRank(b, 2, "(batch, ...)");
        var first = Operators.ShapeRules.Axis(Axes[0], a.Rank, "Dot, first tensor");
        var second = Operators.ShapeRules.Axis(Axes[^1], b.Rank, "Dot, second tensor");
        if (first == 0 || second == 0) throw new ModelException("axis 0 is the batch, which cannot be summed over. Choose another axis.");
        var (m, n) = (a.Shape.Dim(first), b.Shape.Dim(second));
        if (m != n && m != Shape.Unknown && n != Shape.Unknown)
            throw new ModelException($"axis {first} of {a.Shape} has {m} positions and axis {second} of {b.Shape} has {n}; expected the same number. "
                + "Choose other axes, or a Dense layer to bring them together.");
        if (Normalize) (a, b) = (Ops.UnitLength(a, first, 1e-7f), Ops.UnitLength(b, second, 1e-7f));
        return Contract(a, first, b, second);
    }

    /// <summary>One matrix product; axes beyond three are folded before it and unfolded after it.</summary>
    private static SymbolicTensor Contract(SymbolicTensor a, int first, SymbolicTensor b, int second)
    {
        var rows = a.Shape.Slice(1, a.Rank - 1).Remove(first - 1);
        var columns = b.Shape.Slice(1, b.Rank - 1).Remove(second - 1);
        if (a.Rank > 3) (a, first) = (Folded(a, first, last: true), 2);
        if (b.Rank > 3) (b, second) = (Folded(b, second, last: false), 1);
        if (a.Rank == 2) (a, first) = (Ops.ExpandDims(a, 1), 2);
        if (b.Rank == 2) (b, second) = (Ops.ExpandDims(b, 2), 1);
        var product = Ops.Make(new Operators.MatMul(TransposeLeft: first == 1, TransposeRight: second == 2), a, b);
        if (rows.Rank == 0) product = Ops.Squeeze(product, 1);
        else if (columns.Rank == 0) product = Ops.Squeeze(product, -1);
        if (rows.Rank <= 1 && columns.Rank <= 1) return product;
        int[] rest = [.. rows.Dims, .. columns.Dims];
        if (rest.Count(dim => dim == Shape.Unknown) > 1)
            throw new ModelException(
                $"cannot compute a result of shape {Shape.Of([Shape.Unknown, .. rest])} with more than one unknown size. Set those sizes in Model.Input.");
        return Ops.Reshape(product, [0, .. rest]);
    }

    /// <summary>The tensor with the summed axis moved to the end, or to the front after the batch, and all others folded into one.</summary>
    private static SymbolicTensor Folded(SymbolicTensor x, int axis, bool last)
    {
        var others = Enumerable.Range(1, x.Rank - 1).Where(i => i != axis);
        var size = x.Shape.Dim(axis);
        var moved = Ops.Transpose(x, last ? [0, .. others, axis] : [0, axis, .. others]);
        if (size != Shape.Unknown) return Ops.Reshape(moved, last ? [0, -1, size] : [0, size, -1]);
        var rest = others.Aggregate(1, (product, i) => Operators.ShapeRules.Multiply(product, x.Shape.Dim(i)));
        return rest != Shape.Unknown
            ? Ops.Reshape(moved, last ? [0, rest, -1] : [0, -1, rest])
            : throw new ModelException($"cannot fold {x.Shape}, which has more than one unknown size. Set those sizes in Model.Input.");
    }
}
