using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>
/// One of Keras' functions called on symbolic tensors, such as <c>NotEqual</c> or <c>Reshape</c>: a named step of a model that is not one of its layers.
/// </summary>
/// <remarks>It keeps its configuration and the arguments of its calls, so that it is written as it was read.</remarks>
internal sealed class KerasFunction : LayerBase
{
    private readonly Func<FunctionArguments, SymbolicTensors> _rule;
    private readonly List<CallArguments> _arguments = [];

    public KerasFunction(
        string module,
        string className,
        IReadOnlyList<KeyValuePair<string, CallValue>> config,
        Func<FunctionArguments, SymbolicTensors> rule,
        string? name)
        : base(name)
    {
        Module = module;
        ClassName = className;
        Config = config;
        _rule = rule;
    }

    public string Module { get; }

    /// <summary>The configuration without the name.</summary>
    public IReadOnlyList<KeyValuePair<string, CallValue>> Config { get; }

    internal override string ClassName { get; }

    /// <summary>The arguments of a call, with tensors as positions among its inputs.</summary>
    public CallArguments ArgumentsOf(LayerCall call)
    {
        for (var i = 0; i < Calls.Count; i++)
        {
            if (ReferenceEquals(Calls[i], call)) return _arguments[i];
        }

        // A copy of a call inside another model has the arguments of the original.
        return _arguments[0];
    }

    public SymbolicTensors CallWith(SymbolicTensors tensors, CallArguments arguments)
    {
        var outputs = Invoke(tensors, CallOptions.None, scoped =>
        {
            var call = new FunctionArguments(this, scoped, arguments);
            var results = _rule(call);
            call.RequireAllRead();
            return results;
        });
        if (Calls.Count > _arguments.Count) _arguments.Add(arguments);
        return outputs;
    }

    internal override bool IsListed => false;

    internal override SymbolicTensors CallAgain(LayerCall original, SymbolicTensors inputs, Func<SymbolicTensor, SymbolicTensor> move) =>
        CallWith(inputs, ((KerasFunction)original.Layer).ArgumentsOf(original));

    internal override LayerBase CopyUncalled(string? name) => new KerasFunction(Module, ClassName, Config, _rule, name);

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) =>
        _arguments.Count > 0
            ? CallWith(inputs, _arguments[0])
            : throw new ModelException($"Function '{Name}' has not been called, so its arguments are unknown; call it as part of its model.");

    public JsonObject WriteConfig(string name)
    {
        var json = new JsonObject { ["name"] = name };
        foreach (var (key, value) in Config) json[key] = value.Write(_ => JsonValue.Create("tensor"));
        return json;
    }
}

/// <summary>What the rule of a function reads: its configuration and the arguments of one call.</summary>
/// <remarks>It notes what was read: an option that no rule looks at would be ignored silently, so it is refused.</remarks>
internal sealed class FunctionArguments(KerasFunction function, SymbolicTensors tensors, CallArguments arguments)
{
    private readonly HashSet<string> _read = [];
    private int _positions;

    /// <summary>An argument as a tensor; a number becomes a constant.</summary>
    public SymbolicTensor Tensor(int position, string name) => ToTensor(Argument(position, name), name);

    /// <summary>
    /// The two operands in types that Keras would compute in: a Python integer takes the other's type, or int32 next to booleans; a Python number with a point
    /// makes integers float32.
    /// </summary>
    /// <param name="first">The position of the first one.</param>
    public (SymbolicTensor Left, SymbolicTensor Right) Operands(int first = 0)
    {
        var (left, right) = (Argument(first, "x1"), Argument(first + 1, "x2"));
        return (Operand(left, right, "x1"), Operand(right, left, "x2"));
    }

    /// <summary>An argument as a list of tensors; a single tensor is a list of one.</summary>
    public SymbolicTensors Tensors(int position, string name) =>
        Argument(position, name) is CallValue.List list
            ? list.Items.Select(item => ToTensor(item, name)).ToArray()
            : (SymbolicTensors)Tensor(position, name);

