using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>Brings the description of a model that Keras 2 wrote into the form of Keras 3: classes and their options here, calls in Keras2Calls.</summary>
internal static class Keras2
{
    /// <summary>The name of Keras 2's hard_sigmoid; Keras 3 gave the name to another function.</summary>
    public const string HardSigmoid = "keras2_hard_sigmoid";

    private static readonly string[] s_initialization = ["kernel_initializer", "kernel_regularizer", "kernel_constraint"];

    /// <summary>Whether Keras 2 wrote a description.</summary>
    /// <param name="json">The description.</param>
    /// <param name="version">Keras' version, if something beside the description says so.</param>
    public static bool Wrote(JsonElement json, string? version)
    {
        if (json.ValueKind != JsonValueKind.Object) return false;
        if (version is null && json.TryGetProperty("keras_version", out var given) && given.ValueKind == JsonValueKind.String) version = given.GetString();
        return version is not null ? version.StartsWith("2.", StringComparison.Ordinal) : HasCallsOfLists(json);
    }

    /// <summary>Changes a description in place.</summary>
    /// <exception cref="ModelException">It is nested too deep.</exception>
    public static void Upgrade(JsonNode? layer)
    {
        ModelLimits.RequireStack();
        if (layer is not JsonObject json || Text(json["class_name"]) is not { } name) return;
        if (name.LastIndexOf('>') is >= 0 and var mark)
        {
            (json["registered_name"], json["class_name"]) = (name, name[(mark + 1)..]);
            name = name[(mark + 1)..];
        }

        // The first versions wrote a Sequential as a list.
        if (json["config"] is JsonArray) json["config"] = new JsonObject { ["layers"] = json["config"]!.DeepClone() };
        if (json["config"] is not JsonObject config) return;
        if (config["layers"] is JsonArray layers)
        {
            if (!config.ContainsKey("input_layers")) AddInput(layers);
            foreach (var inner in layers) Upgrade(inner);
            if (config.ContainsKey("input_layers")) Keras2Calls.Upgrade(config, layers);
            return;
        }

        foreach (var key in (ReadOnlySpan<string>)["layer", "backward_layer", "cell"]) Upgrade(config[key]);
        if (config["cells"] is JsonArray cells) foreach (var cell in cells) Upgrade(cell);
        UpgradeOptions(json, name, config);
    }

    private static bool HasCallsOfLists(JsonElement json) =>
        json.TryGetProperty("config", out var config)
        && config.ValueKind == JsonValueKind.Object
        && config.TryGetProperty("layers", out var layers)
        && layers.ValueKind == JsonValueKind.Array
        && layers.EnumerateArray().Any(layer =>
            layer.ValueKind == JsonValueKind.Object
            && layer.TryGetProperty("inbound_nodes", out var nodes)
            && nodes.ValueKind == JsonValueKind.Array
            && nodes.EnumerateArray().Any(node => node.ValueKind == JsonValueKind.Array));

    private static void UpgradeOptions(JsonObject json, string name, JsonObject config)
    {
        switch (name)
        {
            case "InputLayer":
                return;
            case "BatchNormalizationV1" or "BatchNormalizationV2":
                json["class_name"] = "BatchNormalization";
                break;
            case "SyncBatchNormalization":
                (json["class_name"], config["synchronized"]) = ("BatchNormalization", true);
                break;
            case "LeakyReLU" when config.ContainsKey("alpha"):
                config["negative_slope"] = config["alpha"]?.DeepClone();
                config.Remove("alpha");
                break;
            case "GRU" or "GRUCell":
                config.TryAdd("reset_after", JsonValue.Create(false));
                break;
            case "Embedding":
                config.Remove("input_length");
                break;
            case "MultiHeadAttention":
                foreach (var key in (ReadOnlySpan<string>)["query_shape", "key_shape", "value_shape"]) config.Remove(key);
                break;
            case "ConvLSTM1D" or "ConvLSTM2D" or "ConvLSTM3D":
                config.Remove("implementation");
                break;
            case "DepthwiseConv1D" or "DepthwiseConv2D" or "SeparableConv1D" or "SeparableConv2D":
                foreach (var key in s_initialization) config.Remove(key);
                break;
        }

        // An input before a first layer says the same; the others are features that are not used.
        config.Remove("batch_input_shape");
        if (name is not ("Conv1D" or "Conv2D" or "Conv3D")) RemoveIf(config, "groups", JsonValue.Create(1));
        RemoveIf(config, "time_major", JsonValue.Create(false));
        if (name is "Attention" or "AdditiveAttention") RemoveIf(config, "causal", JsonValue.Create(false));
        foreach (var (key, value) in config.ToArray())
        {
            if (key.EndsWith("_initializer", StringComparison.Ordinal)) UpgradeInitializer(value);
            else if (key is "activation" or "recurrent_activation" && Text(value) == "hard_sigmoid") config[key] = HardSigmoid;
        }
    }

    private static void UpgradeInitializer(JsonNode? initializer)
    {
        if (initializer is not JsonObject || initializer["config"] is not JsonObject config) return;
        config.Remove("dtype");
        if (Text(config["distribution"]) == "normal") config["distribution"] = "truncated_normal";
    }

    /// <summary>The input that a Sequential's first layer tells of.</summary>
    private static void AddInput(JsonArray layers)
    {
        if (layers.Count == 0 || layers[0] is not JsonObject first || Text(first["class_name"]) == "InputLayer") return;
        if (first["config"] is not JsonObject config || config["batch_input_shape"] is not { } shape) return;
        var input = new JsonObject { ["batch_shape"] = shape.DeepClone(), ["dtype"] = "float32" };
        layers.Insert(0, new JsonObject { ["class_name"] = "InputLayer", ["config"] = input });
    }

    private static void RemoveIf(JsonObject config, string key, JsonValue value)
    {
        if (config.ContainsKey(key) && JsonNode.DeepEquals(config[key], value)) config.Remove(key);
    }

    internal static string? Text(JsonNode? json) => json is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
