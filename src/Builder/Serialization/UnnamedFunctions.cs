using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <summary>
/// Keras' functions in descriptions without modules, as .h5 files hold them: some names are those of layers too, which the form of the call tells apart.
/// </summary>
internal static class UnnamedFunctions
{
    /// <summary>The module of the function that an object is; null if it is none.</summary>
    /// <param name="json">The description of a step of a functional model.</param>
    /// <param name="className">Its class.</param>
    /// <param name="config">Its configuration.</param>
    public static string? ModuleOf(JsonElement json, string className, JsonElement config)
    {
        if (!KerasFunctions.Knows(className) || !json.TryGetProperty("inbound_nodes", out var calls)) return null;
        if (KerasRegistry.Layers.TryGetValue(className, out var layer) && !IsFunction(layer, calls, config)) return null;
        return KerasFunctions.ModuleOf(className);
    }

    /// <summary>
    /// Whether a class that is a layer and a function is the function here: every layer says whether it is trainable, and merging ones take a list.
    /// </summary>
    private static bool IsFunction(KerasType layer, JsonElement calls, JsonElement config)
    {
        if (config.TryGetProperty("trainable", out _)) return false;
        if (config.TryGetProperty("newshape", out _)) return true;
        return layer.Form == CallForm.List
            && calls.ValueKind == JsonValueKind.Array
            && calls.GetArrayLength() > 0
            && calls[0].ValueKind == JsonValueKind.Object
            && calls[0].TryGetProperty("args", out var arguments)
            && arguments.ValueKind == JsonValueKind.Array
            && arguments.GetArrayLength() > 0
            && arguments[0].ValueKind != JsonValueKind.Array;
    }
}
