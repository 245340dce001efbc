using System.Collections.Frozen;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Training;

/// <summary>Writes the arguments of Compile as the compile_config of a .keras file, which Keras and <see cref="KerasCompileConfig"/> read.</summary>
internal static partial class KerasCompileWriter
{
    // Losses that are metrics in Keras too, under these names; those of cross-entropies have their options.
    private static readonly FrozenSet<string> s_withOptions = FrozenSet.Create(
        "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy");

    private static readonly FrozenSet<string> s_metrics = FrozenSet.Create(
        "CategoricalHinge", "Hinge", "KLDivergence", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
        "MeanSquaredLogarithmicError", "Poisson", "SquaredHinge");

    /// <summary>The arguments of Compile.</summary>
    /// <exception cref="ModelException">Something is a custom function or class, or Keras has no such thing.</exception>
    public static JsonObject Write(CompiledTraining compiled)
    {
        var ours = CompileConfig.Write(compiled);
        var names = compiled.Model.OutputNames;
        var optimizer = OfOptimizer(ours["optimizer"]!);
        return new JsonObject
        {
            ["optimizer"] = compiled.LossScaling is null ? optimizer : Scaled(optimizer),
            ["loss"] = ByOutput(ours["loss"]!.AsObject(), Object),
            ["loss_weights"] = compiled.LossWeights.Any(weight => weight != 1)
                ? ByOutput(ours["loss_weights"]!.AsObject(), weight => weight.DeepClone())
                : null,
            ["metrics"] = OfMetrics(ours["metrics"]!, names),
            ["weighted_metrics"] = OfMetrics(ours["weighted_metrics"]!, names),
            ["run_eagerly"] = false,
            ["steps_per_execution"] = 1,
            ["jit_compile"] = false,
        };

        JsonNode? ByOutput(JsonObject values, Func<JsonNode, JsonNode> write) => names.Count == 1
            ? values[names[0]] is { } only ? write(only) : null
            : new JsonObject(values.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)write(entry.Value!))));
    }

    private static JsonObject OfOptimizer(JsonNode json)
    {
        var optimizer = Object(json);
        var config = optimizer["config"]!.AsObject();
        if (config["exclude_from_weight_decay"] is JsonArray { Count: > 0 })
        {
            throw new ModelException(
                "The optimizer has excludeFromWeightDecay, which Keras' files do not hold. Save with trainer.Save, or call exclude_from_weight_decay in Keras "
                + "and save the model without it.");
        }

        config.Remove("exclude_from_weight_decay");
        return optimizer;
    }

    private static JsonObject Scaled(JsonObject optimizer) => new()
    {
        ["module"] = "keras.optimizers",
        ["class_name"] = KerasCompileConfig.LossScale,
        ["config"] = new JsonObject
        {
            ["name"] = "loss_scale_optimizer",
            ["inner_optimizer"] = optimizer,
            ["initial_scale"] = LossScaling.InitialScale,
            ["dynamic_growth_steps"] = LossScaling.GrowthSteps,
        },
        ["registered_name"] = null,
    };

    /// <summary>A list for the only output, or one for each.</summary>
    private static JsonNode? OfMetrics(JsonNode json, IReadOnlyList<string> names)
    {
        if (json is JsonArray { Count: 0 }) return null;
        if (json is JsonArray list && names.Count == 1) return List(list);
        return new JsonObject(json is JsonArray ofAll
            ? names.Select(name => KeyValuePair.Create(name, (JsonNode?)List(ofAll)))
            : json.AsObject().Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)List(entry.Value!.AsArray()))));

        static JsonArray List(JsonArray metrics) => new([.. metrics.Select(metric => (JsonNode?)OfMetric(metric!.AsObject()))]);
    }

    private static JsonNode OfMetric(JsonObject metric)
    {
        var config = metric["config"]!.AsObject();
        var name = config["name"]!.GetValue<string>();
        switch (metric["class_name"]!.GetValue<string>())
        {
            // In Keras too, the name stands for the accuracy that fits the shapes.
            case "Accuracy" when name is "accuracy" or "acc":
                return name;
            case "Accuracy":
                throw new ModelException(
                    $"The metric '{name}' is the accuracy that fits the shapes, which Keras knows only as 'accuracy' or 'acc'. Use one of these names, or the "
                    + "class of the accuracy.");
            case "LossAsMetric":
                return OfLoss(config["loss"]!.AsObject(), name);
            default:
                return Object(metric);
        }
    }

    private static JsonObject OfLoss(JsonObject loss, string name)
    {
        var kind = loss["class_name"]!.GetValue<string>();
        var hasOptions = s_withOptions.Contains(kind);
        if (!hasOptions && !s_metrics.Contains(kind))
            throw new ModelException($"The metric '{name}' is the loss {kind}, which is no metric in Keras. Leave it out, or save with trainer.Save.");
        var written = Object(loss);
        var config = written["config"]!.AsObject();
        if (hasOptions) config.Remove("reduction");
        else config.Clear();
        config["name"] = name;
        written["module"] = "keras.metrics";
        written["class_name"] = kind == "LogCosh" ? "LogCoshError" : kind;
        return written;
    }

    /// <summary>An object in Keras' words: <c>beta_1</c>, <c>sum_over_batch_size</c>.</summary>
    private static JsonObject Object(JsonNode json)
    {
        var kind = json["class_name"]!.GetValue<string>();
        var module = json["module"] ?? throw new ModelException($"{kind} is no class of Keras. Use one of Keras' classes, or save with trainer.Save.");
        var config = new JsonObject();
        foreach (var (key, value) in json["config"]!.AsObject()) config[Numbered().Replace(key, "$1_$2")] = Value(key, value);
        return new() { ["module"] = module.DeepClone(), ["class_name"] = kind, ["config"] = config, ["registered_name"] = null };

        static JsonNode? Value(string key, JsonNode? value) => value switch
        {
            JsonObject => Object(value),
            JsonValue choice when key is not ("name" or "curve") && choice.TryGetValue<string>(out var word) => Naming.SnakeCase(word),
            _ => value?.DeepClone(),
        };
    }

    [GeneratedRegex("([a-z]{2})([0-9])")]
    private static partial Regex Numbered();
}
