using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Resizing and sampling of images.</summary>
internal static class Images
{
    // GridSample took volumes, and its modes other names, since that opset.
    private const int Volumes = 20;

    /// <summary>ONNX Runtime samples images and volumes, and volumes not by cubic kernels.</summary>
    public static void GridSample(Emission emission, Node node, GridSample op)
    {
        var rank = node.Inputs[0].Spec.Shape.Rank;
        if (rank != 4 && (rank != 5 || emission.Opset < Volumes || op.Mode == ResizeMode.Cubic))
        {
            Normalizations.Decomposed(emission, node);
            return;
        }

        var mode = op.Mode switch { ResizeMode.Nearest => "nearest", ResizeMode.Linear => "linear", _ => "cubic" };
        if (emission.Opset < Volumes && op.Mode != ResizeMode.Nearest) mode = "bi" + mode;
        var padding = op.Padding switch { SamplePadding.Zeros => "zeros", SamplePadding.Border => "border", _ => "reflection" };
        var layout = Layout.ChannelsFirst(rank);
        emission.Result(
            node.Outputs[0],
            layout,
            "GridSample",
            [emission.Read(node.Inputs[0], layout), emission.Read(node.Inputs[1])],
            Attributes.Text("mode", mode),
            Attributes.Text("padding_mode", padding),
            Attributes.Flag("align_corners", op.AlignCorners));
    }

    public static void Resize(Emission emission, Node node, Resize op)
    {
        var (x, shape) = (node.Inputs[0], node.Outputs[0].Spec.Shape);
        var spatial = op.Sizes.Count;
        if (op.Mode == ResizeMode.Cubic && !IsEnlargedImage(x.Spec.Shape, shape))
        {
            Products(emission, node, op.Mode, (from, to) => ResizeWeights.Matrix(ResizeWeights.Transposed(ResizeWeights.Rows(from, to, op.Mode), from), to));
            return;
        }

        // ONNX Runtime interpolates channels-first images; repeating positions works in any layout.
        var layout = op.Mode == ResizeMode.Nearest ? Operands.Choose(emission, node, x) with { Features = null } : Layout.ChannelsFirst(shape.Rank);
        var form = op.Mode == ResizeMode.Nearest ? ImageForm.Whole : ImageForms.Of(emission, x, layout);
        var factors = Scales(op, x.Spec.Shape);
        if (factors is null && Enumerable.Range(1, spatial).Any(axis => shape.Dims[axis] == Shape.Unknown))
        {
            emission.Refuse(
                node,
                $"resizing {x.Spec.Shape} to sizes along some axes and by factors along others needs known sizes; give the input a fixed size.");
            return;
        }

        var source = ImageForms.Write(emission, form, x, layout);
        string[] target = factors is null ? ["", "", Sizes()] : ["", Factors(factors)];
        var attributes = Mode(op);
        if (form == ImageForm.Whole) emission.Result(node.Outputs[0], layout, "Resize", [source, .. target], attributes);
        else ImageForms.Result(emission, form, x, node.Outputs[0], emission.Add("Resize", null, [source, .. target], attributes));

        string Factors(float[] factors)
        {
            float[] scales = [.. layout.Axes.Select(axis => axis == 0 || axis == shape.Rank - 1 ? 1 : factors[axis - 1])];
            if (form == ImageForm.OneImage) scales = scales[2..];
            return emission.Constant("scales", TensorData.Of(Shape.Of(scales.Length), scales));
        }

        // Sizes for all axes: ONNX Runtime's transpose optimizer breaks a Resize that names its axes.
        string Sizes()
        {
            if (form == ImageForm.OneImage) return emission.Constant("size", shape.Dims[1], shape.Dims[2]);
            var sizes = layout.Axes.Select(axis => axis == 0 || axis == shape.Rank - 1 ? Kept(axis) : emission.Constant("size", shape.Dims[axis]));
            return emission.Add("Concat", new TensorSpec(Shape.Of(shape.Rank), DType.Int64), [.. sizes], Attributes.Int("axis", 0));
        }

        string Kept(int axis) => form == ImageForm.Whole ? DynamicShapes.Dims(emission, x, [axis]) : ImageForms.Kept(emission, source, layout.Position(axis));
    }

    /// <summary>The transposed interpolation.</summary>
    public static void Gradient(Emission emission, Node node, ResizeGradient op) =>
        Products(emission, node, op.Mode, (from, to) => ResizeWeights.Matrix(ResizeWeights.Rows(to, from, op.Mode), to));

    /// <summary>Whether ONNX Runtime's cubic kernel supports it: images with two position axes that do not shrink.</summary>
    private static bool IsEnlargedImage(Shape from, Shape to) =>
        from.Rank == 4 && from.Dims[1] != Shape.Unknown && from.Dims[2] != Shape.Unknown && to.Dims[1] >= from.Dims[1] && to.Dims[2] >= from.Dims[2];

    /// <summary>A linear map along each axis in turn, as products with constant matrices (old size, new size).</summary>
    private static void Products(Emission emission, Node node, ResizeMode mode, Func<int, int, float[]> matrix)
    {
        var (from, to) = (node.Inputs[0].Spec.Shape, node.Outputs[0].Spec.Shape);
        var axes = Enumerable.Range(1, from.Rank - 2);
        if (axes.Any(axis => from.Dims[axis] == Shape.Unknown || to.Dims[axis] == Shape.Unknown))
        {
            emission.Refuse(
                node,
                $"{node.Op.Name} ({mode.ToString().ToLowerInvariant()}) from {from} to {to} has no form in ONNX while a size is unknown; "
                + "give the input a fixed size.");
            return;
        }

        Definitions.Write(emission, node, inputs =>
        {
            var image = inputs[0];
            foreach (var axis in axes)
            {
                // The axis is moved last for the product, and back: without cost if the readers accept any order.
                int[] last = [.. Enumerable.Range(0, from.Rank).Where(other => other != axis), axis];
                var product = Ops.MatMul(Ops.Transpose(image, last), Ops.Constant([from.Dims[axis], to.Dims[axis]], matrix(from.Dims[axis], to.Dims[axis])));
                image = Ops.Transpose(product, OnnxFunctional.Operators.Transpose.Inverse([.. last]).Permutation.Span);
            }

            return image;
        });
    }

    /// <summary>The factor of each position axis, such that ONNX's rounding down gives the wanted size; null if a size is unknown.</summary>
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

            // Not below the quotient: shape inference multiplies exactly, the kernel in single precision.
            if ((double)scales[i] * size < op.Sizes[i]) scales[i] = MathF.BitIncrement(scales[i]);
        }

        return scales;
    }

    private static IEnumerable<AttributeProto> Mode(Resize op) => op.Mode switch
    {
        // For integer factors this is repetition, which ONNX Runtime runs in the layout of its convolutions.
        ResizeMode.Nearest when op.Sizes.All(size => size == 0) =>
            [Attributes.Text("mode", "nearest"), Attributes.Text("coordinate_transformation_mode", "asymmetric"), Attributes.Text("nearest_mode", "floor")],
        ResizeMode.Nearest => [Attributes.Text("mode", "nearest"), HalfPixel(), Attributes.Text("nearest_mode", "round_prefer_ceil")],
        ResizeMode.Linear => [Attributes.Text("mode", "linear"), HalfPixel()],
        _ => [Attributes.Text("mode", "cubic"), HalfPixel(), Attributes.Float("cubic_coeff_a", -0.5f), Attributes.Int("exclude_outside", 1)],
    };

    private static AttributeProto HalfPixel() => Attributes.Text("coordinate_transformation_mode", "half_pixel");
}
