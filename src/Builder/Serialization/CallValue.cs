using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>One argument of a call as a file holds it: a tree of lists whose leaves are tensors of the call and plain values.</summary>
internal abstract record CallValue
{
    // No call needs deeper nesting; the limit keeps a hostile file from overflowing the stack.
    private const int MaxDepth = 16;

    public static CallValue Null { get; } = new Literal(null);

    public bool IsNull => this is Literal { Value: null };

    /// <summary>Whether it is null, or lists and dictionaries of nothing else.</summary>
    public bool HoldsNothing => this switch
    {
        List list => list.Items.All(item => item.HoldsNothing),
        Dictionary entries => entries.Entries.All(entry => entry.Value.HoldsNothing),
        _ => IsNull,
    };

    /// <summary>Reads an argument; each tensor in it is added to <paramref name="tensors"/> and replaced by its position there.</summary>
    /// <exception cref="ModelException">The value cannot be an argument of a call.</exception>
    public static CallValue Read(JsonElement json, List<TensorReference>? tensors, int depth = 0)
    {
        if (depth > MaxDepth) throw new ModelException($"an argument is nested more than {MaxDepth} levels deep.");
        switch (json.ValueKind)
        {
            case JsonValueKind.Null:
                return Null;
            case JsonValueKind.True or JsonValueKind.False:
                return new Literal(json.GetBoolean());
            case JsonValueKind.String:
                return PythonNumbers.Read(json.GetString()) is { } number ? new Literal(number) : new Literal(json.GetString());
            case JsonValueKind.Number:
                return json.TryGetInt64(out var whole) ? new Literal(whole) : new Literal(json.GetDouble());
            case JsonValueKind.Array:
                return new List([.. json.EnumerateArray().Select(item => Read(item, tensors, depth + 1))]);
        }

        var name = json.TryGetProperty("class_name", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        var config = json.TryGetProperty("config", out var inner) ? inner : default;
        var isObject = config.ValueKind == JsonValueKind.Object;
        switch (name)
        {
            case "__keras_tensor__" when tensors is not null && isObject && config.TryGetProperty("keras_history", out var history):
                tensors.Add(TensorReference.Read(history));
                return new Tensor(tensors.Count - 1);
            case "__tuple__" or "__tensor__" or "__numpy__" when isObject && config.TryGetProperty("value", out var value):
                var content = Read(value, tensors, depth + 1);
                var dtype = config.TryGetProperty("dtype", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
                return name == "__tuple__" ? content : new Array(content, dtype);
            case "__slice__" when isObject:
                return new Slice(Bound(config, "start"), Bound(config, "stop"), Bound(config, "step"));
            case "__ellipsis__":
                return new Ellipsis();
            case null:
                return new Dictionary([.. json.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, Read(entry.Value, tensors, depth + 1)))]);
            default:
                throw new ModelException($"an argument is a {name}, which no function here takes; expected tensors, numbers, strings or lists of them.");
        }
    }

    /// <summary>The argument as JSON.</summary>
    /// <param name="tensor">How a tensor of the call is written.</param>
    public abstract JsonNode? Write(Func<int, JsonNode> tensor);

    /// <summary>The value as an integer.</summary>
    public int Integer(string what) => this switch
    {
        Literal { Value: long value } when value is >= int.MinValue and <= int.MaxValue => (int)value,
        Literal { Value: double value } when value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue => (int)value,
        Array { Content: Literal content } => content.Integer(what),
        _ => throw new ModelException($"{what} is {this}; expected an integer."),
    };

    public float Number(string what) => this switch
    {
        Literal { Value: long value } => value,
        Literal { Value: double value } => (float)value,
        Array { Content: Literal content } => content.Number(what),
        _ => throw new ModelException($"{what} is {this}; expected a number."),
    };

    /// <summary>The value as a list of integers; a single number is a list of one.</summary>
    public int[] Integers(string what) => this switch
    {
        List list => [.. list.Items.Select(item => item.Integer(what))],
        Array { Content: var content } => content.Integers(what),
        _ => [Integer(what)],
    };

