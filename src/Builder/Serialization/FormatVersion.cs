namespace OnnxFunctional.Serialization;

/// <summary>The versions of what this library writes. A reader refuses a higher one before it looks at anything else.</summary>
internal static class FormatVersion
{
    /// <summary>
    /// The format of a model's JSON. Format 1, which names no number, counted the calls of nested functional models from 1 among the arguments of calls.
    /// </summary>
    public const int Architecture = 2;

    /// <summary>The key of that number, beside the outermost class_name, where Keras ignores it.</summary>
    public const string ArchitectureKey = "onnx_functional_format";

    /// <summary>The key of a layer that passes no mask on, beside its class_name, where Keras ignores it.</summary>
    public const string EndsMaskKey = "onnx_functional_ends_mask";

    /// <summary>The end of a sentence about something of a higher version.</summary>
    public static string Newer(long found, int known) =>
        $"was written by a newer version of OnnxFunctional: it has format {found}, and this version reads up to {known}. Update the OnnxFunctional packages.";
}
