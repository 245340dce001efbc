using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Training;

/// <summary>
/// The arguments of Compile as JSON, in the form of Keras' compile_config: each object is <c>{ module, class_name, config }</c>, and keys are compared without
/// underscores.
/// </summary>
internal static class CompileConfig
{
    // Schedules may nest; a file with more levels is an error or an attack.
    public const int DeepestNesting = 16;

    /// <summary>Optimizer, losses by output, their weights, metrics.</summary>
    /// <exception cref="ModelException">Something is a custom function or class, which a file cannot hold.</exception>
    public static JsonObject Write(CompiledTraining compiled)
    {
        var (losses, weights) = (new JsonObject(), new JsonObject());
        for (var i = 0; i < compiled.Losses.Count; i++)
        {
            if (compiled.Losses[i] is not { } loss) continue;
            losses[compiled.Model.OutputNames[i]] = WriteObject(loss, typeof(Loss), "the loss");
            weights[compiled.Model.OutputNames[i]] = compiled.LossWeights[i];
        }

        return new JsonObject
        {
            ["optimizer"] = WriteObject(compiled.Optimizer, typeof(Optimizer), "the optimizer"),
            ["loss"] = losses,
            ["loss_weights"] = weights,
            ["metrics"] = WriteMetrics(compiled.Metrics),
            ["weighted_metrics"] = WriteMetrics(compiled.WeightedMetrics),
            ["dtype_policy"] = compiled.Precision.PolicyName(),
        };
    }

