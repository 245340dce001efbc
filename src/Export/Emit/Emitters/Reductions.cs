using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Reductions along axes, in the layout of the operand.</summary>
internal static class Reductions
{
    /// <summary>The axes are an input since opset 18, for sums since 13.</summary>
    public static Emitter Of(string name, ReduceOp op) => (emission, node) =>
    {
        var x = node.Inputs[0];
        var rank = x.Spec.Shape.Rank;
        var axes = ShapeRules.Axes(op.Axes, rank, op.Name);
        var (source, layout) = Source(emission, x);
        if (TryPoolGlobally(emission, node, name, op, axes, source, layout)) return;
        var stored = layout.Positions(axes);
        var attributes = new List<AttributeProto> { Attributes.Flag("keepdims", op.KeepDims) };
        var inputs = new List<string> { source };
        if (axes.Length < rank || rank == 0)
        {
            if (name == "ReduceSum" || emission.Opset >= 18) inputs.Add(emission.Constant("axes", stored));
            else attributes.Add(Attributes.Ints("axes", stored));
        }

        emission.Result(node.Outputs[0], Left(layout, axes, op.KeepDims), name, inputs, attributes);
    };

    /// <summary>ONNX Runtime cannot reduce bool.</summary>
    public static void Any(Emission emission, Node node, ReduceAny op) => Truth(emission, node, new ReduceMax(op.Axes, op.KeepDims));

    public static void All(Emission emission, Node node, ReduceAll op) => Truth(emission, node, new ReduceMin(op.Axes, op.KeepDims));

    public static Emitter Position(string name, int axis, bool keepdims) => (emission, node) =>
    {
        var x = node.Inputs[0];
        var positive = ShapeRules.Axis(axis, x.Spec.Shape.Rank, name);
        var (source, layout) = Source(emission, x);
        emission.Result(
            node.Outputs[0],
            Left(layout, [positive], keepdims),
            name,
            [source],
            Attributes.Int("axis", layout.Position(positive)),
            Attributes.Flag("keepdims", keepdims));
    };

    public static void CumSum(Emission emission, Node node, CumSum op)
    {
        var x = node.Inputs[0];
        var (source, layout) = Source(emission, x);
        var axis = layout.Position(ShapeRules.Axis(op.Axis, x.Spec.Shape.Rank, op.Name));
        emission.Result(
            node.Outputs[0],
            layout,
            "CumSum",
            [source, emission.Scalar("axis", (long)axis)],
            Attributes.Flag("exclusive", op.Exclusive),
            Attributes.Flag("reverse", op.Reverse));
    }

    public static void TopK(Emission emission, Node node, TopK op)
    {
        var x = node.Inputs[0];
        var (source, layout) = Source(emission, x);
        var inputs = new[] { source, emission.Constant("k", op.K) };
        var outputs = new[] { emission.Declare(node.Outputs[0], layout, "TopK"), emission.Declare(node.Outputs[1], layout, "positions") };
        emission.Node("TopK", inputs, outputs, Attributes.Int("axis", layout.Position(layout.Rank - 1)));
    }

    /// <summary>The number of elements: a constant, or the product of dimensions that are known only at run time.</summary>
    public static void Size(Emission emission, Node node, Size op)
    {
        var x = node.Inputs[0];
        var axes = ShapeRules.Axes(op.Axes, x.Spec.Shape.Rank, op.Name);
        if (axes.All(axis => x.Spec.Shape.Dims[axis] != Shape.Unknown))
        {
            var size = axes.Aggregate(1f, (product, axis) => product * x.Spec.Shape.Dims[axis]);
            emission.SetStatic(node.Outputs[0], TensorData.Of(Shape.Of(), [size]));
            return;
        }

        var dims = DynamicShapes.Dims(emission, x, axes);
        var product = emission.Add("ReduceProd", new TensorSpec(Shape.Of(), DType.Int64), [dims], Attributes.Flag("keepdims", false));
        emission.Result(node.Outputs[0], Layout.Identity(0), "Cast", [product], Attributes.Type("to", DType.Float32));
    }

