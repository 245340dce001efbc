namespace OnnxFunctional.Visualization.Layouts;

/// <summary>Puts the ports of boxes in the order of the edges that meet there.</summary>
internal static class Ports
{
    /// <summary>The greatest distance between two ports.</summary>
    private const double Space = 36;

    /// <summary>Sets the offsets of ports that are free, for ranks whose vertices are ordered.</summary>
    public static void Assign(IReadOnlyList<List<Vertex>> ranks)
    {
        // Outputs first: inputs that come from one box then follow the order of its outputs.
        foreach (var vertex in ranks.SelectMany(rank => rank))
        {
            if (vertex.Box is { HasFixedPorts: false } box)
                Spread(box.OutputOffsets, box.Width, port => Mean(vertex.Down.Where(link => link.UpperPort == port), link => link.Lower.Position));
        }

        foreach (var vertex in ranks.SelectMany(rank => rank))
        {
            if (vertex.Box is not { HasFixedPorts: false } box) continue;
            Spread(box.InputOffsets, box.Width, port => Mean(
                vertex.Up.Where(link => link.LowerPort == port),
                link => link.Upper.Position + (link.Upper.Width > 0 ? 0.9 * (link.UpperOffset / link.Upper.Width + 0.5) : 0)));
        }
    }

    private static double Mean(IEnumerable<Link> links, Func<Link, double> position) => links.Select(position).DefaultIfEmpty(double.MaxValue).Average();

    private static void Spread(double[] offsets, double width, Func<int, double> key)
    {
        var space = Math.Min(Space, width / (offsets.Length + 1));
        var left = (width - space * (offsets.Length - 1)) / 2;
        var order = Enumerable.Range(0, offsets.Length).OrderBy(key).ThenBy(port => port).ToArray();
        for (var i = 0; i < order.Length; i++) offsets[order[i]] = left + i * space;
    }
}
