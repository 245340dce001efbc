using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit;

/// <summary>Brings a value from one layout into another: a Reshape where only axes of size 1 move, a Transpose otherwise.</summary>
internal static class Conversions
{
    /// <summary>Makes a value in a layout it is not in yet, from the place that costs least.</summary>
    public static string Convert(Emission emission, Value value, IReadOnlyList<EmittedTensor> places, Layout layout)
    {
        var spec = value.Spec;
        var source = places.FirstOrDefault(place => place.Layout.SameMemory(layout, spec.Shape)) ?? places.FirstOrDefault(place => place.Layout.Features is null) ?? places[0];
        if (source.Layout.Features is not null && layout != source.Layout)
        {
            // GraphFacts lets features out of order only where readers take them; this is for the rest, such as values made while writing.
            var plain = emission.Declare(value, Layout.Identity(layout.Rank), "Gather");
            var targets = emission.Constant("order", source.Layout.Features.Targets().Select(target => (long)target));
            emission.Node("Gather", [source.Name, targets], [plain], Attributes.Int("axis", layout.Rank - 1));
            return emission.Read(value, layout);
        }

        if (layout.Features is { } features)
        {
            emission.Result(value, layout, "Gather", [source.Name, emission.Constant("order", features.Sources().Select(target => (long)target))], Attributes.Int("axis", layout.Rank - 1));
        }
        else if (source.Layout.SameMemory(layout, spec.Shape) && TryReshapeTarget(source.Layout, layout, spec.Shape) is { } target)
        {
            var shape = emission.Constant("shape", target);
            emission.Result(value, layout, "Reshape", [source.Name, shape]);
        }
        else
        {
            emission.Result(value, layout, "Transpose", [source.Name], Attributes.Ints("perm", source.Layout.PermutationTo(layout)));
        }

        return emission.Places(value)[^1].Name;
    }

    /// <summary>Writes steps as nodes.</summary>
    public static string Apply(Emission emission, string name, TensorSpec spec, IReadOnlyList<ArrangementStep> steps)
    {
        foreach (var step in steps)
        {
            var next = spec with { Shape = step.Apply(spec.Shape) };
            name = step switch
            {
                ReshapeStep reshape => emission.Add("Reshape", next, [name, emission.Constant("shape", reshape.Dims.Select(dim => (long)dim))]),
                TransposeStep transpose => emission.Add("Transpose", next, [name], Attributes.Ints("perm", transpose.Permutation)),
                TakeStep take => emission.Add("Gather", next, [name, emission.Constant("order", take.Order.Select(index => (long)index))], Attributes.Int("axis", take.Axis)),
                ReorderStep reorder => emission.Add("Gather", next, [name, emission.Constant("order", reorder.Order.Sources().Select(index => (long)index))], Attributes.Int("axis", reorder.Axis)),
                AppendZerosStep append => emission.Add("Pad", next, [name, emission.Constant("pads", [.. new long[spec.Shape.Rank], .. Enumerable.Range(0, spec.Shape.Rank).Select(axis => axis == append.Axis ? append.Count : 0L)])]),
                _ => throw new ArgumentOutOfRangeException(nameof(steps), step, "Every step has nodes that do the same."),
            };
            spec = next;
        }

        return name;
    }

    /// <summary>Writes the way back from an arrangement as nodes.</summary>
    public static string Undo(Emission emission, string name, Shape shape, Arrangement arrangement)
    {
        var shapes = new List<Shape> { shape };
        foreach (var step in arrangement.Steps) shapes.Add(step.Apply(shapes[^1]));
        for (var i = arrangement.Steps.Count - 1; i >= 0; i--)
        {
            var before = new TensorSpec(shapes[i], DType.Float32);
            name = arrangement.Steps[i] switch
            {
                ReshapeStep => Apply(emission, name, before with { Shape = shapes[i + 1] }, [new ReshapeStep(IntList.Create(shapes[i].Dims))]),
                TransposeStep transpose => Apply(emission, name, before with { Shape = shapes[i + 1] }, [new TransposeStep(Operators.Transpose.Inverse(transpose.Permutation).Permutation)]),
                TakeStep take => Apply(emission, name, before, [new TakeStep(take.Axis, Operators.Transpose.Inverse(take.Order).Permutation)]),
                ReorderStep reorder => emission.Add("Gather", before, [name, emission.Constant("order", reorder.Order.Targets().Select(index => (long)index))], Attributes.Int("axis", reorder.Axis)),
                AppendZerosStep append => emission.Add("Slice", before, [name, emission.Constant("starts", 0), emission.Constant("ends", shapes[i].Dims[append.Axis]), emission.Constant("axes", append.Axis)]),
                _ => throw new ArgumentOutOfRangeException(nameof(arrangement), arrangement, "Every step has nodes that undo it."),
            };
        }

        return name;
    }

    /// <summary>What Reshape takes to move axes of size 1; nothing where unknown dimensions would need more than it can say.</summary>
    private static long[]? TryReshapeTarget(Layout from, Layout to, Shape shape)
    {
        var target = new long[to.Rank];
        var open = false;
        for (var i = 0; i < target.Length; i++)
        {
            var dim = shape.Dims[to.Axes[i]];
            if (dim == 0) return null;
            if (dim != Shape.Unknown) target[i] = dim;
            else if (from.Axes[i] == to.Axes[i]) target[i] = 0;
            else if (open) return null;
            else (target[i], open) = (-1, true);
        }

        return target;
    }
}
