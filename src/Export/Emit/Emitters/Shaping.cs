using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Reshaping, transposing, slicing, padding, splitting and concatenating.</summary>
internal static class Shaping
{
    public static void Reshape(Emission emission, Node node, Reshape op)
    {
        var (x, y) = (node.Inputs[0], node.Outputs[0]);
        if (TryFlatten(emission, x, y) || TryUnflatten(emission, x, y)) return;
        var result = Layout.Identity(op.Target.Count);
        var place = emission.Places(x).FirstOrDefault(place =>
            place.Layout.SameMemory(Layout.Identity(place.Layout.Rank), x.Spec.Shape) && Target(op, x, place.Layout, result) is not null);
        var (source, layout) = place is null ? (emission.Read(x), Layout.Identity(x.Spec.Shape.Rank)) : (place.Name, place.Layout);
        var wanted = emission.Facts.Wanted(emission.Original(y));
        if (wanted is { } other && other.SameMemory(result, y.Spec.Shape) && Target(op, x, layout, other) is not null) result = other;
        if (result.Rank == 2 && y.Spec.Shape.Dims[0] == x.Spec.Shape.Dims[0] && layout.Axes[0] == 0 && op.Target[0] == 0)
            Flat(emission, y, result, source);
        else
            emission.Result(y, result, "Reshape", [source, emission.Constant("shape", Target(op, x, layout, result)!)]);
    }

    /// <summary>All axes behind the batch as one.</summary>
    public static void Flat(Emission emission, Value value, Layout layout, string source)
    {
        if (emission.Target is { HasFlatten: false }) emission.Result(value, layout, "Reshape", [source, emission.Constant("shape", 0, -1)]);
        else emission.Result(value, layout, "Flatten", [source], Attributes.Int("axis", 1));
    }

    /// <summary>The same elements in the shape of the other input.</summary>
    public static void ReshapeLike(Emission emission, Node node)
    {
        string[] inputs = [emission.Read(node.Inputs[0]), DynamicShapes.ReshapeTarget(emission, node.Inputs[1])];
        emission.Result(node.Outputs[0], Layout.Identity(node.Outputs[0].Spec.Shape.Rank), "Reshape", inputs);
    }

    public static void ExpandLike(Emission emission, Node node)
    {
        var (x, like) = (node.Inputs[0], node.Inputs[1]);
        var layout = Reductions.Source(emission, like).Layout;
        emission.Result(node.Outputs[0], layout, "Expand", [Operands.Read(emission, x, layout), DynamicShapes.Of(emission, like, layout)]);
    }

    public static void Unsqueeze(Emission emission, Node node, Unsqueeze op)
    {
        var (x, y) = (node.Inputs[0], node.Outputs[0]);
        var rank = y.Spec.Shape.Rank;
        var axes = ShapeRules.Axes(op.Axes, rank, op.Name);
        var kept = Enumerable.Range(0, rank).Where(axis => !axes.Contains(axis)).ToArray();
        var layout = Layout.Identity(rank);
        if (emission.Facts.Wanted(emission.Original(y)) is { } wanted && wanted.SameMemory(layout, y.Spec.Shape)) layout = wanted;
        var own = new Layout([.. layout.Axes.Where(kept.Contains).Select(axis => Array.IndexOf(kept, axis))]);
        emission.Result(y, layout, "Unsqueeze", [emission.Read(x, own), emission.Constant("axes", layout.Positions(axes))]);
    }

    public static void Squeeze(Emission emission, Node node, Squeeze op)
    {
        var (source, layout) = Reductions.Source(emission, node.Inputs[0]);
        var axes = ShapeRules.Axes(op.Axes, layout.Rank, op.Name);
        emission.Result(
            node.Outputs[0], Reductions.Left(layout, axes, keepdims: false), "Squeeze", [source, emission.Constant("axes", layout.Positions(axes))]);
    }

    /// <summary>
    /// Writes nothing: the same tensor with other axes. A Transpose is written when a reader needs another order, one for any number of these in a row.
    /// </summary>
    public static void Transpose(Emission emission, Node node, Transpose op)
    {
        var x = node.Inputs[0];
        if (emission.Places(x).Any(place => place.Layout.Features is not null)) emission.Read(x);
        var inverse = OnnxFunctional.Operators.Transpose.Inverse(op.Permutation).Permutation;
        emission.Alias(node.Outputs[0], x, layout => layout.Features is null ? new([.. layout.Axes.Select(axis => inverse[axis])]) : null);
    }

