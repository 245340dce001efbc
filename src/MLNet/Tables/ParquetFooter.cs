using System.Buffers.Binary;
using OnnxFunctional.Training;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>The end of a Parquet file: its description, the length of that in four bytes, and PAR1.</summary>
/// <remarks>https://parquet.apache.org/docs/file-format.</remarks>
internal static class ParquetFooter
{
    private const int TailBytes = 8;

    private static ReadOnlySpan<byte> Mark => "PAR1"u8;

    /// <summary>Refuses a file that is no Parquet file, or whose description declares more than it holds.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name in messages.</param>
    /// <exception cref="DataException">It is of another kind.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static void Check(FileStream file, string name)
    {
        Span<byte> tail = stackalloc byte[TailBytes];
        if (!TryRead(file, 0, tail[..Mark.Length]) || !Mark.SequenceEqual(tail[..Mark.Length]))
            throw new DataException($"{name} is no Parquet file: it does not begin with PAR1. Tables of text are read by CsvRows.");
        if (file.Length < Mark.Length + TailBytes) throw Damaged("it ends after its first bytes");
        if (!TryRead(file, file.Length - TailBytes, tail) || !Mark.SequenceEqual(tail[4..])) throw Damaged("it does not end in PAR1");
        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length <= 0 || length > file.Length - TailBytes - Mark.Length) throw Damaged($"its description takes {length} bytes of {file.Length}");
        var bytes = new byte[length];
        if (!TryRead(file, file.Length - TailBytes - length, bytes) || !new ThriftStructure(bytes).TryWalk(ThriftType.FileMetaData, [], []))
            throw Damaged("its description declares more than it holds");

        static InvalidDataException Damaged(string how) => new(how);
    }

    private static bool TryRead(FileStream file, long place, Span<byte> target)
    {
        for (int read; !target.IsEmpty; place += read, target = target[read..])
        {
            if ((read = RandomAccess.Read(file.SafeFileHandle, target, place)) == 0) return false;
        }

        return true;
    }
}
