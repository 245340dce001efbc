using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Training;

/// <summary>The arguments of compile as Keras' files hold them: compile_config of .keras files, training_config of .h5 files.</summary>
internal static class KerasCompileConfig
{
    /// <summary>The key of the optimizer in .keras files.</summary>
    public const string OptimizerKey = "optimizer";

    /// <summary>The key of the optimizer in .h5 files.</summary>
    public const string LegacyOptimizerKey = "optimizer_config";

    /// <summary>Keras' optimizer around another one, which scales the loss.</summary>
    public const string LossScale = "LossScaleOptimizer";

    /// <summary>Keras' package of classes whose program names none.</summary>
    public const string CustomPackage = "Custom>";

    // Types that are always float32 here, and how Keras runs a step.
    private static readonly string[] s_dropped = ["dtype", "jit_compile", "is_legacy_optimizer"];

    /// <summary>Compiles a model as its file says.</summary>
    /// <exception cref="ModelException">The JSON names something unknown, or holds values of a wrong type.</exception>
    public static Trainer Compile(JsonElement json, Model model, int? threads, Distribution? distribution = null)
    {
        KnownKeys.Require(
            json, OptimizerKey, LegacyOptimizerKey, "loss", "loss_weights", "metrics", "weighted_metrics", "sample_weight_mode", "run_eagerly",
            "steps_per_execution", "jit_compile", "auto_scale_loss");
        if (!Given(json, OptimizerKey, out var optimizer) && !Given(json, LegacyOptimizerKey, out optimizer))
            throw new ModelException("The file's arguments of compile name no optimizer. Compile the model in code.");
        if (KerasCompileProblems.Of(json) is { Count: > 0 } problems) throw new ModelException(string.Join(' ', problems));
        var precision = PrecisionOf(model);
        if (ClassOf(optimizer) == LossScale) precision = MixedPrecision.Float16;
        var made = ReadOptimizer(optimizer);
        var losses = Given(json, "loss", out var loss) ? ByOutput(loss, model, ReadLoss) : [];
        var weights = Given(json, "loss_weights", out var factors) ? ByOutput(factors, model, ReadNumber) : [];
        var (metrics, weighted) = (ReadMetrics(json, "metrics", model), ReadMetrics(json, "weighted_metrics", model));

        // What there is to say was said when the model was compiled first.
        return Warnings.Silently(() => model.Compile(
            made, losses, weights, metrics, weighted, threads: threads, precision: precision, distribution: distribution));
    }

    /// <summary>The precision of the policies that the layers' file names.</summary>
    private static MixedPrecision PrecisionOf(Model model)
    {
        var policies = model.Graph.Calls().Select(call => call.Layer.Policy).ToHashSet();
        return Enum.GetValues<MixedPrecision>().FirstOrDefault(precision => precision != MixedPrecision.Float32 && policies.Contains(precision.PolicyName()));
    }

    /// <summary>The optimizer of a scaled loss, whose scale must be that of <see cref="LossScaling"/>.</summary>
    private static JsonElement Scaled(JsonElement json)
    {
        if (!Given(json, "config", out var config) || !Given(config, "inner_optimizer", out var inner))
            throw new ModelException($"The file's {LossScale} has no inner_optimizer. Compile the model in code.");
        Require("initial_scale", LossScaling.InitialScale);
        Require("dynamic_growth_steps", LossScaling.GrowthSteps);
        return inner;

        void Require(string key, float expected)
        {
            if (Given(config, key, out var given) && ReadNumber(given) != expected)
            {
                throw new ModelException(
                    $"{key} of the file's {LossScale} is {given.GetRawText()}; expected {expected}, which is Keras' default. Compile the model in code.");
            }
        }
    }

    private static MetricList ReadMetrics(JsonElement json, string key, Model model)
    {
        if (!Given(json, key, out var given)) return [];

        // Of a model with one output, a list is that of its metrics.
        return model.Outputs.Count == 1 && given.ValueKind == JsonValueKind.Array
            ? MetricList.Create([.. ReadSeveral(given)])
            : ByOutput(given, model, json => ReadSeveral(json).ToArray());
    }

    private static IEnumerable<Metric> ReadSeveral(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().Where(item => item.ValueKind != JsonValueKind.Null).SelectMany(ReadSeveral),
        _ => [ReadMetric(json)],
    };

