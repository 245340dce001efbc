namespace OnnxFunctional.Serialization;

/// <summary>Python's <c>x[key]</c>: indices, slices, <c>...</c> and new axes.</summary>
internal static class Slicing
{
    public static SymbolicTensor Apply(SymbolicTensor x, CallValue key)
    {
        CallValue[] items = key is CallValue.List list ? [.. list.Items] : [key];
        var indexed = items.Count(item => item is not CallValue.Ellipsis && !item.IsNull);
        if (items.Count(item => item is CallValue.Ellipsis) > 1) throw new ModelException($"the index {key} holds '...' more than once; expected at most one.");
        if (indexed > x.Rank) throw new ModelException($"the index {key} covers {indexed} axes, but {x.Shape} has {x.Rank}.");
        var dropped = new List<int>();
        var added = new List<int>();
        var (axis, position) = (0, 0);
        foreach (var item in items)
        {
            switch (item)
            {
                case CallValue.Ellipsis:
                    axis += x.Rank - indexed;
                    position += x.Rank - indexed;
                    break;
                case { IsNull: true }:
                    added.Add(position++);
                    break;
                case CallValue.Slice(var start, var stop, var step):
                    var by = step ?? 1;
                    if (start is not null || stop is not null || by != 1) x = Ops.Slice(x, axis, start ?? (by > 0 ? 0 : -1), stop, by);
                    axis++;
                    position++;
                    break;
                case CallValue.Literal:
                    x = Ops.Position(x, axis, item.Integer("an index"));
                    dropped.Add(axis++);
                    break;
                default:
                    throw new ModelException($"the index holds {item}; expected integers, slices, '...' or None.");
            }
        }

        if (dropped.Count > 0) x = Ops.Squeeze(x, Axes.Create([.. dropped]));
        return added.Count > 0 ? Ops.ExpandDims(x, Axes.Create([.. added])) : x;
    }
}
