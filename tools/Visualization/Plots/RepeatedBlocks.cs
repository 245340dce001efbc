using System.Globalization;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>Draws a block that stands several times in a row once, in a frame that says how often.</summary>
/// <remarks>
/// A block is a run of boxes in an order in which each comes after those it reads from. It repeats if the next boxes have the same signatures and read from the
/// same places: within the block, from the block before, or from one tensor outside that all of them read; and if only the last one is read after the run.
/// </remarks>
internal static class RepeatedBlocks
{
    /// <summary>Boxes that a frame must save to be worth its own border.</summary>
    private const int LeastSaved = 3;

    /// <summary>Folds what repeats, in frames too, the longest runs first.</summary>
    public static PlotGraph Fold(PlotGraph graph)
    {
        var inside = new Dictionary<PlotBox, PlotBox>();
        foreach (var box in graph.Boxes) inside[box] = box.Inner is null ? box : Framed(box, Fold(box.Inner), box.Lines);
        var folded = Renamed(graph, inside);
        while (new Runs(folded).Longest() is { } run) folded = Replaced(folded, run);
        return folded;
    }

    private static PlotBox Framed(PlotBox box, PlotGraph inner, IReadOnlyList<string> lines) => new()
    {
        Name = box.Name,
        Kind = box.Kind,
        Lines = lines,
        Signature = box.Signature,
        InputLabels = box.InputLabels,
        OutputLabels = box.OutputLabels,
        Inputs = box.Inputs,
        Outputs = box.Outputs,
        IsOutput = box.IsOutput,
        Inner = inner,
    };

    private static PlotGraph Renamed(PlotGraph graph, Dictionary<PlotBox, PlotBox> boxes)
    {
        var result = new PlotGraph();
        result.Boxes.AddRange(graph.Boxes.Select(box => boxes[box]));
        result.Edges.AddRange(graph.Edges.Select(edge => new PlotEdge(boxes[edge.From], edge.Output, boxes[edge.To], edge.Input)));
        result.Entries.AddRange(graph.Entries.Select(entry => entry.Select(port => new PlotPort(boxes[port.Box], port.Port)).ToArray()));
        result.Exits.AddRange(graph.Exits.Select(exit => exit.Select(port => new PlotPort(boxes[port.Box], port.Port)).ToArray()));
        return result;
    }

    /// <summary>The graph with a frame in place of a run. The frame shows the run's first block; what read the last one reads the frame.</summary>
    private static PlotGraph Replaced(PlotGraph graph, Run run)
    {
        var block = run.Boxes.Take(run.Length).ToHashSet();
        var copyOf = run.Boxes.Select((box, i) => (box, first: run.Boxes[i % run.Length])).ToDictionary(entry => entry.box, entry => entry.first);
        var all = run.Boxes.ToHashSet();
        var inner = new PlotGraph();
        inner.Boxes.AddRange(run.Boxes.Take(run.Length));
        inner.Edges.AddRange(graph.Edges.Where(edge => block.Contains(edge.From) && block.Contains(edge.To)));
        var entering = graph.Edges
            .Where(edge => block.Contains(edge.To) && !all.Contains(edge.From))
            .GroupBy(edge => (edge.From, edge.Output))
            .ToList();
        foreach (var group in entering) inner.Entries.Add([.. group.Select(edge => new PlotPort(edge.To, edge.Input))]);
        var leaving = graph.Edges.Where(edge => all.Contains(edge.From) && !all.Contains(edge.To)).Select(edge => (Box: copyOf[edge.From], Port: edge.Output))
            .Concat(graph.Exits.SelectMany(exit => exit).Where(port => all.Contains(port.Box)).Select(port => (Box: copyOf[port.Box], port.Port)))
            .Distinct()
            .ToList();
        foreach (var port in leaving) inner.Exits.Add([new PlotPort(port.Box, port.Port)]);
        var count = run.Boxes.Count / run.Length;
        var frame = new PlotBox
        {
            Name = run.Boxes[0].Name,
            Kind = BoxKind.Model,
            Lines = [string.Create(CultureInfo.InvariantCulture, $"\u00d7 {count}")],
            Signature = string.Create(CultureInfo.InvariantCulture, $"{count} times\n{string.Join('\n', inner.Boxes.Select(box => box.Signature))}"),
            Inputs = inner.Entries.Count,
            Outputs = inner.Exits.Count,
            IsOutput = run.Boxes.Any(box => box.IsOutput),
            Inner = inner,
        };

        var result = new PlotGraph();
        result.Boxes.AddRange(graph.Boxes.TakeWhile(box => box != run.Boxes[0]));
        result.Boxes.Add(frame);
        result.Boxes.AddRange(graph.Boxes.Where(box => !all.Contains(box)).Except(result.Boxes));
        result.Edges.AddRange(graph.Edges.Where(edge => !all.Contains(edge.From) && !all.Contains(edge.To)));
        for (var i = 0; i < entering.Count; i++) result.Edges.Add(new PlotEdge(entering[i].Key.From, entering[i].Key.Output, frame, i));
        foreach (var edge in graph.Edges.Where(edge => all.Contains(edge.From) && !all.Contains(edge.To)))
            result.Edges.Add(new PlotEdge(frame, leaving.IndexOf((copyOf[edge.From], edge.Output)), edge.To, edge.Input));
        result.Entries.AddRange(graph.Entries);
        result.Exits.AddRange(graph.Exits.Select(exit => exit
            .Select(port => all.Contains(port.Box) ? new PlotPort(frame, leaving.IndexOf((copyOf[port.Box], port.Port))) : port)
            .ToArray()));
        return result;
    }