    /// <summary>Values by output: a list in their order, a dictionary by their names, or one for the only output.</summary>
    private static Dictionary<string, T> ByOutput<T>(JsonElement json, Model model, Func<JsonElement, T> read)
    {
        var values = new Dictionary<string, T>();
        if (json.ValueKind == JsonValueKind.Array)
        {
            if (json.GetArrayLength() != model.Outputs.Count)
                throw new ModelException($"The file's arguments of compile are for {json.GetArrayLength()} outputs, but the model has {model.Outputs.Count}.");
            foreach (var (name, item) in model.OutputNames.Zip(json.EnumerateArray())) Add(name, item);
        }
        else if (json.ValueKind == JsonValueKind.Object && !json.TryGetProperty("class_name", out _))
        {
            foreach (var entry in json.EnumerateObject()) Add(entry.Name, entry.Value);
        }
        else
        {
            foreach (var name in model.OutputNames) Add(name, json);
        }

        return values;

        void Add(string name, JsonElement item)
        {
            if (item.ValueKind != JsonValueKind.Null) values[name] = read(item);
        }
    }

    /// <summary>An optimizer; a scaled loss' is the one inside.</summary>
    public static Optimizer ReadOptimizer(JsonElement json)
    {
        if (ClassOf(json) == LossScale) json = Scaled(json);
        return (Optimizer)CompileConfig.ReadObject(Plain(json), typeof(Optimizer));
    }

    public static Loss ReadLoss(JsonElement json) =>
        NameOf(json) is { } name ? Loss.Named(name) : (Loss)CompileConfig.ReadObject(Plain(json), typeof(Loss));

    public static Metric ReadMetric(JsonElement json)
    {
        if (NameOf(json) is { } name) return Metric.Named(name);
        if (!CompileTypes.Losses.ContainsKey(ClassOf(json)) || CompileTypes.Metrics.ContainsKey(ClassOf(json)))
            return (Metric)CompileConfig.ReadObject(Plain(json, named: true), typeof(Metric));

        // A metric that is the mean of a loss has the options of that loss.
        var loss = ReadLoss(json);
        var isNamed = Given(json, "config", out var config) && Given(config, "name", out var given) && given.ValueKind == JsonValueKind.String;
        return new Metric.FromLoss(loss, isNamed ? config.GetProperty("name").GetString()! : loss.Name);
    }

    private static float ReadNumber(JsonElement json) => json.ValueKind == JsonValueKind.Number
        ? json.GetSingle()
        : throw new ModelException($"A loss weight of the file is {json.GetRawText()}; expected a number.");

    /// <summary>The name of a function, which stands alone, in an object of class function, or in Keras 2's wrapper of metrics.</summary>
    private static string? NameOf(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String) return json.GetString();
        if (json.ValueKind != JsonValueKind.Object || !Given(json, "config", out var config)) return null;
        return ClassOf(json) switch
        {
            "function" when config.ValueKind == JsonValueKind.String => config.GetString(),
            "MeanMetricWrapper" or "SumOverBatchSizeMetricWrapper" when Given(config, "fn", out var function) => NameOf(function),
            _ => null,
        };
    }

    private static string ClassOf(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("class_name", out var name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()!
            : throw new ModelException($"The file's arguments of compile hold {json.GetRawText()}; expected a name or an object with a class_name.");

    private static bool Given(JsonElement json, string key, out JsonElement value)
    {
        value = default;
        return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>An object without what says nothing here, in the words of <see cref="CompileConfig"/>.</summary>
    private static JsonElement Plain(JsonElement json, bool named = false)
    {
        var tree = JsonObject.Create(json) ?? throw new ModelException($"The file's arguments of compile hold {json.GetRawText()}; expected an object.");
        Change(tree, named, 0);
        return JsonElement.Parse(tree.ToJsonString());

        static void Change(JsonObject tree, bool named, int depth)
        {
            if (depth > CompileConfig.DeepestNesting || tree["config"] is not JsonObject config) return;

            // Keras 2.11 and later registered their own optimizers as a user's classes are.
            if (tree["class_name"] is JsonValue name && name.TryGetValue<string>(out var given) && given.StartsWith(CustomPackage, StringComparison.Ordinal))
                tree["class_name"] = given[CustomPackage.Length..];
            foreach (var key in s_dropped) config.Remove(key);
            if (!named) config.Remove("name");
            if (config["decay"] is JsonValue decay && decay.TryGetValue<double>(out var rate) && rate == 0) config.Remove("decay");
            if (config.TryGetPropertyValue("reduction", out var reduction))
            {
                if (reduction is null) config["reduction"] = "none";
                else if (reduction is JsonValue value && value.TryGetValue<string>(out var text) && text == "auto") config.Remove("reduction");
            }

            foreach (var (_, value) in config)
                if (value is JsonObject inner) Change(inner, named: false, depth + 1);
        }
    }
}
