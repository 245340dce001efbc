using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>Channels of numbers over places: an image, or what a layer gives for it.</summary>
/// <param name="Height">The number of rows.</param>
/// <param name="Width">The number of columns.</param>
/// <param name="Channels">For each channel, its numbers row by row.</param>
internal sealed record Planes(int Height, int Width, IReadOnlyList<float[]> Channels)
{
    /// <summary>Whether it is a picture: gray or in colors.</summary>
    public bool IsPicture => Channels.Count is 1 or 3;

    /// <summary>Takes the elements of one sample apart.</summary>
    /// <param name="elements">The elements, row by row.</param>
    /// <param name="sizes">(height, width), (height, width, channels) or (channels, height, width).</param>
    /// <param name="channelAxis">
    /// The axis of the channels in <paramref name="sizes"/>; null if nothing tells: the last, unless only the first can be one of colors.
    /// </param>
    public static Planes Of(float[] elements, int[] sizes, int? channelAxis)
    {
        if (sizes.Length == 2) return new Planes(sizes[0], sizes[1], [elements]);
        var isFirst = channelAxis is { } axis ? axis == 0 : sizes[2] is not (1 or 3) && sizes[0] is 1 or 3;
        var (height, width, channels) = isFirst ? (sizes[1], sizes[2], sizes[0]) : (sizes[0], sizes[1], sizes[2]);
        var planes = new float[channels][];
        for (var c = 0; c < channels; c++)
        {
            planes[c] = new float[height * width];
            for (var i = 0; i < planes[c].Length; i++) planes[c][i] = elements[isFirst ? (c * height * width) + i : (i * channels) + c];
        }

        return new Planes(height, width, planes);
    }

    /// <summary>A sample of pictures whose order of axes only their sizes tell.</summary>
    public static Planes OfSample(NDArray pictures, int sample)
    {
        var (elements, sizes) = new OneSample([], 0).Part(pictures.Take([sample]));
        return Of(elements, sizes, null);
    }

    /// <summary>The same over other places, each a mean of its neighbors weighted by their distance.</summary>
    public Planes Resized(int height, int width)
    {
        return new Planes(height, width, [.. Channels.Select(Resize)]);

        float[] Resize(float[] plane)
        {
            var result = new float[height * width];
            for (var y = 0; y < height; y++)
            {
                var (top, bottom, down) = Neighbors(y, height, Height);
                for (var x = 0; x < width; x++)
                {
                    var (left, right, across) = Neighbors(x, width, Width);
                    var above = (plane[(top * Width) + left] * (1 - across)) + (plane[(top * Width) + right] * across);
                    var below = (plane[(bottom * Width) + left] * (1 - across)) + (plane[(bottom * Width) + right] * across);
                    result[(y * width) + x] = (above * (1 - down)) + (below * down);
                }
            }

            return result;
        }
    }

    // Centers of pixels lie at halves, and beyond the outer centers nothing changes.
    private static (int Low, int High, float Share) Neighbors(int place, int count, int of)
    {
        var at = Math.Clamp(((place + 0.5f) * of / count) - 0.5f, 0, of - 1);
        var low = (int)at;
        return (low, Math.Min(low + 1, of - 1), at - low);
    }
}
