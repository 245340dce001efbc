using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Data;

/// <summary>Rows of components to rows of pixels, in the whole numbers of libjpeg.</summary>
internal static class JpegColors
{
    /// <summary>Brightness and differences to red, green, blue, and opacity if there are four channels. May write up to 32 bytes more.</summary>
    public static void FromYCbCr(
        ReadOnlySpan<byte> brightness, ReadOnlySpan<byte> blueness, ReadOnlySpan<byte> redness, int width, int channels, Span<byte> target)
    {
        for (var x = 0; x < width; x += 8)
        {
            var y = Eight(brightness[x..]);
            var cb = Eight(blueness[x..]) - Vector256.Create(128);
            var cr = Eight(redness[x..]) - Vector256.Create(128);
            var half = Vector256.Create(1 << 15);
            var red = Byte(y + (((cr * 91881) + half) >> 16));
            var green = Byte(y + ((half - (cb * 22554) - (cr * 46802)) >> 16));
            var blue = Byte(y + (((cb * 116130) + half) >> 16));
            var pixels = (red | (green << 8) | (blue << 16) | Vector256.Create(255 << 24)).AsByte();
            if (channels == 4)
            {
                pixels.CopyTo(target[(x * 4)..]);
                continue;
            }

            WithoutOpacity(pixels.GetLower()).CopyTo(target[(x * 3)..]);
            WithoutOpacity(pixels.GetUpper()).CopyTo(target[((x * 3) + 12)..]);
        }
    }

    /// <summary>Brightness as pixels.</summary>
    public static void FromGray(ReadOnlySpan<byte> brightness, int width, int channels, Span<byte> target)
    {
        if (channels == 1)
        {
            brightness[..width].CopyTo(target);
            return;
        }

        for (var x = 0; x < width; x++) PixelColors.Put(brightness[x], brightness[x], brightness[x], 255, target[(x * channels)..], channels);
    }

    /// <summary>Red, green and blue as pixels.</summary>
    public static void FromRgb(ReadOnlySpan<byte> red, ReadOnlySpan<byte> green, ReadOnlySpan<byte> blue, int width, int channels, Span<byte> target)
    {
        for (var x = 0; x < width; x++) PixelColors.Put(red[x], green[x], blue[x], 255, target[(x * channels)..], channels);
    }

    /// <summary>What inks leave of white: the light of each ink times that of black.</summary>
    /// <param name="light">What the three inks leave, three bytes per pixel.</param>
    /// <param name="black">What black leaves.</param>
    /// <param name="inverse">255 if both are given as amounts of ink, or 0.</param>
    /// <param name="width">The pixels.</param>
    /// <param name="channels">The channels of the result.</param>
    /// <param name="target">The result.</param>
    public static void FromInks(ReadOnlySpan<byte> light, ReadOnlySpan<byte> black, int inverse, int width, int channels, Span<byte> target)
    {
        for (var x = 0; x < width; x++)
        {
            var pixel = light.Slice(x * 3, 3);
            var rest = black[x] ^ inverse;
            PixelColors.Put(Part(pixel[0]), Part(pixel[1]), Part(pixel[2]), 255, target[(x * channels)..], channels);

            byte Part(int ink)
            {
                // The quotient by 255, rounded.
                var product = ((ink ^ inverse) * rest) + 128;
                return (byte)((product + (product >> 8)) >> 8);
            }
        }
    }

    private static Vector256<int> Eight(ReadOnlySpan<byte> bytes)
    {
        var words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(BinaryPrimitives.ReadUInt64LittleEndian(bytes)).AsByte());
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words)).AsInt32();
    }

    private static Vector256<int> Byte(Vector256<int> values) => Vector256.Min(Vector256.Max(values, Vector256<int>.Zero), Vector256.Create(255));

    private static Vector128<byte> WithoutOpacity(Vector128<byte> pixels) =>
        Vector128.Shuffle(pixels, Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 16, 16, 16));
}
