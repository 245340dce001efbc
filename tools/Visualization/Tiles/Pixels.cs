using SkiaSharp;

namespace OnnxFunctional.Visualization.Tiles;

/// <summary>The colors of a small image, row by row.</summary>
internal sealed class Pixels
{
    private readonly Rgb[] _colors;

    private Pixels(int width, int height, Rgb[] colors) => (Width, Height, _colors) = (width, height, colors);

    /// <summary>The number of columns.</summary>
    public int Width { get; }

    /// <summary>The number of rows.</summary>
    public int Height { get; }

    /// <summary>The color of a pixel.</summary>
    public Rgb this[int x, int y] => _colors[(y * Width) + x];

    /// <summary>Makes an image from the color of each pixel.</summary>
    public static Pixels Of(int width, int height, Func<int, Rgb> colorOf) =>
        new(width, height, [.. Enumerable.Range(0, width * height).Select(colorOf)]);

    /// <summary>The image with each pixel as a square of several, so that no reader of a file blurs it.</summary>
    /// <param name="scale">The side of a square.</param>
    public SKImage Enlarged(int scale)
    {
        var (width, height) = (Width * scale, Height * scale);
        var bytes = new byte[width * height * 4];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var color = this[x / scale, y / scale];
                var at = ((y * width) + x) * 4;
                (bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]) = (color.Red, color.Green, color.Blue, byte.MaxValue);
            }
        }

        return SKImage.FromPixelCopy(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque), bytes);
    }
}
