namespace OnnxFunctional;

/// <summary>What the summary of a model shows.</summary>
/// <param name="LineLength">The width of the table; null if it is as wide as its contents.</param>
/// <param name="Positions">Where each column ends, as a share of the width.</param>
/// <param name="ExpandNested">Whether the layers of models in the model have rows.</param>
/// <param name="ShowTrainable">Whether a column tells which layers are trained.</param>
/// <param name="LayerRange">Patterns of the names of the first and the last layer that have rows.</param>
/// <param name="ShowMacs">Whether a column tells the multiply-adds for one sample.</param>
/// <param name="ShowActivationMemory">Whether a column tells the bytes of the outputs for one sample.</param>
/// <param name="HasColors">Whether columns have colors, for terminals.</param>
internal sealed record SummaryOptions(
    int? LineLength = null,
    IReadOnlyList<double>? Positions = null,
    bool ExpandNested = false,
    bool ShowTrainable = false,
    (string First, string Last)? LayerRange = null,
    bool ShowMacs = false,
    bool ShowActivationMemory = false,
    bool HasColors = false)
{
    /// <summary>Columns narrower than that break words into letters.</summary>
    private const int LeastColumn = 6;

    /// <summary>The width of each column's text.</summary>
    /// <param name="contents">The width of the longest text of each column.</param>
    /// <exception cref="ModelException">The width is too small, or positions do not fit the columns.</exception>
    public int[] Widths(int[] contents)
    {
        if (LineLength is not { } length)
        {
            if (Positions is null) return contents;
            throw new ModelException("Summary: positions are shares of the line's length, which is not given. Give lineLength too.");
        }

        var widths = Positions is null ? Fitted(contents, length) : Placed(Positions, contents.Length, length);
        return widths.Min() >= Math.Min(LeastColumn, contents.Min()) ? widths : throw new ModelException(
            $"Summary: with lineLength {length}, one of the {contents.Length} columns has room for {Math.Max(0, widths.Min())} letters. "
            + "Give a larger lineLength, or other positions.");
    }

    /// <summary>Narrow columns keep their width, wide ones share what is left; the first gets what nobody needs.</summary>
    private static int[] Fitted(int[] contents, int length)
    {
        var room = length - Borders(contents.Length);
        var most = contents.Max();
        while (most > 1 && contents.Sum(width => Math.Min(width, most)) > room) most--;
        var widths = contents.Select(width => Math.Min(width, most)).ToArray();
        widths[0] += room - widths.Sum();
        return widths;
    }

    private static int[] Placed(IReadOnlyList<double> positions, int columns, int length)
    {
        var isRising = positions.All(position => position is > 0 and <= 1) && positions.Zip(positions.Skip(1)).All(pair => pair.First < pair.Second);
        if (positions.Count != columns || !isRising)
        {
            throw new ModelException(FormattableString.Invariant(
                $"Summary: positions are [{string.Join(", ", positions)}]; expected {columns} rising shares, one per column, the last at most 1."));
        }

        var ends = positions.Select(position => (int)Math.Round(position * (length - 1))).ToArray();
        return [.. ends.Select((end, column) => end - (column == 0 ? 0 : ends[column - 1]) - 3)];
    }

    /// <summary>What is between the texts: a bar and two spaces per column, and the last bar.</summary>
    public static int Borders(int columns) => 3 * columns + 1;
}