    /// <summary>An argument that has one of two names.</summary>
    public SymbolicTensor AnyTensor(int position, string name, string other) =>
        Argument(position, other) is { IsNull: false } value ? ToTensor(value, other) : Tensor(position, name);

    /// <summary>All arguments as tensors.</summary>
    public SymbolicTensors AllTensors() => Enumerable.Range(0, arguments.Positional.Count).Select(i => Tensor(i, "operand " + i)).ToArray();

    /// <summary>A value of the configuration as a constant tensor.</summary>
    public SymbolicTensor ConfigTensor(string key) => ToTensor(Config(key), key);

    /// <summary>A word of the configuration, by its meaning.</summary>
    public T Choice<T>(string key, string fallback, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        var word = Config(key) is CallValue.Literal { Value: string given } ? given : Config(key).IsNull ? fallback : Config(key).ToString();
        foreach (var (known, value) in choices)
        {
            if (known == word) return value;
        }

        var words = choices.ToArray().Where(choice => choice.Word.Length > 0).Select(choice => $"'{choice.Word}'");
        throw new ModelException($"{key} is '{word}'; expected {string.Join(" or ", words)}.");
    }

    /// <summary>An argument that is a text.</summary>
    public string ArgumentText(int position, string name) => Argument(position, name) is CallValue.Literal { Value: string text }
        ? text
        : throw new ModelException($"{name} is {Argument(position, name)}; expected a text.");

    /// <summary>The named arguments that were not read yet, as integers.</summary>
    public IEnumerable<(string Name, int Value)> NamedIntegers()
    {
        foreach (var (name, value) in arguments.Named)
        {
            if (_read.Add(name)) yield return (name, value.Integer(name));
        }
    }

    /// <summary>A text of the configuration.</summary>
    public string Text(string key) => Config(key) is CallValue.Literal { Value: string text }
        ? text
        : throw new ModelException($"{key} is {Config(key)}; expected a text.");

    /// <summary>An argument that is not a tensor; <see cref="CallValue.Null"/> if it was omitted.</summary>
    public CallValue Argument(int position, string name)
    {
        _positions = Math.Max(_positions, position + 1);
        _read.Add(name);
        return arguments.At(position, name);
    }

    /// <summary>A value of the configuration; <see cref="CallValue.Null"/> if it is missing.</summary>
    public CallValue Config(string key)
    {
        _read.Add(key);
        return function.Config.FirstOrDefault(entry => entry.Key == key).Value ?? CallValue.Null;
    }

    /// <summary>Whether the configuration has a key; None is not the same as a missing key where the default is an axis.</summary>
    public bool Has(string key) => function.Config.Any(entry => entry.Key == key);

