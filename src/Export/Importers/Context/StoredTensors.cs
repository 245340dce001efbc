using System.Runtime.InteropServices;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Importers;

/// <summary>Reads stored tensors: floats of any width as float32, integers and booleans as they are.</summary>
internal static class StoredTensors
{
    /// <summary>The type in which the graph holds elements of a type of the file; null if it holds none of that type.</summary>
    public static DType? TypeOf(int dataType) => (DataType)dataType switch
    {
        DataType.Float or DataType.Float16 or DataType.Bfloat16 or DataType.Double => DType.Float32,
        DataType.Int32 => DType.Int32,
        DataType.Int64 => DType.Int64,
        DataType.Bool => DType.Bool,
        _ => null,
    };

    /// <summary>The 16-bit type to which a cast to that type rounds; null if it is none.</summary>
    public static DType? NarrowOf(int dataType) => (DataType)dataType switch
    {
        DataType.Float16 => DType.Float16,
        DataType.Bfloat16 => DType.BFloat16,
        _ => null,
    };

    /// <summary>The name of a type of the file: <c>float16</c>, <c>uint8</c>.</summary>
    public static string NameOf(int dataType) =>
        Enum.IsDefined((DataType)dataType) ? ((DataType)dataType).ToString().ToLowerInvariant() : $"type {dataType}";

    /// <summary>The elements of a stored tensor.</summary>
    /// <exception cref="ModelException">The graph holds no elements of that type.</exception>
    public static TensorData Read(TensorProto tensor, CheckedModel file)
    {
        var type = TypeOf(tensor.DataType) ?? throw new ModelException(
            $"tensor {GuardContext.Quote(tensor.Name)} is of {NameOf(tensor.DataType)}; expected float32, float16, bfloat16, float64, int32, int64 or bool.");
        var shape = OnnxProto.ShapeOf(tensor);
        var isRaw = tensor.HasRawData || tensor.DataLocation == TensorProto.Types.DataLocation.External;
        return (DataType)tensor.DataType switch
        {
            DataType.Float => Of<float>(tensor.FloatData),
            DataType.Int32 => Of<int>(tensor.Int32Data),
            DataType.Int64 => Of<long>(tensor.Int64Data),
            DataType.Double => Floats(Raw<double>(), tensor.DoubleData, value => (float)value, value => (float)value),
            DataType.Float16 => Floats(Raw<Half>(), tensor.Int32Data, value => (float)value, bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits)),
            DataType.Bfloat16 => Floats(Raw<ushort>(), tensor.Int32Data, Widened, bits => Widened((ushort)bits)),
            _ => TensorData.Create(shape, type, Bools()),
        };

        TensorData Of<T>(IReadOnlyList<T> list)
            where T : struct => TensorData.Create(shape, type, isRaw ? Bytes() : MemoryMarshal.AsBytes<T>(list.ToArray()));

        TensorData Floats<TRaw, TListed>(ReadOnlySpan<TRaw> raw, IReadOnlyList<TListed> list, Func<TRaw, float> fromRaw, Func<TListed, float> fromListed)
            where TRaw : struct
        {
            var values = new float[shape.ElementCount];
            for (var i = 0; i < values.Length; i++) values[i] = isRaw ? fromRaw(raw[i]) : fromListed(list[i]);
            return TensorData.Of(shape, values);
        }

        byte[] Bools()
        {
            if (!isRaw) return [.. tensor.Int32Data.Select(value => value == 0 ? (byte)0 : (byte)1)];
            var bytes = Bytes().ToArray();
            foreach (ref var value in bytes.AsSpan()) value = value == 0 ? (byte)0 : (byte)1;
            return bytes;
        }

        ReadOnlySpan<TRaw> Raw<TRaw>()
            where TRaw : struct => isRaw ? MemoryMarshal.Cast<byte, TRaw>(Bytes()) : [];

        ReadOnlySpan<byte> Bytes() => file.BytesOf(tensor);
    }

    private static float Widened(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
