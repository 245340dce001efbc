using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Conversions between the engine's arrays and ONNX Runtime's values.</summary>
internal static class ArrayConversion
{
    /// <summary>A copy of the value; null if the engine does not compute with its element type.</summary>
    public static NDArray? ToArray(OnnxValue value) => value switch
    {
        OnnxValue<float> floats => floats.Tensor,
        OnnxValue<long> longs => longs.Tensor,
        OnnxValue<int> ints => ints.Tensor,
        OnnxValue<bool> truths => truths.Tensor,
        _ => null,
    };

    public static OnnxValue ToOnnx(NDArray array)
    {
        nint[] lengths = [.. array.Shape.Dims.ToArray().Select(dim => (nint)dim)];
        return array.DType switch
        {
            DType.Float32 => Value<float>(),
            DType.Int64 => Value<long>(),
            DType.Int32 => Value<int>(),
            _ => Value<bool>(),
        };

        OnnxValue Value<T>() where T : struct => OnnxValue.From(Tensor.Create(MemoryMarshal.Cast<byte, T>(array.Bytes).ToArray(), lengths));
    }
}
