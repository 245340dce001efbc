using System.Collections.Frozen;
using System.Text.Json;
using OnnxFunctional.Operators;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions as operators, one row per function.</summary>
internal static class KerasFunctions
{
    /// <summary>The module name of operators that Keras lacks.</summary>
    public const string OwnModule = "onnx_functional.ops";

    private static readonly FrozenDictionary<string, Rule> s_rules = new Dictionary<string, Rule>
    {
        ["Abs"] = Unary(Ops.Abs),
        ["Absolute"] = Unary(Ops.Abs),
        ["Arccos"] = Unary(Ops.Acos),
        ["Arccosh"] = Unary(Ops.Acosh),
        ["Arcsin"] = Unary(Ops.Asin),
        ["Arcsinh"] = Unary(Ops.Asinh),
        ["Arctan"] = Unary(Ops.Atan),
        ["Arctanh"] = Unary(Ops.Atanh),
        ["Ceil"] = Unary(Ops.Ceil),
        ["Copy"] = Unary(x => Ops.Make(new Identity(), x)),
        ["Cos"] = Unary(Ops.Cos),
        ["Cosh"] = Unary(Ops.Cosh),
        ["Erf"] = Unary(Ops.Erf),
        ["Exp"] = Unary(Ops.Exp),
        ["Exp2"] = Unary(x => Ops.Exp(x * MathF.Log(2))),
        ["Expm1"] = Unary(x => Ops.Exp(x) - 1),
        ["Floor"] = Unary(Ops.Floor),
        ["Isinf"] = Unary(Ops.IsInf),
        ["Isnan"] = Unary(Ops.IsNaN),
        ["Isfinite"] = Unary(x => Ops.LogicalNot(Ops.LogicalOr(Ops.IsInf(x), Ops.IsNaN(x)))),
        ["Log"] = Unary(Ops.Log),
        ["Log10"] = Unary(x => Ops.Log(x) * (1 / MathF.Log(10))),
        ["Log1p"] = Unary(Ops.Log1p),
        ["Log2"] = Unary(x => Ops.Log(x) * (1 / MathF.Log(2))),
        ["LogicalNot"] = Unary(Ops.LogicalNot),
        ["Negative"] = Unary(Ops.Negative),
        ["OnesLike"] = call => Like(call, 1),
        ["Reciprocal"] = Unary(Ops.Reciprocal),
        ["Round"] = call => call.Integer("decimals", 0) == 0
            ? Ops.Round(call.Tensor(0, "x"))
            : throw new ModelException("Rounding to decimal places is not supported; expected decimals=0."),
        ["Rsqrt"] = Unary(Ops.Rsqrt),
        ["Sign"] = Unary(Ops.Sign),
        ["Sin"] = Unary(Ops.Sin),
        ["Sinh"] = Unary(Ops.Sinh),
        ["Sqrt"] = Unary(Ops.Sqrt),
        ["Square"] = Unary(Ops.Square),
        ["StopGradient"] = call => Ops.StopGradient(call.Tensor(0, "variable")),
        ["Tan"] = Unary(Ops.Tan),
        ["Tanh"] = Unary(Ops.Tanh),
        ["ZerosLike"] = call => Like(call, 0),

        ["Add"] = Binary(Ops.Add),
        ["Divide"] = Binary(Quotient),
        ["Equal"] = Binary(Ops.Equal),
        ["FloorDivide"] = Binary((a, b) => Ops.Floor(Quotient(a, b))),
        ["Greater"] = Binary(Ops.Greater),
        ["GreaterEqual"] = Binary(Ops.GreaterEqual),
        ["Less"] = Binary(Ops.Less),
        ["LessEqual"] = Binary(Ops.LessEqual),
        ["LogicalAnd"] = Binary(Ops.LogicalAnd),
        ["LogicalOr"] = Binary(Ops.LogicalOr),
        ["LogicalXor"] = Binary(Ops.LogicalXor),
        ["Matmul"] = Binary(Ops.MatMul),
        ["Maximum"] = Binary(Ops.Maximum),
        ["Minimum"] = Binary(Ops.Minimum),
        ["Mod"] = Binary(Ops.Mod),
        ["Multiply"] = Binary(Ops.Multiply),
        ["NotEqual"] = Binary(Ops.NotEqual),
        ["Power"] = Binary(Ops.Power),
        ["Subtract"] = Binary(Ops.Subtract),
        ["TrueDivide"] = Binary(Quotient),
        ["Clip"] = call => Ops.Clip(call.Tensor(0, "x"), call.Number("x_min", float.NegativeInfinity), call.Number("x_max", float.PositiveInfinity)),
        ["Where"] = call => Ops.Where(call.Tensor(0, "condition"), call.Tensor(1, "x1"), call.Tensor(2, "x2")),
        ["Cast"] = call => Ops.Cast(call.Tensor(0, "x"), TypeOf(call.Config("dtype"))),
        ["ConvertToTensor"] = call => Typed(call, call.Tensor(0, "x")),

        ["All"] = Reduction(Ops.All),
        ["Amax"] = Reduction(Ops.Max),
        ["Amin"] = Reduction(Ops.Min),
        ["Any"] = Reduction(Ops.Any),
        ["Argmax"] = call => Ops.ArgMax(call.Tensor(0, "x"), RequiredAxis(call), call.Flag("keepdims")),
        ["Argmin"] = call => Ops.ArgMin(call.Tensor(0, "x"), RequiredAxis(call), call.Flag("keepdims")),
        ["Cumsum"] = call => Ops.CumSum(Typed(call, call.Tensor(0, "x")), RequiredAxis(call)),
        ["Logsumexp"] = Reduction(Ops.LogSumExp),
        ["Max"] = Reduction(Ops.Max),
        ["Mean"] = Reduction(Ops.Mean),
        ["Min"] = Reduction(Ops.Min),
        ["Norm"] = call => call.Config("ord") is { IsNull: true } or CallValue.Literal { Value: 2L } or CallValue.Literal { Value: "fro" or "euclidean" }
            ? Ops.Norm(call.Tensor(0, "x"), call.Axis, call.Flag("keepdims"))
            : throw new ModelException($"a norm of order {call.Config("ord")} is not supported; expected 2."),
        ["Prod"] = call => Ops.Prod(Typed(call, call.Tensor(0, "x")), call.Axis, call.Flag("keepdims")),
        ["Std"] = Reduction((x, axis, keep) => Ops.Sqrt(Variance(x, axis, keep))),
        ["Sum"] = Reduction(Ops.Sum),
        ["TopK"] = TopK,
        ["Var"] = Reduction(Variance),

        ["Concatenate"] = call => Ops.Concatenate(call.Tensors(0, "xs"), call.Integer("axis", 0)),
        ["ExpandDims"] = call => Ops.ExpandDims(call.Tensor(0, "x"), call.Axis),
        ["Flip"] = call => Flip(call.Tensor(0, "x"), call.Axis),
        ["GetItem"] = call => Slicing.Apply(call.Tensor(0, "x"), call.Argument(1, "key")),
        ["Moveaxis"] = call => MoveAxis(call.Tensor(0, "x"), call.Integers("source"), call.Integers("destination")),
        ["OneHot"] = call => call.Integer("axis", -1) == -1
            ? Typed(call, Ops.OneHot(call.Tensor(0, "x"), call.Integer("num_classes", 0)))
            : throw new ModelException("OneHot along an axis other than the last is not supported; expected axis=-1."),
        ["Pad"] = Pad,
        ["Ravel"] = Unary(x => Ops.Reshape(x, -1)),
        ["Reshape"] = call => Ops.Reshape(call.Tensor(0, "x"), NewShape(call.Config("newshape"))),
        ["Split"] = Split,
        ["Squeeze"] = call => Ops.Squeeze(call.Tensor(0, "x"), call.Axis),
        ["Stack"] = call => Ops.Concatenate(call.Tensors(0, "x").Select(x => Ops.ExpandDims(x, call.Integer("axis", 0))).ToArray(), call.Integer("axis", 0)),
        ["Swapaxes"] = call => Swap(call.Tensor(0, "x"), call.Integer("axis1", 0), call.Integer("axis2", 1)),
        ["Take"] = call => Ops.Take(call.Tensor(0, "x"), Integers(call.Tensor(1, "indices")), RequiredAxis(call)),
        ["TakeAlongAxis"] = call => Ops.Make(new GatherElements(RequiredAxis(call)), call.Tensor(0, "x"), Integers(call.Tensor(1, "indices"))),
        ["Tile"] = call => Ops.Tile(call.Tensor(0, "x"), call.Integers("repeats")),
        ["Transpose"] = call => Transpose(call.Tensor(0, "x"), call.Config("axes")),

        ["Celu"] = call => Ops.Make(new Celu(call.Number("alpha", 1)), call.Tensor(0, "x")),
        ["Elu"] = call => Ops.Make(new Elu(call.Number("alpha", 1)), call.Tensor(0, "x")),
        ["Gelu"] = call => Ops.Make(new Gelu(call.Flag("approximate", true)), call.Tensor(0, "x")),
        ["Glu"] = OnLastAxis(Activation.Glu),
        ["HardShrink"] = call => Ops.Make(new Shrink(call.Number("threshold", 0.5f), 0), call.Tensor(0, "x")),
        ["HardSigmoid"] = Unary(Activation.HardSigmoid.Apply),
        ["HardSilu"] = Unary(Activation.HardSilu.Apply),
        ["HardTanh"] = Unary(Activation.HardTanh.Apply),
        ["LeakyRelu"] = call => Ops.Make(new LeakyRelu(call.Number("negative_slope", 0.2f)), call.Tensor(0, "x")),
        ["LogSigmoid"] = Unary(Activation.LogSigmoid.Apply),
        ["LogSoftmax"] = call => Ops.LogSoftmax(call.Tensor(0, "x"), call.Integer("axis", -1)),
        ["Relu"] = Unary(Ops.Relu),
        ["Relu6"] = Unary(Activation.Relu6.Apply),
        ["Selu"] = Unary(Activation.Selu.Apply),
        ["Sigmoid"] = Unary(Ops.Sigmoid),
        ["Silu"] = Unary(Activation.Silu.Apply),
        ["Softmax"] = call => Ops.Softmax(call.Tensor(0, "x"), call.Integer("axis", -1)),
        ["Softplus"] = Unary(Ops.Softplus),
        ["SoftShrink"] = call => Ops.Make(new Shrink(call.Number("threshold", 0.5f), call.Number("threshold", 0.5f)), call.Tensor(0, "x")),
        ["Softsign"] = Unary(Ops.Softsign),
        ["SparsePlus"] = Unary(Activation.SparsePlus.Apply),
        ["SparseSigmoid"] = Unary(Activation.SparseSigmoid.Apply),
        ["Sparsemax"] = OnLastAxis(Activation.Sparsemax),
        ["Squareplus"] = Unary(Activation.Squareplus.Apply),
        ["TanhShrink"] = Unary(Activation.TanhShrink.Apply),
    }.ToFrozenDictionary();

