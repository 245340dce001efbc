namespace OnnxFunctional.Visualization.Layouts;

/// <summary>
/// The way of edges from the foot of a column to the head of the next: each has a lane below the column, one beside it and one above the next. The farther
/// right an edge is, the shorter is its way, so that edges in the same order at both ends do not cross.
/// </summary>
internal sealed class Passages
{
    /// <summary>The space between columns with one lane.</summary>
    public const double Channel = 40;

    private const double Lane = 9;
    private const double Space = 14;

    private readonly List<List<Link>> _links;

    private Passages(List<List<Link>> links) => _links = links;

    /// <summary>Takes the links between columns off their vertices, so that each column is placed by itself.</summary>
    public static Passages Detach(IReadOnlyList<List<List<Vertex>>> columns)
    {
        var passages = new List<List<Link>>();
        for (var i = 0; i + 1 < columns.Count; i++)
        {
            passages.Add([
                .. columns[i][^1].SelectMany(vertex => vertex.Down)
                    .OrderByDescending(link => (link.Upper.Position, link.UpperOffset, link.Lower.Position, link.LowerOffset)),
            ]);
            foreach (var vertex in columns[i][^1]) vertex.Down.Clear();
            foreach (var vertex in columns[i + 1][0]) vertex.Up.Clear();
        }

        return new Passages(passages);
    }

    /// <summary>The height above a column, and below the one before it.</summary>
    /// <param name="column">The column; 0 is the first.</param>
    public double HeightBefore(int column) =>
        column == 0 || column > _links.Count ? 0 : Column.Arrow + Space + Lane * _links[column - 1].Count;

    /// <summary>The width between a column and the next.</summary>
    public double WidthAfter(int column) => column >= _links.Count ? 0 : Channel + Lane * (_links[column].Count - 1);

    /// <summary>The distances of a link's lanes: below the foot of its column, right of it, and above the head of the next.</summary>
    public (double Below, double Beside, double Above) LaneOf(Link link)
    {
        foreach (var links in _links)
        {
            var lane = links.IndexOf(link);
            if (lane >= 0) return (Space + Lane * lane, (Channel / 2) + Lane * lane, Lane * (links.Count - lane));
        }

        throw new InvalidOperationException("The link does not lead to another column.");
    }
}
