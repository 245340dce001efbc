using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Elements selected by integer indices.</summary>
internal static class Indexing
{
    public static void Gather(Emission emission, Node node, Gather op)
    {
        var axis = ShapeRules.Axis(op.Axis, node.Inputs[0].Spec.Shape.Rank, op.Name);
        var inputs = new[] { emission.Read(node.Inputs[0]), emission.Read(node.Inputs[1]) };
        emission.Result(node.Outputs[0], Layout.Identity(node.Outputs[0].Spec.Shape.Rank), "Gather", inputs, Attributes.Int("axis", axis));
    }

    public static void GatherElements(Emission emission, Node node, GatherElements op)
    {
        var rank = node.Outputs[0].Spec.Shape.Rank;
        var inputs = new[] { emission.Read(node.Inputs[0]), emission.Read(node.Inputs[1]) };
        emission.Result(node.Outputs[0], Layout.Identity(rank), "GatherElements", inputs, Attributes.Int("axis", ShapeRules.Axis(op.Axis, rank, op.Name)));
    }

    /// <summary>Not ONNX's OneHot, which counts negative indices from the end: here, as in Keras, an index out of range gives zeros.</summary>
    public static void OneHot(Emission emission, Node node, OneHot op) => Definitions.Write(emission, node, inputs =>
    {
        var classes = Ops.Constant([op.Depth], [.. Enumerable.Range(0, op.Depth).Select(index => (long)index)]);
        return Ops.Cast(Ops.Equal(Ops.ExpandDims(Ops.Cast(inputs[0], DType.Int64), -1), classes), DType.Float32);
    });

    public static void Positions(Emission emission, Node node, Positions op)
    {
        var x = node.Inputs[0];
        var axis = ShapeRules.Axis(op.Axis, x.Spec.Shape.Rank, op.Name);
        if (x.Spec.Shape.Dims[axis] is not Shape.Unknown and var size)
        {
            emission.SetStatic(node.Outputs[0], TensorData.Of(Shape.Of(size), [.. Enumerable.Range(0, size).Select(position => (long)position)]));
            return;
        }

        var count = emission.Add("Squeeze", new TensorSpec(Shape.Of(), DType.Int64), [DynamicShapes.Dims(emission, x, [axis]), emission.Constant("axes", 0)]);
        emission.Result(node.Outputs[0], Layout.Identity(1), "Range", [emission.Scalar("start", 0L), count, emission.Scalar("step", 1L)]);
    }

    /// <summary>Adds each gradient to the row that was gathered; a repeated index receives the sum.</summary>
    public static void GatherGradient(Emission emission, Node node, GatherGradient op)
    {
        var (dy, indices, table) = (node.Inputs[0], node.Inputs[1], node.Inputs[2]);
        var (rank, chosen) = (table.Spec.Shape.Rank, indices.Spec.Shape.Rank);
        var axis = ShapeRules.Axis(op.Axis, rank, op.Name);

        // With the axis in front on both sides, ScatterND adds whole slices.
        var layout = new Layout([axis, .. Enumerable.Range(0, rank).Where(other => other != axis)]);
        var updates = new Layout([.. Enumerable.Range(axis, chosen), .. Enumerable.Range(0, axis), .. Enumerable.Range(axis + chosen, rank - 1 - axis)]);
        var wide = emission.Read(indices);
        if (indices.Spec.Type != DType.Int64) wide = emission.Add("Cast", indices.Spec with { Type = DType.Int64 }, [wide], Attributes.Type("to", DType.Int64));
        var rows = emission.Add("Unsqueeze", new TensorSpec(indices.Spec.Shape.Insert(chosen, 1), DType.Int64), [wide, emission.Constant("axes", chosen)]);
        var zeros = Pools.Zeros(emission, DynamicShapes.Of(emission, table, layout), layout.Stored(table.Spec));
        emission.Result(node.Outputs[0], layout, "ScatterND", [zeros, rows, emission.Read(dy, updates)], Attributes.Text("reduction", "add"));
    }

    public static void GatherElementsGradient(Emission emission, Node node, GatherElementsGradient op)
    {
        var (dy, indices, data) = (node.Inputs[0], node.Inputs[1], node.Inputs[2]);
        var layout = Layout.Identity(data.Spec.Shape.Rank);
        var zeros = Pools.Zeros(emission, DynamicShapes.Of(emission, data, layout), data.Spec);
        string[] inputs = [zeros, emission.Read(indices), emission.Read(dy)];
        var axis = Attributes.Int("axis", ShapeRules.Axis(op.Axis, layout.Rank, op.Name));
        emission.Result(node.Outputs[0], layout, "ScatterElements", inputs, axis, Attributes.Text("reduction", "add"));
    }

    /// <summary>Zeros around the slice, and between its elements if it has a step.</summary>
    public static void SliceGradient(Emission emission, Node node, SliceGradient op)
    {
        var shape = node.Outputs[0].Spec.Shape;
        var axes = op.Axes.Select(axis => ShapeRules.Axis(axis, shape.Rank, op.Name)).ToArray();
        if (axes.Any(axis => shape.Dims[axis] == Shape.Unknown))
        {
            emission.Refuse(node, $"the gradient of a slice of an unknown length {shape} has no form in ONNX; give the input a fixed size.");
            return;
        }

        var slice = new Slice(op.Axes, op.Starts, op.Ends, op.Steps);
        Definitions.Write(emission, node, inputs =>
        {
            var dy = inputs[0];
            for (var i = 0; i < axes.Length; i++)
            {
                var (axis, size) = (axes[i], shape.Dims[axes[i]]);
                var (start, count) = slice.Range(i, size);
                var (before, after) = (new int[shape.Rank], new int[shape.Rank]);
                if (op.Steps[i] == 1)
                {
                    (before[axis], after[axis]) = (start, size - start - count);
                    dy = Ops.Pad(dy, before, after);
                    continue;
                }

                // One more row of zeros, which every position outside the slice takes.
                after[axis] = 1;
                var sources = Enumerable.Repeat((long)count, size).ToArray();
                for (var j = 0; j < count; j++) sources[start + (j * op.Steps[i])] = j;
                dy = Ops.Take(Ops.Pad(dy, before, after), Ops.Constant([size], sources), axis);
            }

            return dy;
        });
    }
}
