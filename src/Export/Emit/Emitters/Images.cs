using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Images brought to other sizes.</summary>
internal static class Images
{
    public static void Resize(Emission emission, Node node, Resize op)
    {
        var (x, shape) = (node.Inputs[0], node.Outputs[0].Spec.Shape);
        var spatial = op.Sizes.Count;

        // ONNX Runtime interpolates channels-first images; repeating positions works in any layout.
        var layout = op.Mode == ResizeMode.Nearest ? Operands.Choose(emission, node, x) with { Features = null } : Layout.ChannelsFirst(shape.Rank);
        var attributes = new List<AttributeProto>(Mode(op));
        var source = emission.Read(x, layout);
        if (Scales(op, x.Spec.Shape) is { } factors)
        {
            var scales = emission.Constant("scales", TensorData.Of(Shape.Of(shape.Rank), [.. layout.Axes.Select(axis => axis == 0 || axis == shape.Rank - 1 ? 1 : factors[axis - 1])]));
            emission.Result(node.Outputs[0], layout, "Resize", [source, "", scales], attributes);
            return;
        }

        if (Enumerable.Range(1, spatial).Any(axis => shape.Dims[axis] == Shape.Unknown))
        {
            emission.Refuse(node, $"resizing {x.Spec.Shape} to sizes along some axes and by factors along others needs known sizes; give the input a fixed size.");
            return;
        }

        // Sizes for all axes: ONNX Runtime's transpose optimizer breaks a Resize that names its axes.
        string[] parts = [.. layout.Axes.Select(axis => axis == 0 || axis == shape.Rank - 1 ? DynamicShapes.Dims(emission, x, [axis]) : emission.Constant("size", shape.Dims[axis]))];
        var whole = emission.Add("Concat", new TensorSpec(Shape.Of(shape.Rank), DType.Int64), parts, Attributes.Int("axis", 0));
        emission.Result(node.Outputs[0], layout, "Resize", [source, "", "", whole], attributes);
    }

    /// <summary>The transposed interpolation, axis after axis, each a product with a constant matrix.</summary>
    public static void Gradient(Emission emission, Node node, ResizeGradient op)
    {
        var (x, dy) = (node.Outputs[0].Spec.Shape, node.Inputs[0].Spec.Shape);
        var spatial = op.Sizes.Count;
        if (Enumerable.Range(1, spatial).Any(axis => x.Dims[axis] == Shape.Unknown || dy.Dims[axis] == Shape.Unknown))
        {
            emission.Refuse(node, $"the gradient of resizing an unknown size {x} has no form in ONNX; give the input a fixed size.");
            return;
        }

        Definitions.Write(emission, node, inputs =>
        {
            var gradient = inputs[0];
            for (var axis = 1; axis <= spatial; axis++)
            {
                // The axis last, the product over it, and back: readers that need no order pay for none of it.
                int[] last = [.. Enumerable.Range(0, x.Rank).Where(other => other != axis), axis];
                var matrix = Interpolation.Matrix(x.Dims[axis], dy.Dims[axis], op.Mode);
                var product = Ops.MatMul(Ops.Transpose(gradient, last), Ops.Constant([dy.Dims[axis], x.Dims[axis]], matrix));
                gradient = Ops.Transpose(product, OnnxFunctional.Operators.Transpose.Inverse([.. last]).Permutation.Span);
            }

            return gradient;
        });
    }

    /// <summary>The factor of each position axis, such that ONNX's rounding down gives the wanted size; nothing where a size is unknown.</summary>
    private static float[]? Scales(Resize op, Shape x)
    {
        var scales = new float[op.Sizes.Count];
        for (var i = 0; i < scales.Length; i++)
        {
            if (op.Sizes[i] == 0)
            {
                scales[i] = op.Scales[i];
                continue;
            }

            if (x.Dims[i + 1] is not (> 0 and var size)) return null;
            scales[i] = (float)op.Sizes[i] / size;

            // Not less than the quotient: shape inference multiplies exactly, the kernel in single precision.
            if ((double)scales[i] * size < op.Sizes[i]) scales[i] = MathF.BitIncrement(scales[i]);
        }

        return scales;
    }

    private static IEnumerable<AttributeProto> Mode(Resize op) => op.Mode switch
    {
        // For whole factors this is repetition, the form ONNX Runtime keeps among its convolutions.
        ResizeMode.Nearest when op.Sizes.All(size => size == 0) =>
            [Attributes.Text("mode", "nearest"), Attributes.Text("coordinate_transformation_mode", "asymmetric"), Attributes.Text("nearest_mode", "floor")],
        ResizeMode.Nearest => [Attributes.Text("mode", "nearest"), Attributes.Text("coordinate_transformation_mode", "half_pixel"), Attributes.Text("nearest_mode", "round_prefer_ceil")],
        ResizeMode.Linear => [Attributes.Text("mode", "linear"), Attributes.Text("coordinate_transformation_mode", "half_pixel")],
        _ => [Attributes.Text("mode", "cubic"), Attributes.Text("coordinate_transformation_mode", "half_pixel"), Attributes.Float("cubic_coeff_a", -0.5f), Attributes.Int("exclude_outside", 1)],
    };
}
