using OnnxFunctional.Layers;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class ImageResizerTests
{
    [TestMethod]
    public void Numbers_are_those_of_the_plain_sums_bit_for_bit()
    {
        var random = new Random(3);
        foreach (var (rows, columns, height, width) in new[]
        {
            (7, 9, 7, 9), (7, 9, 3, 17), (7, 9, 7, 4), (7, 9, 13, 9), (1, 1, 3, 5), (40, 3, 1, 1), (17, 33, 16, 32),
        })
        {
            foreach (var channels in new[] { ColorMode.Grayscale, ColorMode.Rgb, ColorMode.Rgba })
            {
                foreach (var interpolation in new[] { Interpolation.Nearest, Interpolation.Bilinear, Interpolation.Bicubic })
                {
                    var options = new ImageOptions("images", height, width, channels, interpolation, false, true, 1000);
                    var pixels = new byte[(rows * columns * (int)channels) + DecodedImage.Padding];
                    random.NextBytes(pixels);
                    var actual = new float[height * width * (int)channels];
                    Array.Fill(actual, float.NaN);
                    new ImageResizer(options).Run(new(columns, rows, (int)channels, pixels, 1), actual);
                    var name = $"{rows} x {columns} to {height} x {width}, {channels}, {interpolation}";
                    CollectionAssert.AreEqual(Plain(pixels, rows, columns, options), actual, name);
                }
            }
        }
    }

    [TestMethod]
    public void Weights_of_many_sizes_do_not_stay_in_memory()
    {
        var resizer = new ImageResizer(new ImageOptions("images", 2, 2, ColorMode.Grayscale, Interpolation.Bilinear, false, true, 1000));
        var pixels = new byte[2000];
        var target = new float[4];
        for (var size = 1; size < 1000; size++) resizer.Run(new(1, size, 1, pixels, 1), target);
        Assert.IsLessThanOrEqualTo(256, resizer.KnownSizes);
    }

    /// <summary>Along the width, then along the height, in the order of the old pixels.</summary>
    private static float[] Plain(byte[] pixels, int rows, int columns, ImageOptions options)
    {
        var (across, down) = (ResizeWeights.Rows(columns, options.Width, options.Mode), ResizeWeights.Rows(rows, options.Height, options.Mode));
        var (result, channels) = (new float[options.Height * options.Width * options.Channels], options.Channels);
        for (var y = 0; y < options.Height; y++)
        {
            for (var x = 0; x < options.Width; x++)
            {
                for (var c = 0; c < channels; c++)
                {
                    var sum = 0f;
                    for (var k = 0; k < down[y].Positions.Length; k++)
                    {
                        var line = 0f;
                        for (var i = 0; i < across[x].Positions.Length; i++)
                            line += across[x].Weights[i] * pixels[(((down[y].Positions[k] * columns) + across[x].Positions[i]) * channels) + c];
                        sum += line * down[y].Weights[k];
                    }

                    result[(((y * options.Width) + x) * channels) + c] = sum;
                }
            }
        }

        return result;
    }
}
