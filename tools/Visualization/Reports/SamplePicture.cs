using OnnxFunctional.Training;
using SkiaSharp;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>Samples that are images, as PNG files in the page.</summary>
/// <param name="Height">The height of a sample.</param>
/// <param name="Width">Its width.</param>
/// <param name="Channels">1 for gray, 3 for colors, 4 with transparency, which is not drawn.</param>
/// <param name="IsChannelsFirst">Whether a channel is a whole plane.</param>
/// <param name="Low">The value that is black.</param>
/// <param name="High">The value that is white.</param>
internal sealed record SamplePicture(int Height, int Width, int Channels, bool IsChannelsFirst, float Low, float High)
{
    private const int LeastSide = 4;
    private const int GreatestSide = 4096;
    private const int ShownSide = 256;

    /// <summary>How samples of an input are drawn; null if they are no images.</summary>
    public static SamplePicture? Of(NDArray array)
    {
        if (array.DType == DType.String || array.Shape.Rank is not (3 or 4)) return null;
        var dims = array.Shape.Dims[1..];
        var isGray = dims.Length == 2;
        var isFirst = !isGray && dims[2] is not (1 or 3 or 4) && dims[0] is 1 or 3 or 4;
        var (height, width, channels) = isGray ? (dims[0], dims[1], 1) : isFirst ? (dims[1], dims[2], dims[0]) : (dims[0], dims[1], dims[2]);
        if (channels is not (1 or 3 or 4) || height is < LeastSide or > GreatestSide || width is < LeastSide or > GreatestSide) return null;
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in array.AsFloats())
        {
            if (float.IsFinite(value)) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        // The usual ranges of pixels; other numbers from the least to the greatest.
        if (low >= 0 && high <= 1) (low, high) = (0, 1);
        else if (low >= 0 && high <= 255) (low, high) = (0, 255);
        return new SamplePicture(height, width, channels, isFirst, low, high);
    }

    /// <summary>A sample as a data URI.</summary>
    public string Draw(NDArray array, int sample)
    {
        var length = Height * Width * Channels;
        var values = array.AsFloats().Slice(sample * length, length);
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                byte red = Byte(values[Place(y, x, 0)]), green = red, blue = red;
                if (Channels > 1) (green, blue) = (Byte(values[Place(y, x, 1)]), Byte(values[Place(y, x, 2)]));
                bitmap.SetPixel(x, y, new SKColor(red, green, blue));
            }
        }

        var scale = Math.Min(1f, ShownSide / (float)Math.Max(Height, Width));
        using var shown = scale == 1
            ? bitmap.Copy()
            : bitmap.Resize(new SKSizeI(Math.Max(1, (int)(Width * scale)), Math.Max(1, (int)(Height * scale))), new SKSamplingOptions(SKFilterMode.Linear));
        using var data = shown.Encode(SKEncodedImageFormat.Png, 100);
        return "data:image/png;base64," + Convert.ToBase64String(data.ToArray());
    }

    private int Place(int y, int x, int channel) => IsChannelsFirst ? (channel * Height + y) * Width + x : (y * Width + x) * Channels + channel;

    private byte Byte(float value) =>
        !float.IsFinite(value) || High <= Low ? (byte)0 : (byte)Math.Clamp(MathF.Round(255 * (value - Low) / (High - Low)), 0, 255);
}
