namespace OnnxFunctional.Export.Layouts;

/// <summary>The order in which the axes of a graph's value are stored in the file: stored axis i is axis <c>Axes[i]</c> of the graph.</summary>
/// <param name="Axes">A permutation; images are channels-last in the graph and mostly channels-first in the file, sequences are time-major around recurrent
/// operators.</param>
/// <param name="Features">The order along the last axis if it differs from the graph's: after flattening a channels-first image.</param>
internal readonly record struct Layout(IntList Axes, FeatureOrder? Features = null)
{
    /// <summary>(batch, time, features) stored as ONNX's recurrent operators take it: (time, batch, features).</summary>
    public static Layout TimeMajor { get; } = new([1, 0, 2]);

    public int Rank => Axes.Count;

    /// <summary>The layout as steps on a weight.</summary>
    public IReadOnlyList<ArrangementStep> Steps =>
        Features is { } features ? [new TransposeStep(Axes), new ReorderStep(Rank - 1, features)] : [new TransposeStep(Axes)];

    public bool IsIdentity
    {
        get
        {
            for (var i = 0; i < Axes.Count; i++)
            {
                if (Axes[i] != i) return false;
            }

            return Features is null;
        }
    }

    /// <summary>The graph's axis that is stored at a position.</summary>
    public int this[int position] => Axes[position];

    public static Layout Identity(int rank) => new([.. Enumerable.Range(0, rank)]);

    /// <summary>(batch, positions..., channels) stored as (batch, channels, positions...).</summary>
    public static Layout ChannelsFirst(int rank) => rank < 3 ? Identity(rank) : new([0, rank - 1, .. Enumerable.Range(1, rank - 2)]);

    /// <summary>A kernel (positions..., in, out) stored as (out, in, positions...).</summary>
    public static Layout KernelOf(int rank) => new([rank - 1, rank - 2, .. Enumerable.Range(0, rank - 2)]);

    /// <summary>The graph has the axis that is stored at a position at its end, the others in the stored order.</summary>
    public static Layout AtEnd(int rank, int position) =>
        new([.. Enumerable.Range(0, rank).Select(i => i == position ? rank - 1 : i < position ? i : i - 1)]);

    /// <summary>Where an axis of the graph is stored.</summary>
    public int Position(int axis)
    {
        for (var i = 0; i < Axes.Count; i++)
        {
            if (Axes[i] == axis) return i;
        }

        throw new ArgumentOutOfRangeException(nameof(axis), axis, $"The layout has {Axes.Count} axes.");
    }

    /// <summary>The stored positions of several axes, in ascending order.</summary>
    public int[] Positions(IEnumerable<int> axes)
    {
        var layout = this;
        return [.. axes.Select(axis => layout.Position(axis)).Order()];
    }

    public Shape Stored(Shape shape)
    {
        var dims = new int[Axes.Count];
        for (var i = 0; i < dims.Length; i++) dims[i] = shape.Symbols[Axes[i]];
        return Shape.Of(dims);
    }

    public TensorSpec Stored(TensorSpec spec) => spec with { Shape = Stored(spec.Shape) };

    /// <summary>Whether both store every element at the same place: they differ only in axes of size 1.</summary>
    public bool SameMemory(Layout other, Shape shape)
    {
        if (Rank != other.Rank || !Equals(Features, other.Features)) return false;
        return Axes.Where(axis => shape.Dims[axis] != 1).SequenceEqual(other.Axes.Where(axis => shape.Dims[axis] != 1));
    }

    /// <summary>The permutation of a Transpose from this layout to the other.</summary>
    public IntList PermutationTo(Layout other)
    {
        var layout = this;
        return [.. other.Axes.Select(axis => layout.Position(axis))];
    }

    /// <summary>The layout after a Transpose in the file.</summary>
    public Layout Transposed(ReadOnlySpan<int> permutation)
    {
        var axes = new int[Rank];
        for (var i = 0; i < axes.Length; i++) axes[i] = Axes[permutation[i]];
        return new([.. axes]);
    }

    /// <summary>The Transpose of the graph's tensor that brings it from this layout to another, so that both store the same.</summary>
    public IntList GraphPermutationTo(Layout other)
    {
        var permutation = new int[Rank];
        for (var i = 0; i < permutation.Length; i++) permutation[other[i]] = Axes[i];
        return [.. permutation];
    }

    /// <summary>The layout once axes at these stored positions are gone, from the file and from the graph.</summary>
    public Layout Without(IReadOnlyCollection<int> positions)
    {
        var layout = this;
        int[] gone = [.. positions.Select(position => layout[position])];
        var left = Enumerable.Range(0, Rank).Where(position => !positions.Contains(position)).Select(position => layout[position]);
        return new([.. left.Select(axis => axis - gone.Count(lower => lower < axis))]);
    }
}
