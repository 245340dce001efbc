using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Builder.Layers.Preprocessing.ImageRun;

namespace OnnxFunctional.Tests.Builder.Layers.Preprocessing;

/// <summary>Layers that move pixels, over images whose two channels are column and row: each pixel of the result says where it was read.</summary>
[TestClass]
public sealed class WarpTests
{
    private const int Count = 20, High = 9, Wide = 11;

    private static readonly int[] s_shape = [Count, High, Wide, 2];

    private readonly float[] _places =
        [.. Enumerable.Range(0, Count * High * Wide * 2).Select(i => (float)(i % 2 == 0 ? i / 2 % Wide : i / (2 * Wide) % High))];

    [TestMethod]
    public void A_shear_reads_from_a_place_that_grows_with_the_other_axis()
    {
        var y = InTraining(new RandomShear([0.25, 0.25], [0.125, 0.125], fillMode: FillMode.Constant, fillValue: -1), _places, s_shape);
        var signs = new HashSet<int>();
        for (var image = 0; image < Count; image++)
        {
            var sign = At(y, image, 1, 3).Y > 1 ? 1 : -1;
            signs.Add(sign);
            for (var i = 0; i < High; i++)
            {
                for (var j = 0; j < Wide; j++)
                {
                    var (x, z) = (j + (sign * 0.25f * i), i + (sign * 0.125f * j));
                    if (x < 0 || z < 0 || x > Wide - 1 || z > High - 1) continue;
                    var read = At(y, image, i, j);
                    Assert.AreEqual(x, read.X, 1e-4);
                    Assert.AreEqual(z, read.Y, 1e-4);
                }
            }
        }

        Assert.HasCount(2, signs);
        AreNear(_places, InTraining(new RandomShear(), _places, s_shape), 1e-5, "no shear");
    }

    [TestMethod]
    public void A_perspective_is_the_projective_map_of_four_of_its_points()
    {
        var y = InTraining(new RandomPerspective([1, 1], 0.4, fillValue: -1e6), _places, s_shape);
        var compared = 0;
        for (var image = 0; image < Count; image++)
        {
            Assert.AreEqual((0f, 0f), At(y, image, 0, 0), "the first corner stays");
            (int I, int J)[] inside = [.. from i in Enumerable.Range(0, High)
                                          from j in Enumerable.Range(0, Wide)
                                          where IsInside(image, i, j)
                                          select (i, j)];
            var (right, bottom) = (inside.Where(p => p.I == 0).MaxBy(p => p.J), inside.Where(p => p.J == 0).MaxBy(p => p.I));
            var last = inside.MaxBy(p => p.I + p.J);

            // Three points on a line would not give the map.
            if (last.I == 0 || last.J == 0 || ((double)last.I / bottom.I) + ((double)last.J / right.J) < 1.3) continue;
            var map = Homography([(0, 0), right, bottom, last], [.. new[] { (0, 0), right, bottom, last }.Select(p => At(y, image, p.Item1, p.Item2))]);
            foreach (var (i, j) in inside)
            {
                var depth = (map[6] * j) + (map[7] * i) + 1;
                var read = At(y, image, i, j);
                Assert.AreEqual(((map[0] * j) + (map[1] * i) + map[2]) / depth, read.X, 2e-3);
                Assert.AreEqual(((map[3] * j) + (map[4] * i) + map[5]) / depth, read.Y, 2e-3);
                compared++;
            }
        }

        Assert.IsGreaterThan(Count * 30, compared);
        AreNear(_places, InTraining(new RandomPerspective([1, 1], 0), _places, s_shape), 1e-4, "corners that stay");
        AreNear(_places, InTraining(new RandomPerspective(0), _places, s_shape), 0, "never");

        // Beyond the border a pixel is mixed with the fill, of which any part is far away.
        bool IsInside(int image, int i, int j)
        {
            var (x, z) = At(y, image, i, j);
            return x >= 0 && z >= 0 && x < Wide - 1.001f && z < High - 1.001f;
        }
    }

