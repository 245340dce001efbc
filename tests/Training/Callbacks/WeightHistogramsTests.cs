using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Training.Callbacks;

/// <summary>Histograms of weights and gradients over a training.</summary>
[TestClass]
public sealed class WeightHistogramsTests
{
    [TestMethod]
    public void Counts_add_up_to_the_number_of_weights_before_and_after_each_epoch()
    {
        var (trainer, x, y) = Prepared();
        var before = trainer.Model.WeightPaths().Select(entry => entry.Weight.Storage.ToArray()).ToArray();
        var firstGradients = trainer.ComputeGradients(x, y);
        var histograms = new WeightHistograms(x, y);
        trainer.Fit(x, y, epochs: 3, verbose: 0, callbacks: [histograms]);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, histograms.Epochs.ToArray());
        foreach (var ((path, weight), old) in trainer.Model.WeightPaths().Zip(before))
        {
            var over = histograms.Weights[path];
            Assert.HasCount(4, over);
            foreach (var histogram in over)
            {
                Assert.AreEqual(weight.Storage.Length, histogram.Count, path);
                Assert.AreEqual(histogram.Count, histogram.Counts.Sum(), path);
                Assert.HasCount(histogram.Counts.Count, histogram.Limits, path);
            }

            AreOf(old, over[0]);
            AreOf(weight.Storage.ToArray(), over[3]);
        }

        CollectionAssert.AreEquivalent(firstGradients.Keys.ToArray(), histograms.Gradients.Keys.ToArray());
        foreach (var (path, gradient) in firstGradients) AreOf(gradient.ToArray(), histograms.Gradients[path][0]);
        foreach (var (path, gradient) in trainer.ComputeGradients(x, y)) AreOf(gradient.ToArray(), histograms.Gradients[path][3]);
    }

    [TestMethod]
    public void The_last_epoch_has_histograms_whatever_the_frequency_and_another_training_starts_again()
    {
        var (trainer, x, y) = Prepared();
        var histograms = new WeightHistograms(histogramFreq: 2);
        trainer.Fit(x, y, epochs: 5, verbose: 0, callbacks: [histograms]);
        CollectionAssert.AreEqual(new[] { 0, 2, 4, 5 }, histograms.Epochs.ToArray());
        Assert.IsEmpty(histograms.Gradients);
        trainer.Fit(x, y, epochs: 1, verbose: 0, callbacks: [histograms]);
        CollectionAssert.AreEqual(new[] { 0, 1 }, histograms.Epochs.ToArray());
    }

    [TestMethod]
    public void Recording_changes_nothing_in_the_training()
    {
        var (plain, x, y) = Prepared();
        var (recorded, _, _) = Prepared();
        plain.Fit(x, y, epochs: 2, verbose: 0);
        recorded.Fit(x, y, epochs: 2, verbose: 0, callbacks: [new WeightHistograms(x, y)]);
        foreach (var (a, b) in plain.Model.WeightPaths().Zip(recorded.Model.WeightPaths()))
            CollectionAssert.AreEqual(a.Weight.Storage.ToArray(), b.Weight.Storage.ToArray(), a.Path);
    }

    [TestMethod]
    public void Buckets_hold_what_lies_between_their_limits()
    {
        float[] values = [0, 0, 0.5f, -3, 1e-30f, 1e30f, float.NaN, float.PositiveInfinity, -0.001f];
        var histogram = Histogram.Of(values);
        Assert.AreEqual((7, 2), ((int)histogram.Count, (int)histogram.NotFinite));
        Assert.AreEqual(0, histogram.Counts[0]);
        for (var i = 1; i < histogram.Counts.Count; i++)
        {
            var (from, to) = (histogram.Limits[i - 1], histogram.Limits[i]);
            Assert.AreEqual(values.Count(value => float.IsFinite(value) && value >= from && value < to), histogram.Counts[i], $"from {from} to {to}");
        }

        var empty = Histogram.Of([float.NaN]);
        Assert.AreEqual((0, 1, 0), ((int)empty.Count, (int)empty.NotFinite, empty.Counts.Count));
        Assert.IsTrue(double.IsNaN(empty.Mean) && double.IsNaN(empty.Min));
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => new WeightHistograms(histogramFreq: 0)).Message, "histogramFreq is 0");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => new WeightHistograms(new float[1, 3])).Message, "only one of x and y");
    }

    private static (Trainer Trainer, NDArray X, NDArray Y) Prepared()
    {
        var model = new Sequential([3], new Dense(7, Activation.Tanh), new BatchNormalization(), new Dense(1));
        var (x, y) = (new float[20, 3], new float[20]);
        for (var i = 0; i < 60; i++) x[i / 3, i % 3] = i * 7 % 11 / 11f;
        for (var i = 0; i < 20; i++) y[i] = x[i, 0] - x[i, 1];
        return (model.Compile(new Adam(0.01), Loss.MeanSquaredError), x, y);
    }

    private static void AreOf(float[] values, Histogram histogram)
    {
        Assert.AreEqual(values.Min(), histogram.Min, 1e-7);
        Assert.AreEqual(values.Max(), histogram.Max, 1e-7);
        Assert.AreEqual(values.Average(value => (double)value), histogram.Mean, 1e-6);
        Assert.AreEqual(Math.Sqrt(values.Average(value => Math.Pow(value - values.Average(), 2))), histogram.StandardDeviation, 1e-5);
    }
}
