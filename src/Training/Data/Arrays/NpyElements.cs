using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>The elements of a NumPy array, converted while reading.</summary>
internal static class NpyElements
{
    private const int ChunkBytes = 1 << 16;

    /// <summary>Reads one array and nothing after it.</summary>
    /// <param name="stream">The array, from its first byte.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="checkLength">Receives the declared length of header and elements before memory is allocated for them.</param>
    public static Tensor<T> Read<T>(Stream stream, string name, Action<Int128> checkLength)
        where T : struct, INumberBase<T>
    {
        var header = NpyHeader.Read(stream, name, out var headerBytes);
        Int128 count = 1;
        foreach (var length in header.Shape)
        {
            count *= length;
            if (count > long.MaxValue) throw new DataException($"{name} declares more than 2^63 elements: it is damaged. Save it again with numpy.save.");
        }

        checkLength(headerBytes + (count * header.Size));
        if (count > Array.MaxLength)
            throw new DataException($"{name} has {count} elements, but a tensor holds at most {Array.MaxLength}. Save it in parts.");
        if (header.Kind == 'f' && IsInteger<T>())
        {
            throw new DataException(
                $"{name} holds floats ({header.TypeName}) but was read as {typeof(T).Name}, which would lose their fractions. Read it as float.");
        }

        var elements = new T[(int)count];
        Fill(stream, header, name, elements);
        // Tensor<T> has no shape for a scalar; one element along one axis is the nearest.
        var lengths = header.Shape.Length == 0 ? [1] : Array.ConvertAll(header.Shape, length => (nint)length);
        return Tensor.Create(header.IsColumnMajor ? ToRowMajor(elements, lengths) : elements, lengths);
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
        var elements = new T[checked((int)tensor.FlattenedLength)];
        tensor.FlattenTo(elements);
        var rest = elements.AsSpan();
        var perChunk = ChunkBytes / sizeof(ulong);
        for (; rest.Length > perChunk; rest = rest[perChunk..]) stream.Write(MemoryMarshal.AsBytes(rest[..perChunk]));
        stream.Write(MemoryMarshal.AsBytes(rest));
    }

    private static bool IsInteger<T>()
        where T : struct, INumberBase<T> => T.CreateTruncating(0.5) == T.Zero;

    private static void Fill<T>(Stream stream, NpyHeader header, string name, T[] elements)
        where T : struct, INumberBase<T>
    {
        switch (header.TypeName)
        {
            case "f2":
                Fill<Half, T>(stream, header, name, elements);
                break;
            case "f4":
                Fill<float, T>(stream, header, name, elements);
                break;
            case "f8":
                Fill<double, T>(stream, header, name, elements);
                break;
            case "i1":
                Fill<sbyte, T>(stream, header, name, elements);
                break;
            case "i2":
                Fill<short, T>(stream, header, name, elements);
                break;
            case "i4":
                Fill<int, T>(stream, header, name, elements);
                break;
            case "i8":
                Fill<long, T>(stream, header, name, elements);
                break;
            case "u2":
                Fill<ushort, T>(stream, header, name, elements);
                break;
            case "u4":
                Fill<uint, T>(stream, header, name, elements);
                break;
            case "u8":
                Fill<ulong, T>(stream, header, name, elements);
                break;
            default:
                // u1 and b1: NumPy stores bool as the bytes 0 and 1.
                Fill<byte, T>(stream, header, name, elements);
                break;
        }
    }

    private static void Fill<TStored, T>(Stream stream, NpyHeader header, string name, T[] elements)
        where TStored : unmanaged, INumberBase<TStored>
        where T : struct, INumberBase<T>
    {
        var chunk = new TStored[Math.Min(elements.Length, ChunkBytes / header.Size)];
        for (var start = 0; start < elements.Length; start += chunk.Length)
        {
            var stored = chunk.AsSpan(0, Math.Min(chunk.Length, elements.Length - start));
            var bytes = MemoryMarshal.AsBytes(stored);
            stream.ReadExactly(bytes);
            if (header.IsBigEndian == BitConverter.IsLittleEndian) ReverseEach(bytes, header.Size);
            for (var i = 0; i < stored.Length; i++)
            {
                try
                {
                    elements[start + i] = T.CreateChecked(stored[i]);
                }
                catch (OverflowException overflow)
                {
                    throw new DataException(
                        $"{name} holds {stored[i]} at flat index {start + i}, which {typeof(T).Name} cannot hold. Read it as float or long.", overflow);
                }

                // Floating-point types become infinite instead of overflowing.
                if (T.IsInfinity(elements[start + i]) && TStored.IsFinite(stored[i]))
                    throw new DataException($"{name} holds {stored[i]} at flat index {start + i}, beyond the range of {typeof(T).Name}. Read it as double.");
            }
        }
    }

    private static void ReverseEach(Span<byte> bytes, int size)
    {
        for (var i = 0; i < bytes.Length; i += size) bytes.Slice(i, size).Reverse();
    }

    private static T[] ToRowMajor<T>(T[] elements, nint[] lengths)
    {
        var result = new T[elements.Length];
        var index = new nint[lengths.Length];
        var strides = new nint[lengths.Length];
        nint stride = 1;
        for (var axis = 0; axis < lengths.Length; axis++)
        {
            strides[axis] = stride;
            stride *= lengths[axis];
        }

        nint source = 0;
        for (var target = 0; target < result.Length; target++)
        {
            result[target] = elements[source];
            for (var axis = lengths.Length - 1; axis >= 0; axis--)
            {
                source += strides[axis];
                if (++index[axis] < lengths[axis]) break;
                source -= lengths[axis] * strides[axis];
                index[axis] = 0;
            }
        }

        return result;
    }
}
