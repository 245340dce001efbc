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
        ["Abs"] = KeepsWhole(Ops.Abs),
        ["Absolute"] = KeepsWhole(Ops.Abs),
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
        ["Exp2"] = Unary(x => Ops.Power(2, x)),
        ["Expm1"] = Unary(Ops.Expm1),
        ["Floor"] = Unary(Ops.Floor),
        ["Isinf"] = Unary(Ops.IsInf),
        ["Isnan"] = Unary(Ops.IsNaN),
        ["Isfinite"] = Unary(x => Ops.LogicalNot(Ops.LogicalOr(Ops.IsInf(x), Ops.IsNaN(x)))),
        ["Log"] = Unary(Ops.Log),
        ["Log10"] = Unary(x => Ops.Log(x) * (1 / MathF.Log(10))),
        ["Log1p"] = Unary(Ops.Log1p),
        ["Log2"] = Unary(x => Ops.Log(x) * (1 / MathF.Log(2))),
        ["LogicalNot"] = Unary(x => Ops.LogicalNot(Truth(x))),
        ["Negative"] = KeepsWhole(Ops.Negative),
        ["OnesLike"] = call => Like(call, 1),
        ["Reciprocal"] = Unary(Ops.Reciprocal),
        ["Round"] = call => call.Integer("decimals", 0) == 0
            ? KeepsWhole(Ops.Round)(call)
            : throw new ModelException("Rounding to decimal places is not supported; expected decimals=0."),
        ["Rsqrt"] = Unary(Ops.Rsqrt),
        ["Sign"] = KeepsWhole(Ops.Sign),
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
        ["FloorDivide"] = Binary(FloorQuotient),
        ["Greater"] = Binary(Ops.Greater),
        ["GreaterEqual"] = Binary(Ops.GreaterEqual),
        ["Less"] = Binary(Ops.Less),
        ["LessEqual"] = Binary(Ops.LessEqual),
        ["LogicalAnd"] = Binary((a, b) => Ops.LogicalAnd(Truth(a), Truth(b))),
        ["LogicalOr"] = Binary((a, b) => Ops.LogicalOr(Truth(a), Truth(b))),
        ["LogicalXor"] = Binary((a, b) => Ops.LogicalXor(Truth(a), Truth(b))),
        ["Matmul"] = Matmul,
        ["Maximum"] = Binary(Ops.Maximum),
        ["Minimum"] = Binary(Ops.Minimum),
        ["Mod"] = Binary(Ops.Mod),
        ["Multiply"] = Binary(Ops.Multiply),
        ["NotEqual"] = Binary(Ops.NotEqual),
        ["Power"] = Binary(Ops.Power),
        ["Subtract"] = Binary(Ops.Subtract),
        ["TrueDivide"] = Binary(Quotient),
        ["Clip"] = call => KeepsWhole(
            x => Ops.Clip(x, call.Number("x_min", float.NegativeInfinity), call.Number("x_max", float.PositiveInfinity)))(call),
        ["Where"] = call =>
        {
            var (x, y) = call.Operands(1);
            return Ops.Where(Truth(call.Tensor(0, "condition")), x, y);
        },
        ["Cast"] = call => Ops.Cast(call.Tensor(0, "x"), TypeOf(call.Config("dtype"))),
        ["ConvertToTensor"] = call => Typed(call, call.Tensor(0, "x")),

        ["All"] = Reduction((x, axis, keep) => Ops.All(Truth(x), axis, keep)),
        ["Amax"] = WholeReduction(Ops.Max),
        ["Amin"] = WholeReduction(Ops.Min),
        ["Any"] = Reduction((x, axis, keep) => Ops.Any(Truth(x), axis, keep)),
        ["Argmax"] = call => Ops.ArgMax(call.Tensor(0, "x"), RequiredAxis(call), call.Flag("keepdims")),
        ["Argmin"] = call => Ops.ArgMin(call.Tensor(0, "x"), RequiredAxis(call), call.Flag("keepdims")),
        ["Cumsum"] = Of((x, call) => Whole(Typed(call, x), Ops.CumSum(Typed(call, x), RequiredAxis(call)))),
        ["Logsumexp"] = Reduction(Ops.LogSumExp),
        ["Max"] = WithInitial(Ops.Max, Ops.Maximum),
        ["Mean"] = Reduction(Ops.Mean),
        ["Min"] = WithInitial(Ops.Min, Ops.Minimum),
        ["Norm"] = call => KerasNorms.Of(call),
        ["Prod"] = Of((x, call) => Whole(Typed(call, x), Ops.Prod(Typed(call, x), call.Axis, call.Flag("keepdims")))),
        ["Std"] = Reduction((x, axis, keep) => Ops.Sqrt(Variance(x, axis, keep))),
        ["Sum"] = WholeReduction(Ops.Sum),
        ["TopK"] = TopK,
        ["Var"] = Reduction(Variance),

        ["Concatenate"] = call => Ops.Concatenate(call.Tensors(0, "xs"), call.Integer("axis", 0)),
        ["ExpandDims"] = call => Ops.ExpandDims(call.Tensor(0, "x"), call.Axis),
        ["Flip"] = call => Flip(call.Tensor(0, "x"), call.Axis),
        ["GetItem"] = call => Slicing.Apply(call.Tensor(0, "x"), call.Argument(1, "key")),
        ["Moveaxis"] = call => MoveAxis(call.Tensor(0, "x"), call.Integers("source"), call.Integers("destination")),
        ["OneHot"] = OneHot,
        ["Pad"] = Pad,
        ["Ravel"] = Unary(x => Ops.Reshape(x, -1)),
        ["Reshape"] = call => Ops.Reshape(call.Tensor(0, "x"), NewShape(call.Config("newshape"))),
        ["Split"] = Split,
        ["Squeeze"] = Squeeze,
        ["Stack"] = call => Ops.Stack(call.Tensors(0, "x"), call.Integer("axis", 0)),
        ["Swapaxes"] = call => Swap(call.Tensor(0, "x"), call.Integer("axis1", 0), call.Integer("axis2", 1)),
        ["Take"] = call => call.Config("axis").IsNull
            ? Ops.Take(Ops.Reshape(call.Tensor(0, "x"), -1), Integers(call.Tensor(1, "indices")), 0)
            : Ops.Take(call.Tensor(0, "x"), Integers(call.Tensor(1, "indices")), RequiredAxis(call)),
        ["TakeAlongAxis"] = call => Ops.Make(new GatherElements(RequiredAxis(call)), call.Tensor(0, "x"), Integers(call.Tensor(1, "indices"))),
        ["Tril"] = call => Ops.Tril(call.Tensor(0, "x"), call.Integer("k", 0)),
        ["Triu"] = call => Ops.Triu(call.Tensor(0, "x"), call.Integer("k", 0)),
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
        ["Relu"] = KeepsWhole(Ops.Relu),
        ["Relu6"] = KeepsWhole(Activation.Relu6.Apply),
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
        ["Squareplus"] = Of((x, call) => (x + Ops.Sqrt(Ops.Square(x) + call.Number("b", 4))) * 0.5f),
        ["TanhShrink"] = Unary(Activation.TanhShrink.Apply),
    }.ToFrozenDictionary();

    /// <summary>Operators that Keras has no function for.</summary>
    private static readonly FrozenDictionary<string, Rule> s_ownRules = new Dictionary<string, Rule>
    {
        ["IntegerDivide"] = Binary(Ops.Divide),
        ["TransposedMatmul"] = call =>
            Ops.Make(new MatMul(call.Flag("transpose_x1"), call.Flag("transpose_x2")), call.Tensor(0, "x1"), call.Tensor(1, "x2")),
        ["HardSigmoid"] = call => Ops.Make(new HardSigmoid(call.Number("alpha", 1f / 6), call.Number("beta", 0.5f)), call.Tensor(0, "x")),
        ["Mish"] = Unary(Activation.Mish.Apply),
        ["Phase"] = call => Ops.WhenTraining(call.Tensor(0, "training"), call.Tensor(1, "otherwise")),
        ["Shrink"] = call => Ops.Make(new Shrink(call.Number("threshold", 0.5f), call.Number("bias", 0)), call.Tensor(0, "x")),
        ["Size"] = call => Ops.Size(call.Tensor(0, "x"), call.Axis),
    }.ToFrozenDictionary();

    public static bool IsModule(string module) =>
        module == OwnModule || module.StartsWith("keras.src.ops.", StringComparison.Ordinal) || module.StartsWith("keras.ops", StringComparison.Ordinal);

    /// <summary>Whether Keras has a function of this class that is known here.</summary>
    public static bool Knows(string className) => s_rules.ContainsKey(className);

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

    private static Rule Of(Func<SymbolicTensor, FunctionArguments, SymbolicTensor> function) => call => function(call.Tensor(0, "x"), call);

    private static Rule Unary(Func<SymbolicTensor, SymbolicTensor> function) => call => function(call.Tensor(0, "x"));

    private static Rule Binary(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function) => call =>
    {
        var (a, b) = call.Operands();
        return function(a, b);
    };

    private static Rule Reduction(Func<SymbolicTensor, Axes, bool, SymbolicTensor> function) =>
        call => function(call.Tensor(0, "x"), call.Axis, call.Flag("keepdims"));

    /// <summary>A function of numbers that gives integers for integers. Sums of booleans are counts.</summary>
    private static Rule KeepsWhole(Func<SymbolicTensor, SymbolicTensor> function) => Of((x, _) => Whole(x, function(x)));

    private static Rule WholeReduction(Func<SymbolicTensor, Axes, bool, SymbolicTensor> function) =>
        Of((x, call) => Whole(x, function(x, call.Axis, call.Flag("keepdims"))));

    /// <summary>The result of a function that computes in float32, in the type of its operand if that is one of integers.</summary>
    private static SymbolicTensor Whole(SymbolicTensor x, SymbolicTensor result) =>
        x.DType.IsFloating() ? result : Ops.Cast(result, x.DType == DType.Bool ? DType.Int32 : x.DType);

    private static SymbolicTensors Matmul(FunctionArguments call)
    {
        var (a, b) = (call.Tensor(0, "x1"), call.Tensor(1, "x2"));
        return b.DType.IsFloating() ? Ops.MatMul(a, b) : Whole(a, Ops.MatMul(a, b));
    }

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

    /// <summary>A reduction whose result takes part in another comparison, with a given number.</summary>
    private static Rule WithInitial(
        Func<SymbolicTensor, Axes, bool, SymbolicTensor> function, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> compare) =>
        call =>
        {
            var x = call.Tensor(0, "x");
            var result = Whole(x, function(x, call.Axis, call.Flag("keepdims")));
            return call.Config("initial") is { IsNull: false } initial ? compare(result, initial.Number("initial")) : result;
        };

    /// <summary>Numbers as booleans: other than 0.</summary>
    private static SymbolicTensor Truth(SymbolicTensor x) => x.DType == DType.Bool ? x : Ops.NotEqual(x, 0);

    /// <summary>Python's floor division: integers stay integers.</summary>
    private static SymbolicTensor FloorQuotient(SymbolicTensor a, SymbolicTensor b)
    {
        var quotient = Ops.Floor(Quotient(a, b));
        if (a.DType.IsFloating() || b.DType.IsFloating()) return quotient;
        return Ops.Cast(quotient, a.DType == DType.Int64 || b.DType == DType.Int64 ? DType.Int64 : DType.Int32);
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
        foreach (var type in DTypes.InKerasFiles)
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

    private static SymbolicTensors OneHot(FunctionArguments call)
    {
        if (call.Integer("axis", -1) != -1) throw new ModelException("OneHot along an axis other than the last is not supported; expected axis=-1.");
        if (call.Flag("sparse")) throw new ModelException("a sparse result is not supported; expected sparse=False.");
        return Typed(call, Ops.OneHot(Integers(call.Tensor(0, "x")), call.Integer("num_classes", 0)));
    }

    /// <summary>Without axes, those of known size 1 are dropped; the batch, whose size is unknown, stays.</summary>
    private static SymbolicTensors Squeeze(FunctionArguments call)
    {
        var (x, axes) = (call.Tensor(0, "x"), call.Axis);
        if (axes.List.Count > 0) return Ops.Squeeze(x, axes);
        int[] single = [.. Enumerable.Range(0, x.Rank).Where(axis => x.Shape.Dims[axis] == 1)];
        return single.Length > 0 ? Ops.Squeeze(x, Axes.Create(single)) : Ops.Make(new Identity(), x);
    }

    private static SymbolicTensors TopK(FunctionArguments call)
    {
        call.Ignore("sorted", "is_stable");
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
