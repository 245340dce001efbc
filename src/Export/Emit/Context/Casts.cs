using System.Runtime.InteropServices;

namespace OnnxFunctional.Export.Emit;

/// <summary>Converts constants to other element types.</summary>
internal static class Casts
{
    /// <summary>The converted constant, or null if the conversion is not supported.</summary>
    public static TensorData? TryConvert(TensorData data, DType to)
    {
        double[]? values = data.Type switch
        {
            DType.Float32 => [.. data.As<float>().ToArray().Select(value => (double)value)],
            DType.Int32 => [.. data.As<int>().ToArray().Select(value => (double)value)],
            // Beyond 2^53 a double would round.
            DType.Int64 when data.As<long>().ToArray().All(
                value => Math.Abs(value) < 1L << 53) => [.. data.As<long>().ToArray().Select(value => (double)value)],
            DType.Int8 => [.. data.As<sbyte>().ToArray().Select(value => (double)value)],
            DType.UInt8 => [.. data.Bytes.ToArray().Select(value => (double)value)],
            DType.Bool => [.. data.As<bool>().ToArray().Select(value => value ? 1.0 : 0.0)],
            _ => null,
        };
        if (values is null || (!to.IsFloating() && values.Any(value => !double.IsFinite(value) || Math.Abs(value) > int.MaxValue))) return null;
        return to switch
        {
            DType.Float32 => TensorData.Of(data.Shape, [.. values.Select(value => (float)value)]),
            DType.Float64 => TensorData.Create(data.Shape, to, MemoryMarshal.AsBytes<double>(values)),
            DType.Float16 => TensorData.Create(data.Shape, to, MemoryMarshal.AsBytes<Half>(values.Select(value => (Half)value).ToArray())),
            DType.Int32 => TensorData.Of(data.Shape, [.. values.Select(value => (int)value)]),
            DType.Int64 => TensorData.Of(data.Shape, [.. values.Select(value => (long)value)]),
            DType.Int8 or DType.UInt8 => TensorData.Create(data.Shape, to, [.. values.Select(value => unchecked((byte)(int)value))]),
            DType.Bool => TensorData.Of(data.Shape, [.. values.Select(value => value != 0)]),
            _ => null,
        };
    }
}
