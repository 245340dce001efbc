using System.Globalization;
using System.Text.Json;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Serialization;

/// <content>Values of a configuration: numbers, strings, lists, initializers, layers inside layers.</content>
internal sealed partial class ModelReader
{
    private static readonly Activation s_hardSigmoid = Activation.From(x => Ops.Make(new Operators.HardSigmoid(0.2f, 0.5f), x), Keras2.HardSigmoid);

    /// <summary>Reads a value as the type of its property.</summary>
    /// <exception cref="ModelException">The value is of another kind; the caller puts the key's name before the message.</exception>
    private object? ReadValue(JsonElement json, Type target, string where)
    {
        json = Unwrapped(json);
        if (Nullable.GetUnderlyingType(target) is { } inner) return json.ValueKind == JsonValueKind.Null ? null : ReadValue(json, inner, where);
        if (target == typeof(Activation)) return ReadActivation(json);
        if (target == typeof(Initializer)) return ReadObject(json, KerasKind.Initializer, where);
        if (target == typeof(Regularizer)) return ReadObject(json, KerasKind.Regularizer, where);
        if (target == typeof(Constraint)) return ReadObject(json, KerasKind.Constraint, where);
        if (typeof(LayerBase).IsAssignableFrom(target)) return ReadInner(json, target, where);
        if (target == typeof(DType)) return ReadDType(ReadString(json));
        if (target == typeof(TextStandardization) && json.ValueKind == JsonValueKind.Null) return TextStandardization.None;
        if (target == typeof(TextSplit) && json.ValueKind == JsonValueKind.Null) return TextSplit.None;
        if (target.IsEnum) return ReadEnum(ReadString(json), target);
        if (target == typeof(Shape)) return ReadShape(json);
        if (target == typeof(EdgeWidths)) return EdgeWidths.Create(ReadEdgeWidths(json));
        if (target == typeof(DoubleValues) && json.ValueKind == JsonValueKind.Array) return DoubleValues.Create(ReadNumbers(json));
        if (target == typeof(DoubleValues)) return (DoubleValues)ReadNumber(json);
        if (target == typeof(int[])) return ReadIntegers(json);
        if (target == typeof(IReadOnlyList<RecurrentCell>)) return ReadInners(json, target, where).Cast<RecurrentCell>().ToArray();
        if (target == typeof(IReadOnlyList<LayerBase>) || target == typeof(IReadOnlyList<Layer>)) return ReadInners(json, target, where);
        if (target == typeof(bool)) return ReadBool(json);
        if (target == typeof(int)) return ReadInteger(json);
        if (target == typeof(long)) return ReadLong(json);
        if (target == typeof(float)) return (float)ReadNumber(json);
        if (target == typeof(double)) return ReadNumber(json);
        var isNull = json.ValueKind == JsonValueKind.Null;
        if (target == typeof(Axes)) return isNull ? default(Axes) : Axes.Create(ReadIntegers(json));
        if (target == typeof(IntValues)) return isNull ? default(IntValues) : IntValues.Create(ReadIntegers(json));
        if (target == typeof(IReadOnlyList<int>)) return isNull ? null : ReadIntegers(json);
        if (target == typeof(IReadOnlyList<double>) || target == typeof(double[])) return isNull ? null : ReadNumbers(json);
        if (target == typeof(IReadOnlyList<float>) || target == typeof(float[])) return isNull ? null : Array.ConvertAll(ReadNumbers(json), x => (float)x);
        if (target == typeof(IReadOnlyList<long>)) return isNull ? null : Items(json).Select(ReadLong).ToArray();
        if (target == typeof(IReadOnlyDictionary<string, double>)) return isNull ? null : ReadNamedNumbers(json);
        if (target == typeof(IReadOnlyList<string>)) return isNull ? null : Items(json).Select(ReadString).ToArray();
        if (target == typeof(string)) return isNull ? null : ReadString(json);
        throw UnsupportedType(target);
    }

    internal static ModelException UnsupportedType(Type type) =>
        new($"has the type {type.Name}, which files do not hold; expected a number, string, list, activation, initializer, regularizer, constraint or layer.");

    /// <summary>Reads an initializer, regularizer or constraint: an object, or the name of a class, which then has its defaults.</summary>
    private object? ReadObject(JsonElement json, KerasKind kind, string where)
    {
        if (json.ValueKind == JsonValueKind.Null) return null;
        var name = json.ValueKind == JsonValueKind.String ? json.GetString()! : Text(json, "class_name") ?? throw Expected(json, $"a {Kind()}");
        if (FindType(kind, name, Text(json, "module"), Text(json, "registered_name")) is not { } type)
            throw new CommonProblemException(MissingSentence(kind, ShownName(json, name)));

        using var empty = JsonDocument.Parse("{}");
        var hasConfig = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("config", out var given) && given.ValueKind == JsonValueKind.Object;
        return Bind(type, hasConfig ? json.GetProperty("config") : empty.RootElement, $"{where}, {type.Name}", null);

        string Kind() => kind.ToString().ToLowerInvariant();
    }

    private Activation ReadActivation(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null) return Activation.Linear;
        var name = Text(json, "class_name") is { } className && className != "function" ? className : Text(json, "config") ?? ReadString(json);
        if (name == "__lambda__")
        {
            throw new ModelException(
                "is a Python lambda, whose code is never run here. Write it with Activation.From, add it with CustomObjects.Add, "
                + "and save the Keras model with a named function.");
        }

