using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <content>The types that layers compute in.</content>
internal sealed partial class ModelReader
{
    private const string Float32 = "float32";

    /// <summary>A policy with float32 weights: null for float32, otherwise a mixed one. The type a training step computes in is chosen by Compile.</summary>
    private static string? ReadPolicy(JsonElement json)
    {
        var name = PolicyName(json);
        return name switch
        {
            Float32 => null,
            "mixed_float16" or "mixed_bfloat16" => name,
            _ => throw new CommonProblemException(
                $"is {name}, whose weights are not float32; expected float32, mixed_float16 or mixed_bfloat16. "
                + "Cast or dequantize the model in Keras before saving."),
        };
    }

    /// <summary>The name of a policy; one without a name is Keras' default.</summary>
    private static string PolicyName(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null) return Float32;
        if (json.ValueKind == JsonValueKind.String) return json.GetString()!;
        if (Text(json, "class_name") is not { } className || !json.TryGetProperty("config", out var config) || config.ValueKind != JsonValueKind.Object)
            throw Expected(json, "the name of a type, or a policy");
        switch (className)
        {
            case "DTypePolicy" or "FloatDTypePolicy" or "Policy":
                return Text(config, "name") ?? Float32;
            case "DTypePolicyMap":
                return MapName(config);
            case var quantized when quantized.EndsWith("DTypePolicy", StringComparison.Ordinal):
                throw new CommonProblemException(
                    $"is a {quantized} of mode '{Text(config, "mode")}', by which weights are stored as other numbers; expected a policy of floats. "
                    + "Save the model before model.quantize(), and quantize it here with Quantizer.");
            default:
                throw new CommonProblemException(
                    $"is a policy of class {className}, which is not known; expected float32, mixed_float16 or mixed_bfloat16. "
                    + "Set a policy of Keras before saving: layer.dtype_policy = 'float32'.");
        }
    }

    /// <summary>The policy of all layers inside, by their paths; layers of others have their own.</summary>
    private static string MapName(JsonElement config)
    {
        var names = new List<string>();
        if (config.TryGetProperty("default_policy", out var given)) names.Add(PolicyName(given));
        if (config.TryGetProperty("policy_map", out var map) && map.ValueKind == JsonValueKind.Object)
            names.AddRange(map.EnumerateObject().Select(entry => PolicyName(entry.Value)));
        return names.Distinct().ToList() switch
        {
            [] => Float32,
            [var name] => name,
            var several => throw new CommonProblemException(
                $"is a DTypePolicyMap of {string.Join(" and ", several)}; expected one policy for all layers inside. "
                + "Set it in Keras before saving: layer.dtype_policy = 'float32'."),
        };
    }
}
