using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Normalization and softmax.</summary>
internal static class Normalizations
{
    /// <summary>
    /// ONNX expects the channels at axis 1: a channels-first image has them there;
    /// rows of features are flattened to (rows, channels) instead of being transposed.
    /// </summary>
    public static void Batch(Emission emission, Node node, BatchNormalization op)
    {
        var x = node.Inputs[0];
        var rank = x.Spec.Shape.Rank;
        var axis = ShapeRules.Axis(op.Axis, rank, op.Name);
        var wanted = emission.Facts.Wanted(emission.Original(node.Outputs[0]));
        var place = emission.Places(x).FirstOrDefault(place => place.Layout.Rank > 1 && place.Layout.Axes[1] == axis);
        var layout = place?.Layout ?? (wanted is { } later && later.Axes[1] == axis ? later : new Layout([.. Order(rank, axis)]));
        var epsilon = Attributes.Float("epsilon", op.Epsilon);
        if (place is null && layout != wanted && axis == rank - 1 && x.Spec.Shape.Dims[axis] != Shape.Unknown)
        {
            var channels = x.Spec.Shape.Dims[axis];
            var rows = x.Spec with { Shape = Shape.Of(Shape.Unknown, channels) };
            var flat = emission.Add("Reshape", rows, [emission.Read(x), emission.Constant("rows", -1, channels)]);
            var normalized = emission.Add("BatchNormalization", rows, [flat, .. Parameters(null)], epsilon);
            emission.Result(node.Outputs[0], Layout.Identity(rank), "Reshape", [normalized, DynamicShapes.ReshapeTarget(emission, x)]);
            return;
        }

        // Features out of order: the statistics are stored in the same order, unless another layer shares them.
        var areOwn = node.Inputs.Skip(1).All(input => emission.IsStatic(input) && emission.Facts.IsReadOnce(input));
        if (layout.Features is not null && !areOwn) layout = layout with { Features = null };
        emission.Result(node.Outputs[0], layout, "BatchNormalization", [emission.Read(x, layout), .. Parameters(layout.Features)], epsilon);

        IEnumerable<string> Parameters(FeatureOrder? order) =>
            node.Inputs.Skip(1).Select(input => order is null ? emission.Read(input) : emission.Read(input, [new ReorderStep(0, order)])).ToArray();
    }

    /// <summary>The normalized axes are last and in order; the order of the others does not matter.</summary>
    public static void Layer(Emission emission, Node node, LayerNormalization op)
    {
        var x = node.Inputs[0];
        var rank = x.Spec.Shape.Rank;
        var axis = ShapeRules.Axis(op.Axis, rank, op.Name);
        var normalized = Enumerable.Range(axis, rank - axis);
        var places = emission.IsStatic(x) ? [] : emission.Places(x);
        var place = places.FirstOrDefault(place => place.Layout.Features is null && place.Layout.Axes.Skip(axis).SequenceEqual(normalized));
        var layout = place?.Layout ?? Layout.Identity(rank);
        var inputs = new[] { emission.Read(x, layout), emission.Read(node.Inputs[1]), emission.Read(node.Inputs[2]) };
        var outputs = new List<string> { emission.Declare(node.Outputs[0], layout, "LayerNormalization") };
        if (emission.Facts.IsRead(node.Outputs[1]) || emission.Facts.IsRead(node.Outputs[2]))
        {
            outputs.Add(emission.Declare(node.Outputs[1], layout, "mean"));
            outputs.Add(emission.Declare(node.Outputs[2], layout, "inverse_deviation"));
        }

        emission.Node("LayerNormalization", inputs, outputs, Attributes.Int("axis", axis), Attributes.Float("epsilon", op.Epsilon));
    }

    public static void Instance(Emission emission, Node node, InstanceNormalization op)
    {
        var layout = Layout.ChannelsFirst(node.Inputs[0].Spec.Shape.Rank);
        string[] inputs = [emission.Read(node.Inputs[0], layout), emission.Read(node.Inputs[1]), emission.Read(node.Inputs[2])];
        emission.Result(node.Outputs[0], layout, "InstanceNormalization", inputs, Attributes.Float("epsilon", op.Epsilon));
    }

    /// <summary>ONNX Runtime takes images, and an odd number of channels.</summary>
    public static void LocalResponse(Emission emission, Node node, Lrn op)
    {
        if (op.Size % 2 == 0 || node.Inputs[0].Spec.Shape.Rank != 4)
        {
            Decomposed(emission, node);
            return;
        }

        var layout = Layout.ChannelsFirst(node.Inputs[0].Spec.Shape.Rank);
        emission.Result(
            node.Outputs[0],
            layout,
            "LRN",
            [emission.Read(node.Inputs[0], layout)],
            Attributes.Int("size", op.Size),
            Attributes.Float("alpha", op.Alpha),
            Attributes.Float("beta", op.Beta),
            Attributes.Float("bias", op.Bias));
    }

    /// <summary>Softmax along an axis at any position; it is fastest along the last one.</summary>
    public static Emitter Softmax(string name, int axis) => (emission, node) =>
    {
        var x = node.Inputs[0];
        var rank = x.Spec.Shape.Rank;
        var positive = ShapeRules.Axis(axis, rank, name);
        var place = emission.Places(x)
            .Where(place => place.Layout.Features is null)
            .OrderBy(place => place.Layout.Axes[rank - 1] == positive ? 0 : 1)
            .FirstOrDefault();
        var layout = place?.Layout ?? Layout.Identity(rank);
        emission.Result(node.Outputs[0], layout, name, [emission.Read(x, layout)], Attributes.Int("axis", layout.Position(positive)));
    };

    /// <summary>Operators of training, by their definition in simpler ones.</summary>
    public static void Decomposed(Emission emission, Node node) => Definitions.Write(emission, node, inputs => Decompositions.Of(node.Op, inputs));

    private static IEnumerable<int> Order(int rank, int axis) => [0, axis, .. Enumerable.Range(1, rank - 1).Where(other => other != axis)];
}
