using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>The elements of a NumPy array, converted while reading.</summary>
internal static class NpyElements
{
    /// <summary>Reads one array and nothing after it.</summary>
    /// <param name="stream">The array, from its first byte.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="checkLength">Receives the declared length of header and elements before memory is allocated for them.</param>
    public static Tensor<T> Read<T>(Stream stream, string name, Action<Int128> checkLength)
        where T : struct, INumberBase<T>
    {
        var header = NpyHeader.Read(stream, name, out var headerBytes);
        var count = Count(header, name);
        checkLength(headerBytes + (count * header.Size));
        if (count > Array.MaxLength)
        {
            throw new DataException(
                $"{name} has {count} elements, but a tensor holds at most {Array.MaxLength}. Open it with Npy.Open, or save it in parts.");
        }

        if (header.Kind == 'f' && CheckedNumbers.IsInteger<T>())
        {
            throw new DataException(
                $"{name} holds floats ({header.TypeName}) but was read as {typeof(T).Name}, which would lose their fractions. Read it as float.");
        }

        var elements = GC.AllocateUninitializedArray<T>((int)count);
        var reader = NumberReader<T>.Of(header.TypeName, header.IsBigEndian == BitConverter.IsLittleEndian, name);

        // Tensor<T> has no shape for a scalar; one element along one axis is the nearest.
        var lengths = header.Shape.Length == 0 ? [1] : Array.ConvertAll(header.Shape, length => (nint)length);
        if (header.IsColumnMajor) ColumnMajor.Read(reader, stream, elements, lengths);
        else reader.Read(stream, elements);
        return Tensor.Create(elements, lengths);
    }

    /// <summary>An array whose elements stay in its file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">It is damaged, or holds what is not read in place.</exception>
    public static NDArray Open(string path)
    {
        var name = "'" + path + "'";
        var (header, start, length) = DataFile.ReadRaw(path, stream =>
        {
            if (stream.ReadByte() == 0x1F && stream.ReadByte() == 0x8B) throw NotInPlace(name, "is compressed with gzip");
            stream.Position = 0;
            return (NpyHeader.Read(stream, name, out var headerBytes), headerBytes, stream.Length);
        });
        var count = Count(header, name);
        var declared = start + (count * header.Size);
        if (declared != length)
        {
            throw new DataException(
                $"{name} declares {declared} bytes but holds {length}: it was cut off, or is not written to its end. Copy or download it again.");
        }

        if (header.IsColumnMajor) throw NotInPlace(name, "lies column by column (Fortran's order)");
        if (header.Size > 1 && header.IsBigEndian == BitConverter.IsLittleEndian) throw NotInPlace(name, "has the byte order of other machines");
        if (header.Shape.FirstOrDefault(dim => dim > int.MaxValue) is > 0 and var large)
            throw new DataException($"{name} has a dimension of {large}; expected at most {int.MaxValue}. Reshape it before saving.");
        var shape = Shape.Of(Array.ConvertAll(header.Shape, dim => (int)dim));
        var file = new OpenedFile(path, length);
        return header.TypeName switch
        {
            "f2" => InPlace<Half>(),
            "f4" => InPlace<float>(),
            "f8" => InPlace<double>(),
            "i1" => InPlace<sbyte>(),
            "i2" => InPlace<short>(),
            "i4" => InPlace<int>(),
            "i8" => InPlace<long>(),
            "u1" => InPlace<byte>(),
            "u2" => InPlace<ushort>(),
            "u4" => InPlace<uint>(),
            "b1" => new NDArray(shape, DType.Bool, ElementConversions.Truths(new FileElements<byte>(file, start, (long)count))),
            _ => throw NotInPlace(name, "holds 64-bit integers without sign"),
        };

        NDArray InPlace<T>()
            where T : unmanaged => ElementType.Of(typeof(T)).From(new FileElements<T>(file, start, (long)count), shape);
    }

    /// <summary>NumPy's name of a type in this machine's byte order.</summary>
    public static string TypeName<T>()
    {
        var order = BitConverter.IsLittleEndian ? '<' : '>';
        return Type.GetTypeCode(typeof(T)) switch
        {
            TypeCode.Single => order + "f4",
            TypeCode.Double => order + "f8",
            TypeCode.SByte => "|i1",
            TypeCode.Byte => "|u1",
            TypeCode.Int16 => order + "i2",
            TypeCode.UInt16 => order + "u2",
            TypeCode.Int32 => order + "i4",
            TypeCode.UInt32 => order + "u4",
            TypeCode.Int64 => order + "i8",
            TypeCode.UInt64 => order + "u8",
            TypeCode.Boolean => "|b1",
            _ when typeof(T) == typeof(Half) => order + "f2",
            _ => throw new ArgumentException($"Elements of type {typeof(T).Name} are not supported. Use float, double, Half, an integer type or bool."),
        };
    }

    /// <summary>Writes header and elements.</summary>
    public static void Write<T>(Stream stream, Tensor<T> tensor)
        where T : unmanaged
    {
        stream.Write(NpyHeader.Write(TypeName<T>(), tensor.Lengths));
        HeldElements<T>.Of(tensor).WriteTo(stream);
    }

    private static Int128 Count(NpyHeader header, string name)
    {
        Int128 count = 1;
        foreach (var length in header.Shape)
        {
            count *= length;
            if (count > long.MaxValue) throw new DataException($"{name} declares more than 2^63 elements: it is damaged. Save it again with numpy.save.");
        }

        return count;
    }

    private static DataException NotInPlace(string name, string why) => new($"{name} {why}, so it cannot be used where it lies. Read it with Npy.Read.");
}
