using System.Runtime.InteropServices;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Importers;

/// <summary>Reads stored tensors: floats of any width as float32, 4-bit integers as 8-bit ones, other integers and booleans as they are.</summary>
internal static class StoredTensors
{
    /// <summary>The type in which the graph holds elements of a type of the file; null if it holds none of that type.</summary>
    public static DType? TypeOf(int dataType) => (DataType)dataType switch
    {
        DataType.Float or DataType.Float16 or DataType.Bfloat16 or DataType.Double => DType.Float32,
        DataType.Int32 => DType.Int32,
        DataType.Int64 => DType.Int64,
        DataType.Int8 => DType.Int8,
        DataType.Uint8 => DType.UInt8,
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

    /// <summary>The types that <see cref="TypeOf"/> knows, for messages.</summary>
    public const string Taken = "float32, float16, bfloat16, float64, int8, uint8, int32, int64 or bool";

    /// <summary>The name of a type of the file: <c>float16</c>, <c>uint8</c>.</summary>
    public static string NameOf(int dataType) =>
        Enum.IsDefined((DataType)dataType) ? ((DataType)dataType).ToString().ToLowerInvariant() : $"type {dataType}";

    /// <summary>The elements of a stored tensor.</summary>
    /// <exception cref="ModelException">The graph holds no elements of that type.</exception>
    public static TensorData Read(TensorProto tensor, CheckedModel file)
    {
        var type = TypeOf(tensor.DataType) ?? Unpacked(tensor.DataType) ?? throw new ModelException(
            $"tensor {GuardContext.Quote(tensor.Name)} is of {NameOf(tensor.DataType)}; expected {Taken}.");
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
            DataType.Int8 or DataType.Uint8 => TensorData.Create(shape, type, isRaw ? Bytes() : [.. tensor.Int32Data.Select(value => unchecked((byte)value))]),
            DataType.Int4 or DataType.Uint4 => TensorData.Create(shape, type, Nibbles()),
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

        // Two in a byte, the first in its lower half.
        byte[] Nibbles()
        {
            var packed = isRaw ? Bytes() : [.. tensor.Int32Data.Select(value => unchecked((byte)value))];
            var values = new byte[shape.ElementCount];
            for (var i = 0; i < values.Length; i++)
            {
                var nibble = (packed[i / 2] >> (i % 2 * 4)) & 0xF;
                values[i] = unchecked((byte)(type == DType.Int8 && nibble > 7 ? nibble - 16 : nibble));
            }

            return values;
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

    /// <summary>The type that holds stored 4-bit integers, which nothing computes; null for other types.</summary>
    private static DType? Unpacked(int dataType) => (DataType)dataType switch
    {
        DataType.Int4 => DType.Int8,
        DataType.Uint4 => DType.UInt8,
        _ => null,
    };

    private static float Widened(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
