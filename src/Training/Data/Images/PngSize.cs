using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// Checks that a PNG holds as many compressed pixels as its header declares. A decoder that decompresses everything could be made to fill memory by a small
/// file.
/// </summary>
internal static class PngSize
{
    private const int Signature = 8;
    private const int ChunkFrame = 12;

    // The first column and row of each pass of an interlaced image, and the steps between its pixels: https://www.w3.org/TR/png-3/#8Interlace
    private static readonly (int X, int Y, int StepX, int StepY)[] s_passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>Decompresses the pixels without keeping them and compares their number.</summary>
    /// <exception cref="InvalidDataException">There are more or fewer, or the chunks are damaged.</exception>
    public static void Check(byte[] bytes)
    {
        var expected = -1L;
        using var packed = new MemoryStream(bytes.Length);
        for (var at = Signature; at + ChunkFrame <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
            if (length > bytes.Length - at - ChunkFrame) throw new InvalidDataException("a chunk is longer than the file");
            var kind = bytes.AsSpan(at + 4, 4);
            var content = bytes.AsSpan(at + 8, (int)length);
            if (kind.SequenceEqual("IHDR"u8) && expected < 0) expected = Expected(content);
            if (kind.SequenceEqual("IDAT"u8)) packed.Write(content);
            if (kind.SequenceEqual("IEND"u8)) break;
            at += ChunkFrame + (int)length;
        }

        packed.Position = 0;
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var buffer = new byte[1 << 16];
        var count = 0L;
        for (int read; count <= expected && (read = unpacked.Read(buffer)) > 0;) count += read;
        if (count == expected) return;
        var found = count > expected ? "more" : count.ToString(CultureInfo.InvariantCulture);
        throw new InvalidDataException($"it declares {expected} bytes of pixels but holds {found}");
    }

    /// <summary>The bytes of all rows, each with its filter byte.</summary>
    private static long Expected(ReadOnlySpan<byte> header)
    {
        if (header.Length != 13) throw new InvalidDataException("its header has the wrong length");
        long width = BinaryPrimitives.ReadUInt32BigEndian(header);
        long height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        var channels = header[9] switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, _ => throw new InvalidDataException("its color type is unknown") };
        var bits = header[8] * channels;
        if (header[12] == 0) return Rows(width, height);
        var sum = 0L;
        foreach (var (x, y, stepX, stepY) in s_passes) sum += Rows((width - x + stepX - 1) / stepX, (height - y + stepY - 1) / stepY);
        return sum;

        long Rows(long columns, long rows) => columns == 0 ? 0 : rows * (1 + (((columns * bits) + 7) / 8));
    }
}
