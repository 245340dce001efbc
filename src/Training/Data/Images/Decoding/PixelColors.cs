namespace OnnxFunctional.Training.Data;

/// <summary>Colors as pixels of one, three or four channels.</summary>
internal static class PixelColors
{
    /// <summary>Writes a pixel.</summary>
    public static void Put(byte red, byte green, byte blue, byte opacity, Span<byte> pixel, int channels)
    {
        if (channels == 1)
        {
            pixel[0] = (byte)(((red * 77) + (green * 150) + (blue * 29)) >> 8);
            return;
        }

        (pixel[0], pixel[1], pixel[2]) = (red, green, blue);
        if (channels == 4) pixel[3] = opacity;
    }
}
