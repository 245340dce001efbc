using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit;

/// <summary>Shapes as values of the file: constants if they are known, otherwise computed from a tensor.</summary>
internal static class DynamicShapes
{
    /// <summary>The dimensions of a value along some of its axes in the graph, as int64.</summary>
    public static string Dims(Emission emission, Value value, IEnumerable<int> axes)
    {
        int[] wanted = [.. axes];
        var shape = value.Spec.Shape;
        if (wanted.All(axis => shape.Dims[axis] != Shape.Unknown)) return emission.Constant("dims", wanted.Select(axis => shape.Dims[axis]));
        var place = emission.Places(value)[0];
        var whole = emission.Once(value, "shape", () => emission.Add("Shape", new TensorSpec(Shape.Of(shape.Rank), DType.Int64), [place.Name]));
        var positions = wanted.Select(place.Layout.Position).ToArray();
        if (positions.SequenceEqual(Enumerable.Range(0, shape.Rank))) return whole;
        var spec = new TensorSpec(Shape.Of(wanted.Length), DType.Int64);
        return emission.Add("Gather", spec, [whole, emission.Constant("axes", positions)], Attributes.Int("axis", 0));
    }

    /// <summary>The shape of a value in a layout, for operators that create a tensor of that shape.</summary>
    public static string Of(Emission emission, Value value, Layout layout) => Dims(emission, value, layout.Axes);

    /// <summary>The target of a Reshape to a value's shape: one unknown dimension is left to the operator.</summary>
    public static string ReshapeTarget(Emission emission, Value value)
    {
        var shape = value.Spec.Shape;
        var unknown = shape.Dims.Count(Shape.Unknown);
        return unknown > 1 || shape.Dims.Contains(0)
            ? Dims(emission, value, Enumerable.Range(0, shape.Rank))
            : emission.Constant("shape", shape.Dims.ToArray().Select(dim => dim == Shape.Unknown ? -1 : dim));
    }
}
