using System.Buffers.Binary;
using System.IO.Compression;

namespace OnnxFunctional.Training.Data;

/// <summary>The content of a zip entry, compared with its checksum, which <see cref="ZipArchive"/> reads but does not check.</summary>
internal sealed class ZipContent : ForwardStream
{
    // IEEE 802.3 with reflected bits, as zip has it; table k advances a byte by k further bytes.
    private const uint Polynomial = 0xEDB8_8320;
    private const int Tables = 8;

    private static readonly uint[][] s_tables = MakeTables();

    private readonly Stream _content;
    private readonly ZipArchiveEntry _entry;
    private uint _register = uint.MaxValue;

    private ZipContent(ZipArchiveEntry entry) => (_entry, _content) = (entry, entry.Open());

    public override long Length => _entry.Length;

    public override long Position
    {
        get => _content.Position;
        set => throw new NotSupportedException();
    }

    /// <summary>Opens an entry.</summary>
    /// <returns>A stream whose last read, which finds nothing more, compares the checksum.</returns>
    public static Stream Open(ZipArchiveEntry entry) => new ZipContent(entry);

    /// <exception cref="InvalidDataException">It is the last read, and the content is not the one that was packed.</exception>
    public override int Read(Span<byte> buffer)
    {
        var read = _content.Read(buffer);
        _register = Advance(_register, buffer[..read]);
        if (read == 0 && buffer.Length > 0 && ~_register != _entry.Crc32)
            throw new InvalidDataException($"The checksum of its entry '{_entry.FullName}' differs: bytes were changed after it was written.");
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _content.Dispose();
        base.Dispose(disposing);
    }

    private static uint Advance(uint register, ReadOnlySpan<byte> bytes)
    {
        var t = s_tables;
        for (; bytes.Length >= Tables; bytes = bytes[Tables..])
        {
            var low = register ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            register = t[7][(byte)low] ^ t[6][(byte)(low >> 8)] ^ t[5][(byte)(low >> 16)] ^ t[4][low >> 24]
                ^ t[3][(byte)high] ^ t[2][(byte)(high >> 8)] ^ t[1][(byte)(high >> 16)] ^ t[0][high >> 24];
        }

        foreach (var value in bytes) register = (register >> 8) ^ t[0][(byte)register ^ value];
        return register;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[Tables][];
        for (var table = 0; table < Tables; table++)
        {
            tables[table] = new uint[256];
            for (var i = 0; i < 256; i++)
            {
                var value = table == 0 ? (uint)i : tables[table - 1][i];
                for (var bit = 0; bit < 8; bit++) value = (value >> 1) ^ ((value & 1) * Polynomial);
                tables[table][i] = value;
            }
        }

        return tables;
    }
}
