using System.Buffers.Binary;
using System.IO.Compression;

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

        static byte[] Chunk(ReadOnlySpan<byte> kind, byte[] content)
        {
            var bytes = new byte[content.Length + 12];
            BinaryPrimitives.WriteInt32BigEndian(bytes, content.Length);
            kind.CopyTo(bytes.AsSpan(4));
            content.CopyTo(bytes, 8);
            return bytes;
        }
    }
}
