using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Emit;

/// <summary>Chooses the layout of an operator that accepts any, and converts its operands to it, including broadcasting.</summary>
internal static class Operands
{
    /// <summary>The layout in which an elementwise operator causes the fewest conversions, before and after it.</summary>
    public static Layout Choose(Emission emission, Node node, params IEnumerable<Value> operands)
    {
        var rank = node.Outputs[0].Spec.Shape.Rank;
        Value[] moving = [.. operands.Where(operand => !emission.IsStatic(operand))];
        var wanted = emission.Facts.Wanted(emission.Original(node.Outputs[0]));
        var identity = Layout.Identity(rank);
        var candidates = new List<Layout>();
        if (wanted is { } first && first.Rank == rank) candidates.Add(first);
        candidates.Add(identity);
        candidates.AddRange(moving.Where(operand => operand.Spec.Shape.Rank == rank).SelectMany(emission.Places).Select(place => place.Layout));
        return candidates.Distinct().MinBy(layout => moving.Sum(operand => Cost(emission, operand, layout)) + (wanted is null || layout == wanted ? 0 : 1));
    }

    /// <summary>Any tensor that holds a value.</summary>
    public static EmittedTensor Any(Emission emission, Value value) =>
        emission.IsStatic(value) ? new(emission.Read(value), Layout.Identity(value.Spec.Shape.Rank)) : emission.Places(value)[0];

    /// <summary>
    /// An operand that broadcasts to a result of that layout: its own axes in the result's order, axes of size 1 for those that only the result has.
    /// </summary>
    public static string Read(Emission emission, Value value, Layout result)
    {
        var shape = value.Spec.Shape;
        var missing = result.Rank - shape.Rank;
        // A single element lies alike in every layout, and its own rank may be that of the result.
        IReadOnlyList<ArrangementStep> asItIs = [];
        if (shape.Rank == 0 || (shape.IsKnown && shape.ElementCount == 1 && emission.IsStatic(value))) return emission.Read(value, asItIs);
        var (layout, inserted) = Own(shape, result);
        if (missing == 0 || inserted.Count == 0) return emission.Read(value, layout);
        if (emission.IsStatic(value))
        {
            var stored = layout.Stored(shape).Dims.ToArray().ToList();
            foreach (var axis in inserted) stored.Insert(axis, 1);
            return emission.Read(value, [.. layout.Steps, new ReshapeStep([.. stored])]);
        }

        var spec = layout.Stored(value.Spec);
        foreach (var axis in inserted) spec = spec with { Shape = spec.Shape.Insert(axis, 1) };
        return emission.Add("Unsqueeze", spec, [emission.Read(value, layout), emission.Constant("axes", inserted)]);
    }

    private static float Cost(Emission emission, Value operand, Layout result)
    {
        var layout = Own(operand.Spec.Shape, result).Layout;
        var places = emission.Places(operand);
        if (places.Any(place => place.Layout == layout)) return 0;

        // Moving axes of size 1 is a Reshape, which copies nothing in ONNX Runtime, but is a node.
        return places.Any(place => place.Layout.SameMemory(layout, operand.Spec.Shape)) ? 0.25f : 1;
    }

    /// <summary>The layout of an operand with fewer axes, and where axes of size 1 are inserted between them.</summary>
    private static (Layout Layout, List<int> Inserted) Own(Shape shape, Layout result)
    {
        var missing = result.Rank - shape.Rank;
        var axes = result.Axes.Where(axis => axis >= missing).Select(axis => axis - missing).ToArray();
        var inserted = new List<int>();
        var (started, position) = (false, 0);
        foreach (var axis in result.Axes)
        {
            started |= axis >= missing;
            if (!started) continue;
            if (axis < missing) inserted.Add(position);
            position++;
        }

        var features = shape.Rank > 0 && shape.Dims[^1] == result.Features?.Size ? result.Features : null;
        return (new Layout([.. axes], features), inserted);
    }
}
