using System.Buffers;

namespace OnnxFunctional.Training.Data;

/// <summary>The samples of a JPEG's components to pixels.</summary>
internal static class JpegPixels
{
    /// <summary>The pixels of an image whose components are complete.</summary>
    /// <param name="frame">The image.</param>
    /// <param name="channels">1, 3 or 4.</param>
    /// <param name="isDifferences">Whether the first three components are brightness and two differences of colors, and not colors or inks themselves.</param>
    /// <param name="isInverted">Whether inks are held as what they leave of white, as Adobe's programs write them.</param>
    /// <param name="orientation">How the image is to be turned.</param>
    public static DecodedImage Of(JpegFrame frame, int channels, bool isDifferences, bool isInverted, int orientation)
    {
        var target = DecodedImage.Rent(frame.Width, frame.Height, channels);
        var used = channels == 1 && isDifferences && frame.Components.Length == 3 ? 1 : frame.Components.Length;
        JpegRows[] rows = [.. frame.Components.Take(used).Select(component => new JpegRows(frame, component))];
        var light = used == 4 ? ArrayPool<byte>.Shared.Rent((frame.Width * 3) + DecodedImage.Padding) : [];
        for (var y = 0; y < frame.Height; y++)
        {
            // In the order of rows, because a row may spill into the next one.
            var pixels = target.AsSpan(y * frame.Width * channels);
            var first = rows[0].Row(y);
            if (used == 1)
            {
                JpegColors.FromGray(first, frame.Width, channels, pixels);
                continue;
            }

            Three(first, rows[1].Row(y), rows[2].Row(y), used == 4 ? light : pixels, used == 4 ? 3 : channels);
            if (used == 4) Inks(rows[3].Row(y), pixels);
        }

        foreach (var row in rows) row.Dispose();
        if (used == 4) ArrayPool<byte>.Shared.Return(light);
        return new(frame.Width, frame.Height, channels, target, orientation);

        void Three(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> to, int toChannels)
        {
            if (isDifferences) JpegColors.FromYCbCr(first, second, third, frame.Width, toChannels, to);
            else JpegColors.FromRgb(first, second, third, frame.Width, toChannels, to);
        }

        void Inks(ReadOnlySpan<byte> black, Span<byte> to)
        {
            // Differences are those of the light that is left: from them come the inks.
            if (isDifferences) foreach (ref var value in light.AsSpan(0, frame.Width * 3)) value ^= 255;
            JpegColors.FromInks(light, black, isInverted ? 0 : 255, frame.Width, channels, to);
        }
    }
}
