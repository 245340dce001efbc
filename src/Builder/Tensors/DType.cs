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

    /// <summary>8-bit signed integers, which are moved, converted and quantized: weights and activations of quantized files.</summary>
    Int8,

    /// <summary>8-bit unsigned integers, which are moved, converted and quantized: pixels, activations of quantized files.</summary>
    UInt8,
}

/// <summary>Properties of element types for shape rules and the engine.</summary>
internal static class DTypes
{
    /// <summary>The types that models in Keras' files compute with; arithmetic of 8-bit integers wraps around there.</summary>
    public static IEnumerable<DType> InKerasFiles => Enum.GetValues<DType>().Where(type => !type.Is8Bit());

    public static bool IsFloating(this DType type) => type is DType.Float32 or DType.Float64 or DType.Float16 or DType.BFloat16;

    /// <summary>Whether it is a 16-bit floating-point type, which the engine stores but does not compute in.</summary>
    public static bool IsHalfWidth(this DType type) => type is DType.Float16 or DType.BFloat16;

    public static bool IsInteger(this DType type) => type is DType.Int32 or DType.Int64;

    /// <summary>Whether it is an 8-bit integer type, whose elements are moved, converted and quantized, but not computed with.</summary>
    public static bool Is8Bit(this DType type) => type is DType.Int8 or DType.UInt8;

    /// <summary>The smallest and the largest number of an 8-bit integer type.</summary>
    public static (float Lowest, float Highest) RangeOf8Bit(this DType type) =>
        type == DType.Int8 ? (sbyte.MinValue, sbyte.MaxValue) : (byte.MinValue, byte.MaxValue);

    /// <summary>The size of one element in bytes; strings have none.</summary>
    public static int Size(this DType type) => type switch
    {
        DType.Float32 or DType.Int32 => 4,
        DType.Float64 or DType.Int64 => 8,
        DType.Float16 or DType.BFloat16 => 2,
        DType.Bool or DType.Int8 or DType.UInt8 => 1,
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
