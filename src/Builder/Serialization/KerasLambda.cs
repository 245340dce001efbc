using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <summary>A Lambda of Keras over one of Keras' own functions, which its file names: a step of that function. Python code in a file is never run.</summary>
internal static class KerasLambda
{
    /// <exception cref="ModelException">The layer holds code, or names a function that is not known here.</exception>
    public static KerasFunction Read(JsonElement config, string name)
    {
        if (!config.TryGetProperty("function", out var function)
            || ModelReader.Text(function, "class_name") != "function"
            || ModelReader.Text(function, "config") is not { } called)
        {
            throw new ModelException(
                "a Lambda holds Python code, which is never run here. Write the function with Ops in a class derived from Layer, "
                + "add the class with CustomObjects.Add, and save the Keras model with that layer in place of the Lambda.");
        }

        var module = ModelReader.Text(function, "module") ?? "";
        var isKeras = KerasFunctions.IsModule(module) || module.StartsWith("keras.activations", StringComparison.Ordinal)
            || module.StartsWith("keras.src.activations", StringComparison.Ordinal);
        if (!isKeras || KerasFunctions.ClassOf(called) is not { } className)
        {
            throw new ModelException(
                $"a Lambda calls the function '{called}' of {(module.Length == 0 ? "an unknown module" : module)}, which a file does not hold. "
                + "Write it with Ops in a class derived from Layer, add the class with CustomObjects.Add, and save the Keras model with that layer in place of "
                + "the Lambda.");
        }

        if (config.TryGetProperty("mask", out var mask) && mask.ValueKind != JsonValueKind.Null)
            throw new ModelException("a Lambda makes a mask of its own, which is not supported. Make the mask in a layer of its own.");
        var arguments = config.TryGetProperty("arguments", out var given) && given.ValueKind == JsonValueKind.Object ? given : JsonElement.Parse("{}");
        return KerasFunctions.Make(KerasFunctions.ModuleOf(className), className, arguments, name);
    }
}
