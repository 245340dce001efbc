using OnnxFunctional.Layers;
using static OnnxFunctional.Tests.Builder.Layers.Preprocessing.ImageRun;

namespace OnnxFunctional.Tests.Builder.Layers.Preprocessing;

/// <summary>Windows over images, and what histograms make of them.</summary>
[TestClass]
public sealed class FilterTests
{
    private static readonly int[] s_shape = [2, 5, 6, 2];

    private readonly float[] _x = Images(7, 255, s_shape);

    [TestMethod]
    public void Sharpness_goes_from_smooth_over_the_image_to_sharp()
    {
        var smooth = Filtered((i, j) => i == 0 && j == 0 ? 5 / 13.0 : 1 / 13.0, 3, 3);
        AreNear(smooth, InTraining(new RandomSharpness([0, 0]), _x, s_shape), 1e-3);
        AreNear(_x, InTraining(new RandomSharpness([0.5, 0.5]), _x, s_shape), 1e-4);
        float[] sharp = [.. _x.Zip(smooth, (x, s) => Math.Clamp((2 * x) - s, 0, 255))];
        AreNear(sharp, InTraining(new RandomSharpness([1, 1]), _x, s_shape), 1e-3);
    }

    [TestMethod]
    public void A_blur_is_a_Gaussian_window()
    {
        const double Sigma = 0.8 + 1e-6;
        double Weight(int t, int size) =>
            Math.Exp(-t * t / (2 * Sigma * Sigma)) / Enumerable.Range(-size / 2, size).Sum(u => Math.Exp(-u * u / (2 * Sigma * Sigma)));
        var square = Filtered((i, j) => Weight(i, 5) * Weight(j, 5), 5, 5);
        AreNear(square, InTraining(new RandomGaussianBlur([1, 1], 5, [0.8, 0.8]), _x, s_shape), 2e-3);
        AreNear(_x, InTraining(new RandomGaussianBlur(0, 5, [0.8, 0.8]), _x, s_shape), 0);
        Assert.Contains("one odd number", Assert.Throws<ModelException>(() => new RandomGaussianBlur(kernelSize: 4)).Message);
    }

    [TestMethod]
    public void Auto_contrast_stretches_each_channel_of_an_image_in_training_and_inference()
    {
        var (x, expected) = ((float[])_x.Clone(), new float[_x.Length]);
        for (var i = 0; i < x.Length; i++) x[i] = i < 60 && i % 2 == 0 ? 7 : 20 + (x[i] / 2);
        for (var group = 0; group < 4; group++)
        {
            int[] own = [.. Enumerable.Range(0, 30).Select(p => (group / 2 * 60) + (p * 2) + (group % 2))];
            var (low, high) = (own.Min(i => x[i]), own.Max(i => x[i]));
            foreach (var i in own) expected[i] = low == high ? x[i] : 255 * (x[i] - low) / (high - low);
        }

        AreNear(expected, InTraining(new AutoContrast(), x, s_shape), 1e-3);
        AreNear(expected, InInference(new AutoContrast(), x, s_shape), 1e-3);
    }

    [TestMethod]
    public void Equalization_maps_values_by_the_share_of_smaller_ones_in_the_batch()
    {
        float[] x = [.. _x.Select(value => MathF.Floor(value / 4) + 0.5f)];
        var expected = new float[x.Length];
        for (var i = 0; i < x.Length; i++)
        {
            float[] own = [.. x.Where((_, j) => j % 2 == i % 2)];
            int Below(double value) => own.Count(other => Math.Floor(other) <= Math.Floor(value));
            var least = Below(own.Min());
            expected[i] = (float)Math.Round((Below(x[i]) - least) * 255.0 / (own.Length - least));
        }

        AreNear(expected, InTraining(new Equalization(), x, s_shape), 1.01, "a rounding of half may go either way");
        Assert.IsLessThan(4, expected.Zip(InTraining(new Equalization(), x, s_shape)).Count(pair => pair.First != pair.Second));
        float[] flat = [.. x.Select((_, i) => i % 2 == 0 ? 9 : x[i])];
        var y = InTraining(new Equalization(), flat, s_shape);
        for (var i = 0; i < flat.Length; i += 2) Assert.AreEqual(9, y[i], "a channel of one value stays");
    }

