using Parquet.Meta;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>The pages of a column in a row group, whose heads are walked before they are read: they declare the memory that is taken for them.</summary>
/// <remarks>https://parquet.apache.org/docs/file-format/data-pages.</remarks>
internal static class ParquetPages
{
    // A head holds the least and the largest value of its page, which are texts at most as long as a page.
    private const int UsualHead = 1 << 12;
    private const int LongestHead = 1 << 24;

    // What a page of zeros becomes by Zstandard, which of all codecs packs them most.
    private const long LargestExpansion = 1 << 16;

    // Fields of PageHeader; field 1 of those that are structures is the number of values.
    private const int UncompressedSize = 2;
    private const int CompressedSize = 3;
    private const int DataPage = 5;
    private const int DataPageV2 = 8;
    private const int Fields = 9;

    /// <summary>Refuses a column whose pages do not lie in the file, or declare more than they can hold.</summary>
    /// <param name="file">The file.</param>
    /// <param name="column">Where the column lies.</param>
    /// <param name="rows">The rows of the row group.</param>
    /// <exception cref="InvalidDataException">It is refused.</exception>
    public static void Check(FileStream file, ColumnChunk column, long rows)
    {
        if (column.MetaData is not { } data) throw Damaged("a column has no description");
        if (data.NumValues != rows) throw Damaged($"a column has {data.NumValues} values in {rows} rows");
        var place = Math.Min(data.DictionaryPageOffset is > 0 and var dictionary ? dictionary : data.DataPageOffset, data.DataPageOffset);
        var size = data.TotalCompressedSize;
        if (place < 0 || size < 0 || place > file.Length || size > file.Length - place) throw Damaged("a column does not lie in the file");
        var end = place + size;
        var head = new byte[UsualHead];
        var (numbers, firsts) = (new long[Fields], new long[Fields]);
        var values = 0L;
        while (place < end)
        {
            var length = Walk(file, place, end, ref head, numbers, firsts);
            var (packed, unpacked) = (numbers[CompressedSize], numbers[UncompressedSize]);
            if (packed < 0 || packed > end - place - length) throw Damaged("a page does not lie in its column");
            var most = data.Codec == CompressionCodec.UNCOMPRESSED ? packed : (packed + 1) * LargestExpansion;
            if (unpacked < 0 || unpacked > most) throw Damaged($"a page of {packed} bytes declares {unpacked}");
            if (data.Codec == CompressionCodec.SNAPPY && firsts[DataPageV2] == 0 && packed > 0 && SnappyLength(file, place + length) != unpacked)
                throw Damaged($"a page of {unpacked} bytes holds another number");
            place += length + packed;
            values += Math.Max(firsts[DataPage], firsts[DataPageV2]);
        }

        if (values != rows) throw Damaged($"the pages of a column have {values} values for {rows} rows");
    }

    private static int Walk(FileStream file, long place, long end, ref byte[] head, long[] numbers, long[] firsts)
    {
        while (true)
        {
            Array.Clear(numbers);
            Array.Clear(firsts);
            var read = RandomAccess.Read(file.SafeFileHandle, head.AsSpan(0, (int)Math.Min(head.Length, end - place)), place);
            var structure = new ThriftStructure(head.AsSpan(0, read));
            if (structure.TryWalk(ThriftType.PageHeader, numbers, firsts)) return structure.Length;
            if (read < head.Length || head.Length == LongestHead) throw Damaged("the head of a page declares more than it holds");
            head = new byte[head.Length * 16];
        }
    }

    /// <summary>The length with which Snappy's form begins, for which memory is taken too.</summary>
    private static long SnappyLength(FileStream file, long place)
    {
        Span<byte> bytes = stackalloc byte[5];
        var read = RandomAccess.Read(file.SafeFileHandle, bytes, place);
        var length = 0L;
        for (var i = 0; i < read; i++)
        {
            length |= (long)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80) return length;
        }

        return -1;
    }

    private static InvalidDataException Damaged(string how) => new(how);
}
