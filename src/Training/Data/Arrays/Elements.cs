using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>The elements of an array, wherever they lie: in an array or a tensor of .NET, in a file, or converted from such while they are read.</summary>
/// <remarks>Places are 64-bit, and no span need hold all elements: arrays may be larger than 2 GiB, and files larger than memory.</remarks>
internal abstract class Elements
{
    /// <summary>How many elements are read at a time where all are read, or are converted.</summary>
    public const int ChunkLength = 1 << 14;

    /// <summary>The number of elements.</summary>
    public abstract long Length { get; }

    /// <summary>The bytes of memory that the elements take; of texts those of their characters.</summary>
    public abstract long HeldBytes { get; }

    /// <summary>Whether the elements are read from a file each time.</summary>
    public abstract bool IsInFile { get; }

    /// <summary>The bytes from 0 to 255 that are widened where they are read, because images fill memory; null if elements are no such bytes.</summary>
    public abstract Elements<byte>? Narrow { get; }

    /// <summary>A range of the elements: a view, not a copy.</summary>
    /// <param name="start">The first element.</param>
    /// <param name="length">How many.</param>
    public abstract Elements Slice(long start, long length);

    /// <summary>A copy of some rows in memory.</summary>
    /// <param name="rows">The indices of the rows.</param>
    /// <param name="size">The elements of a row; all rows together fit into an array.</param>
    public abstract Elements Take(ReadOnlySpan<int> rows, long size);

    /// <summary>A copy of rows of several of this type in memory.</summary>
    /// <param name="sources">For each row, elements of the same type as these.</param>
    /// <param name="rows">The indices of the rows in them.</param>
    /// <param name="size">The elements of a row; all rows together fit into an array.</param>
    public abstract Elements Gather(ReadOnlySpan<Elements> sources, ReadOnlySpan<int> rows, long size);

    /// <summary>The elements of several of this type, one after the other, in memory.</summary>
    /// <param name="parts">Elements of the same type as these.</param>
    /// <param name="length">How many they are together.</param>
    public abstract Elements Join(IReadOnlyList<Elements> parts, int length);

    /// <summary>Copies consecutive numbers to bytes.</summary>
    /// <param name="start">The first element.</param>
    /// <param name="target">The bytes; as many elements are copied as fit.</param>
    public abstract void CopyTo(long start, Span<byte> target);

    /// <summary>Zeros, or empty texts, of a type of the engine.</summary>
    public static Elements Zeros(DType type, int length)
    {
        if (type != DType.String) return ZeroNumbers(type, length);
        var texts = new string[length];
        Array.Fill(texts, "");
        return new HeldElements<string>(texts);
    }

    /// <summary>Numbers of a type of the engine from their bytes.</summary>
    public static Elements OfBytes(DType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DType.Float32 => new HeldElements<float>(MemoryMarshal.Cast<byte, float>(bytes).ToArray()),
        DType.Int64 => new HeldElements<long>(MemoryMarshal.Cast<byte, long>(bytes).ToArray()),
        DType.Int32 => new HeldElements<int>(MemoryMarshal.Cast<byte, int>(bytes).ToArray()),
        DType.Int8 => new HeldElements<sbyte>(MemoryMarshal.Cast<byte, sbyte>(bytes).ToArray()),
        DType.UInt8 => new HeldElements<byte>(bytes.ToArray()),
        _ => new HeldElements<bool>(MemoryMarshal.Cast<byte, bool>(bytes).ToArray()),
    };

    private static Elements ZeroNumbers(DType type, int length) => type switch
    {
        DType.Float32 => new HeldElements<float>(new float[length]),
        DType.Int64 => new HeldElements<long>(new long[length]),
        DType.Int32 => new HeldElements<int>(new int[length]),
        DType.Int8 => new HeldElements<sbyte>(new sbyte[length]),
        DType.UInt8 => new HeldElements<byte>(new byte[length]),
        _ => new HeldElements<bool>(new bool[length]),
    };
}