    public static void Concat(Emission emission, Node node, Concat op)
    {
        var y = node.Outputs[0];
        var axis = ShapeRules.Axis(op.Axis, y.Spec.Shape.Rank, op.Name);
        if (axis == 1 && y.Spec.Shape.Rank == 2 && emission.Facts.AcceptsFeatureOrder(emission.Original(y))
            && node.Inputs.Any(input => Features(input) is not null)
            && node.Inputs.All(input => !emission.IsStatic(input) && input.Spec.Shape.Dims[1] != Shape.Unknown))
        {
            // Each part keeps its order; the matrix after it stores its rows accordingly.
            var order = FeatureOrder.Concatenate(node.Inputs.Select(input => Features(input) ?? FeatureOrder.Plain(input.Spec.Shape.Dims[1])));
            var inputs = node.Inputs.Select(input => Features(input) is null ? emission.Read(input) : emission.Places(input)[0].Name);
            emission.Result(y, new Layout([0, 1], order), "Concat", inputs, Attributes.Int("axis", 1));
            return;
        }

        var layout = Operands.Choose(emission, node, node.Inputs) with { Features = null };
        emission.Result(y, layout, "Concat", [.. node.Inputs.Select(input => emission.Read(input, layout))], Attributes.Int("axis", layout.Position(axis)));

        FeatureOrder? Features(Value value) => emission.Places(value) is [var first, ..] ? first.Layout.Features : null;
    }

    public static void Split(Emission emission, Node node, Split op)
    {
        var (source, layout) = Reductions.Source(emission, node.Inputs[0]);
        Pieces(emission, node, source, layout, op.Axis, emission.Constant("sizes", op.Sizes));
    }

    /// <summary>Pieces of the sizes of the other inputs.</summary>
    public static void SplitLike(Emission emission, Node node, SplitLike op)
    {
        var (source, layout) = Reductions.Source(emission, node.Inputs[0]);
        var axis = ShapeRules.Axis(op.Axis, layout.Rank, op.Name);
        string sizes;
        if (node.Outputs.All(piece => piece.Spec.Shape.Dims[axis] != Shape.Unknown))
        {
            sizes = emission.Constant("sizes", node.Outputs.Select(piece => piece.Spec.Shape.Dims[axis]));
        }
        else
        {
            string[] dims = [.. node.Inputs.Skip(1).Select(like => DynamicShapes.Dims(emission, like, [axis]))];
            sizes = emission.Add("Concat", new TensorSpec(Shape.Of(dims.Length), DType.Int64), dims, Attributes.Int("axis", 0));
        }

        Pieces(emission, node, source, layout, axis, sizes);
    }

    public static void Slice(Emission emission, Node node, Slice op)
    {
        var (source, layout) = Reductions.Source(emission, node.Inputs[0]);
        var axes = op.Axes.Select(axis => layout.Position(ShapeRules.Axis(axis, layout.Rank, op.Name)));
        emission.Result(
            node.Outputs[0],
            layout,
            "Slice",
            [
                source,
                emission.Constant("starts", op.Starts.Select(Far)),
                emission.Constant("ends", op.Ends.Select(Far)),
                emission.Constant("axes", axes),
                emission.Constant("steps", op.Steps),
            ]);

        // The ends of an axis of any length.
        static long Far(int position) => position == int.MaxValue ? long.MaxValue : position == int.MinValue ? long.MinValue : position;
    }

    public static void Pad(Emission emission, Node node, Pad op)
    {
        var layout = Operands.Choose(emission, node, node.Inputs[0]) with { Features = null };
        var x = emission.Read(node.Inputs[0], layout);
        int[] pads = [.. layout.Axes.Select(axis => op.Begin[axis]), .. layout.Axes.Select(axis => op.End[axis])];
        var inputs = new List<string> { x, emission.Constant("pads", pads) };
        if (op.Mode == PadMode.Constant && op.Value != 0)
            inputs.Add(emission.Constant("value", Casts.TryConvert(TensorData.Of(Shape.Of(), [op.Value]), node.Inputs[0].Spec.Type)!));
        var mode = op.Mode switch { PadMode.Constant => "constant", PadMode.Reflect => "reflect", _ => "edge" };
        emission.Result(node.Outputs[0], layout, "Pad", inputs, Attributes.Text("mode", mode));
    }

    /// <summary>ONNX Runtime moves floats so; other types are cut and joined.</summary>
    public static void DepthToSpace(Emission emission, Node node, DepthToSpace op)
    {
        if (node.Inputs[0].Spec.Type != DType.Float32)
        {
            Normalizations.Decomposed(emission, node);
            return;
        }

        var layout = Layout.ChannelsFirst(4);
        string[] inputs = [emission.Read(node.Inputs[0], layout)];
        emission.Result(
            node.Outputs[0], layout, "DepthToSpace", inputs, Attributes.Int("blocksize", op.Block), Attributes.Text("mode", op.BlockFirst ? "DCR" : "CRD"));
    }