    /// <summary>Operators that Keras has no function for.</summary>
    private static readonly FrozenDictionary<string, Rule> s_ownRules = new Dictionary<string, Rule>
    {
        ["HardSigmoid"] = call => Ops.Make(new HardSigmoid(call.Number("alpha", 1f / 6), call.Number("beta", 0.5f)), call.Tensor(0, "x")),
        ["Mish"] = Unary(Activation.Mish.Apply),
        ["Phase"] = call => Ops.WhenTraining(call.Tensor(0, "training"), call.Tensor(1, "otherwise")),
        ["Shrink"] = call => Ops.Make(new Shrink(call.Number("threshold", 0.5f), call.Number("bias", 0)), call.Tensor(0, "x")),
        ["Size"] = call => Ops.Size(call.Tensor(0, "x"), call.Axis),
    }.ToFrozenDictionary();

    public static bool IsModule(string module) =>
        module == OwnModule || module.StartsWith("keras.src.ops.", StringComparison.Ordinal) || module.StartsWith("keras.ops", StringComparison.Ordinal);

    /// <summary>A function from its description in a file.</summary>
    /// <exception cref="ModelException">There is no row for it.</exception>
    public static KerasFunction Make(string module, string className, JsonElement config, string name)
    {
        var rules = module == OwnModule ? s_ownRules : s_rules;
        if (!rules.TryGetValue(className, out var rule))
        {
            var nearest = Naming.Nearest(className, rules.Keys);
            throw new ModelException(
                $"function '{className}' of {module} is not supported."
                + (nearest is null ? "" : $" Did you mean '{nearest}'?")
                + " Rewrite it with supported functions, or as a custom layer, before saving.");
        }

        var options = config.EnumerateObject().Where(entry => entry.Name != "name");
        return new(module, className, [.. options.Select(entry => KeyValuePair.Create(entry.Name, CallValue.Read(entry.Value, null)))], rule, name);
    }

