using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Helpers for operators that treat one axis as channels; negative axes count from the end.</summary>
internal static class ChannelAxes
{
    /// <summary>All axes but one.</summary>
    public static Axes AllBut(int axis, int rank)
    {
        var channels = ShapeRules.Axis(axis, rank, "channels");
        return Axes.Create([.. Enumerable.Range(0, rank).Where(other => other != channels)]);
    }

    /// <summary>The axis and all after it.</summary>
    public static Axes From(int axis, int rank)
    {
        var first = ShapeRules.Axis(axis, rank, "channels");
        return Axes.Create([.. Enumerable.Range(first, rank - first)]);
    }

    /// <summary>One value per channel, in a shape that broadcasts along the axis of a tensor of that rank.</summary>
    public static SymbolicTensor Along(SymbolicTensor values, int axis, int rank)
    {
        var after = rank - 1 - ShapeRules.Axis(axis, rank, "channels");
        return after == 0 ? values : Ops.ExpandDims(values, Axes.Create([.. Enumerable.Range(1, after)]));
    }
}
