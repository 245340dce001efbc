using System.Globalization;
using System.Text.Json;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Serialization;

/// <content>Values of a configuration: numbers, words, lists, initializers, layers in layers.</content>
internal sealed partial class ModelReader
{
    /// <summary>A value as the type a property has.</summary>
    /// <exception cref="ModelException">It is of another kind; the message begins after the key's name.</exception>
    private object? ReadValue(JsonElement json, Type target, string where)
    {
        json = Unwrapped(json);
        if (Nullable.GetUnderlyingType(target) is { } inner) return json.ValueKind == JsonValueKind.Null ? null : ReadValue(json, inner, where);
        if (target == typeof(Activation)) return ReadActivation(json);
        if (target == typeof(Initializer)) return ReadObject(json, KerasKind.Initializer, where);
        if (target == typeof(Regularizer)) return ReadObject(json, KerasKind.Regularizer, where);
        if (target == typeof(Constraint)) return ReadObject(json, KerasKind.Constraint, where);
        if (typeof(LayerBase).IsAssignableFrom(target)) return ReadInner(json, target, where);
        if (target == typeof(DType)) return ReadDType(Word(json));
        if (target.IsEnum) return ReadEnum(Word(json), target);
        if (target == typeof(Shape)) return ReadShape(json);
        if (target == typeof(Axes)) return json.ValueKind == JsonValueKind.Null ? default(Axes) : Axes.Create(ReadIntegers(json));
        if (target == typeof(IntValues)) return json.ValueKind == JsonValueKind.Null ? default(IntValues) : IntValues.Create(ReadIntegers(json));
        if (target == typeof(EdgeWidths)) return EdgeWidths.Create(ReadMargins(json));
        if (target == typeof(FloatValues)) return json.ValueKind == JsonValueKind.Array ? FloatValues.Create(ReadNumbers(json)) : (FloatValues)(float)ReadNumber(json);
        if (target == typeof(int[])) return ReadIntegers(json);
        if (target == typeof(IReadOnlyList<int>)) return json.ValueKind == JsonValueKind.Null ? null : ReadIntegers(json);
        if (target == typeof(IReadOnlyList<float>) || target == typeof(float[])) return json.ValueKind == JsonValueKind.Null ? null : ReadNumbers(json);
        if (target == typeof(IReadOnlyList<long>)) return json.ValueKind == JsonValueKind.Null ? null : Items(json).Select(item => item.TryGetInt64(out var value) ? value : throw Expected(item, "a whole number")).ToArray();
        if (target == typeof(IReadOnlyDictionary<string, float>)) return json.ValueKind == JsonValueKind.Null ? null : ReadNamedNumbers(json);
        if (target == typeof(IReadOnlyList<string>)) return json.ValueKind == JsonValueKind.Null ? null : Items(json).Select(Word).ToArray();
        if (target == typeof(IReadOnlyList<RecurrentCell>)) return ReadInners(json, target, where).Cast<RecurrentCell>().ToArray();
        if (target == typeof(IReadOnlyList<LayerBase>) || target == typeof(IReadOnlyList<Layer>)) return ReadInners(json, target, where);
        if (target == typeof(bool)) return json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Expected(json, "true or false");
        if (target == typeof(int)) return ReadInteger(json);
        if (target == typeof(long)) return json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out var value) ? value : throw Expected(json, "a whole number");
        if (target == typeof(float)) return (float)ReadNumber(json);
        if (target == typeof(double)) return ReadNumber(json);
        if (target == typeof(string)) return json.ValueKind == JsonValueKind.Null ? null : Word(json);
        throw new ModelException($"has the type {target.Name}, which files do not hold; the property needs a number, word, list, activation, initializer, regularizer, constraint or layer.");
    }

    /// <summary>An initializer, regularizer or constraint: an object, or a word for one with its defaults.</summary>
    private object? ReadObject(JsonElement json, KerasKind kind, string where)
    {
        if (json.ValueKind == JsonValueKind.Null) return null;
        var name = json.ValueKind == JsonValueKind.String ? json.GetString()! : Text(json, "class_name") ?? throw Expected(json, $"a {Kind()}");
        var type = FindType(kind, name, Text(json, "module"), Text(json, "registered_name"))
            ?? throw new ModelException($"is '{name}', which is no {Kind()} known here." + (Naming.Nearest(name, KerasRegistry.Table(kind).Keys) is { } nearest ? $" Did you mean '{nearest}'?" : "") + " A class of your own is given with CustomObjects.Add.");
        using var empty = JsonDocument.Parse("{}");
        var config = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("config", out var given) && given.ValueKind == JsonValueKind.Object ? given : empty.RootElement;
        return Bind(type, config, $"{where}, {type.Name}", null);

        string Kind() => kind.ToString().ToLowerInvariant();
    }

    private Activation ReadActivation(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null) return Activation.Linear;
        var name = json.ValueKind == JsonValueKind.Object && Text(json, "class_name") is { } className && className != "function" ? className
            : json.ValueKind == JsonValueKind.Object && json.TryGetProperty("config", out var config) && config.ValueKind == JsonValueKind.String ? config.GetString()!
            : Word(json);
        if (name == "__lambda__") throw new ModelException("is a Python lambda, whose code is never run here. Write it with Activation.From, give it with CustomObjects.Add, and save the Keras model with a named function.");
        if (_custom.Activations.TryGetValue(name, out var custom)) return custom;
        var known = name switch { "swish" => "silu", "hard_swish" => "hard_silu", _ => name };
        if (Activation.ByName.TryGetValue(known, out var activation)) return activation;
        var nearest = Naming.Nearest(name, Activation.ByName.Keys.Concat(_custom.Activations.Keys));
        throw new ModelException($"'{name}' is not known." + (nearest is null ? "" : $" Did you mean '{nearest}'?") + " A function of your own is given with CustomObjects.Add.");
    }

    private LayerBase? ReadInner(JsonElement json, Type target, string where)
    {
        if (json.ValueKind == JsonValueKind.Null) return null;
        var operation = ReadOperation(json, $"the layer inside {where}");

        // The inner layer's own problems were noted; this only keeps the outer one from being made.
        if (operation is null) throw new ModelException("holds a layer that cannot be read.");
        return target.IsInstanceOfType(operation) ? operation : throw new ModelException($"is a {operation.ClassName}; expected a {target.Name}.");
    }

    private LayerBase[] ReadInners(JsonElement json, Type target, string where)
    {
        var inner = target.GenericTypeArguments[0];
        var operations = Items(json).Select(item => ReadInner(item, inner, where)!).ToArray();
        return inner == typeof(Layer) ? [.. operations.Cast<Layer>()] : operations;
    }

    private static Shape ReadShape(JsonElement json)
    {
        json = Unwrapped(json);
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() > 16) throw Expected(json, "a list of at most 16 dimensions");
        return Shape.Create([.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Null ? null : (int?)ReadInteger(item))]);
    }

    private static int[] ReadIntegers(JsonElement json) => json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().Select(ReadInteger)] : [ReadInteger(json)];

    /// <summary>A number, a list of them, or a pair for each axis.</summary>
    private static int[] ReadMargins(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array ? ReadIntegers(item) : [ReadInteger(item)])] : [ReadInteger(json)];

    /// <summary>Numbers row by row, of a list however deep.</summary>
    private static float[] ReadNumbers(JsonElement json)
    {
        var numbers = new List<float>();
        Add(Unwrapped(json), 0);
        return [.. numbers];

        void Add(JsonElement item, int depth)
        {
            if (item.ValueKind != JsonValueKind.Array) numbers.Add((float)ReadNumber(item));
            else if (depth > 16) throw Expected(item, "fewer dimensions");
            else foreach (var inner in item.EnumerateArray()) Add(inner, depth + 1);
        }
    }

    private static Dictionary<string, float> ReadNamedNumbers(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object ? json.EnumerateObject().ToDictionary(entry => entry.Name, entry => (float)ReadNumber(entry.Value)) : throw Expected(json, "numbers by name");

    private static int ReadInteger(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array && json.GetArrayLength() == 1) json = json[0];
        if (json.ValueKind == JsonValueKind.Number)
        {
            if (json.TryGetInt32(out var value)) return value;
            if (json.TryGetDouble(out var number) && number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue) return (int)number;
        }

        throw Expected(json, "a whole number");
    }

    private static double ReadNumber(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.String when double.TryParse(json.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        JsonValueKind.Array when json.GetArrayLength() == 1 => ReadNumber(json[0]),
        _ => throw Expected(json, "a number"),
    };

    private static DType ReadDType(string word)
    {
        foreach (var type in Enum.GetValues<DType>())
        {
            if (type.KerasName() == word) return type;
        }

        throw new ModelException($"is of type '{word}', which is not supported; expected one of {string.Join(", ", Enum.GetValues<DType>().Select(type => type.KerasName()))}.");
    }

    private static object ReadEnum(string word, Type target)
    {
        foreach (var name in Enum.GetNames(target))
        {
            if (string.Equals(Naming.SnakeCase(name), word, StringComparison.OrdinalIgnoreCase)) return Enum.Parse(target, name);
        }

        var words = Enum.GetNames(target).Select(Naming.SnakeCase).ToList();
        throw new ModelException($"is '{word}'; expected one of {string.Join(", ", words)}." + (Naming.Nearest(word, words) is { } nearest ? $" Did you mean '{nearest}'?" : ""));
    }

    /// <summary>Weights are float32 here; mixed policies keep them so too, and which type a training step computes in is chosen when the model is compiled.</summary>
    private static void RequireFloat32(JsonElement json)
    {
        var name = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("config", out var config) ? Text(config, "name") ?? Text(config, "source_name") : json.ValueKind == JsonValueKind.String ? json.GetString() : "float32";
        if (name is not ("float32" or "mixed_float16" or "mixed_bfloat16"))
            throw new ModelException($"is {name ?? Shown(json)}, whose weights are not float32; expected float32, mixed_float16 or mixed_bfloat16. Cast or dequantize the model in Keras before saving.");
    }

    /// <summary>Whether a value is the one that is written, or null, which stands for a feature not used.</summary>
    private static bool IsNeutral(JsonElement json, string expected)
    {
        if (json.ValueKind == JsonValueKind.Null) return true;
        using var document = JsonDocument.Parse(expected);
        return JsonElement.DeepEquals(json, document.RootElement);
    }

    /// <summary>A tuple, array or seed without the wrapper Keras may put around it.</summary>
    private static JsonElement Unwrapped(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("config", out var config) || config.ValueKind != JsonValueKind.Object) return json;
        return Text(json, "class_name") switch
        {
            "__tuple__" or "__numpy__" or "__tensor__" when config.TryGetProperty("value", out var value) => value,
            "SeedGenerator" when config.TryGetProperty("seed", out var seed) => seed,
            _ => json,
        };
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement json) => json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : throw Expected(json, "a list");

    private static string Word(JsonElement json) => json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Expected(json, "a word");

    private static ModelException Expected(JsonElement json, string expected) => new($"is {Shown(json)}; expected {expected}.");

    private static string Shown(JsonElement json) => json.GetRawText() is { Length: > 60 } text ? text[..60] + "..." : json.GetRawText();
}
