using System.Collections.Frozen;
using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <summary>
/// Keras' functions in descriptions without modules, as .h5 files hold them: some names are those of layers too, which the form of the call tells apart.
/// </summary>
internal static class UnnamedFunctions
{
    private static readonly FrozenSet<string> s_math = FrozenSet.Create("Erf", "Logsumexp", "Rsqrt", "TopK");
    private static readonly FrozenSet<string> s_core = FrozenSet.Create("Cast", "ConvertToTensor", "StopGradient");

    private static readonly FrozenSet<string> s_nn = FrozenSet.Create(
        "Celu", "Elu", "Gelu", "Glu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "LeakyRelu", "LogSigmoid", "LogSoftmax", "OneHot", "Relu", "Relu6",
        "Selu", "Sigmoid", "Silu", "Softmax", "Softplus", "SoftShrink", "Softsign", "SparsePlus", "SparseSigmoid", "Sparsemax", "Squareplus", "TanhShrink");

    /// <summary>The module of the function that an object is; null if it is none.</summary>
    /// <param name="json">The description of a step of a functional model.</param>
    /// <param name="className">Its class.</param>
    /// <param name="config">Its configuration.</param>
    public static string? ModuleOf(JsonElement json, string className, JsonElement config)
    {
        if (!KerasFunctions.Knows(className) || !json.TryGetProperty("inbound_nodes", out var calls)) return null;
        if (KerasRegistry.Layers.TryGetValue(className, out var layer) && !IsFunction(layer, calls, config)) return null;
        return ModuleOf(className);
    }

    /// <summary>The module of a function in Keras.</summary>
    public static string ModuleOf(string className) =>
        s_math.Contains(className) ? "keras.src.ops.math"
        : s_core.Contains(className) ? "keras.src.ops.core"
        : s_nn.Contains(className) ? "keras.src.ops.nn"
        : className == "Norm" ? "keras.src.ops.linalg"
        : "keras.src.ops.numpy";

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