    /// <summary>The definition: a histogram per tile, cut and spread, its running sum as a table, tables of four tiles weighed.</summary>
    [TestMethod]
    [DataRow(8, 8, 2, 4.0)]
    [DataRow(7, 9, 3, 40.0)]
    [DataRow(5, 4, 2, 0.0)]
    public void Contrast_limited_equalization_weighs_the_tables_of_four_tiles(int height, int width, int grid, double limit)
    {
        int[] shape = [2, height, width, 1];
        float[] x = [.. Images(8, 255, shape).Select(value => value / 3)];
        var (tall, wide) = ((height + grid - 1) / grid, (width + grid - 1) / grid);
        var expected = new float[x.Length];
        for (var image = 0; image < 2; image++)
        {
            var tables = new double[grid, grid][];
            for (var r = 0; r < grid; r++)
            {
                for (var c = 0; c < grid; c++) tables[r, c] = Table(image, r, c);
            }

            for (var i = 0; i < height; i++)
            {
                for (var j = 0; j < width; j++)
                {
                    var (y, z) = ((i - (tall / 2.0)) / tall, (j - (wide / 2.0)) / wide);
                    var (top, left) = ((int)Math.Floor(y), (int)Math.Floor(z));
                    var (down, right) = (y - top, z - left);
                    double At(int r, int c) => tables[Math.Clamp(r, 0, grid - 1), Math.Clamp(c, 0, grid - 1)][(int)Pixel(image, i, j)];
                    expected[(((image * height) + i) * width) + j] = (float)(((1 - down) * (((1 - right) * At(top, left)) + (right * At(top, left + 1))))
                        + (down * (((1 - right) * At(top + 1, left)) + (right * At(top + 1, left + 1)))));
                }
            }
        }

        var layer = new ContrastLimitedAdaptiveHistogramEqualization(clipLimit: limit, tileGridSize: grid);
        AreNear(expected, InInference(layer, x, shape), 1e-2);
        AreNear(expected, InTraining(layer, x, shape), 1e-2);

        float Pixel(int image, int i, int j) => x[(((image * height) + Mirrored(i, height)) * width) + Mirrored(j, width)];

        static int Mirrored(int i, int size) => i < size ? i : (2 * size) - 1 - i;

        double[] Table(int image, int r, int c)
        {
            var counts = new double[256];
            for (var i = r * tall; i < (r + 1) * tall; i++)
            {
                for (var j = c * wide; j < (c + 1) * wide; j++) counts[(int)Pixel(image, i, j)]++;
            }

            if (limit > 0)
            {
                var most = limit * tall * wide / 256;
                var excess = counts.Sum(count => Math.Max(count - most, 0));
                counts = [.. counts.Select(count => Math.Min(count, most) + (excess / 256))];
            }

            var sums = new double[256];
            for (var i = 0; i < 256; i++) sums[i] = counts[i] + (i == 0 ? 0 : sums[i - 1]);
            var range = (tall * wide) - sums[0];
            return [.. sums.Select(sum => Math.Clamp((sum - sums[0]) * 255 / (range == 0 ? 1 : range), 0, 255))];
        }
    }

    /// <summary>Each channel under a window, with zeros beyond the border.</summary>
    private float[] Filtered(Func<int, int, double> weight, int rows, int columns)
    {
        var result = new float[_x.Length];
        for (var at = 0; at < _x.Length; at++)
        {
            var (image, i, j, c) = (at / 60, at / 12 % 5, at / 2 % 6, at % 2);
            var sum = 0.0;
            for (var k = -rows / 2; k <= rows / 2; k++)
            {
                for (var l = -columns / 2; l <= columns / 2; l++)
                {
                    if (i + k is >= 0 and < 5 && j + l is >= 0 and < 6) sum += weight(k, l) * _x[(((((image * 5) + i + k) * 6) + j + l) * 2) + c];
                }
            }

            result[at] = (float)sum;
        }

        return result;
    }
}
