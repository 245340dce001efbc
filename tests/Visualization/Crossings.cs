namespace OnnxFunctional.Tests.Visualization;

/// <summary>Counts where lines cross, in our pictures and in those of others alike.</summary>
internal static class Crossings
{
    /// <summary>The number of crossings of different lines.</summary>
    public static int Count(IReadOnlyList<List<(double X, double Y)>> lines)
    {
        var bounds = lines.Select(line => (
            Left: line.Min(point => point.X),
            Right: line.Max(point => point.X),
            Top: line.Min(point => point.Y),
            Bottom: line.Max(point => point.Y))).ToArray();
        var count = 0;
        for (var i = 0; i < lines.Count; i++)
        {
            for (var j = i + 1; j < lines.Count; j++)
            {
                if (bounds[i].Left > bounds[j].Right || bounds[j].Left > bounds[i].Right) continue;
                if (bounds[i].Top > bounds[j].Bottom || bounds[j].Top > bounds[i].Bottom) continue;
                count += Between(lines[i], lines[j]);
            }
        }

        return count;
    }

    private static int Between(List<(double X, double Y)> a, List<(double X, double Y)> b)
    {
        // Lines from one point may share their first piece, and lines to one point their last: they part there, and do not cross.
        var (start, end) = (0, 0);
        while (start + 1 < Math.Min(a.Count, b.Count) && a[start] == b[start] && a[start + 1] == b[start + 1]) start++;
        while (end + 1 < Math.Min(a.Count, b.Count) - start && a[^(end + 1)] == b[^(end + 1)] && a[^(end + 2)] == b[^(end + 2)]) end++;
        // A line that goes on where another ends, at the border of a frame, does not cross it.
        if (a[^1] == b[0] || b[^1] == a[0]) return 0;
        var count = 0;
        for (var i = start + 1; i < a.Count - end; i++)
        {
            for (var j = start + 1; j < b.Count - end; j++)
            {
                if (Cross(a[i - 1], a[i], b[j - 1], b[j])) count++;
            }
        }

        return count;
    }

    /// <summary>Whether two pieces cross; an end counts with the piece that begins there, so that a crossing at a joint counts once.</summary>
    private static bool Cross((double X, double Y) a, (double X, double Y) b, (double X, double Y) c, (double X, double Y) d)
    {
        double first = Side(a, b, c), second = Side(a, b, d), third = Side(c, d, a), fourth = Side(c, d, b);
        const double Least = 1e-6;
        if (Math.Abs(first) < Least && Math.Abs(second) < Least) return false;
        return first > Least != second > Least && third > Least != fourth > Least;
    }

    private static double Side((double X, double Y) a, (double X, double Y) b, (double X, double Y) point) =>
        (b.X - a.X) * (point.Y - a.Y) - (b.Y - a.Y) * (point.X - a.X);
}