    private static Rule Unary(Func<SymbolicTensor, SymbolicTensor> function) => call => function(call.Tensor(0, "x"));

    private static Rule Binary(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function) => call => function(call.Tensor(0, "x1"), call.Tensor(1, "x2"));

    private static Rule Reduction(Func<SymbolicTensor, Axes, bool, SymbolicTensor> function) =>
        call => function(call.Tensor(0, "x"), call.Axis, call.Flag("keepdims"));

    private static Rule OnLastAxis(Activation activation) =>
        call => call.Tensor(0, "x") is var x && call.Integer("axis", -1) is var axis && (axis == -1 || axis == x.Rank - 1)
            ? activation.Apply(x)
            : throw new ModelException($"{activation.Name} along an axis other than the last is not supported; transpose before and after.");

    /// <summary>A tensor in the type that the function's dtype names, if it names one.</summary>
    private static SymbolicTensor Typed(FunctionArguments call, SymbolicTensor x) =>
        call.Config("dtype") is { IsNull: false } type ? Ops.Cast(x, TypeOf(type)) : x;

    /// <summary>A number in the shape of a tensor, of the tensor's type unless dtype names another.</summary>
    private static SymbolicTensor Like(FunctionArguments call, int number)
    {
        var x = call.Tensor(0, "x");
        var type = call.Config("dtype") is { IsNull: false } given ? TypeOf(given) : x.DType;
        var scalar = Shape.Of();
        var data = type switch
        {
            DType.Bool => TensorData.Of(scalar, [number != 0]),
            DType.Int32 => TensorData.Of(scalar, [number]),
            DType.Int64 => TensorData.Of(scalar, [(long)number]),
            DType.Float32 => TensorData.Of(scalar, [(float)number]),
            _ => throw new ModelException($"dtype is {type.KerasName()}, which is not supported; expected float32, int32, int64 or bool."),
        };
        return Ops.Make(new ExpandLike(), Ops.Make(new Constant(data)), x);
    }