    /// <summary>Compiles a model by what <see cref="Write"/> returned.</summary>
    /// <exception cref="ModelException">The JSON names something unknown, or holds values of a wrong type.</exception>
    public static Trainer Compile(JsonElement json, Model model, ulong seed, int? threads, Distribution? distribution = null)
    {
        KnownKeys.Require(json, "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "dtype_policy");
        var optimizer = (Optimizer)ReadObject(Member(json, "optimizer"), typeof(Optimizer), 0);
        var losses = Entries(Member(json, "loss")).ToDictionary(entry => entry.Name, entry => (Loss)ReadObject(entry.Value, typeof(Loss), 0));
        var weights = Entries(Member(json, "loss_weights")).ToDictionary(entry => entry.Name, entry => Required<float>(entry.Value, 0));
        var (metrics, weightedMetrics) = (ReadMetrics(Member(json, "metrics")), ReadMetrics(Member(json, "weighted_metrics")));

        // What there is to say was said when the model was compiled first.
        return Warnings.Silently(() => model.Compile(
            optimizer, losses, weights, metrics, weightedMetrics, seed, threads, ReadPrecision(json), distribution: distribution));
    }

    /// <summary>The policy; float32 in files that do not name one.</summary>
    private static MixedPrecision ReadPrecision(JsonElement json)
    {
        if (!json.TryGetProperty("dtype_policy", out var given)) return MixedPrecision.Float32;
        var name = given.ValueKind == JsonValueKind.String ? given.GetString() : given.ToString();
        foreach (var precision in Enum.GetValues<MixedPrecision>())
        {
            if (precision.PolicyName() == name) return precision;
        }

        throw new ModelException($"The file's dtype_policy is '{name}'; expected float32, mixed_float16 or mixed_bfloat16.");
    }

    /// <summary>A single metric; null for a custom class.</summary>
    public static JsonElement? WriteMetric(Metric metric) =>
        CompileTypes.Metrics.Values.Any(type => type.Type == metric.GetType()) ? JsonElement.Parse(WriteOne(metric).ToJsonString()) : null;

    /// <summary>The metric that <see cref="WriteMetric"/> wrote.</summary>
    /// <exception cref="ModelException">The JSON names something unknown, or holds values of a wrong type.</exception>
    public static Metric ReadMetric(JsonElement json) => (Metric)ReadObject(json, typeof(Metric), 0);

    private static JsonNode WriteMetrics(MetricList metrics) =>
        metrics.ByOutput is { } named
            ? new JsonObject(named.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)List(entry.Value))))
            : List(metrics);

    private static JsonArray List(IEnumerable<Metric> metrics) => new([.. metrics.Select(metric => (JsonNode?)WriteOne(metric))]);

    private static JsonObject WriteOne(Metric metric) => WriteObject(metric, typeof(Metric), $"the metric '{metric.Name}'");

    private static MetricList ReadMetrics(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array
            ? MetricList.Create([.. Read(json)])
            : Entries(json).ToDictionary(entry => entry.Name, entry => Read(entry.Value).ToArray());

    private static IEnumerable<Metric> Read(JsonElement json) => Items(json).Select(ReadMetric);

    private static JsonObject WriteObject(object value, Type kind, string where)
    {
        var (table, _) = CompileTypes.For(kind);
        if (table.Values.FirstOrDefault(type => type.Type == value.GetType()) is not { } type)
            throw new ModelException($"{where} is a {value.GetType().Name}, a custom function or class, which a file cannot hold");
        var config = new JsonObject();
        foreach (var member in type.Configuration)
        {
            if (member.Key == "name" && !IsNamed(value)) continue;
            if (member.Property.GetValue(value) is { } given) config[member.Key] = WriteValue(given, $"{member.Key} of {where}");
        }

        return new JsonObject { ["module"] = type.Module, ["class_name"] = type.Name, ["config"] = config };
    }

    /// <summary>Whether the name says more than the class; that of a metric is always written.</summary>
    private static bool IsNamed(object value) => value switch
    {
        Optimizer optimizer => optimizer.GivenName is not null,
        Loss loss => loss.GivenName is not null,
        _ => true,
    };

    private static JsonNode WriteValue(object value, string where) => value switch
    {
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        float number => float.IsFinite(number) ? JsonValue.Create(number) : throw new ModelException($"{where} is {number}, which JSON cannot hold"),
        double number => WriteValue((float)number, where),
        string word => JsonValue.Create(word),
        Enum choice => JsonValue.Create(choice.ToString()),
        Schedule { IsConstant: true } rate => WriteValue(rate.InitialLearningRate, where),
        Schedule schedule => WriteObject(schedule, typeof(Schedule), where),
        Loss loss => WriteObject(loss, typeof(Loss), where),
        IEnumerable<int> numbers => new JsonArray([.. numbers.Select(number => (JsonNode?)JsonValue.Create(number))]),
        IEnumerable<float> numbers => new JsonArray([.. numbers.Select(number => (JsonNode?)WriteValue(number, where))]),
        IEnumerable<double> numbers => new JsonArray([.. numbers.Select(number => (JsonNode?)WriteValue(number, where))]),
        IEnumerable<string> words => new JsonArray([.. words.Select(word => (JsonNode?)JsonValue.Create(word))]),
        _ => throw new ModelException($"{where} has the type {value.GetType().Name}, which files cannot hold"),
    };

    /// <summary>An optimizer, schedule, loss or metric.</summary>
    /// <exception cref="ModelException">The JSON names something unknown, or holds values of a wrong type.</exception>
    public static object ReadObject(JsonElement json, Type kind, int depth = 0)
    {
        var (table, what) = CompileTypes.For(kind);
        if (depth > DeepestNesting) throw new ModelException($"A {what} is nested more than {DeepestNesting} levels deep; such files are refused.");
        var name = Required<string>(Member(json, "class_name"), depth);
        if (!table.TryGetValue(name, out var type))
        {
            var nearest = Naming.Nearest(name, table.Keys);
            throw new ModelException($"There is no {what} '{name}'." + (nearest is null ? "" : $" Did you mean '{nearest}'?"));
        }

        KnownKeys.Require(json, "module", "class_name", "config", "registered_name");
        var values = new Dictionary<string, object?>();
        foreach (var (key, value) in Entries(Member(json, "config")).Select(entry => (entry.Name, entry.Value)))
        {
            if (value.ValueKind == JsonValueKind.Null && type.Find(key) is null) continue;
            var member = type.Find(key)
                ?? throw new ModelException($"{name} has no option '{key}'; it has {string.Join(", ", type.Configuration.Select(known => known.Key))}.");
            values[member.Key] = ReadValue(value, member.Property.PropertyType, depth);
        }

        return type.Create(values, null);
    }

    private static object? ReadValue(JsonElement json, Type target, int depth)
    {
        if (json.ValueKind == JsonValueKind.Null) return null;
        target = Nullable.GetUnderlyingType(target) ?? target;
        if (target == typeof(Schedule))
            return json.ValueKind == JsonValueKind.Object ? ReadObject(json, target, depth + 1) : (Schedule)Required<double>(json, depth);
        if (target == typeof(Loss)) return ReadObject(json, target, depth + 1);
        if (target == typeof(bool))
            return json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Expected(json, "true or false");
        if (target == typeof(int))
            return json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var value) ? value : throw Expected(json, "an integer");
        if (target == typeof(float))
            return json.ValueKind == JsonValueKind.Number && json.TryGetSingle(out var value) ? value : throw Expected(json, "a number");
        if (target == typeof(double)) return Finite(json);
        if (target == typeof(string)) return json.ValueKind == JsonValueKind.String ? json.GetString() : throw Expected(json, "a string");
        if (target.IsEnum) return ReadChoice(json, target);
        if (target == typeof(DoubleValues))
        {
            return json.ValueKind == JsonValueKind.Array
                ? DoubleValues.Create([.. Items(json).Select(item => Required<double>(item, depth))])
                : (DoubleValues)Required<double>(json, depth);
        }

        if (target == typeof(IReadOnlyList<int>)) return Items(json).Select(item => Required<int>(item, depth)).ToArray();
        if (target == typeof(IReadOnlyList<double>)) return Items(json).Select(item => Required<double>(item, depth)).ToArray();
        if (target == typeof(IReadOnlyList<string>)) return Items(json).Select(item => Required<string>(item, depth)).ToArray();
        throw new ModelException($"An option has the type {target.Name}, which files cannot hold.");
    }

    private static T Required<T>(JsonElement json, int depth) => (T)(ReadValue(json, typeof(T), depth) ?? throw Expected(json, "a value"));

    /// <summary>A number that float32 holds: options are computed with it.</summary>
    private static double Finite(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var value) && float.IsFinite((float)value) ? value : throw Expected(json, "a number");

    private static object ReadChoice(JsonElement json, Type target) =>
        json.ValueKind == JsonValueKind.String
        && Enum.TryParse(target, json.GetString()!.Replace("_", "", StringComparison.Ordinal), true, out var choice)
        && Enum.IsDefined(target, choice)
            ? choice
            : throw Expected(json, "one of " + string.Join(", ", Enum.GetNames(target)));

    private static JsonElement Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value)
            ? value
            : throw new ModelException($"{Shown(json)} has no '{name}'.");

    private static JsonElement.ObjectEnumerator Entries(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object ? json.EnumerateObject() : throw Expected(json, "an object");

    private static JsonElement.ArrayEnumerator Items(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : throw Expected(json, "a list");

    private static ModelException Expected(JsonElement json, string expected) => new($"Expected {expected}, but got {Shown(json)}.");

    private static string Shown(JsonElement json) => json.GetRawText() is { Length: > 60 } text ? text[..60] + "..." : json.GetRawText();
}
