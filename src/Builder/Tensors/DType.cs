namespace OnnxFunctional;

/// <summary>The type of a tensor's elements, named as Keras and ONNX name them.</summary>
public enum DType
{
    /// <summary>32-bit floating point: weights, activations, losses.</summary>
    Float32,

    /// <summary>64-bit floating point.</summary>
    Float64,

    /// <summary>16-bit floating point (IEEE half).</summary>
    Float16,

    /// <summary>16-bit floating point with the exponent of a float32.</summary>
    BFloat16,

    /// <summary>32-bit signed integers.</summary>
    Int32,

    /// <summary>64-bit signed integers: class labels, token ids.</summary>
    Int64,

    /// <summary>True or false, one byte each.</summary>
    Bool,

    /// <summary>Text: the input of StringLookup, TextVectorization and Hashing.</summary>
    String,
}

/// <summary>Properties of element types for shape rules and the engine.</summary>
internal static class DTypes
{
    public static bool IsFloating(this DType type) => type is DType.Float32 or DType.Float64 or DType.Float16 or DType.BFloat16;

    /// <summary>Whether it is a 16-bit floating-point type, which the engine stores but does not compute in.</summary>
    public static bool IsHalfWidth(this DType type) => type is DType.Float16 or DType.BFloat16;

    public static bool IsInteger(this DType type) => type is DType.Int32 or DType.Int64;

    /// <summary>The size of one element in bytes; strings have none.</summary>
    public static int Size(this DType type) => type switch
    {
        DType.Float32 or DType.Int32 => 4,
        DType.Float64 or DType.Int64 => 8,
        DType.Float16 or DType.BFloat16 => 2,
        DType.Bool => 1,
        _ => throw new ModelException(
            $"Elements of type {type.KerasName()} have no fixed size; text is only looked up. "
            + "Make numbers of it first, with StringLookup, TextVectorization or Hashing."),
    };

    /// <summary>The name Keras writes in files: <c>float32</c>, <c>bool</c> ...</summary>
    public static string KerasName(this DType type) => type switch
    {
        DType.BFloat16 => "bfloat16",
        _ => type.ToString().ToLowerInvariant(),
    };
}