    /// <summary>Boxes of a block and its repetitions.</summary>
    private sealed record Run(IReadOnlyList<PlotBox> Boxes, int Length);

    /// <summary>Finds runs in a graph.</summary>
    private sealed class Runs
    {
        private readonly List<PlotBox> _order;
        private readonly Dictionary<PlotBox, int> _index;
        private readonly (int Source, int Output)[][] _sources;
        private readonly List<int>[] _readers;

        /// <summary>Boxes that a frame's ports lead to: they cannot be inside another frame that does not begin with them.</summary>
        private readonly HashSet<PlotBox> _entries;
        private readonly HashSet<PlotBox> _exits;

        public Runs(PlotGraph graph)
        {
            _order = InOrder(graph);
            _index = _order.Select((box, i) => (box, i)).ToDictionary(entry => entry.box, entry => entry.i);
            _sources = [.. _order.Select(_ => Array.Empty<(int, int)>())];
            _readers = [.. _order.Select(_ => new List<int>())];
            foreach (var edges in graph.Edges.GroupBy(edge => edge.To))
                _sources[_index[edges.Key]] = [.. edges.OrderBy(edge => edge.Input).Select(edge => (_index[edge.From], edge.Output))];
            foreach (var edge in graph.Edges) _readers[_index[edge.From]].Add(_index[edge.To]);
            _entries = [.. graph.Entries.SelectMany(entry => entry).Select(port => port.Box)];
            _exits = [.. graph.Exits.SelectMany(exit => exit).Select(port => port.Box)];
        }

        /// <summary>The run that saves most boxes; null if none is worth a frame.</summary>
        public Run? Longest()
        {
            Run? longest = null;
            var saved = LeastSaved - 1;
            for (var length = 1; 2 * length <= _order.Count; length++)
            {
                for (var start = 0; start + 2 * length <= _order.Count; start++)
                {
                    var count = Repetitions(start, length);
                    if ((count - 1) * length <= saved) continue;
                    saved = (count - 1) * length;
                    longest = new Run(_order[start..(start + count * length)], length);
                }
            }

            return longest;
        }

        /// <summary>Boxes after those they read from; those of one branch together.</summary>
        private static List<PlotBox> InOrder(PlotGraph graph)
        {
            var sources = graph.Edges.ToLookup(edge => edge.To, edge => edge.From);
            var read = graph.Edges.Select(edge => edge.From).ToHashSet();
            var order = new List<PlotBox>();
            var met = new HashSet<PlotBox>();
            foreach (var end in graph.Boxes.Where(box => !read.Contains(box)).Concat(graph.Boxes))
            {
                var stack = new Stack<(PlotBox Box, bool IsLeft)>([(end, false)]);
                while (stack.TryPop(out var top))
                {
                    if (top.IsLeft) order.Add(top.Box);
                    else if (met.Add(top.Box))
                    {
                        stack.Push((top.Box, true));
                        foreach (var source in sources[top.Box].Reverse()) stack.Push((source, false));
                    }
                }
            }

            return order;
        }

        private int Repetitions(int start, int length)
        {
            var count = 1;
            while (start + (count + 1) * length <= _order.Count && Repeats(start, length, count)) count++;
            while (count > 1 && !IsReadAtItsEndOnly(start, length, count)) count--;
            return count;
        }

        /// <summary>Whether the boxes after some repetitions of a block are one more.</summary>
        private bool Repeats(int start, int length, int count)
        {
            var outside = new Dictionary<(int, int), (int, int)>();
            for (var i = 0; i < length; i++)
            {
                int before = start + (count - 1) * length + i, now = before + length;
                if (_order[before].Signature != _order[now].Signature || _order[now].Inner is not null != _order[before].Inner is not null) return false;
                if (_entries.Contains(_order[now]) || _entries.Contains(_order[before])) return false;
                if (_sources[before].Length != _sources[now].Length) return false;
                for (var k = 0; k < _sources[now].Length; k++)
                {
                    var (from, output) = _sources[before][k];
                    var (next, nextOutput) = _sources[now][k];
                    if (output != nextOutput) return false;
                    var isInside = from >= start + (count - 1) * length;
                    if (isInside || (count > 1 && from >= start))
                    {
                        // Within the block, or from the block before.
                        if (next - from != length) return false;
                        continue;
                    }

                    // What all blocks read from outside is one tensor; what the first block reads from outside, the second reads from the first.
                    if (next == from) continue;
                    if (count > 1 || next < start || next >= start + length) return false;
                    if (outside.TryGetValue((from, output), out var known) && known != (next, nextOutput)) return false;
                    outside[(from, output)] = (next, nextOutput);
                }
            }

            // Two tensors from outside cannot be one of the first block.
            return outside.Values.Distinct().Count() == outside.Count;
        }

        private bool IsReadAtItsEndOnly(int start, int length, int count)
        {
            var end = start + count * length;
            for (var i = start; i < end - length; i++)
            {
                if (_exits.Contains(_order[i]) || _order[i].IsOutput || _readers[i].Any(reader => reader >= end || reader < start)) return false;
            }

            return true;
        }
    }
}
