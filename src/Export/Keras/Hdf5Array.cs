using System.Buffers.Binary;
using System.Globalization;

namespace OnnxFunctional.Export.Keras;

/// <summary>How the elements of an array in an HDF5 file are stored.</summary>
internal enum Hdf5Element
{
    Float16,
    Float32,
    Float64,
    Signed,
    Unsigned,
}

/// <summary>An array of an HDF5 file: its shape, and its bytes within the file.</summary>
internal sealed record Hdf5Array(string Path, int[] Dims, Hdf5Element Element, int ElementSize, ReadOnlyMemory<byte> Bytes)
{
    public int Count => Bytes.Length / ElementSize;

    /// <summary>What keeps the elements from becoming float32: a number beyond its range. Null if nothing does.</summary>
    public string? Misfit()
    {
        if (Element != Hdf5Element.Float64) return null;
        var bytes = Bytes.Span;
        for (var i = 0; i < Count; i++)
        {
            var value = BinaryPrimitives.ReadDoubleLittleEndian(bytes.Slice(i * ElementSize, ElementSize));
            if (double.IsFinite(value) && float.IsInfinity((float)value))
                return string.Create(CultureInfo.InvariantCulture, $"holds {value} at flat index {i}, beyond the range of float32");
        }

        return null;
    }

    /// <summary>Copies the elements as float32; all supported types are little-endian.</summary>
    public void CopyTo(Span<float> values)
    {
        var bytes = Bytes.Span;
        for (var i = 0; i < values.Length; i++)
        {
            var element = bytes.Slice(i * ElementSize, ElementSize);
            values[i] = (Element, ElementSize) switch
            {
                (Hdf5Element.Float32, _) => BinaryPrimitives.ReadSingleLittleEndian(element),
                (Hdf5Element.Float64, _) => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
                (Hdf5Element.Float16, _) => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                (Hdf5Element.Signed, 1) => (sbyte)element[0],
                (Hdf5Element.Signed, 2) => BinaryPrimitives.ReadInt16LittleEndian(element),
                (Hdf5Element.Signed, 4) => BinaryPrimitives.ReadInt32LittleEndian(element),
                (Hdf5Element.Signed, _) => BinaryPrimitives.ReadInt64LittleEndian(element),
                (_, 1) => element[0],
                (_, 2) => BinaryPrimitives.ReadUInt16LittleEndian(element),
                (_, 4) => BinaryPrimitives.ReadUInt32LittleEndian(element),
                _ => BinaryPrimitives.ReadUInt64LittleEndian(element),
            };
        }
    }
}
