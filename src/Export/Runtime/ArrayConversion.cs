using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Conversions between the engine's arrays and ONNX Runtime's values.</summary>
internal static class ArrayConversion
{
    /// <summary>Whether arrays hold elements of a type.</summary>
    public static bool Holds(Type type) =>
        type == typeof(float) || type == typeof(Half) || type == typeof(long) || type == typeof(int) || type == typeof(byte) || type == typeof(sbyte)
        || type == typeof(bool) || type == typeof(string);

    /// <summary>A copy of the value; null if the engine does not compute with its element type.</summary>
    public static NDArray? ToArray(OnnxValue value) => value switch
    {
        OnnxValue<float> floats => floats.Tensor,
        OnnxValue<Half> halves => NDArray.From(halves.Tensor),
        OnnxValue<long> longs => longs.Tensor,
        OnnxValue<int> ints => ints.Tensor,
        OnnxValue<byte> bytes => bytes.Tensor,
        OnnxValue<sbyte> bytes => NDArray.From(bytes.Tensor),
        OnnxValue<bool> truths => truths.Tensor,
        OnnxValue<string> texts => texts.Tensor,
        _ => null,
    };

    /// <summary>A copy as an input takes it: a missing last dimension of size 1 is added, and elements become those of its type.</summary>
    /// <exception cref="ModelException">An element is no value of that type.</exception>
    /// <exception cref="InvalidOperationException">Arrays do not hold the input's element type.</exception>
    public static OnnxValue ToOnnx(NDArray array, OnnxTensorInfo input)
    {
        var dims = input.Dimensions;
        if (dims.Count == array.Shape.Count + 1 && dims[^1].Value == 1) array = array.Reshape(array.Shape.Insert(array.Shape.Count, 1));
        var what = $"Input '{input.Name}'";
        if (input.ElementType == typeof(Half)) return ToHalf(array.To(DType.Float32, what));
        return Type.GetTypeCode(input.ElementType) switch
        {
            TypeCode.Single => ToOnnx(array.To(DType.Float32, what)),
            TypeCode.Int64 => ToOnnx(array.To(DType.Int64, what)),
            TypeCode.Int32 => ToOnnx(array.To(DType.Int32, what)),
            TypeCode.String => ToOnnx(array.To(DType.String, what)),
            TypeCode.Boolean => ToOnnx(array.To(DType.Bool, what)),
            TypeCode.Double => OnnxValue.From(Tensor.Create(Array.ConvertAll(array.ToArray(), value => (double)value), array.Shape.TensorLengths())),
            TypeCode.SByte => ToOnnx(array.To(DType.Int8, what)),
            TypeCode.Byte => OnnxValue.From(Tensor.Create(array.ToBytes(what), array.Shape.TensorLengths())),
            _ => throw new InvalidOperationException(
                $"Predict takes float, double, Half, int, long, byte, sbyte, bool or string, but {input} is asked for. "
                + "Use Run, with an OnnxValue for each input."),
        };
    }

    /// <summary>Floats rounded to float16.</summary>
    public static OnnxValue ToHalf(NDArray array)
    {
        var halves = new Half[array.AsFloats().Length];
        TensorPrimitives.ConvertToHalf(array.AsFloats(), halves);
        return OnnxValue.From(Tensor.Create(halves, array.Shape.TensorLengths()));
    }

    public static OnnxValue ToOnnx(NDArray array)
    {
        nint[] lengths = [.. array.Shape.Dims.ToArray().Select(dim => (nint)dim)];
        if (array.DType == DType.String) return OnnxValue.From(Tensor.Create(array.AsTexts().ToArray(), lengths));
        return array.DType switch
        {
            DType.Float32 => Value<float>(),
            DType.Int64 => Value<long>(),
            DType.Int32 => Value<int>(),
            DType.Int8 => Value<sbyte>(),
            DType.UInt8 => Value<byte>(),
            _ => Value<bool>(),
        };

        OnnxValue Value<T>() where T : struct => OnnxValue.From(Tensor.Create(MemoryMarshal.Cast<byte, T>(array.Bytes).ToArray(), lengths));
    }
}