    /// <summary>Python's true division: integers give floating-point quotients.</summary>
    private static SymbolicTensor Quotient(SymbolicTensor a, SymbolicTensor b) =>
        a.DType.IsFloating() || b.DType.IsFloating() ? Ops.Divide(a, b) : Ops.Divide(Ops.Cast(a, DType.Float32), Ops.Cast(b, DType.Float32));

    private static SymbolicTensor Variance(SymbolicTensor x, Axes axis, bool keepdims) =>
        Ops.Mean(Ops.Square(x - Ops.Mean(x, axis, keepdims: true)), axis, keepdims);

    private static SymbolicTensor Integers(SymbolicTensor x) => x.DType.IsInteger() ? x : Ops.Cast(x, DType.Int64);

    private static int RequiredAxis(FunctionArguments call) =>
        call.Config("axis") is { IsNull: false } axis
            ? axis.Integer("axis")
            : throw new ModelException("axis is None, which flattens first; expected one axis. Reshape to one dimension first.");

    private static DType TypeOf(CallValue value)
    {
        foreach (var type in Enum.GetValues<DType>())
        {
            if (value is CallValue.Literal { Value: string word } && type.KerasName() == word) return type;
        }

        throw new ModelException($"dtype is {value}, which is not supported; expected a name such as 'float32' or 'int64'.");
    }

