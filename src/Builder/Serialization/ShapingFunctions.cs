using System.Collections.Frozen;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions that arrange elements, in its module numpy.</summary>
internal static class ShapingFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["Append"] = call =>
        {
            var (a, b) = (call.Tensor(0, "x1"), call.Tensor(1, "x2"));
            return call.Config("axis") is { IsNull: false } axis
                ? Ops.Concatenate([a, b], axis.Integer("axis"))
                : Ops.Concatenate([Ops.Reshape(a, -1), Ops.Reshape(b, -1)], 0);
        },
        ["ArraySplit"] = ArraySplit,
        ["BroadcastTo"] = Of((x, call) => Ops.BroadcastTo(x, ShapeOf(call.Config("shape")))),
        ["ColumnStack"] = call => Ops.Concatenate(call.Tensors(0, "xs").Select(x => x.Rank == 1 ? Ops.ExpandDims(x, 1) : x).ToArray(), 1),
        ["Concatenate"] = call => Ops.Concatenate(call.Tensors(0, "xs"), call.Integer("axis", 0)),
        ["Diag"] = Of((x, call) => Ops.Diag(x, call.Integer("k", 0))),
        ["Diagflat"] = Of((x, call) => Ops.DiagFlat(x, call.Integer("k", 0))),
        ["Diagonal"] = Of((x, call) => Ops.Diagonal(x, call.Integer("offset", 0), call.Integer("axis1", 0), call.Integer("axis2", 1))),
        ["Diff"] = call => Ops.Diff(call.Tensor(0, "a"), call.Integer("n", 1), call.Integer("axis", -1)),
        ["Dsplit"] = call => Split(call, 2),
        ["Dstack"] = call => Ops.DStack(call.Tensors(0, "xs")),
        ["ExpandDims"] = call => Ops.ExpandDims(call.Tensor(0, "x"), call.Axis),
        ["Flip"] = Of((x, call) => Ops.Flip(x, call.Axis)),
        ["Fliplr"] = Unary(x => Ops.Flip(x, 1)),
        ["Flipud"] = Unary(x => Ops.Flip(x, 0)),
        ["GetItem"] = call => Slicing.Apply(call.Tensor(0, "x"), call.Argument(1, "key")),
        ["Hsplit"] = call => Split(call, call.Tensor(0, "x").Rank == 1 ? 0 : 1),
        ["Hstack"] = call => Ops.HStack(call.Tensors(0, "xs")),
        ["Meshgrid"] = call => Ops.MeshGrid(call.AllTensors(), call.Choice("indexing", "xy", ("xy", false), ("ij", true))),
        ["Moveaxis"] = Of((x, call) => Ops.MoveAxis(x, Axes.Create(call.Integers("source")), Axes.Create(call.Integers("destination")))),
        ["Ndim"] = Unary(x => Ops.Cast(Dependent(Ops.Constant(x.Rank), x), DType.Int32)),
        ["Pad"] = Pad,
        ["Ravel"] = Unary(x => Ops.Reshape(x, -1)),
        ["Repeat"] = Repeat,
        ["Reshape"] = call => Ops.Reshape(call.Tensor(0, "x"), NewShape(call.Config("newshape"))),
        ["Roll"] = Roll,
        ["Rot90"] = call => Ops.Rot90(call.Tensor(0, "array"), call.Integer("k", 1), Axes.Create(call.Config("axes").IsNull ? [0, 1] : call.Integers("axes"))),
        ["Split"] = call => Split(call),
        ["Squeeze"] = Squeeze,
        ["Stack"] = call => Ops.Stack(call.Tensors(0, "x"), call.Integer("axis", 0)),
        ["Swapaxes"] = Of((x, call) => Ops.SwapAxes(x, call.Integer("axis1", 0), call.Integer("axis2", 1))),
        ["Take"] = call => call.Config("axis").IsNull
            ? Ops.Take(Ops.Reshape(call.Tensor(0, "x"), -1), Integers(call.Tensor(1, "indices")), 0)
            : Ops.Take(call.Tensor(0, "x"), Integers(call.Tensor(1, "indices")), RequiredAxis(call)),
        ["TakeAlongAxis"] = call => call.Config("axis") is { IsNull: false } axis
            ? Ops.TakeAlongAxis(call.Tensor(0, "x"), Integers(call.Tensor(1, "indices")), axis.Integer("axis"))
            : Ops.Take(Ops.Reshape(call.Tensor(0, "x"), -1), Ops.Reshape(Integers(call.Tensor(1, "indices")), -1), 0),
        ["Tile"] = call => Ops.Tile(call.Tensor(0, "x"), call.Integers("repeats")),
        ["Trace"] = Of((x, call) => Ops.Trace(x, call.Integer("offset", 0), call.Integer("axis1", 0), call.Integer("axis2", 1))),
        ["Transpose"] = call => Transpose(call.Tensor(0, "x"), call.Config("axes")),
        ["Tril"] = call => Ops.Tril(call.Tensor(0, "x"), call.Integer("k", 0)),
        ["Triu"] = call => Ops.Triu(call.Tensor(0, "x"), call.Integer("k", 0)),
        ["UnravelIndex"] = call => Ops.UnravelIndex(call.Tensor(0, "indices"), ShapeOf(call.Config("shape"))),
        ["Vander"] = Of((x, call) => Ops.Vander(x, call.Config("N") is { IsNull: false } n ? n.Integer("N") : null, call.Flag("increasing"))),
        ["Vsplit"] = call => Split(call, 0),
        ["Vstack"] = call => Ops.VStack(call.Tensors(0, "xs")),
    }.ToFrozenDictionary();

    private static SymbolicTensor Transpose(SymbolicTensor x, CallValue axes)
    {
        var order = axes.IsNull ? Enumerable.Range(0, x.Rank).Reverse() : axes.Integers("axes").Select(axis => ShapeRules.Axis(axis, x.Rank, "Transpose"));
        return Ops.Transpose(x, [.. order]);
    }

    /// <summary>Without axes, those of known size 1 are dropped; the batch, whose size is unknown, stays.</summary>
    private static SymbolicTensors Squeeze(FunctionArguments call)
    {
        var (x, axes) = (call.Tensor(0, "x"), call.Axis);
        if (axes.List.Count > 0) return Ops.Squeeze(x, axes);
        int[] single = [.. Enumerable.Range(0, x.Rank).Where(axis => x.Shape.Dims[axis] == 1)];
        return single.Length > 0 ? Ops.Squeeze(x, Axes.Create(single)) : Ops.Make(new Identity(), x);
    }

    private static SymbolicTensors Repeat(FunctionArguments call)
    {
        var (x, repeats) = (call.Tensor(0, "x"), call.Integers("repeats"));
        int? axis = call.Config("axis") is { IsNull: false } given ? given.Integer("axis") : null;
        if (repeats.Length == 1) return Ops.Repeat(x, repeats[0], axis);
        return axis is { } along ? Ops.Repeat(x, repeats, along) : Ops.Repeat(Ops.Reshape(x, -1), repeats, 0);
    }

    private static SymbolicTensors Roll(FunctionArguments call)
    {
        var (x, shifts) = (call.Tensor(0, "x"), call.Integers("shift"));
        if (call.Config("axis").IsNull) return Ops.Roll(x, shifts.Sum());
        var axes = call.Integers("axis");
        if (shifts.Length == 1) shifts = [.. Enumerable.Repeat(shifts[0], axes.Length)];
        if (shifts.Length != axes.Length) throw new ModelException($"Roll by {shifts.Length} numbers along {axes.Length} axes; expected one for each.");
        foreach (var (shift, axis) in shifts.Zip(axes)) x = Ops.Roll(x, shift, axis);
        return x;
    }

    private static SymbolicTensors Pad(FunctionArguments call)
    {
        var x = call.Tensor(0, "x");
        if (call.Config("pad_width") is not CallValue.List widths)
            throw new ModelException($"pad_width is {call.Config("pad_width")}; expected one pair per axis.");
        int[][] pairs = [.. widths.Items.Select(pair => pair.Integers("pad_width"))];
        if (pairs.Length != x.Rank || pairs.Any(pair => pair.Length != 2))
            throw new ModelException($"pad_width is {widths}; expected one pair for each of {x.Rank} axes.");
        var mode = call.Config("mode") switch
        {
            { IsNull: true } or CallValue.Literal { Value: "constant" } => PadMode.Constant,
            CallValue.Literal { Value: "reflect" } => PadMode.Reflect,
            CallValue.Literal { Value: "edge" } => PadMode.Edge,
            CallValue.Literal { Value: "symmetric" } => (PadMode?)null,
            var other => throw new ModelException($"padding of mode {other} is not supported; expected constant, reflect, symmetric or edge."),
        };
        var value = call.Argument(1, "constant_values") is { IsNull: false } constant ? constant.Number("constant_values") : 0;
        if (mode is { } known) return Ops.Make(new Pad([.. pairs.Select(pair => pair[0])], [.. pairs.Select(pair => pair[1])], known, value), x);
        for (var axis = 0; axis < pairs.Length; axis++)
        {
            if (pairs[axis] is [0, 0]) continue;
            var size = Ops.SizeOf(x, axis, "Pad");
            x = Ops.Take(x, Ops.Vector(pairs[axis][0] + size + pairs[axis][1], i => Mirrored(i - pairs[axis][0], size), DType.Int64), axis);
        }

        return x;
    }

    /// <summary>The position that a mirror behind each end, which repeats the last element, shows at a place.</summary>
    private static int Mirrored(int place, int size)
    {
        var round = ((place % (2 * size)) + (2 * size)) % (2 * size);
        return round < size ? round : (2 * size) - 1 - round;
    }

    private static SymbolicTensors Split(FunctionArguments call, int? given = null)
    {
        var x = call.Tensor(0, "x");
        var axis = ShapeRules.Axis(given ?? call.Integer("axis", 0), x.Rank, "Split");
        var size = Ops.SizeOf(x, axis, "Split");
        if (call.Config("indices_or_sections") is CallValue.List list) return Cuts(x, axis, size, list.Integers("indices_or_sections"));
        var sections = call.Integer("indices_or_sections", 1);
        if (sections < 1 || size % sections != 0)
            throw new ModelException($"axis {axis} of {x.Shape} cannot be split into {sections} equal parts; expected a divisor of {size}.");
        return Ops.Split(x, [.. Enumerable.Repeat(size / sections, sections)], axis);
    }

    /// <summary>Parts that need not be of one size: the first ones have an element more.</summary>
    private static SymbolicTensors ArraySplit(FunctionArguments call)
    {
        var x = call.Tensor(0, "x");
        var axis = ShapeRules.Axis(call.Integer("axis", 0), x.Rank, "ArraySplit");
        var size = Ops.SizeOf(x, axis, "ArraySplit");
        if (call.Config("indices_or_sections") is CallValue.List list) return Cuts(x, axis, size, list.Integers("indices_or_sections"));
        var sections = Check.Positive(call.Integer("indices_or_sections", 1), "ArraySplit", "indices_or_sections");
        return Ops.Split(x, [.. Enumerable.Range(0, sections).Select(part => (size / sections) + (part < size % sections ? 1 : 0))], axis);
    }

    private static SymbolicTensors Cuts(SymbolicTensor x, int axis, int size, int[] cuts)
    {
        int[] ends = [.. cuts, size];
        return Ops.Split(x, [.. ends.Select((end, i) => end - (i == 0 ? 0 : ends[i - 1]))], axis);
    }
}