    /// <summary>Marks options that do not change the result.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys) _read.Add(key);
    }

    /// <exception cref="ModelException">An option or argument was given that the rule did not look at.</exception>
    public void RequireAllRead()
    {
        foreach (var (key, value) in function.Config.Concat(arguments.Named))
        {
            // Null and false mean a feature that is not used.
            if (!_read.Contains(key) && !value.HoldsNothing && value is not CallValue.Literal { Value: false })
                throw new ModelException($"{key} is {value}, an option of {function.ClassName} that is not supported; omit it.");
        }

        for (var i = _positions; i < arguments.Positional.Count; i++)
        {
            if (!arguments.Positional[i].HoldsNothing)
                throw new ModelException($"argument {i} is {arguments.Positional[i]}, but {function.ClassName} takes {_positions}; omit it.");
        }
    }

    public int Integer(string key, int fallback) => Config(key) is { IsNull: false } value ? value.Integer(key) : fallback;

    public float Number(string key, float fallback) => Config(key) is { IsNull: false } value ? value.Number(key) : fallback;

    public bool Flag(string key, bool fallback = false) => Config(key) switch
    {
        CallValue.Literal { Value: bool value } => value,
        { IsNull: true } => fallback,
        var value => throw new ModelException($"{key} is {value}; expected true or false."),
    };

    public int[] Integers(string key) => Config(key).Integers(key);

    /// <summary>The axes under the key <c>axis</c>; empty if all are meant.</summary>
    public Axes Axis => Config("axis") is { IsNull: false } value ? Axes.Create(value.Integers("axis")) : default;

    private SymbolicTensor ToTensor(CallValue value, string name) => value switch
    {
        CallValue.Tensor(var index) => tensors[index],
        CallValue.Literal { Value: long whole } => whole,
        CallValue.Literal { Value: double } => Ops.Constant(value.Number(name)),
        CallValue.Literal { Value: bool flag } => Ops.Make(new Operators.Constant(TensorData.Of(Shape.Of(), [flag]))),
        CallValue.Array(var content, var type) => ToConstant(content, type, name),
        CallValue.List rows => ToConstant(rows, null, name),
        _ => throw new ModelException($"argument {name} is {value}; expected a tensor or a number."),
    };

    private SymbolicTensor Operand(CallValue value, CallValue other, string name)
    {
        var isLiteral = value is CallValue.Literal;
        var type = (isLiteral ? other : value) is CallValue.Tensor(var index) ? tensors[index].DType : (DType?)null;
        if (!isLiteral)
        {
            var tensor = ToTensor(value, name);
            return other switch
            {
                CallValue.Literal { Value: double } when !tensor.DType.IsFloating() => Ops.Cast(tensor, DType.Float32),
                CallValue.Literal { Value: long } when tensor.DType == DType.Bool => Ops.Cast(tensor, DType.Int32),
                _ => tensor,
            };
        }

        return value is CallValue.Literal { Value: long whole } && type is DType.Int32 or DType.Int64 or DType.Bool
            ? Ops.Make(new Operators.Constant(Whole(whole, type == DType.Int64)))
            : ToTensor(value, name);

        TensorData Whole(long number, bool isLong) =>
            isLong ? TensorData.Of(Shape.Of(), [number])
            : number is >= int.MinValue and <= int.MaxValue ? TensorData.Of(Shape.Of(), [(int)number])
            : throw new ModelException($"argument {name} is {number}, which int32 does not hold; cast the other argument to int64.");
    }

    private static SymbolicTensor ToConstant(CallValue content, string? type, string name)
    {
        var dims = new List<int>();
        for (var level = content; level is CallValue.List { Items: var items }; level = items[0])
        {
            dims.Add(items.Count);
            if (items.Count == 0) break;
        }

        var values = new List<double>();
        var (whole, flags) = (true, true);
        Add(content, 0);
        var shape = Shape.Of([.. dims]);
        type ??= flags && values.Count > 0 ? "bool" : whole ? "int64" : "float32";
        return type switch
        {
            "bool" => Ops.Make(new Operators.Constant(TensorData.Of(shape, [.. values.Select(value => value != 0)]))),
            "int8" or "int16" or "int32" or "uint8" or "uint16" =>
                Ops.Make(new Operators.Constant(TensorData.Of(shape, [.. values.Select(value => (int)value)]))),
            "int64" or "uint32" => Ops.Constant(shape, [.. values.Select(value => (long)value)]),
            "float16" or "bfloat16" or "float32" or "float64" => Ops.Constant(shape, [.. values.Select(value => (float)value)]),
            _ => throw new ModelException($"argument {name} is an array of {type}, which is not supported; expected float32, int32, int64 or bool."),
        };

        void Add(CallValue value, int depth)
        {
            switch (value)
            {
                case CallValue.List list when depth < dims.Count && list.Items.Count == dims[depth]:
                    foreach (var item in list.Items) Add(item, depth + 1);
                    break;
                case CallValue.List:
                    throw new ModelException($"argument {name} has rows of different lengths.");
                case CallValue.Literal { Value: long or double or bool } number when depth == dims.Count:
                    flags &= number.Value is bool;
                    whole &= number.Value is not double;
                    values.Add(number.Value switch { long integer => integer, bool flag => flag ? 1 : 0, var other => (double)other! });
                    break;
                default:
                    throw new ModelException($"argument {name} holds {value}; expected numbers in rows of equal length.");
            }
        }
    }
}
