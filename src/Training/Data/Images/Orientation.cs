using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Turns images as EXIF says they are to be shown.</summary>
internal static class Orientation
{
    /// <summary>The image upright; the old buffer is given back if it is another one.</summary>
    public static DecodedImage Upright(in DecodedImage image)
    {
        if (image.Orientation == 1) return image;
        var (width, height) = (image.Width, image.Height);
        var all = width * height;

        // Where the first pixel comes from, and how far the next row and the next column are from there.
        var (first, down, right) = image.Orientation switch
        {
            2 => (width - 1, width, -1),
            3 => (all - 1, -width, -1),
            4 => (all - width, -width, 1),
            5 => (0, 1, width),
            6 => (all - width, 1, -width),
            7 => (all - 1, -1, -width),
            _ => (width - 1, -1, width),
        };
        var isTurned = image.Orientation >= 5;
        var (rows, columns) = isTurned ? (width, height) : (height, width);
        var target = DecodedImage.Rent(columns, rows, image.Channels);
        Action<byte[], byte[], int, int, int, int, int> copy = image.Channels switch { 1 => Copy<byte>, 3 => Copy<Three>, _ => Copy<uint> };
        copy(image.Pixels, target, rows, columns, first, down, right);
        image.Dispose();
        return new(columns, rows, image.Channels, target, 1);
    }

    private static void Copy<TPixel>(byte[] source, byte[] target, int rows, int columns, int first, int down, int right)
        where TPixel : struct
    {
        var to = 0;
        var from = MemoryMarshal.Cast<byte, TPixel>(source.AsSpan());
        var pixels = MemoryMarshal.Cast<byte, TPixel>(target.AsSpan());
        for (var row = 0; row < rows; row++)
        {
            var place = first + (row * down);
            for (var column = 0; column < columns; column++, place += right) pixels[to++] = from[place];
        }
    }

    private readonly record struct Three(byte First, byte Second, byte Third);
}
