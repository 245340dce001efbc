using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Builder.Layers.Preprocessing.ImageRun;

namespace OnnxFunctional.Tests.Builder.Layers.Preprocessing;

/// <summary>Images mixed with others, and boxes cut out of them.</summary>
[TestClass]
public sealed class MixingTests
{
    private const int Count = 60, Side = 6, Pixels = Side * Side;

    /// <summary>Images of one value each, their number; labels one-hot.</summary>
    private static (float[] Images, float[] Labels) Mixed(MixingLayer layer, int count = Count)
    {
        var (images, labels) = (Model.Input([Side, Side, 1]), Model.Input([count]));
        var (mixed, mixedLabels) = layer.Call(images, labels);
        var model = new Model([images, labels], [mixed, mixedLabels], seed: 3);
        float[] x = [.. Enumerable.Range(0, count * Pixels).Select(i => (float)(i / Pixels))];
        float[] y = [.. Enumerable.Range(0, count * count).Select(i => i / count == i % count ? 1f : 0)];
        NDArrays data = [NDArray.Create(x, [count, Side, Side, 1]), NDArray.Create(y, [count, count])];
        CollectionAssert.AreEqual(x.Concat(y).ToArray(), model.PredictAll(data, count).SelectMany(output => output.ToArray()).ToArray(), "inference");

        // In training the layer is asked for, which the call alone does not fix.
        var fixedImages = Model.Input([Side, Side, 1]);
        var fixedLabels = Model.Input([count]);
        var outputs = model.CallAll([fixedImages, fixedLabels], new CallOptions { Training = true });
        var results = new Model([fixedImages, fixedLabels], outputs, seed: 3).PredictAll(data, count);
        return (results[0].ToArray(), results[1].ToArray());
    }

    [TestMethod]
    public void Mixed_images_take_labels_in_their_proportion_from_a_permutation()
    {
        var (images, labels) = Mixed(new MixUp(0.5));
        var partners = new HashSet<int>();
        for (var i = 0; i < Count; i++)
        {
            var (own, partner, share) = Partner(labels, i);
            partners.Add(partner);
            Assert.AreEqual(1, labels[(i * Count)..((i + 1) * Count)].Sum(), 1e-5);
            for (var p = 0; p < Pixels; p++) Assert.AreEqual((own * i) + (share * partner), images[(i * Pixels) + p], 1e-3);
        }

        Assert.IsGreaterThan(Count / 2, partners.Count, "partners are many");
    }

    [TestMethod]
    public void A_cut_box_has_the_share_that_its_labels_say()
    {
        var (images, labels) = Mixed(new CutMix([1, 1]));
        for (var i = 0; i < Count; i++)
        {
            var (_, partner, share) = Partner(labels, i);
            float[] own = images[(i * Pixels)..((i + 1) * Pixels)];
            int[] cut = [.. Enumerable.Range(0, Pixels).Where(p => own[p] != i)];
            foreach (var p in cut) Assert.AreEqual(partner, own[p]);
            if (cut.Length == 0) continue;

            // A box, whose sides are rounded to pixels.
            var (rows, columns) = (cut.Select(p => p / Side).Distinct().Count(), cut.Select(p => p % Side).Distinct().Count());
            Assert.AreEqual(cut.Length, rows * columns);
            Assert.AreEqual(Math.Sqrt(share) * Side, rows, 1.001);
            Assert.AreEqual(Math.Sqrt(share) * Side, columns, 1.001);
        }
    }

    [TestMethod]
    [DataRow(0.1)]
    [DataRow(0.5)]
    [DataRow(3.0)]
    public void Shares_have_the_moments_of_the_beta_distribution(double alpha)
    {
        const int Many = 1500;
        var input = Model.Input([1, 1, 1]);
        var model = new Model(input, new MixUp(alpha, seed: 5).Call(input, training: true));

        // Half of the images are 0 and half 1: a pair of both shows its share.
        float[] x = [.. Enumerable.Range(0, Many).Select(i => (float)(i % 2))];
        var y = model.Predict(NDArray.Create(x, [Many, 1, 1, 1]), Many).ToArray();
        Assert.IsTrue(y.All(value => value is >= 0 and <= 1));

        // With probability 1/2 the partner is alike, else y has the variance of the distribution around 1/2 in both kinds.
        var second = y.Zip(x, (result, own) => Math.Pow(result - own, 2)).Average();
        var variance = 1 / (4 * ((2 * alpha) + 1));
        Assert.AreEqual((variance + 0.25) / 2, second, 0.03);
        var first = y.Zip(x, (result, own) => Math.Abs(result - own)).Average();
        Assert.AreEqual(0.25, first, 0.03);
    }

    [TestMethod]
    public void An_erased_box_is_filled_and_the_rest_stays()
    {
        int[] shape = [50, 12, 10, 2];
        var x = Images(9, 100, shape);
        var y = InTraining(new RandomErasing([1, 1], [0.25, 0.25], 200), x, shape);
        for (var image = 0; image < 50; image++)
        {
            int[] erased = [.. Enumerable.Range(0, 120).Where(p => y[(((image * 120) + p) * 2) + 1] == 200)];
            Assert.AreEqual(0.25 * 120, erased.Length, 12, "half of both sides, rounded to pixels");
            foreach (var p in Enumerable.Range(0, 120).Except(erased)) Assert.AreEqual(x[((image * 120) + p) * 2], y[((image * 120) + p) * 2]);
        }

        Assert.IsTrue(InTraining(new RandomErasing([1, 1], [1, 1]), x, shape).All(value => value is >= 0 and <= 255), "noise within the range");
        AreNear(x, InTraining(new RandomErasing(0), x, shape), 0);
        Assert.Contains("one per channel", Assert.Throws<ModelException>(() => new RandomErasing(fillValue: [1, 2, 3]).Call(Model.Input([4, 4, 2]))).Message);
    }

    [TestMethod]
    public void Boxes_are_cut_or_filled_to_one_number()
    {
        var (boxes, labels) = (Model.Input([2, 4]), Model.Input([2]));
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8];
        NDArrays data = [NDArray.Create(x, [1, 2, 4]), NDArray.Create([9f, 8], [1, 2])];
        var (more, moreLabels) = new MaxNumBoundingBoxes(3).Call(boxes, labels);
        var filled = new Model([boxes, labels], [more, moreLabels]).PredictAll(data);
        CollectionAssert.AreEqual(x.Concat([-1f, -1, -1, -1]).ToArray(), filled[0].ToArray());
        CollectionAssert.AreEqual(new float[] { 9, 8, -1 }, filled[1].ToArray());
        var (less, _) = new MaxNumBoundingBoxes(1).Call(boxes, labels);
        CollectionAssert.AreEqual(x[..4], new Model([boxes, labels], less).PredictAll(data)[0].ToArray());
        Assert.Contains("which a file cannot hold", Assert.Throws<ModelException>(() => new Model([boxes, labels], less).ToJson()).Message);
    }

    /// <summary>The share of an image's own label, another label, and that one's share.</summary>
    private static (float Own, int Partner, float Share) Partner(float[] labels, int i)
    {
        float[] row = labels[(i * Count)..((i + 1) * Count)];
        var other = Enumerable.Range(0, Count).Where(c => c != i).MaxBy(c => row[c]);
        return row[other] > 0 ? (row[i], other, row[other]) : (row[i], i, 0);
    }
}
