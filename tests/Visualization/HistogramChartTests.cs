using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Tiles;
using SkiaSharp;
using static OnnxFunctional.Tests.Visualization.InsideChartTests;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Histograms over the epochs as pictures.</summary>
[TestClass]
public sealed class HistogramChartTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(1000)]
    public void Equal_parts_of_a_range_hold_all_numbers_of_the_buckets(int count)
    {
        var random = new Random(count);
        float[] values = [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 1))];
        var histogram = Histogram.Of(values);
        var (low, high) = HistogramPanel.Range([histogram]);
        var shares = HistogramPanel.Shares(histogram, low, high);
        Assert.AreEqual(count, shares.Sum(), 1e-6 * count);
        var middle = low + ((high - low) / 2);
        Assert.AreEqual(values.Count(value => value < middle), shares.Take(shares.Length / 2).Sum(), 0.06 * count + 0.5);
    }

    [TestMethod]
    public void Each_weight_has_a_panel_with_its_epochs()
    {
        var model = new Sequential([3], new Dense(5, Activation.Tanh), new Dense(1));
        var (x, y) = (Numbers([16, 3]), Numbers([16, 1]));
        var histograms = new WeightHistograms(x, y);
        Refused("no histograms yet", () => Charts.Histograms(histograms));
        model.Compile(new Adam(0.1), Loss.MeanSquaredError).Fit(x, y, epochs: 4, verbose: 0, callbacks: [histograms]);
        var chart = Charts.Histograms(histograms);
        var texts = ChartTexts.Of(chart, 800, 500);
        foreach (var (path, _) in model.WeightPaths()) CollectionAssert.Contains(texts, path);
        Assert.HasCount(4, texts.Where(text => text == "epoch"));
        StringAssert.Contains(chart.Description, "Histograms of weights from epoch 0 to 4: dense/kernel, 15 numbers, standard deviation from ");
        using var bitmap = Bitmap(chart);
        Assert.AreEqual(500, bitmap.Height);
        var darkest = Shade.Blue(1);
        Assert.IsGreaterThan(500, bitmap.Pixels.Count(pixel => pixel == new SKColor(darkest.Red, darkest.Green, darkest.Blue)));

        var gradients = Charts.Histograms(histograms, gradients: true, weights: ["dense_1/kernel", "dense/bias"], count: 1);
        StringAssert.Contains(gradients.Description, "Histograms of gradients from epoch 0 to 4, the first 1 of 2: dense_1/kernel, 5 numbers");
        Refused("There is no histogram of 'dense_2'. There are: dense/kernel", () => Charts.Histograms(histograms, weights: ["dense_2"]));
        Refused("count is 0", () => Charts.Histograms(histograms, count: 0));
    }

    [TestMethod]
    public void Many_epochs_are_thinned_and_gradients_that_are_not_recorded_are_refused()
    {
        var model = new Sequential([2], new Dense(1, useBias: false));
        var histograms = new WeightHistograms();
        var change = new LambdaCallback(onEpochBegin: epoch => model.WeightPaths()[0].Weight.Storage[0] = epoch);
        var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError);
        trainer.Fit(new float[2, 2], new float[2], epochs: 69, verbose: 0, callbacks: [histograms, change]);
        Refused("No gradients are recorded. Give the callback data", () => Charts.Histograms(histograms, gradients: true));
        var texts = ChartTexts.Of(Charts.Histograms(histograms), 500, 400);
        foreach (var text in (string[])["0", "dense/kernel", "epoch"]) CollectionAssert.Contains(texts, text);
        StringAssert.Contains(Charts.Histograms(histograms).Description, "from epoch 0 to 69");

        // Before the last epoch the first of two numbers is 68: the mean of 68 and a number that is below 2.
        Assert.AreEqual(68, histograms.Weights["dense/kernel"][^1].Max);
    }
}
