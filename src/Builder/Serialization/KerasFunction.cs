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
        string name)
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
        var outputs = Invoke(tensors, CallOptions.None, scoped => _rule(new(this, scoped, arguments)));
        if (Calls.Count > _arguments.Count) _arguments.Add(arguments);
        return outputs;
    }

    internal override bool IsListed => false;

    internal override SymbolicTensors CallAgain(LayerCall original, SymbolicTensors inputs, Func<SymbolicTensor, SymbolicTensor> move) =>
        CallWith(inputs, ((KerasFunction)original.Layer).ArgumentsOf(original));

    internal override LayerBase CopyUncalled(string name) => new KerasFunction(Module, ClassName, Config, _rule, name);

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
internal sealed class FunctionArguments(KerasFunction function, SymbolicTensors tensors, CallArguments arguments)
{
    /// <summary>An argument as a tensor; a number becomes a constant.</summary>
    public SymbolicTensor Tensor(int position, string name) => ToTensor(arguments.At(position, name), name);

    /// <summary>An argument as a list of tensors; a single tensor is a list of one.</summary>
    public SymbolicTensors Tensors(int position, string name) =>
        arguments.At(position, name) is CallValue.List list
            ? list.Items.Select(item => ToTensor(item, name)).ToArray()
            : (SymbolicTensors)Tensor(position, name);

    /// <summary>An argument that is not a tensor; <see cref="CallValue.Null"/> if it was omitted.</summary>
    public CallValue Argument(int position, string name) => arguments.At(position, name);

    /// <summary>A value of the configuration; <see cref="CallValue.Null"/> if it is missing.</summary>
    public CallValue Config(string key) => function.Config.FirstOrDefault(entry => entry.Key == key).Value ?? CallValue.Null;

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
        CallValue.Literal { Value: long or double } => Ops.Constant(value.Number(name)),
        CallValue.Literal { Value: bool flag } => Ops.Make(new Operators.Constant(TensorData.Of(Shape.Of(), [flag]))),
        CallValue.Array(var rows) => ToConstant(rows, name),
        CallValue.List rows => ToConstant(rows, name),
        _ => throw new ModelException($"argument {name} is {value}; expected a tensor or a number."),
    };

    private static SymbolicTensor ToConstant(CallValue.List rows, string name)
    {
        var dims = new List<int>();
        for (CallValue level = rows; level is CallValue.List { Items: { Count: > 0 } items }; level = items[0]) dims.Add(items.Count);
        var values = new List<double>();
        var whole = true;
        Add(rows, 0);
        var shape = Shape.Of([.. dims]);
        return whole
            ? Ops.Constant(shape, [.. values.Select(value => (long)value)])
            : Ops.Constant(shape, [.. values.Select(value => (float)value)]);

        void Add(CallValue value, int depth)
        {
            if (value is CallValue.List list)
            {
                if (depth >= dims.Count || list.Items.Count != dims[depth]) throw new ModelException($"argument {name} has rows of different lengths.");
                foreach (var item in list.Items) Add(item, depth + 1);
            }
            else if (depth == dims.Count && value is CallValue.Literal { Value: long or double } number)
            {
                whole &= number.Value is long;
                values.Add(number.Value is long integer ? integer : (double)number.Value!);
            }
            else
            {
                throw new ModelException($"argument {name} holds {value}; expected numbers in rows of equal length.");
            }
        }
    }
}
