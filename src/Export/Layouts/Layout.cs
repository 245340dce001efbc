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

    public static Layout Identity(int rank) => new([.. Enumerable.Range(0, rank)]);

    /// <summary>(batch, positions..., channels) stored as (batch, channels, positions...).</summary>
    public static Layout ChannelsFirst(int rank) => rank < 3 ? Identity(rank) : new([0, rank - 1, .. Enumerable.Range(1, rank - 2)]);

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
        for (var i = 0; i < dims.Length; i++) dims[i] = shape.Dims[Axes[i]];
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
}
