using System.Buffers.Binary;

namespace OnnxFunctional.Training.Data;

/// <summary>The checksum of zip, gzip and PNG: IEEE 802.3 with reflected bits.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB8_8320;

    // Table k advances a byte by k further bytes.
    private const int Tables = 8;

    private static readonly uint[][] s_tables = MakeTables();

    /// <summary>The checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Advance(uint.MaxValue, bytes);

    /// <summary>The register after more bytes; it begins with all bits set, and its complement is the checksum.</summary>
    public static uint Advance(uint register, ReadOnlySpan<byte> bytes)
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
