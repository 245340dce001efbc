using OnnxFunctional.Layers;
using static OnnxFunctional.Tests.Builder.Layers.Preprocessing.ImageRun;

namespace OnnxFunctional.Tests.Builder.Layers.Preprocessing;

/// <summary>Layers that change colors, against their formulas where both bounds of a factor are alike.</summary>
[TestClass]
public sealed class ColorTests
{
    private static readonly int[] s_shape = [3, 4, 5, 3];

    private readonly float[] _x = Images(1, 255, s_shape);

    [TestMethod]
    public void Saturation_is_multiplied_and_hue_and_value_stay()
    {
        var y = InTraining(new RandomSaturation([0.25, 0.25]), _x, s_shape);
        for (var i = 0; i < _x.Length; i += 3)
        {
            var (hue, saturation, value) = Hsv(_x, i);
            var (newHue, newSaturation, newValue) = Hsv(y, i);
            Assert.AreEqual(hue, newHue, 1e-3);
            Assert.AreEqual(saturation / 3, newSaturation, 1e-5);
            Assert.AreEqual(value, newValue, 1e-3);
        }

        AreNear(_x, InTraining(new RandomSaturation([0.5, 0.5]), _x, s_shape), 1e-3, "half changes nothing");
        var strong = InTraining(new RandomSaturation([0.75, 0.75], [0, 1]), Images(2, 1, s_shape), s_shape);
        for (var i = 0; i < strong.Length; i += 3) Assert.IsLessThanOrEqualTo(1.0, Hsv(strong, i).Saturation);
    }

    [TestMethod]
    public void Hue_turns_one_way_or_the_other_for_each_image()
    {
        var batch = new[] { 40, 2, 2, 3 };
        var x = Images(3, 255, batch);
        var y = InTraining(new RandomHue([0.4, 0.4]), x, batch);
        var turns = new HashSet<bool>();
        for (var image = 0; image < 40; image++)
        {
            var isForward = Turn(12 * image) < 0.5;
            turns.Add(isForward);
            for (var i = 12 * image; i < 12 * (image + 1); i += 3)
            {
                Assert.AreEqual(isForward ? 0.2 : 0.8, Turn(i), 1e-3);
                Assert.AreEqual(Hsv(x, i).Saturation, Hsv(y, i).Saturation, 1e-4);
                Assert.AreEqual(Hsv(x, i).Value, Hsv(y, i).Value, 1e-3);
            }
        }

        Assert.HasCount(2, turns);

        double Turn(int i) => (Hsv(y, i).Hue - Hsv(x, i).Hue + 1) % 1;
    }

    [TestMethod]
    public void Gray_is_a_weighted_sum_of_the_colors()
    {
        float Gray(int i) => (0.2989f * _x[i]) + (0.587f * _x[i + 1]) + (0.114f * _x[i + 2]);
        float[] gray = [.. _x.Select((_, i) => Gray(i - (i % 3)))];
        AreNear(gray, InTraining(new RandomGrayscale(1), _x, s_shape), 1e-3);
        AreNear(_x, InTraining(new RandomGrayscale(0), _x, s_shape), 0);
        AreNear([.. gray.Zip(_x, (g, x) => (g + x) / 2)], InTraining(new RandomColorDegeneration([0.5, 0.5]), _x, s_shape), 1e-3);

        // About half of many images, each as a whole.
        var batch = new[] { 400, 1, 1, 3 };
        var y = InTraining(new RandomGrayscale(0.5), Images(4, 255, batch), batch);
        Assert.AreEqual(200, Enumerable.Range(0, 400).Count(i => y[3 * i] == y[(3 * i) + 1]), 60);
        Assert.Contains("red, green and blue", Assert.Throws<ModelException>(() => new RandomHue(0.5).Call(Model.Input([4, 4, 2]))).Message);
        AreNear(Images(5, 1, 2, 2, 2, 1), InTraining(new RandomGrayscale(1), Images(5, 1, 2, 2, 2, 1), 2, 2, 2, 1), 0, "gray images stay");
    }

    [TestMethod]
    public void Jitter_is_its_steps_one_after_the_other()
    {
        float Brighter(float x) => Math.Min(x + 25.5f, 255);
        AreNear([.. _x.Select(Brighter)], InTraining(new RandomColorJitter(brightnessFactor: [0.1, 0.1]), _x, s_shape), 1e-3);
        AreNear(_x, InTraining(new RandomColorJitter(), _x, s_shape), 0);
        var both = InTraining(new RandomColorJitter(brightnessFactor: [0.1, 0.1], saturationFactor: [0.25, 0.25]), _x, s_shape);
        for (var i = 0; i < _x.Length; i += 3)
        {
            float[] bright = [.. _x[i..(i + 3)].Select(Brighter)];
            Assert.AreEqual(Hsv(bright, 0).Saturation / 3, Hsv(both, i).Saturation, 1e-4);
        }
    }

    [TestMethod]
    public void Tones_are_inverted_solarized_and_posterized()
    {
        AreNear([.. _x.Select(x => 255 - x)], InTraining(new RandomInvert([1, 1]), _x, s_shape), 0);
        AreNear(_x, InTraining(new RandomInvert(0), _x, s_shape), 0);
        AreNear([.. _x.Select(x => 255 - x)], InTraining(new Solarization(), _x, s_shape), 0, "above a threshold of 0");
        AreNear([.. _x.Select(x => MathF.Floor(x / 32) * 32)], InTraining(new RandomPosterization([3, 3]), _x, s_shape), 1e-4);
        float[] shares = [.. _x.Select(x => x / 255)];
        AreNear([.. shares.Select(x => MathF.Floor(x * 255 / 16) * 16 / 255)], InTraining(new RandomPosterization([4, 4], [0, 1]), shares, s_shape), 1e-5);

        // Below some threshold of each image values stay, above it they are inverted.
        var y = InTraining(new Solarization(thresholdFactor: [0.5, 1]), _x, s_shape);
        foreach (var image in _x.Zip(y).Chunk(60))
        {
            var (kept, inverted) = (image.Where(pair => pair.Second == pair.First).ToList(), image.Where(pair => pair.Second != pair.First).ToList());
            foreach (var (before, after) in inverted) Assert.AreEqual(255 - before, after, 1e-4);
            if (kept.Count > 0 && inverted.Count > 0) Assert.IsLessThan(inverted.Min(pair => pair.First), kept.Max(pair => pair.First));
        }
    }

    /// <summary>Hue by the sector of the largest color, in turns.</summary>
    private static (double Hue, double Saturation, double Value) Hsv(float[] pixels, int i)
    {
        var (r, g, b) = (pixels[i], pixels[i + 1], pixels[i + 2]);
        var (most, least) = (Math.Max(r, Math.Max(g, b)), Math.Min(r, Math.Min(g, b)));
        double range = most - least;
        if (range == 0) return (0, 0, most);
        var sector = most == r ? ((g - b) / range) + 6 : most == g ? ((b - r) / range) + 2 : ((r - g) / range) + 4;
        return (sector / 6 % 1, range / most, most);
    }
}
