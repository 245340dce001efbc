using System.Buffers.Binary;
using System.IO.Compression;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests;

/// <summary>The bytes of PNG files.</summary>
internal static class PngBytes
{
    /// <summary>An 8-bit RGB PNG; pixels are written as given, even if there are more or fewer than the size requires.</summary>
    public static byte[] Of(int height, int width, byte[] pixels)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var row in pixels.Chunk(width * 3))
            {
                zlib.WriteByte(0);
                zlib.Write(row);
            }
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        return [0x89, .. "PNG\r\n\x1a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, [])];

    }

    /// <summary>A chunk with its checksum.</summary>
    public static byte[] Chunk(ReadOnlySpan<byte> kind, byte[] content)
    {
        byte[] bytes = [0, 0, 0, 0, .. kind, .. content, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(bytes, content.Length);
        return Mended(bytes, 0);
    }

    /// <summary>The chunks of a file with right checksums, as far as there are chunks.</summary>
    public static byte[] Mended(byte[] file, int first = 8)
    {
        var bytes = (byte[])file.Clone();
        for (var at = first; at + 12 <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
            if (length > bytes.Length - at - 12) break;
            var end = at + 8 + (int)length;
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(end), Crc32.Of(bytes.AsSpan((at + 4)..end)));
            at = end + 4;
        }

        return bytes;
    }
}
