using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>The elements of an <see cref="NDArray"/>: float[], long[], int[], bool[], string[], or byte[], which may be read as a wider type.</summary>
/// <remarks>8-bit signed integers are a short[]: to .NET, an sbyte[] would be a byte[] too.</remarks>
internal static class ArrayElements
{
    /// <summary>Zeros of an element type.</summary>
    public static Array New(DType type, int length) => type switch
    {
        DType.Float32 => new float[length],
        DType.Int64 => new long[length],
        DType.Int32 => new int[length],
        DType.Int8 => new short[length],
        DType.UInt8 => new byte[length],
        DType.String => Empty(length),
        _ => new bool[length],
    };

    /// <summary>Zeros, stored as other elements are.</summary>
    public static Array Like(Array elements, int length) => elements switch
    {
        float[] => new float[length],
        long[] => new long[length],
        int[] => new int[length],
        byte[] => new byte[length],
        short[] => new short[length],
        string[] => Empty(length),
        _ => new bool[length],
    };

    /// <summary>Copies elements as a type to bytes.</summary>
    public static void Copy(Array elements, int start, int length, DType type, Span<byte> target)
    {
        if (elements is byte[] bytes) Widen(bytes.AsSpan(start, length), type, target);
        else if (elements is short[] shorts) TensorPrimitives.ConvertTruncating(shorts.AsSpan(start, length), MemoryMarshal.Cast<byte, sbyte>(target));
        else BytesOf(elements, start, length).CopyTo(target);
    }

    /// <summary>The elements themselves, in an array of their type.</summary>
    public static Array Widened(Array elements, DType type)
    {
        if (elements is short[] shorts) return Array.ConvertAll(shorts, value => unchecked((byte)value));
        if (elements is not byte[] bytes || type == DType.UInt8) return elements;
        switch (type)
        {
            case DType.Float32:
                var floats = new float[bytes.Length];
                Widen(bytes, type, MemoryMarshal.AsBytes(floats.AsSpan()));
                return floats;
            case DType.Int32:
                var ints = new int[bytes.Length];
                Widen(bytes, type, MemoryMarshal.AsBytes(ints.AsSpan()));
                return ints;
            default:
                var longs = new long[bytes.Length];
                Widen(bytes, type, MemoryMarshal.AsBytes(longs.AsSpan()));
                return longs;
        }
    }

    /// <summary>Elements as bytes; those of a byte[] are not read as a wider type.</summary>
    public static ReadOnlySpan<byte> BytesOf(Array elements, int start, int length) => elements switch
    {
        float[] floats => MemoryMarshal.AsBytes(floats.AsSpan(start, length)),
        long[] longs => MemoryMarshal.AsBytes(longs.AsSpan(start, length)),
        int[] ints => MemoryMarshal.AsBytes(ints.AsSpan(start, length)),
        byte[] bytes => bytes.AsSpan(start, length),
        _ => MemoryMarshal.AsBytes(((bool[])elements).AsSpan(start, length)),
    };

    /// <summary>The elements as float32; whole numbers beyond 2^24 are rounded.</summary>
    public static ReadOnlySpan<float> Floats(Array elements)
    {
        if (elements is float[] floats) return floats;
        if (elements is string[]) throw IsText("The data");
        var values = new float[elements.Length];
        switch (elements)
        {
            case long[] longs: TensorPrimitives.ConvertTruncating<long, float>(longs, values); break;
            case int[] ints: TensorPrimitives.ConvertTruncating<int, float>(ints, values); break;
            case byte[] bytes: TensorPrimitives.ConvertTruncating<byte, float>(bytes, values); break;
            case short[] shorts: TensorPrimitives.ConvertTruncating<short, float>(shorts, values); break;
            case bool[] truths:
                for (var i = 0; i < values.Length; i++) values[i] = truths[i] ? 1 : 0;
                break;
        }

        return values;
    }

