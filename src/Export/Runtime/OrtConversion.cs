using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Between <see cref="OnnxValue"/> and ONNX Runtime's OrtValue; the element types in one switch each.</summary>
internal static class OrtConversion
{
    /// <summary>An OrtValue over the pinned elements of a value; strings and Half are copied.</summary>
    public static OrtValue ToOrt(OnnxValue value, string name) => value switch
    {
        OnnxValue<float> v => Pinned(v),
        OnnxValue<double> v => Pinned(v),
        OnnxValue<Half> v => HalfCopy(v),
        OnnxValue<sbyte> v => Pinned(v),
        OnnxValue<byte> v => Pinned(v),
        OnnxValue<short> v => Pinned(v),
        OnnxValue<ushort> v => Pinned(v),
        OnnxValue<int> v => Pinned(v),
        OnnxValue<uint> v => Pinned(v),
        OnnxValue<long> v => Pinned(v),
        OnnxValue<ulong> v => Pinned(v),
        OnnxValue<bool> v => Pinned(v),
        OnnxValue<string> v => Strings(v, name),
        _ => throw new ArgumentException($"Input '{name}' holds {value.ElementType.Name}, which ONNX Runtime does not take."),
    };

    /// <summary>A copy of what ONNX Runtime computed, in memory of our own.</summary>
    public static OnnxValue FromOrt(OrtValue value, string name)
    {
        if (!value.IsTensor)
            throw new ExportException($"Output '{name}' is not a tensor ({value.OnnxType}). Ask for the outputs that are tensors only.");

        var info = value.GetTensorTypeAndShape();
        var lengths = Array.ConvertAll(info.Shape, length => checked((nint)length));
        return info.ElementDataType switch
        {
            TensorElementType.Float => Copy<float>(value, lengths),
            TensorElementType.Double => Copy<double>(value, lengths),
            TensorElementType.Float16 => OnnxValue.Of(MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>()).ToArray(), lengths),
            TensorElementType.Int8 => Copy<sbyte>(value, lengths),
            TensorElementType.UInt8 => Copy<byte>(value, lengths),
            TensorElementType.Int16 => Copy<short>(value, lengths),
            TensorElementType.UInt16 => Copy<ushort>(value, lengths),
            TensorElementType.Int32 => Copy<int>(value, lengths),
            TensorElementType.UInt32 => Copy<uint>(value, lengths),
            TensorElementType.Int64 => Copy<long>(value, lengths),
            TensorElementType.UInt64 => Copy<ulong>(value, lengths),
            TensorElementType.Bool => Copy<bool>(value, lengths),
            TensorElementType.String => OnnxValue.Of(value.GetStringTensorAsArray(), lengths),
            var other => throw new ExportException($"Output '{name}' is of type {other}, which .NET has no type for. Add a Cast to float in the graph."),
        };
    }

    private static OnnxValue Copy<T>(OrtValue value, nint[] lengths)
        where T : unmanaged => OnnxValue.Of(value.GetTensorDataAsSpan<T>().ToArray(), lengths);

    private static OrtValue Pinned<T>(OnnxValue<T> value)
        where T : unmanaged
    {
        var tensor = value.Tensor;
        var shape = Shape(value);
        return tensor.IsDense && !tensor.IsEmpty
            ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, new TensorMemory<T>(tensor).Memory, shape)
            : OrtValue.CreateTensorValueFromMemory(Flatten(tensor), shape);
    }

    // ONNX Runtime refuses System.Half and takes its own type of the same bits.
    private static OrtValue HalfCopy(OnnxValue<Half> value) =>
        OrtValue.CreateTensorValueFromMemory(MemoryMarshal.Cast<Half, Float16>(Flatten(value.Tensor)).ToArray(), Shape(value));

    private static OrtValue Strings(OnnxValue<string> value, string name)
    {
        var elements = Flatten(value.Tensor);
        if (Array.IndexOf(elements, null) is var missing and >= 0)
            throw new ArgumentException($"Input '{name}' has no string at flat position {missing} (null). Give an empty string instead.");

        var ort = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, Shape(value));
        for (var i = 0; i < elements.Length; i++) ort.StringTensorSetElementAt(elements[i].AsSpan(), i);
        return ort;
    }

    private static T[] Flatten<T>(Tensor<T> tensor)
    {
        var elements = new T[checked((int)tensor.FlattenedLength)];
        tensor.FlattenTo(elements);
        return elements;
    }

    private static long[] Shape(OnnxValue value) => Array.ConvertAll(value.LengthArray, length => (long)length);
}