        if (_custom.Activations.TryGetValue(name, out var custom)) return custom;
        if (name == Keras2.HardSigmoid) return s_hardSigmoid;
        var known = name switch { "swish" => "silu", "hard_swish" => "hard_silu", _ => name };
        if (Activation.ByName.TryGetValue(known, out var activation)) return activation;
        throw new CommonProblemException(MissingActivation(json.ValueKind == JsonValueKind.Object ? ShownName(json, name) : name));
    }

    private LayerBase? ReadInner(JsonElement json, Type target, string where)
    {
        if (json.ValueKind == JsonValueKind.Null) return null;
        var layer = ReadLayer(json, $"the layer inside {where}");

        // The inner layer's problems have been recorded; this only keeps the outer layer from being created.
        if (layer is null) throw new ModelException("holds a layer that cannot be read.");
        return target.IsInstanceOfType(layer) ? layer : throw new ModelException($"is a {layer.ClassName}; expected a {target.Name}.");
    }

    private LayerBase[] ReadInners(JsonElement json, Type target, string where)
    {
        var inner = target.GenericTypeArguments[0];
        var layers = Items(json).Select(item => ReadInner(item, inner, where)!).ToArray();
        return inner == typeof(Layer) ? layers.Cast<Layer>().ToArray() : layers;
    }

    private static Shape ReadShape(JsonElement json)
    {
        json = Unwrapped(json);
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() > 16) throw Expected(json, "a list of at most 16 dimensions");
        return Shape.Create([.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Null ? null : (int?)ReadInteger(item))]);
    }

    private static int[] ReadIntegers(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().Select(ReadInteger)] : [ReadInteger(json)];

    /// <summary>Reads a number, a list of numbers, or a pair per axis.</summary>
    private static int[] ReadEdgeWidths(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().SelectMany(ReadIntegers)] : [ReadInteger(json)];

    /// <summary>Reads the numbers of a nested list, row by row.</summary>
    private static double[] ReadNumbers(JsonElement json)
    {
        var numbers = new List<double>();
        Add(Unwrapped(json), 0);
        return [.. numbers];

        void Add(JsonElement item, int depth)
        {
            if (item.ValueKind != JsonValueKind.Array) numbers.Add(ReadNumber(item));
            else if (depth > 16) throw Expected(item, "fewer dimensions");
            else foreach (var inner in item.EnumerateArray()) Add(inner, depth + 1);
        }
    }

    private static Dictionary<string, double> ReadNamedNumbers(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object
            ? json.EnumerateObject().ToDictionary(entry => entry.Name, entry => ReadNumber(entry.Value))
            : throw Expected(json, "an object whose values are numbers");

    private static int ReadInteger(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array && json.GetArrayLength() == 1) json = json[0];
        if (json.ValueKind == JsonValueKind.Number)
        {
            if (json.TryGetInt32(out var value)) return value;
            if (json.TryGetDouble(out var number) && number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue) return (int)number;
        }

        throw Expected(json, "an integer");
    }

    private static bool ReadBool(JsonElement json) =>
        json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Expected(json, "true or false");

    private static long ReadLong(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out var value) ? value : throw Expected(json, "an integer");

    private static double ReadNumber(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.String when double.TryParse(json.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        JsonValueKind.Array when json.GetArrayLength() == 1 => ReadNumber(json[0]),
        _ => throw Expected(json, "a number"),
    };

    private static DType ReadDType(string name)
    {
        foreach (var type in DTypes.InKerasFiles)
        {
            if (type.KerasName() == name) return type;
        }

        var names = DTypes.InKerasFiles.Select(type => type.KerasName());
        throw new ModelException($"is of type '{name}', which is not supported; expected one of {string.Join(", ", names)}.");
    }

    private static object ReadEnum(string text, Type target)
    {
        foreach (var name in Enum.GetNames(target))
        {
            if (string.Equals(Naming.SnakeCase(name), text, StringComparison.OrdinalIgnoreCase)) return Enum.Parse(target, name);
        }

        var names = Enum.GetNames(target).Select(Naming.SnakeCase).ToList();
        var nearest = Naming.Nearest(text, names);
        throw new ModelException($"is '{text}'; expected one of {string.Join(", ", names)}." + (nearest is null ? "" : $" Did you mean '{nearest}'?"));
    }

    /// <summary>Whether a value is the expected one, or null, which means a feature that is not used.</summary>
    private static bool IsNeutral(JsonElement json, string expected)
    {
        if (json.ValueKind == JsonValueKind.Null) return true;
        using var document = JsonDocument.Parse(expected);
        return JsonElement.DeepEquals(json, document.RootElement);
    }

    /// <summary>The content of a tuple, array or seed without Keras' wrapper.</summary>
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

    private static JsonElement.ArrayEnumerator Items(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : throw Expected(json, "a list");

    private static string ReadString(JsonElement json) => json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Expected(json, "a string");

    private static ModelException Expected(JsonElement json, string expected) => new($"is {Shown(json)}; expected {expected}.");

    private static string Shown(JsonElement json) => json.GetRawText() is { Length: > 60 } text ? text[..60] + "..." : json.GetRawText();
}
