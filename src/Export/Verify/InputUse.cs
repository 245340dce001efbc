using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Verify;

/// <summary>
/// What a graph does with the elements of one of its inputs, as far as they are only moved or converted before: which values are worth a comparison.
/// </summary>
internal sealed class InputUse
{
    private const int MostPoints = 16;

    private readonly SortedSet<float> _marks = [];
    private readonly SortedSet<float> _bounds = [];

    public InputUse(Graph graph, Value input)
    {
        // A condition is a mask more often than not.
        if (input.Spec.Type == DType.Bool) _marks.Add(0);
        var (same, clipped) = (new HashSet<Value> { input }, new HashSet<Value>());
        foreach (var node in graph.Nodes)
        {
            if (node.Op is Clip clip && same.Contains(node.Inputs[0]))
            {
                AddBounds([clip.Minimum, clip.Maximum]);
                clipped.UnionWith(node.Outputs);
            }

            if (node.Op is ComparisonOp)
            {
                if (same.Contains(node.Inputs[0])) Compared(node.Op, node.Inputs[1]);
                if (same.Contains(node.Inputs[1])) Compared(node.Op, node.Inputs[0]);
            }

            if (Rows(node, same) is { } rows) Limit = Math.Min(Limit ?? rows, rows);
            if (Rows(node, clipped) is { } reach) Reach = Math.Max(Reach ?? reach, reach);
            Follow(node, same);
            Follow(node, clipped);
        }
    }

    /// <summary>The number of rows that the elements index, such as words of a vocabulary or classes; null if they are no indices.</summary>
    public int? Limit { get; }

    /// <summary>The number of rows of a table in which elements are looked up after they were clipped to it; null if there is none.</summary>
    public int? Reach { get; }

    /// <summary>Values that elements are tested for, such as those that mark padding.</summary>
    public IReadOnlyList<float> Marks => Points(_marks);

    /// <summary>Values on both sides of the bounds that elements are compared with.</summary>
    public IReadOnlyList<float> Bounds => Points(_bounds);

    /// <summary>The number of rows that a node selects from or encodes, by one of the values.</summary>
    private static int? Rows(Node node, HashSet<Value> values)
    {
        if (!node.Inputs.Any(values.Contains)) return null;
        var rows = node.Op switch
        {
            Gather gather when values.Contains(node.Inputs[1]) => node.Inputs[0].Spec.Shape.Dim(gather.Axis),
            GatherElements gather when values.Contains(node.Inputs[1]) => node.Inputs[0].Spec.Shape.Dim(gather.Axis),
            OneHot oneHot => oneHot.Depth,
            _ => Shape.Unknown,
        };
        return rows == Shape.Unknown ? null : rows;
    }

    private static void Follow(Node node, HashSet<Value> values)
    {
        if (node.Inputs.Where((value, i) => values.Contains(value) && (node.Op is Cast || node.Op.Moves(i))).Any()) values.UnionWith(node.Outputs);
    }

    private void Compared(Op op, Value other)
    {
        // A constant of another type or shape is one behind a conversion.
        while (other.Producer is { Op: not SourceOp, Inputs: [var only] } && (other.Producer.Op is Cast || other.Producer.Op.Moves(0))) other = only;
        if (other.Producer.Op is not Constant { Data: var data }) return;
        var values = data.Type switch
        {
            DType.Float32 => data.As<float>().ToArray(),
            DType.Int64 => [.. data.As<long>().ToArray().Select(value => (float)value)],
            DType.Int32 => [.. data.As<int>().ToArray().Select(value => (float)value)],
            _ => [],
        };
        if (op is Equal) _marks.UnionWith(values.Where(float.IsFinite));
        else AddBounds(values);
    }

    private void AddBounds(IEnumerable<float> values)
    {
        foreach (var value in values.Where(float.IsFinite)) _bounds.UnionWith([value - 1, value, value + 1]);
    }

    /// <summary>All values that may be elements, or some of them at equal distances.</summary>
    private float[] Points(SortedSet<float> values)
    {
        float[] all = [.. values.Where(value => Limit is not { } limit || (value >= 0 && value < limit && float.IsInteger(value)))];
        return all.Length <= MostPoints ? all : [.. Enumerable.Range(0, MostPoints).Select(i => all[i * (all.Length - 1) / (MostPoints - 1)])];
    }
}