    /// <summary>The sum over the axes that broadcasting repeated: leading ones that the other operand does not have, and those where its size is 1.</summary>
    public static void SumToLike(Emission emission, Node node)
    {
        var (x, like) = (node.Inputs[0].Spec.Shape, node.Inputs[1].Spec.Shape);
        var leading = x.Rank - like.Rank;
        if (Enumerable.Range(0, like.Rank).Any(axis => like[axis] is null && like.Symbols[axis] != x.Symbols[axis + leading]))
        {
            SumWhereSizeIsOne(emission, node, leading);
            return;
        }

        var once = Enumerable.Range(0, like.Rank).Where(axis => like.Dims[axis] == 1 && x.Dims[axis + leading] != 1).ToArray();
        if (leading == 0 && once.Length == 0)
        {
            Elementwise.Same(emission, node);
            return;
        }

        Definitions.Write(emission, node, inputs =>
        {
            var sum = leading > 0 ? Ops.Sum(inputs[0], Axes.Create([.. Enumerable.Range(0, leading)])) : inputs[0];
            return once.Length > 0 ? Ops.Sum(sum, Axes.Create(once), keepdims: true) : sum;
        });
    }

    /// <summary>Only the data tells which unknown sizes are 1: their axes are found at run time.</summary>
    private static void SumWhereSizeIsOne(Emission emission, Node node, int leading)
    {
        var (x, like) = (node.Inputs[0], node.Inputs[1]);
        var axes = emission.Once(like, "axes of size 1", () =>
        {
            var rank = like.Spec.Shape.Rank;
            var dims = DynamicShapes.Dims(emission, like, Enumerable.Range(0, rank));
            var isOne = emission.Add("Equal", new TensorSpec(Shape.Of(rank), DType.Bool), [dims, emission.Scalar("one", 1L)]);
            var positions = emission.Add("NonZero", new TensorSpec(Shape.Of(1, Shape.Unknown), DType.Int64), [isOne]);
            return emission.Add("Reshape", new TensorSpec(Shape.Of(Shape.Unknown), DType.Int64), [positions, emission.Constant("shape", -1)]);
        });
        var source = emission.Read(x);
        if (leading > 0)
        {
            var spec = x.Spec with { Shape = x.Spec.Shape.Slice(leading, x.Spec.Shape.Rank - leading) };
            source = emission.Add("ReduceSum", spec, [source, emission.Constant("leading", Enumerable.Range(0, leading))], Attributes.Flag("keepdims", false));
        }

        emission.Result(
            node.Outputs[0],
            Layout.Identity(like.Spec.Shape.Rank),
            "ReduceSum",
            [source, axes],
            Attributes.Flag("keepdims", true),
            Attributes.Flag("noop_with_empty_axes", true));
    }

    public static (string Name, Layout Layout) Source(Emission emission, Value x)
    {
        var place = Operands.Any(emission, x);
        if (place.Layout.Features is null) return (place.Name, place.Layout);
        return (emission.Read(x), Layout.Identity(place.Layout.Rank));
    }

    /// <summary>The layout after axes are removed.</summary>
    public static Layout Left(Layout layout, int[] axes, bool keepdims)
    {
        if (keepdims) return layout;
        return new([.. layout.Axes.Where(axis => !axes.Contains(axis)).Select(axis => axis - axes.Count(removed => removed < axis))]);
    }

    /// <summary>Over all positions of a channels-first image: a pooling operator, because ONNX Runtime keeps it in the layout of its convolutions.</summary>
    private static bool TryPoolGlobally(Emission emission, Node node, string name, ReduceOp op, int[] axes, string source, Layout layout)
    {
        var rank = layout.Rank;
        var pool = name switch { "ReduceMean" => "GlobalAveragePool", "ReduceMax" => "GlobalMaxPool", _ => null };
        if (pool is null || rank < 3 || layout.Axes[0] != 0 || layout.Axes[1] != rank - 1 || !axes.SequenceEqual(Enumerable.Range(1, rank - 2))) return false;
        var shape = node.Inputs[0].Spec.Shape;
        if (op.KeepDims)
        {
            emission.Result(node.Outputs[0], layout, pool, [source]);
            return true;
        }

        var result = node.Inputs[0].Spec with { Shape = Shape.Of([shape.Dims[0], shape.Dims[^1], .. Enumerable.Repeat(1, rank - 2)]) };
        var pooled = emission.Add(pool, result, [source]);
        Shaping.Flat(emission, node.Outputs[0], Layout.Identity(2), pooled);
        return true;
    }

    private static void Truth(Emission emission, Node node, ReduceOp reduce) =>
        Definitions.Write(emission, node, inputs => Ops.Cast(Ops.Make(reduce, Ops.Cast(inputs[0], DType.Float32)), DType.Bool));
}
