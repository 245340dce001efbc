namespace OnnxFunctional;

/// <summary>What <c>x[...]</c> selects along one axis: a position, which drops the axis, or a range. <c>1</c>, <c>^1</c>, <c>1..^1</c> convert to it.</summary>
public readonly struct AxisIndex
{
    private AxisIndex(int start, int? end, bool isPosition) => (Start, End, IsPosition) = (start, end, isPosition);

    internal int Start { get; }

    /// <summary>The position after the last; null for the end of the axis.</summary>
    internal int? End { get; }

    internal bool IsPosition { get; }

    internal bool IsWhole => !IsPosition && Start == 0 && End is null;

    /// <summary>A position; a negative one counts from the end, as in Python.</summary>
    public static implicit operator AxisIndex(int position) => new(position, null, true);

    /// <summary>A position; <c>^1</c> is the last.</summary>
    /// <exception cref="ModelException">The position is <c>^0</c>, behind the last.</exception>
    public static implicit operator AxisIndex(Index position) => position.Equals(Index.End)
        ? throw new ModelException("The index ^0 is behind the last position; the last one is ^1.")
        : new(position.IsFromEnd ? -position.Value : position.Value, null, true);

    /// <summary>A range; <c>..</c> is the whole axis.</summary>
    /// <exception cref="ModelException">The range starts at the end: it selects nothing.</exception>
    public static implicit operator AxisIndex(Range range)
    {
        if (range.Start.Equals(Index.End)) throw new ModelException($"The range {range} starts at the end of the axis, so it selects nothing.");
        var start = range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value;
        return new(start, range.End.Equals(Index.End) ? null : range.End.IsFromEnd ? -range.End.Value : range.End.Value, false);
    }

    /// <summary>The text in the brackets: <c>1</c>, <c>^1</c>, <c>..</c>, <c>1..^1</c>.</summary>
    public override string ToString() => IsPosition ? Text(Start) : $"{(Start == 0 ? "" : Text(Start))}..{(End is { } end ? Text(end) : "")}";

    private static string Text(int position) => position < 0 ? new Index(-position, fromEnd: true).ToString() : new Index(position).ToString();
}