    /// <summary>Keras' shape includes the batch; None and -1 both stand for an inferred dimension.</summary>
    private static int[] NewShape(CallValue value)
    {
        CallValue[] dims = value is CallValue.List list ? [.. list.Items] : [value];
        return [.. dims.Select(dim => dim.IsNull ? -1 : dim.Integer("newshape"))];
    }

    private static SymbolicTensor Flip(SymbolicTensor x, Axes axes)
    {
        foreach (var axis in axes.List.Count == 0 ? Enumerable.Range(0, x.Rank) : axes) x = Ops.Slice(x, axis, -1, null, -1);
        return x;
    }

    private static SymbolicTensor Transpose(SymbolicTensor x, CallValue axes)
    {
        var order = axes.IsNull ? Enumerable.Range(0, x.Rank).Reverse() : axes.Integers("axes").Select(axis => ShapeRules.Axis(axis, x.Rank, "Transpose"));
        return Ops.Transpose(x, [.. order]);
    }

    private static SymbolicTensor Swap(SymbolicTensor x, int first, int second)
    {
        var order = Enumerable.Range(0, x.Rank).ToArray();
        (first, second) = (ShapeRules.Axis(first, x.Rank, "Swapaxes"), ShapeRules.Axis(second, x.Rank, "Swapaxes"));
        (order[first], order[second]) = (second, first);
        return Ops.Transpose(x, order);
    }

    private static SymbolicTensor MoveAxis(SymbolicTensor x, int[] source, int[] destination)
    {
        if (source.Length != destination.Length)
            throw new ModelException($"Moveaxis names {source.Length} axes but {destination.Length} destinations; expected the same number.");
        var from = source.Select(axis => ShapeRules.Axis(axis, x.Rank, "Moveaxis")).ToArray();
        var order = Enumerable.Range(0, x.Rank).Where(axis => !from.Contains(axis)).ToList();
        foreach (var (axis, place) in from.Zip(destination.Select(axis => ShapeRules.Axis(axis, x.Rank, "Moveaxis"))).OrderBy(pair => pair.Second))
            order.Insert(Math.Min(place, order.Count), axis);
        return Ops.Transpose(x, [.. order]);
    }

    private static SymbolicTensors TopK(FunctionArguments call)
    {
        var (values, indices) = Ops.TopK(call.Tensor(0, "x"), call.Integer("k", 1));
        return [values, indices];
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
            var other => throw new ModelException($"padding of mode {other} is not supported; expected constant, reflect or edge."),
        };
        var value = call.Argument(1, "constant_values") is { IsNull: false } constant ? constant.Number("constant_values") : 0;
        return Ops.Make(new Pad([.. pairs.Select(pair => pair[0])], [.. pairs.Select(pair => pair[1])], mode, value), x);
    }

    private static SymbolicTensors Split(FunctionArguments call)
    {
        var x = call.Tensor(0, "x");
        var axis = ShapeRules.Axis(call.Integer("axis", 0), x.Rank, "Split");
        var size = x.Shape.Dims[axis];
        if (size == Shape.Unknown) throw new ModelException($"Split needs the size of axis {axis}, which is unknown in {x.Shape}.");
        int[] cuts;
        if (call.Config("indices_or_sections") is CallValue.List list)
        {
            cuts = [.. list.Items.Select(item => item.Integer("indices_or_sections")), size];
        }
        else
        {
            var sections = call.Integer("indices_or_sections", 1);
            if (sections < 1 || size % sections != 0)
                throw new ModelException($"axis {axis} of {x.Shape} cannot be split into {sections} equal parts; expected a divisor of {size}.");
            cuts = [.. Enumerable.Range(1, sections).Select(part => part * (size / sections))];
        }

        return Ops.Split(x, [.. cuts.Select((cut, i) => cut - (i == 0 ? 0 : cuts[i - 1]))], axis);
    }
}