    /// <summary>The elements as integers.</summary>
    /// <exception cref="ModelException">One is not a whole number; the message names it.</exception>
    public static long[] Longs(Array elements, string what)
    {
        if (elements is string[]) throw IsText(what);
        var values = new long[elements.Length];
        switch (elements)
        {
            case long[] longs: longs.CopyTo(values, 0); break;
            case int[] ints: TensorPrimitives.ConvertTruncating<int, long>(ints, values); break;
            case byte[] bytes: TensorPrimitives.ConvertTruncating<byte, long>(bytes, values); break;
            case short[] shorts: TensorPrimitives.ConvertTruncating<short, long>(shorts, values); break;
            case bool[] truths:
                for (var i = 0; i < values.Length; i++) values[i] = truths[i] ? 1 : 0;
                break;
            case float[] floats:
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = float.IsInteger(floats[i]) && MathF.Abs(floats[i]) < 9.2e18f
                        ? (long)floats[i]
                        : throw new ModelException($"{what} takes integers, but element {i} is {floats[i]}.");
                }

                break;
        }

        return values;
    }

    /// <summary>The elements as 32-bit integers.</summary>
    /// <exception cref="ModelException">One is not such a number; the message names it and ends with the remedy.</exception>
    public static int[] Ints(Array elements, string what, string remedy)
    {
        var longs = Longs(elements, what);
        var beyond = Array.FindIndex(longs, value => value is < int.MinValue or > int.MaxValue);
        return beyond < 0
            ? Array.ConvertAll(longs, value => (int)value)
            : throw new ModelException($"{what} takes int32, but element {beyond} is {longs[beyond]}. {remedy}");
    }

    /// <summary>One element as float32.</summary>
    public static float Float(Array elements, int place) => elements switch
    {
        float[] floats => floats[place],
        long[] longs => longs[place],
        int[] ints => ints[place],
        byte[] bytes => bytes[place],
        short[] shorts => shorts[place],
        string[] => throw IsText("The array"),
        _ => ((bool[])elements)[place] ? 1 : 0,
    };

    /// <summary>Copies all elements to an array of .NET of any rank: float, double, int or long.</summary>
    /// <exception cref="ModelException">An element is no number of that type; the message names it.</exception>
    public static void CopyTo<T>(Array elements, Array target, string what)
    {
        if (typeof(T) == typeof(float)) Floats(elements).CopyTo(SpanOf<float>(target));
        else if (typeof(T) == typeof(long)) Longs(elements, what).CopyTo(SpanOf<long>(target));
        else if (typeof(T) == typeof(int)) Ints(elements, what, "Use long.").CopyTo(SpanOf<int>(target));
        else if (elements is long[] or int[]) TensorPrimitives.ConvertTruncating<long, double>(Longs(elements, what), SpanOf<double>(target));
        else TensorPrimitives.ConvertTruncating(Floats(elements), SpanOf<double>(target));
    }

    /// <summary>The elements of an array of any rank, row by row.</summary>
    public static Span<T> SpanOf<T>(Array array) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

    /// <summary>The refusal of text where numbers are computed with.</summary>
    public static ModelException IsText(string what) => new(
        $"{what} holds text where numbers are needed. Begin the model with an input of dtype: DType.String and StringLookup, TextVectorization or Hashing, "
        + "or make numbers of the text before.");

    private static string[] Empty(int length)
    {
        var texts = new string[length];
        Array.Fill(texts, "");
        return texts;
    }

    private static void Widen(ReadOnlySpan<byte> source, DType type, Span<byte> target)
    {
        switch (type)
        {
            case DType.Float32: TensorPrimitives.ConvertTruncating(source, MemoryMarshal.Cast<byte, float>(target)); break;
            case DType.Int32: TensorPrimitives.ConvertTruncating(source, MemoryMarshal.Cast<byte, int>(target)); break;
            case DType.UInt8: source.CopyTo(target); break;
            default: TensorPrimitives.ConvertTruncating(source, MemoryMarshal.Cast<byte, long>(target)); break;
        }
    }
}
