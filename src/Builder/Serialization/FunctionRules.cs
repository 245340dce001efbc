using OnnxFunctional.Operators;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>What rows of Keras' functions are made of: how operands are read, and which types come out.</summary>
internal static class FunctionRules
{
    public static Rule Of(Func<SymbolicTensor, FunctionArguments, SymbolicTensor> function) => call => function(call.Tensor(0, "x"), call);

    public static Rule Unary(Func<SymbolicTensor, SymbolicTensor> function) => call => function(call.Tensor(0, "x"));

    public static Rule Binary(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function) => call =>
    {
        var (a, b) = call.Operands();
        return function(a, b);
    };

    /// <summary>A function of two arguments as they are, numbers in their own type.</summary>
    public static Rule Pair(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function) => call =>
        function(call.AnyTensor(0, "x1", "x"), call.AnyTensor(1, "x2", "y"));

    public static Rule Reduction(Func<SymbolicTensor, Axes, bool, SymbolicTensor> function) =>
        call => function(call.Tensor(0, "x"), call.Axis, call.Flag("keepdims"));

    /// <summary>A function of numbers that gives integers for integers. Sums of booleans are counts.</summary>
    public static Rule KeepsWhole(Func<SymbolicTensor, SymbolicTensor> function) => Of((x, _) => Whole(x, function(x)));

    public static Rule WholeReduction(Func<SymbolicTensor, Axes, bool, SymbolicTensor> function) =>
        Of((x, call) => Whole(x, function(x, call.Axis, call.Flag("keepdims"))));

    /// <summary>The result of a function that computes in float32, in the type of its operand if that is one of integers.</summary>
    public static SymbolicTensor Whole(SymbolicTensor x, SymbolicTensor result) =>
        x.DType.IsFloating() ? result : Ops.Cast(result, x.DType == DType.Bool ? DType.Int32 : x.DType);

    /// <summary>A tensor in the type that the function's dtype names, if it names one.</summary>
    public static SymbolicTensor Typed(FunctionArguments call, SymbolicTensor x) =>
        call.Config("dtype") is { IsNull: false } type ? Ops.Cast(x, TypeOf(type)) : x;

    /// <summary>A number in the shape of a tensor, of the tensor's type unless dtype names another.</summary>
    public static SymbolicTensor Like(FunctionArguments call, int number)
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
    public static Rule WithInitial(
        Func<SymbolicTensor, Axes, bool, SymbolicTensor> function, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> compare) =>
        call =>
        {
            var x = call.Tensor(0, "x");
            var result = Whole(x, function(x, call.Axis, call.Flag("keepdims")));
            return call.Config("initial") is { IsNull: false } initial ? compare(result, initial.Number("initial")) : result;
        };

    /// <summary>Numbers as booleans: other than 0.</summary>
    public static SymbolicTensor Truth(SymbolicTensor x) => x.DType == DType.Bool ? x : Ops.NotEqual(x, 0);

    /// <summary>Python's true division: integers give floating-point quotients.</summary>
    public static SymbolicTensor Quotient(SymbolicTensor a, SymbolicTensor b) =>
        a.DType.IsFloating() || b.DType.IsFloating() ? Ops.Divide(a, b) : Ops.Divide(Ops.Cast(a, DType.Float32), Ops.Cast(b, DType.Float32));

    public static SymbolicTensor Integers(SymbolicTensor x) => x.DType.IsInteger() ? x : Ops.Cast(x, DType.Int64);

    public static int RequiredAxis(FunctionArguments call) =>
        call.Config("axis") is { IsNull: false } axis
            ? axis.Integer("axis")
            : throw new ModelException("axis is None, which flattens first; expected one axis. Reshape to one dimension first.");

    public static DType TypeOf(CallValue value)
    {
        foreach (var type in DTypes.InKerasFiles)
        {
            if (value is CallValue.Literal { Value: string word } && type.KerasName() == word) return type;
        }

        throw new ModelException($"dtype is {value}, which is not supported; expected a name such as 'float32' or 'int64'.");
    }

    /// <summary>Keras' shape includes the batch; None and -1 both stand for an inferred dimension.</summary>
    public static int[] NewShape(CallValue value)
    {
        CallValue[] dims = value is CallValue.List list ? [.. list.Items] : [value];
        return [.. dims.Select(dim => dim.IsNull ? -1 : dim.Integer("newshape"))];
    }

    /// <summary>A shape; None and -1 keep a dimension.</summary>
    public static Shape ShapeOf(CallValue value)
    {
        CallValue[] dims = value is CallValue.List list ? [.. list.Items] : [value];
        return Shape.Create([.. dims.Select(dim => dim.IsNull || dim.Integer("shape") < 0 ? (int?)null : dim.Integer("shape"))]);
    }

    /// <summary>Axes under a key, or these if there is none.</summary>
    public static Axes AxesOr(FunctionArguments call, string key, params ReadOnlySpan<int> otherwise) =>
        Axes.Create(call.Config(key) is { IsNull: false } value ? value.Integers(key) : otherwise);

    public static SymbolicTensor? OptionalTensor(FunctionArguments call, int position, string name) =>
        call.Argument(position, name).IsNull ? null : call.Tensor(position, name);

    public static SymbolicTensor? OptionalConfig(FunctionArguments call, string key) => call.Config(key).IsNull ? null : call.ConfigTensor(key);

    public static double? OptionalNumber(FunctionArguments call, string key) => call.Config(key) is { IsNull: false } value ? value.Number(key) : null;

    public static int? OptionalInteger(FunctionArguments call, string key) => call.Config(key) is { IsNull: false } value ? value.Integer(key) : null;

    public static SymbolicTensors Both((SymbolicTensor First, SymbolicTensor Second) pair) => [pair.First, pair.Second];

    /// <summary>A constant result as one of a tensor: what a function gives is a value of the model, which depends on its inputs.</summary>
    public static SymbolicTensor Dependent(SymbolicTensor constant, SymbolicTensor x) => constant + (Ops.Size(x) * 0);

    /// <summary>The elements of a constant.</summary>
    public static IEnumerable<double> Numbers(TensorData data) => data.Type switch
    {
        DType.Int32 => data.As<int>().ToArray().Select(value => (double)value),
        DType.Int64 => data.As<long>().ToArray().Select(value => (double)value),
        _ => data.As<float>().ToArray().Select(value => (double)value),
    };
}
