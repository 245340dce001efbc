using OnnxFunctional.Layers;
using static OnnxFunctional.Tests.Builder.Layers.Preprocessing.ImageRun;

namespace OnnxFunctional.Tests.Builder.Layers.Preprocessing;

/// <summary>Resizing by Keras' kernels: weights along an axis, read from images in which one pixel is 1.</summary>
[TestClass]
public sealed class ResizingTests
{
    [TestMethod]
    public void An_antialiased_image_is_made_of_all_its_pixels()
    {
        // Half the size: triangles that are twice as wide, cut off at the border.
        AreRows([[0.75, 0.75, 0.25, 0], [0, 0.25, 0.75, 0.75]], Interpolation.Bilinear, true, 4, 2);
        AreRows([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]], Interpolation.Bilinear, false, 4, 2);
        AreRows([[1, 0.5, 0], [0, 0.5, 1]], Interpolation.Area, false, 3, 2);
        AreRows([[1, 0], [0.5, 0.5], [0, 1]], Interpolation.Area, false, 2, 3);
        AreRows([[1, 1, 0, 0], [0, 0, 1, 1]], Interpolation.Area, true, 4, 2);

        // An enlarged image has nothing to smooth.
        AreRows([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]], Interpolation.Bilinear, true, 2, 4);
    }

    [TestMethod]
    [DataRow(Interpolation.Lanczos3, 3, false, 5, 9)]
    [DataRow(Interpolation.Lanczos3, 3, true, 9, 4)]
    [DataRow(Interpolation.Lanczos3, 3, false, 9, 4)]
    [DataRow(Interpolation.Lanczos5, 5, true, 12, 5)]
    [DataRow(Interpolation.Lanczos5, 5, false, 3, 7)]
    [DataRow(Interpolation.Bicubic, 2, true, 9, 4)]
    public void Weights_are_those_of_the_kernel_at_the_distances_of_pixels(Interpolation interpolation, int radius, bool antialias, int from, int to)
    {
        var wide = antialias ? Math.Max(1, (double)from / to) : 1;
        AreRows(
            [.. Enumerable.Range(0, to).Select(i => Enumerable.Range(0, from).Select(j => Kernel(((i + 0.5) * from / to - 0.5 - j) / wide)).ToArray())],
            interpolation,
            antialias,
            from,
            to);

        double Kernel(double t)
        {
            t = Math.Abs(t);
            if (t >= radius) return 0;
            if (radius == 2) return t < 1 ? (1.5 * t * t * t) - (2.5 * t * t) + 1 : (-0.5 * t * t * t) + (2.5 * t * t) - (4 * t) + 2;
            return Sinc(t) * Sinc(t / radius);
        }

        static double Sinc(double t) => t == 0 ? 1 : Math.Sin(Math.PI * t) / (Math.PI * t);
    }

    [TestMethod]
    public void Both_axes_are_resized_and_what_has_no_matrix_says_so()
    {
        // A product of weights along both axes, and channels apart.
        float[] x = [.. Enumerable.Range(0, 4 * 6 * 2).Select(i => (float)(i / 2 % 6 * 10) + (i / 12) + (100 * (i % 2)))];
        var y = InInference(new Resizing(2, 3, Interpolation.Area), x, 1, 4, 6, 2);
        float[] expected = [.. Enumerable.Range(0, 2 * 3 * 2).Select(i => 5 + (20 * (i / 2 % 3)) + 0.5f + (2 * (i / 6)) + (100 * (i % 2)))];
        AreNear(expected, y, 1e-4);
        var cropped = InInference(new Resizing(2, 2, Interpolation.Area, cropToAspectRatio: true), x, 1, 4, 6, 2);
        Assert.AreEqual(15 + 0.5, cropped[0], 1e-4, "columns 1 and 2");
        Assert.Contains("needs to know the height", Assert.Throws<ModelException>(
            () => new Resizing(2, 2, antialias: true).Call(Model.Input([null, 6, 2]))).Message);
        Assert.Contains("Nearest, Bilinear, Bicubic", Assert.Throws<ModelException>(() => new UpSampling2D(interpolation: Interpolation.Area)).Message);
        Assert.Contains("Nearest or Bilinear", Assert.Throws<ModelException>(() => new RandomZoom(0.1, interpolation: Interpolation.Lanczos3)).Message);
    }

    /// <summary>Compares the weights of each new position, which add up to 1, along height and width.</summary>
    private static void AreRows(double[][] rows, Interpolation interpolation, bool antialias, int from, int to)
    {
        for (var j = 0; j < from; j++)
        {
            float[] x = [.. Enumerable.Range(0, from * 2).Select(i => i / 2 == j ? 1f : 0)];
            float[] expected = [.. rows.SelectMany(row => Enumerable.Repeat((float)(row[j] / row.Sum()), 2))];
            AreNear(expected, InInference(new Resizing(to, 2, interpolation, antialias: antialias), x, 1, from, 2, 1), 2e-5, $"pixel {j} along the height,");
            float[] turned = [.. Enumerable.Range(0, from * 2).Select(i => i % from == j ? 1f : 0)];
            float[] across = [.. Enumerable.Range(0, 2).SelectMany(_ => rows.Select(row => (float)(row[j] / row.Sum())))];
            AreNear(across, InInference(new Resizing(2, to, interpolation, antialias: antialias), turned, 1, 2, from, 1), 2e-5, $"pixel {j} along the width,");
        }
    }
}