    private static int? Bound(JsonElement config, string key) =>
        !config.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var bound) ? bound
        : throw new ModelException($"a slice's {key} is {value}; expected an integer or null.");

    /// <summary>A tensor of the call, by its position among the call's inputs.</summary>
    internal sealed record Tensor(int Index) : CallValue
    {
        public override JsonNode Write(Func<int, JsonNode> tensor) => tensor(Index);

        public override string ToString() => "a tensor";
    }

    /// <summary>A list or tuple.</summary>
    internal sealed record List(IReadOnlyList<CallValue> Items) : CallValue
    {
        public override JsonNode Write(Func<int, JsonNode> tensor) => new JsonArray([.. Items.Select(item => item.Write(tensor))]);

        public override string ToString() => "[" + string.Join(", ", Items) + "]";
    }

    /// <summary>A dictionary.</summary>
    internal sealed record Dictionary(IReadOnlyList<KeyValuePair<string, CallValue>> Entries) : CallValue
    {
        public override JsonNode Write(Func<int, JsonNode> tensor) =>
            new JsonObject(Entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Write(tensor))));

        public override string ToString() => "a dictionary of " + string.Join(", ", Entries.Select(entry => entry.Key));
    }

    /// <summary>A NumPy array or a tensor constant in Python: rows of numbers or booleans, or one of them.</summary>
    internal sealed record Array(CallValue Content, string? Type) : CallValue
    {
        public override JsonNode Write(Func<int, JsonNode> tensor) =>
            new JsonObject
            {
                ["class_name"] = "__numpy__",
                ["config"] = new JsonObject { ["value"] = Content.Write(tensor), ["dtype"] = Type ?? (HoldsFractions(Content) ? "float32" : "int64") },
            };

        public override string ToString() => "an array";

        private static bool HoldsFractions(CallValue value) =>
            value is List list ? list.Items.Any(HoldsFractions) : value is Literal { Value: double };
    }

    /// <summary>Null, a bool, an integer (long), another number (double) or a string.</summary>
    internal sealed record Literal(object? Value) : CallValue
    {
        public override JsonNode? Write(Func<int, JsonNode> tensor) => Value switch
        {
            bool value => JsonValue.Create(value),
            long value => JsonValue.Create(value),
            double value => PythonNumbers.Write(value),
            string value => JsonValue.Create(value),
            _ => null,
        };

        public override string ToString() => Value switch
        {
            null => "None",
            string value => $"'{value}'",
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            _ => Value.ToString()!,
        };
    }

    /// <summary>Python's <c>start:stop:step</c>.</summary>
    internal sealed record Slice(int? Start, int? Stop, int? Step) : CallValue
    {
        public override JsonNode Write(Func<int, JsonNode> tensor) =>
            new JsonObject { ["class_name"] = "__slice__", ["config"] = new JsonObject { ["start"] = Start, ["stop"] = Stop, ["step"] = Step } };

        public override string ToString() => $"{Start}:{Stop}:{Step}";
    }

    /// <summary>Python's <c>...</c>: as many full slices as needed to cover all axes.</summary>
    internal sealed record Ellipsis : CallValue
    {
        public override JsonNode Write(Func<int, JsonNode> tensor) =>
            new JsonObject { ["class_name"] = "__ellipsis__", ["config"] = new JsonObject() };

        public override string ToString() => "...";
    }
}

/// <summary>A tensor identified by its origin: the layer's name, the index of the call, the index of the call's output.</summary>
internal readonly record struct TensorReference(string Layer, int Call, int Output)
{
    public static TensorReference Read(JsonElement json)
    {
        if (IsReference(json) && json[2].ValueKind == JsonValueKind.Number
            && json[1].TryGetInt32(out var call) && json[2].TryGetInt32(out var output) && call >= 0 && output >= 0)
            return new(json[0].GetString()!, call, output);
        throw new ModelException($"a tensor is given as {Shortened(json)}; expected [\"layer\", call, output].");
    }

    public static bool IsReference(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array
        && json.GetArrayLength() == 3
        && json[0].ValueKind == JsonValueKind.String
        && json[1].ValueKind == JsonValueKind.Number;

    /// <remarks>Not a collection expression: that adds a string as any object, which takes reflection, and trimmed programs have none.</remarks>
    public JsonArray ToJson() => new(Layer, Call, Output);

    private static string Shortened(JsonElement json) => json.GetRawText() is { Length: > 60 } text ? text[..60] + "..." : json.GetRawText();
}

/// <summary>The arguments of one call: positional ones, then named ones.</summary>
internal sealed record CallArguments(IReadOnlyList<CallValue> Positional, IReadOnlyList<KeyValuePair<string, CallValue>> Named)
{
    /// <summary>An argument by position or by name; <see cref="CallValue.Null"/> if it was omitted.</summary>
    public CallValue At(int position, string name) =>
        position < Positional.Count ? Positional[position] : Named.FirstOrDefault(entry => entry.Key == name).Value ?? CallValue.Null;
}
