using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// Reads PNG: all color types, 1 to 16 bits (of 16 the upper 8), interlaced or not. The checksums of its chunks and of its pixels are compared. Colors are
/// taken as they are, without gamma or profile.
/// </summary>
internal static class PngDecoder
{
    private const int Frame = 12;

    // The largest expansion of deflate: a run of 258 bytes takes two bits.
    private const int LargestExpansion = 1032;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>Whether a file begins as a PNG does.</summary>
    public static bool Begins(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    /// <summary>Decodes an image.</summary>
    /// <param name="file">The content of the file, which may be longer.</param>
    /// <param name="length">The bytes of the file.</param>
    /// <param name="request">What it becomes.</param>
    /// <exception cref="InvalidDataException">It is damaged or of a kind that is not supported.</exception>
    /// <exception cref="DataException">It is too large.</exception>
    public static DecodedImage Decode(byte[] file, int length, in ImageRequest request)
    {
        PngHeader? header = null;
        var colors = new PngColors();
        var pieces = new List<(int Start, int Length)>();
        var orientation = 1;
        for (var at = Signature.Length; ;)
        {
            if (length - at < Frame) throw new InvalidDataException("it ends before its end mark");
            var size = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (size > length - at - Frame) throw new InvalidDataException("a chunk is longer than the file");
            var (kind, content) = (BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 4)), at + 8);
            var bytes = file.AsSpan(content, (int)size);
            at += Frame + (int)size;
            if (IsRead(kind) && Crc32.Of(file.AsSpan(content - 4, bytes.Length + 4)) != BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at - 4)))
                throw new InvalidDataException("the checksum of a chunk is wrong");
            if (header is null && kind != Name("IHDR"u8)) throw new InvalidDataException("it does not begin with its header");
            if (kind == Name("IHDR"u8)) header = header is null ? PngHeader.Read(bytes, request) : throw new InvalidDataException("it has two headers");
            else if (kind == Name("PLTE"u8)) colors.SetPalette(bytes);
            else if (kind == Name("tRNS"u8)) colors.SetTransparent(bytes);
            else if (kind == Name("eXIf"u8)) orientation = Exif.Orientation(bytes);
            else if (kind == Name("IDAT"u8)) pieces.Add((content, bytes.Length));
            else if (kind == Name("IEND"u8)) break;
            else if (IsCritical(kind)) throw new InvalidDataException("it has a chunk that is unknown and needed to understand it");
        }

        var data = Unpack(file, pieces, header!.Value);
        var pixels = DecodedImage.Rent(header.Value.Width, header.Value.Height, request.Channels);
        PngPixels.Fill(header.Value, colors, data, pixels, request.Channels);
        ArrayPool<byte>.Shared.Return(data);
        return new(header.Value.Width, header.Value.Height, request.Channels, pixels, orientation);
    }

    private static uint Name(ReadOnlySpan<byte> letters) => BinaryPrimitives.ReadUInt32BigEndian(letters);

    /// <summary>A capital letter says that nobody understands the image without the chunk.</summary>
    private static bool IsCritical(uint kind) => (kind & 0x2000_0000) == 0;

    /// <summary>Texts and times with a wrong checksum harm no pixel, and some programs write them.</summary>
    private static bool IsRead(uint kind) => IsCritical(kind) || kind == Name("tRNS"u8) || kind == Name("eXIf"u8);

    private static byte[] Unpack(byte[] file, List<(int Start, int Length)> pieces, in PngHeader header)
    {
        var (expected, packed) = (header.DataLength, pieces.Sum(piece => (long)piece.Length));

        // Checked before memory is taken, which a small file could fill otherwise.
        if (expected > Array.MaxLength - PngFilter.Padding || expected > packed * LargestExpansion)
            throw new InvalidDataException($"it declares {expected} bytes of pixels, and its {packed} packed bytes cannot hold them");
        var data = ArrayPool<byte>.Shared.Rent((int)expected + PngFilter.Padding);
        int found;
        bool isLonger;
        try
        {
            using var unpacked = new ZLibStream(new PiecesStream(file, pieces), CompressionMode.Decompress);
            found = unpacked.ReadAtLeast(data.AsSpan(0, (int)expected), (int)expected, throwOnEndOfStream: false);

            // Reading on, zlib compares its checksum.
            isLonger = unpacked.ReadByte() >= 0;
        }
        catch (Exception failed) when (failed is IOException or InvalidDataException)
        {
            // zlib's own words speak of archives.
            throw new InvalidDataException("its pixels cannot be unpacked, or their checksum is wrong", failed);
        }

        if (found == expected && !isLonger) return data;
        var held = isLonger ? "more" : found.ToString(CultureInfo.InvariantCulture);
        throw new InvalidDataException($"it declares {expected} bytes of pixels but holds {held}");
    }
}
