namespace OnnxFunctional.Visualization.Layouts;

/// <summary>Breaks a high picture into columns, at ranks between which few edges pass.</summary>
internal static class Wrapping
{
    /// <summary>A picture of at most this height stays in one piece.</summary>
    private const double HighEnough = 1400;

    /// <summary>How much higher than wide a picture may be.</summary>
    private const double GreatestRatio = 2;

    /// <summary>The ratio of width to height that columns are chosen for.</summary>
    private const double PageRatio = 1.4;

    private const double GapEstimate = 40;

    /// <summary>How many edges may lead from one column to the next.</summary>
    private const int MostPassing = 6;

    /// <summary>The ranks of each column.</summary>
    /// <param name="layering">The ranks.</param>
    /// <param name="wraps">Whether there may be several columns.</param>
    /// <param name="along">Whether the page's height runs along the flow of data.</param>
    public static List<List<List<Vertex>>> Columns(Layering layering, bool wraps, bool along)
    {
        var ranks = layering.Ranks;
        if (ranks.Count == 0) return [];
        if (!wraps) return [[.. ranks]];
        var heights = ranks.Select(rank => rank.Max(vertex => vertex.Height) + GapEstimate).ToArray();
        double height = heights.Sum(), width = ranks.Max(rank => rank.Sum(vertex => vertex.Width + Coordinates.EdgeSpace)) + Passages.Channel;
        if (height < HighEnough || height < GreatestRatio * width) return [[.. ranks]];
        var count = Math.Max(2, Math.Round(Math.Sqrt((along ? PageRatio : 1 / PageRatio) * height / width)));
        for (var passing = 1; passing <= MostPassing; passing++)
        {
            var canEnd = ranks.Select(rank => rank.Sum(vertex => vertex.Down.Count) <= passing).ToArray();
            for (var limit = height / count; limit < 1.3 * height / count; limit *= 1.02)
            {
                var columns = Fill(ranks, heights, canEnd, limit);
                if (columns.Count <= count && columns.TrueForAll(column => Height(column) <= limit)) return columns;
            }
        }

        return [[.. ranks]];

        double Height(List<List<Vertex>> column) => column.Sum(rank => heights[rank[0].Rank]);
    }

    /// <summary>Columns of at most a height, where the places to end one allow it.</summary>
    private static List<List<List<Vertex>>> Fill(IReadOnlyList<List<Vertex>> ranks, double[] heights, bool[] canEnd, double limit)
    {
        var columns = new List<List<List<Vertex>>>();
        var start = 0;
        while (start < ranks.Count)
        {
            var (end, filled) = (-1, 0.0);
            for (var i = start; i < ranks.Count; i++)
            {
                filled += heights[i];
                if (filled > limit && end >= 0) break;
                if (canEnd[i] || i == ranks.Count - 1) end = i;
            }

            columns.Add([.. ranks.Skip(start).Take(end - start + 1)]);
            start = end + 1;
        }

        return columns;
    }
}
