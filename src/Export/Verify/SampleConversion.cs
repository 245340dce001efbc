using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Verify;

/// <summary>Data between the engine's arrays and ONNX Runtime's values.</summary>
internal static class SampleConversion
{
    public static NDArray ToArray(OnnxValue value) =>
        value.ElementType == typeof(float) ? (NDArray)value.As<float>() :
        value.ElementType == typeof(long) ? value.As<long>() :
        value.ElementType == typeof(int) ? value.As<int>() :
        value.ElementType == typeof(bool) ? value.As<bool>() :
        throw new ExportException($"Samples of {value} cannot be verified: the engine computes with float, int, long and bool. Set ExportOptions.Verify = false for such a model.");

    public static OnnxValue ToOnnx(NDArray array)
    {
        nint[] lengths = [.. array.Shape.Dims.ToArray().Select(dim => (nint)dim)];
        return array.DType switch
        {
            DType.Float32 => OnnxValue.From(Tensor.Create(Elements<float>(array), lengths)),
            DType.Int64 => OnnxValue.From(Tensor.Create(Elements<long>(array), lengths)),
            DType.Int32 => OnnxValue.From(Tensor.Create(Elements<int>(array), lengths)),
            _ => OnnxValue.From(Tensor.Create(Elements<bool>(array), lengths)),
        };
    }

    /// <summary>A result of the engine in memory of its own, as floats.</summary>
    public static NDArray Copy(ValueBuffer buffer) => NDArray.Create(
        buffer.Spec.Type switch
        {
            DType.Float32 => buffer.Floats.ToArray(),
            DType.Int64 => [.. buffer.Longs.ToArray().Select(number => (float)number)],
            DType.Int32 => [.. buffer.Ints.ToArray().Select(number => (float)number)],
            DType.Bool => [.. buffer.Bools.ToArray().Select(truth => truth ? 1f : 0)],
            var type => throw new ExportException($"A layer gives {type.KerasName()}, which cannot be compared. Set ExportOptions.Verify = false for such a model."),
        },
        buffer.Shape);

    /// <summary>A result of ONNX Runtime as floats, row by row.</summary>
    public static float[] Floats(OnnxValue value) =>
        value.ElementType == typeof(float) ? Flat(value.As<float>()) :
        value.ElementType == typeof(long) ? [.. Flat(value.As<long>()).Select(number => (float)number)] :
        value.ElementType == typeof(int) ? [.. Flat(value.As<int>()).Select(number => (float)number)] :
        value.ElementType == typeof(bool) ? [.. Flat(value.As<bool>()).Select(truth => truth ? 1f : 0)] :
        throw new ExportException($"A layer gives {value}, which cannot be compared. Set ExportOptions.Verify = false for such a model.");

    private static T[] Elements<T>(NDArray array) where T : struct => MemoryMarshal.Cast<byte, T>(array.Bytes).ToArray();

    private static T[] Flat<T>(Tensor<T> tensor)
    {
        var elements = new T[checked((int)tensor.FlattenedLength)];
        tensor.FlattenTo(elements);
        return elements;
    }
}
