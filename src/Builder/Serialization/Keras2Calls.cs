using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>
/// Calls in the form of Keras 2: <c>["layer", call, output, {named arguments}]</c>. They become the positional and named arguments of Keras 3, and calls of
/// nested models are counted as it does.
/// </summary>
internal sealed class Keras2Calls
{
    private const string Constant = "_CONSTANT_VALUE";
    private const int MaxDepth = 16;

    // The number of the first call of each layer: Keras 2 counted the construction of a nested model, unless it was a Sequential without an input.
    private readonly Dictionary<string, int> _first = [];
    private readonly HashSet<string> _functional = [];

    /// <summary>Changes the configuration of a functional model in place.</summary>
    public static void Upgrade(JsonObject config, JsonArray layers)
    {
        var calls = new Keras2Calls();
        foreach (var layer in layers.OfType<JsonObject>())
        {
            if (Keras2.Text(layer["name"]) is not { } name) continue;
            calls._first[name] = IsModel(layer) ? int.MaxValue : 0;
            if (IsModel(layer) && layer["config"]!.AsObject().ContainsKey("input_layers")) calls._functional.Add(name);
        }

        foreach (var layer in layers.OfType<JsonObject>()) calls.Count(layer["inbound_nodes"], 0);
        calls.Count(config["input_layers"], 0);
        calls.Count(config["output_layers"], 0);
        foreach (var layer in layers.OfType<JsonObject>())
        {
            if (layer["inbound_nodes"] is not JsonArray nodes) continue;
            for (var i = 0; i < nodes.Count; i++)
            {
                if (nodes[i] is JsonArray || (nodes[i] is JsonObject node && !node.ContainsKey("args"))) nodes[i] = calls.Call(nodes[i]!);
            }

            Keras2Functions.Upgrade(layer);
        }

        foreach (var key in (ReadOnlySpan<string>)["input_layers", "output_layers"])
            if (config[key] is { } border) config[key] = calls.Border(border);
    }

    private static bool IsModel(JsonObject layer) => layer["config"] is JsonObject config && config["layers"] is JsonArray;

    /// <summary>Finds the least number among all references to each nested model: every call of a file has a reader.</summary>
    private void Count(JsonNode? json, int depth)
    {
        if (depth > MaxDepth) throw new ModelException($"the arguments of a call are nested more than {MaxDepth} levels deep.");
        if (Reference(json) is var (name, call, _)) _first[name] = Math.Min(_first[name], call);
        if (json is JsonArray list) foreach (var item in list) Count(item, depth + 1);
        else if (json is JsonObject entries) foreach (var (_, item) in entries) Count(item, depth + 1);
    }

    /// <summary>A call in the form of Keras 3. The named arguments stand beside each tensor.</summary>
    private JsonObject Call(JsonNode node)
    {
        JsonObject? named = null;
        var argument = Argument(node);
        if (argument is JsonArray { Count: 1 } single) argument = single[0]!.DeepClone();
        var kwargs = new JsonObject();

        // Keras 2 notes what the user gave, and null is nothing; Keras 3 notes what the call got.
        foreach (var (key, value) in named ?? [])
            if (value is not null) kwargs[key] = Named(value);
        return new JsonObject { ["args"] = new JsonArray(argument), ["kwargs"] = kwargs };

        JsonNode? Argument(JsonNode? json)
        {
            if (json is JsonArray { Count: 4 } leaf && Keras2.Text(leaf[0]) is not null) named ??= leaf[3] as JsonObject;
            if (IsConstant(json)) return json![2]?.DeepClone();
            if (Reference(json) is var (name, call, output)) return Tensor(name, call, output);
            return json switch
            {
                JsonArray list => new JsonArray([.. list.Select(item => Argument(item))]),
                JsonObject entries => new JsonObject(entries.Select(entry => KeyValuePair.Create(entry.Key, Argument(entry.Value)))),
                _ => json?.DeepClone(),
            };
        }
    }

    private JsonNode? Named(JsonNode? json)
    {
        if (IsConstant(json)) return json![2]?.DeepClone();
        if (Reference(json) is var (name, call, output)) return Tensor(name, call, output);
        return json switch
        {
            JsonArray list => new JsonArray([.. list.Select(item => Named(item))]),
            _ => json?.DeepClone(),
        };
    }

    private JsonObject Tensor(string layer, int call, int output) =>
        new()
        {
            ["class_name"] = "__keras_tensor__",
            ["config"] = new JsonObject { ["keras_history"] = new JsonArray(layer, call - _first[layer], output) },
        };

    private JsonNode? Border(JsonNode? json)
    {
        // Here Keras 3 counts the construction of a functional model, but not of a Sequential.
        if (Reference(json) is var (name, call, output))
            return new JsonArray(name, call - _first[name] + (_functional.Contains(name) ? 1 : 0), output);
        return json switch
        {
            JsonArray list => new JsonArray([.. list.Select(item => Border(item))]),
            JsonObject entries => new JsonObject(entries.Select(entry => KeyValuePair.Create(entry.Key, Border(entry.Value)))),
            _ => json?.DeepClone(),
        };
    }

    private static bool IsConstant(JsonNode? json) => json is JsonArray { Count: 3 or 4 } list && Keras2.Text(list[0]) == Constant;

    private (string Layer, int Call, int Output)? Reference(JsonNode? json) =>
        json is JsonArray { Count: 3 or 4 } list
        && Keras2.Text(list[0]) is { } name
        && _first.ContainsKey(name)
        && list[1] is JsonValue first && first.TryGetValue<int>(out var call)
        && list[2] is JsonValue second && second.TryGetValue<int>(out var output)
            ? (name, call, output)
            : null;
}
