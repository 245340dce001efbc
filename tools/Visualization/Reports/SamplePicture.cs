using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Inside;
using SkiaSharp;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>Samples that are images, as PNG files in the page.</summary>
internal static class SamplePicture
{
    private const int LeastSide = 4;
    private const int GreatestSide = 4096;
    private const int ShownSide = 256;

    /// <summary>Whether samples of an input are images: gray, in colors, or in colors with transparency, which is not drawn.</summary>
    public static bool IsImage(NDArray array)
    {
        if (array.DType == DType.String || array.Shape.Rank is not (3 or 4) || array.Count == 0) return false;
        var planes = Planes.OfSample(array, 0);
        return planes.Channels.Count is 1 or 3 or 4
            && planes.Height is >= LeastSide and <= GreatestSide
            && planes.Width is >= LeastSide and <= GreatestSide;
    }

    /// <summary>A sample as a data URI.</summary>
    public static string Draw(NDArray array, int sample)
    {
        var planes = Planes.OfSample(array, sample);
        if (planes.Channels.Count == 4) planes = planes with { Channels = [.. planes.Channels.Take(3)] };
        using var image = MapTiles.Picture(planes).Enlarged(1);
        using var bitmap = SKBitmap.FromImage(image);
        var scale = Math.Min(1f, ShownSide / (float)Math.Max(planes.Height, planes.Width));
        using var shown = scale == 1 ? bitmap.Copy() : bitmap.Resize(
            new SKSizeI(Math.Max(1, (int)(planes.Width * scale)), Math.Max(1, (int)(planes.Height * scale))),
            new SKSamplingOptions(SKFilterMode.Linear));
        using var data = shown.Encode(SKEncodedImageFormat.Png, 100);
        return "data:image/png;base64," + Convert.ToBase64String(data.ToArray());
    }
}