    [TestMethod]
    public void An_elastic_transform_shifts_neighbours_alike_and_both_axes_apart()
    {
        int[] shape = [4, 60, 60, 2];
        float[] places = [.. Enumerable.Range(0, 4 * 60 * 60 * 2).Select(i => (float)(i % 2 == 0 ? i / 2 % 60 : i / 120 % 60))];
        var y = InTraining(new RandomElasticTransform([1, 1], [1, 1], fillMode: FillMode.Nearest), places, shape);
        double[] Shift(int axis) => [.. Enumerable.Range(0, 4 * 60 * 60).Where(p => p / 60 % 60 is > 20 and < 40 && p % 60 is > 20 and < 40)
            .Select(p => (double)y[(2 * p) + axis] - places[(2 * p) + axis])];
        var (across, down) = (Shift(0), Shift(1));

        // Noise of deviation s under a window of deviation s has the deviation 1 / (2 sqrt(pi)) per unit of s; s is 3 and the distance 6.
        var expected = 6 * 3 / (2 * Math.Sqrt(Math.PI) * 3);
        Assert.AreEqual(expected, Deviation(across), 0.6);
        Assert.AreEqual(expected, Deviation(down), 0.6);
        var steps = across.Zip(across.Skip(1), (a, b) => Math.Abs(a - b)).Where((_, i) => i % 19 != 18).Average();
        Assert.IsLessThan(Deviation(across) / 2, steps, "neighbours move alike");
        Assert.IsGreaterThan(0.3, Deviation([.. across.Zip(down, (a, b) => a - b)]), "the axes move apart");
        AreNear(places, InTraining(new RandomElasticTransform([1, 1], 0), places, shape), 1e-4, "no strength");

        static double Deviation(double[] values) => Math.Sqrt(values.Average(value => value * value));
    }

    [TestMethod]
    public void Chosen_augmentations_stay_within_the_range_and_differ_from_batch_to_batch()
    {
        int[] shape = [2, 6, 7, 3];
        var x = Images(11, 255, shape);
        Layer[] layers = [new RandAugment(seed: 3), new AugMix(numChains: 2, chainDepth: 2, seed: 4), new AugMix(numChains: 1, allOps: false)];
        foreach (var layer in layers)
        {
            var input = Model.Input([6, 7, 3]);
            var model = new Model(input, layer.Call(input, training: true));
            var seen = new HashSet<float>();
            for (var batch = 0; batch < 4; batch++)
            {
                var y = model.Predict(NDArray.Create(x, Shape.Of(shape))).ToArray();
                Assert.IsTrue(y.All(value => value is >= -0.01f and <= 255.01f), layer.Name);
                seen.Add(y.Sum());
            }

            Assert.IsGreaterThan(1, seen.Count, layer.Name);
        }
    }

    /// <summary>They leave images as they are where a model predicts, and leave nothing in the file of a model.</summary>
    [TestMethod]
    public void In_inference_random_layers_return_their_input()
    {
        foreach (var row in LayerCases.All.Where(row => row.Create() is RandomImageLayer and not RandomCrop))
        {
            int[] shape = [2, .. row.Inputs[0].Select(size => size!.Value)];
            var x = Images(12, 255, shape);
            AreNear(x, InInference((Layer)row.Create(), x, shape), 0, row.Name);
            var model = row.Build();
            AreNear(x, model.Predict(NDArray.Create(x, Shape.Of(shape))).ToArray(), 0, row.Name);
        }
    }

    private static (float X, float Y) At(float[] y, int image, int i, int j)
    {
        var at = ((((image * High) + i) * Wide) + j) * 2;
        return (y[at], y[at + 1]);
    }

    /// <summary>The eight numbers of the projective map that takes four points to four others, by elimination.</summary>
    private static double[] Homography((int I, int J)[] from, (float X, float Y)[] to)
    {
        var rows = new double[8][];
        for (var k = 0; k < 4; k++)
        {
            var (i, j) = from[k];
            rows[2 * k] = [j, i, 1, 0, 0, 0, -to[k].X * j, -to[k].X * i, to[k].X];
            rows[(2 * k) + 1] = [0, 0, 0, j, i, 1, -to[k].Y * j, -to[k].Y * i, to[k].Y];
        }

        for (var column = 0; column < 8; column++)
        {
            var pivot = Enumerable.Range(column, 8 - column).MaxBy(row => Math.Abs(rows[row][column]));
            (rows[column], rows[pivot]) = (rows[pivot], rows[column]);
            for (var row = 0; row < 8; row++)
            {
                if (row == column) continue;
                var factor = rows[row][column] / rows[column][column];
                for (var k = column; k < 9; k++) rows[row][k] -= factor * rows[column][k];
            }
        }

        return [.. Enumerable.Range(0, 8).Select(k => rows[k][8] / rows[k][k])];
    }
}
