using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxFunctional.Export;

/// <summary>The element types that cross the border to ONNX Runtime, with their C# names.</summary>
internal static class OnnxElementTypes
{
    /// <summary>The .NET type, null where .NET has none.</summary>
    public static Type? ToType(TensorElementType type) => type switch
    {
        TensorElementType.Float => typeof(float),
        TensorElementType.Double => typeof(double),
        TensorElementType.Float16 => typeof(Half),
        TensorElementType.Int8 => typeof(sbyte),
        TensorElementType.UInt8 => typeof(byte),
        TensorElementType.Int16 => typeof(short),
        TensorElementType.UInt16 => typeof(ushort),
        TensorElementType.Int32 => typeof(int),
        TensorElementType.UInt32 => typeof(uint),
        TensorElementType.Int64 => typeof(long),
        TensorElementType.UInt64 => typeof(ulong),
        TensorElementType.Bool => typeof(bool),
        TensorElementType.String => typeof(string),
        _ => null,
    };

    public static bool IsSupported(Type type) => NameOrNull(type) is not null;

    /// <summary>As C# writes it: <c>float</c>, <c>long</c> ...</summary>
    public static string NameOf(Type type) => NameOrNull(type) ?? type.Name;

    private static string? NameOrNull(Type type) =>
        type == typeof(float) ? "float" :
        type == typeof(double) ? "double" :
        type == typeof(Half) ? "Half" :
        type == typeof(sbyte) ? "sbyte" :
        type == typeof(byte) ? "byte" :
        type == typeof(short) ? "short" :
        type == typeof(ushort) ? "ushort" :
        type == typeof(int) ? "int" :
        type == typeof(uint) ? "uint" :
        type == typeof(long) ? "long" :
        type == typeof(ulong) ? "ulong" :
        type == typeof(bool) ? "bool" :
        type == typeof(string) ? "string" : null;
}