    public static void SpaceToDepth(Emission emission, Node node, SpaceToDepth op)
    {
        if (node.Inputs[0].Spec.Type != DType.Float32)
        {
            Normalizations.Decomposed(emission, node);
            return;
        }

        var layout = Layout.ChannelsFirst(4);
        emission.Result(node.Outputs[0], layout, "SpaceToDepth", [emission.Read(node.Inputs[0], layout)], Attributes.Int("blocksize", op.Block));
    }

    public static void Triangle(Emission emission, Node node, Trilu op)
    {
        var matrices = Layout.Identity(node.Inputs[0].Spec.Shape.Rank);
        string[] inputs = [emission.Read(node.Inputs[0], matrices), emission.Scalar("k", (long)op.K)];
        emission.Result(node.Outputs[0], matrices, "Trilu", inputs, Attributes.Flag("upper", op.Upper));
    }

    public static void Tile(Emission emission, Node node, Tile op)
    {
        var (source, layout) = Reductions.Source(emission, node.Inputs[0]);
        emission.Result(node.Outputs[0], layout, "Tile", [source, emission.Constant("repeats", layout.Axes.Select(axis => op.Repeats[axis]))]);
    }

    private static void Pieces(Emission emission, Node node, string source, Layout layout, int axis, string sizes)
    {
        var position = layout.Position(ShapeRules.Axis(axis, layout.Rank, "Split"));
        string[] outputs = [.. node.Outputs.Select(piece => emission.Declare(piece, layout, "Split"))];
        emission.Node("Split", [source, sizes], outputs, Attributes.Int("axis", position));
    }

    /// <summary>Flattens a channels-first image as it is, if the matrix after it can store its rows in that order.</summary>
    private static bool TryFlatten(Emission emission, Value x, Value y)
    {
        var (from, to) = (x.Spec.Shape, y.Spec.Shape);
        if (to.Rank != 2 || from.Rank < 3 || from.Dims[0] != to.Dims[0]) return false;
        if (from.Slice(1, from.Rank - 1) is not { IsKnown: true } image || image.ElementCount != to.Dims[1]) return false;
        if (emission.IsStatic(x) || emission.Places(x) is not [var place, ..] || place.Layout.Axes[0] != 0) return false;
        if (emission.Places(x).Any(other => other.Layout.SameMemory(Layout.Identity(from.Rank), from))) return false;
        if (!emission.Facts.AcceptsFeatureOrder(emission.Original(y))) return false;
        var order = FeatureOrder.Of(IntList.Create(image.Dims), [.. place.Layout.Axes.Skip(1).Select(axis => axis - 1)]);
        Flat(emission, y, new Layout([0, 1], order), place.Name);
        return true;
    }

    /// <summary>Reshapes features that were computed in the order of the image.</summary>
    private static bool TryUnflatten(Emission emission, Value x, Value y)
    {
        if (emission.Places(x) is not [{ Layout.Features: { } order } place, ..]) return false;
        if (!order.Equals(emission.Facts.WantedFeatures(emission.Original(x))) || emission.Facts.Wanted(emission.Original(y)) is not { } layout) return false;
        var stored = layout.Stored(y.Spec.Shape);
        emission.Result(y, layout, "Reshape", [place.Name, emission.Constant("shape", stored.Dims.ToArray().Select((dim, axis) => axis == 0 ? 0 : dim))]);
        return true;
    }

    /// <summary>The target of a Reshape between layouts that keep the order of elements; null if it cannot be expressed with ONNX's 0 and -1.</summary>
    private static long[]? Target(Reshape op, Value x, Layout from, Layout to)
    {
        var target = new long[to.Rank];
        var open = op.Target.Contains(-1);
        for (var i = 0; i < target.Length; i++)
        {
            var axis = to.Axes[i];
            if (op.Target[axis] != 0) target[i] = op.Target[axis];
            else if (x.Spec.Shape.Dims[axis] is > 0 and var dim) target[i] = dim;
            else if (i < from.Rank && from.Axes[i] == axis && x.Spec.Shape.Dims[axis] == Shape.Unknown) target[i] = 0;
            else if (open || x.Spec.Shape.Dims[axis] == 0) return null;
            else (target[i], open) = (-1, true);
        }

        return target;
    }
}
