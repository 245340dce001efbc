using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit;

/// <summary>Converts a value from one layout to another: by a Reshape if only axes of size 1 move, otherwise by a Transpose.</summary>
internal static class Conversions
{
    /// <summary>Writes a value in a further layout, from the existing one that costs least.</summary>
    public static string Convert(Emission emission, Value value, IReadOnlyList<EmittedTensor> places, Layout layout)
    {
        var spec = value.Spec;
        var source = places.FirstOrDefault(place => place.Layout.SameMemory(layout, spec.Shape))
            ?? places.FirstOrDefault(place => place.Layout.Features is null)
            ?? places[0];
        if (source.Layout.Features is not null && layout != source.Layout)
        {
            // GraphFacts allows features out of order only if all readers accept them; other
            // readers, such as definitions written in place of an operator, come here.
            var plain = emission.Declare(value, Layout.Identity(layout.Rank), "Gather");
            var targets = emission.Constant("order", source.Layout.Features.Targets());
            emission.Node("Gather", [source.Name, targets], [plain], Attributes.Int("axis", layout.Rank - 1));
            return emission.Read(value, layout);
        }

        if (layout.Features is { } features)
        {
            var sources = emission.Constant("order", features.Sources());
            emission.Result(value, layout, "Gather", [source.Name, sources], Attributes.Int("axis", layout.Rank - 1));
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
                ReshapeStep reshape => emission.Add("Reshape", next, [name, emission.Constant("shape", reshape.Dims)]),
                TransposeStep transpose => emission.Add("Transpose", next, [name], Attributes.Ints("perm", transpose.Permutation)),
                TakeStep take => Gather(emission, name, next, take.Order, take.Axis),
                ReorderStep reorder => Gather(emission, name, next, reorder.Order.Sources(), reorder.Axis),
                AppendZerosStep append => emission.Add("Pad", next, [name, emission.Constant("pads", Pads(append, spec.Shape.Rank))]),
                _ => throw new ArgumentOutOfRangeException(nameof(steps), step, "A step without nodes."),
            };
            spec = next;
        }

        return name;
    }

    private static string Gather(Emission emission, string name, TensorSpec result, IEnumerable<int> order, int axis) =>
        emission.Add("Gather", result, [name, emission.Constant("order", order)], Attributes.Int("axis", axis));

    /// <summary>Nothing in front of any axis, the step's zeros at the end of its axis.</summary>
    private static int[] Pads(AppendZerosStep step, int rank)
    {
        var pads = new int[2 * rank];
        pads[rank + step.Axis] = step.Count;
        return pads;
    }

    /// <summary>Writes the inverse of an arrangement as nodes.</summary>
    public static string Undo(Emission emission, string name, Shape shape, Arrangement arrangement)
    {
        var shapes = new List<Shape> { shape };
        foreach (var step in arrangement.Steps) shapes.Add(step.Apply(shapes[^1]));
        for (var i = arrangement.Steps.Count - 1; i >= 0; i--)
        {
            var before = new TensorSpec(shapes[i], DType.Float32);
            name = arrangement.Steps[i] switch
            {
                ReshapeStep => emission.Add("Reshape", before, [name, emission.Constant("shape", shapes[i].Dims.ToArray())]),
                TransposeStep transpose => emission.Add("Transpose", before, [name], Attributes.Ints("perm", Inverse(transpose.Permutation))),
                TakeStep take => Gather(emission, name, before, Inverse(take.Order), take.Axis),
                ReorderStep reorder => Gather(emission, name, before, reorder.Order.Targets(), reorder.Axis),
                AppendZerosStep append => Cut(append, before),
                _ => throw new ArgumentOutOfRangeException(nameof(arrangement), arrangement, "A step without nodes that undo it."),
            };
        }

        return name;

        static IntList Inverse(IntList permutation) => Operators.Transpose.Inverse(permutation).Permutation;

        string Cut(AppendZerosStep append, TensorSpec before)
        {
            var ends = before.Shape.Dims[append.Axis];
            return emission.Add(
                "Slice", before, [name, emission.Constant("starts", 0), emission.Constant("ends", ends), emission.Constant("axes", append.Axis)]);
        }
    }

    /// <summary>The target of a Reshape that moves axes of size 1; null if it cannot be expressed because of unknown dimensions.</summary>
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
