using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization;
using SkiaSharp;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Charts of training and predictions: their numbers, texts and pixels.</summary>
[TestClass]
public sealed class ChartTests
{
    private static readonly int[] s_classes = [0, 1, 2, 2, 1, 0, 2];

    private static readonly float[,] s_scores =
    {
        { 0.7f, 0.2f, 0.1f }, { 0.2f, 0.5f, 0.3f }, { 0.1f, 0.2f, 0.7f }, { 0.6f, 0.1f, 0.3f },
        { 0.3f, 0.4f, 0.3f }, { 0.5f, 0.3f, 0.2f }, { 0.1f, 0.1f, 0.8f },
    };

    [TestMethod]
    public void Curves_have_a_panel_for_each_value_with_that_of_the_validation_data()
    {
        var model = new Sequential([2], new Dense(4, Activation.Tanh), new Dense(1, Activation.Sigmoid));
        float[,] x = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } };
        float[] y = [0, 1, 1, 0];
        var trainer = model.Compile(new Adam(0.05), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);
        var history = trainer.Fit(x, y, epochs: 3, verbose: 0, validationData: (x, y));
        var chart = Charts.Curves(history);
        var texts = ChartTexts.Of(chart, 800, 400);
        foreach (var text in (string[])["loss", "val_loss", "accuracy", "val_accuracy", "epoch", "1", "2", "3"]) CollectionAssert.Contains(texts, text);
        StringAssert.Contains(chart.Description, string.Create(CultureInfo.InvariantCulture, $"loss from {history["loss"][0]:G4} to {history["loss"][2]:G4}"));
        Assert.HasCount(2, ChartTexts.Of(Charts.Curves(history), 800, 400).Where(text => text == "epoch"));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Cells_of_a_confusion_matrix_have_the_numbers_and_the_shades_of_their_shares(bool normalize)
    {
        using var folder = new TemporaryFolder();
        var chart = Charts.ConfusionMatrix(s_classes, s_scores, ["ant", "bee", "cat"], normalize);
        var texts = ChartTexts.Of(chart, 600, 600);
        foreach (var text in (string[])["ant", "bee", "cat", "true class", "predicted class"]) CollectionAssert.Contains(texts, text);
        Assert.HasCount(normalize ? 2 : 3, texts.Where(text => text == (normalize ? "1.00" : "2")));
        StringAssert.Contains(chart.Description, "6 are right");

        chart.Save(folder.File("m.png"), 600, 600);
        using var bitmap = SKBitmap.Decode(folder.File("m.png"));
        Assert.AreEqual((600, 600), (bitmap.Width, bitmap.Height));
        var dark = bitmap.Pixels.Count(pixel => pixel == new SKColor(26, 86, 168));
        var third = bitmap.Pixels.Count(pixel => pixel == Of(1 / 3.0));
        Assert.IsGreaterThan(third, dark, "two cells of the share 1 and one of a third");
        Assert.IsGreaterThan(2000, third);

        static SKColor Of(double share) => ConfusionPanel.Shade(share) is var color ? new SKColor(color.R, color.G, color.B) : default;
    }

    [TestMethod]
    public void Long_names_of_many_classes_stand_upright_and_every_panel_is_drawn()
    {
        const int Classes = 12;
        var classes = Enumerable.Range(0, Classes).ToArray();
        var scores = new float[Classes, Classes];
        for (var i = 0; i < Classes; i++) scores[i, (i + 1) % Classes] = 1;
        string[] names = [.. classes.Select(i => $"a long class name {i}")];
        var texts = ChartTexts.Of(Charts.ConfusionMatrix(classes, scores, names), 800, 800);
        foreach (var name in names) Assert.HasCount(2, texts.Where(text => text == name));

        using var folder = new TemporaryFolder();
        var history = new History();
        for (var epoch = 0; epoch < 3; epoch++)
            history.OnEpochEnd(epoch, new Dictionary<string, double> { ["loss"] = 3 - epoch, ["accuracy"] = epoch, ["mae"] = 1 });
        Charts.Curves(history).Save(folder.File("c.png"), 800);
        using var bitmap = SKBitmap.Decode(folder.File("c.png"));
        Assert.AreEqual(800, bitmap.Height);
        foreach (var (x, y) in ((int, int)[])[(2, 2), (798, 2), (2, 798), (798, 798)]) Assert.AreEqual(SKColors.White, bitmap.GetPixel(x, y));
        foreach (var (left, top) in ((int, int)[])[(0, 0), (400, 0), (0, 400)])
        {
            var blue = 0;
            for (var x = left; x < left + 400; x++)
            {
                for (var y = top; y < top + 400; y++) blue += bitmap.GetPixel(x, y) == new SKColor(0x1f, 0x77, 0xb4) ? 1 : 0;
            }

            Assert.IsGreaterThan(200, blue, $"no curve in the panel at {left}, {top}");
        }
    }

    [TestMethod]
    [DataRow(7)]
    [DataRow(100)]
    public void The_area_below_a_ROC_curve_is_the_share_of_pairs_in_the_right_order(int count)
    {
        var random = new Random(count);
        double[] scores = [.. Enumerable.Range(0, count).Select(_ => random.Next(10) / 10.0)];
        bool[] isPositive = [.. Enumerable.Range(0, count).Select(i => i == 0 || (i != 1 && random.NextDouble() < 0.4))];
        double right = 0, pairs = 0;
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < count; j++)
            {
                if (!isPositive[i] || isPositive[j]) continue;
                pairs++;
                right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
        }

        var curve = RankCurve.Roc(scores, isPositive);
        Assert.AreEqual(right / pairs, curve.Area, 1e-12);
        Assert.AreEqual((1.0, 1.0), (curve.X[^1], curve.Y[^1]));
    }

    [TestMethod]
    public void Average_precision_is_that_of_the_definition()
    {
        // Sorted: + - + + -; precision at the positives 1, 2/3, 3/4.
        var curve = RankCurve.PrecisionRecall([0.9, 0.8, 0.7, 0.6, 0.5], [true, false, true, true, false]);
        Assert.AreEqual((1 + 2 / 3.0 + 3 / 4.0) / 3, curve.Area, 1e-12);
    }

    [TestMethod]
    public void Legends_of_curves_tell_the_areas_of_each_class()
    {
        var texts = ChartTexts.Of(Charts.RocCurve(s_classes, s_scores, ["ant", "bee", "cat"]), 800, 600);
        CollectionAssert.Contains(texts, "bee, AUC 1.0000");
        Assert.HasCount(3, texts.Where(text => text.Contains("AUC", StringComparison.Ordinal)));
        texts = ChartTexts.Of(Charts.PrecisionRecallCurve(new[] { 0, 1, 1 }, new[] { 0.2f, 0.7f, 0.9f }), 800, 600);
        CollectionAssert.Contains(texts, "1, AP 1.0000");
        Assert.HasCount(1, texts.Where(text => text.Contains("AP", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Calibration_and_regression_tell_their_numbers()
    {
        // Two of the scores are 0.9, one of them right; two are 0.6, both right.
        var chart = Charts.Calibration(new[] { 1, 0, 1, 1 }, new[] { 0.9f, 0.9f, 0.6f, 0.6f });
        StringAssert.Contains(chart.Description, "0.4000");
        CollectionAssert.Contains(ChartTexts.Of(chart, 600, 500), "expected calibration error 0.4000");

        chart = Charts.Regression(new[] { 1f, 2f, 3f, 4f }, new[] { 1.5f, 2f, 2.5f, 4f });
        StringAssert.Contains(chart.Description, "R\u00b2 0.9000, mean absolute error 0.25");
    }

    [TestMethod]
    public void A_projection_finds_the_plane_in_which_points_differ()
    {
        // In a plane of seven dimensions, with deviations of 3 and 1 along directions that are no axes.
        var random = new Random(5);
        double[] first = [0.6, 0, 0.8, 0, 0, 0, 0], second = [0, 0.6, 0, 0, 0, 0.8, 0];
        var vectors = new float[300, 7];
        for (var i = 0; i < 300; i++)
        {
            var (a, b) = (3 * Math.Sin(i * 0.7), Math.Cos(i * 1.3));
            for (var j = 0; j < 7; j++) vectors[i, j] = (float)(a * first[j] + b * second[j] + 5 + 0.001 * random.NextDouble());
        }

        var rows = Enumerable.Range(0, 300).Select(i => Enumerable.Range(0, 7).Select(j => (double)vectors[i, j]).ToArray()).ToArray();
        var (points, shares) = PrincipalComponents.Of(rows, 3);
        Assert.AreEqual(0.9, shares[0], 0.02);
        Assert.AreEqual(0.1, shares[1], 0.02);
        Assert.AreEqual(0, shares[2], 1e-5);
        var middle = Enumerable.Range(0, 300).Average(i => 3 * Math.Sin(i * 0.7));
        for (var i = 0; i < 300; i++) Assert.AreEqual(3 * Math.Sin(i * 0.7) - middle, points[i][0], 0.05);

        var labels = Enumerable.Range(0, 300).Select(i => i % 2).ToArray();
        var texts = ChartTexts.Of(Charts.Projection(vectors, labels, ["even", "odd"]), 700, 500);
        foreach (var text in (string[])["even", "odd"]) CollectionAssert.Contains(texts, text);
        StringAssert.Contains(Charts.Projection(vectors).Description, "100.0 % of their variance");
    }

    [TestMethod]
    [DataRow(".png", "\u0089PNG")]
    [DataRow(".svg", "<?xml")]
    [DataRow(".pdf", "%PDF-")]
    public void Each_kind_of_file_is_written_and_the_same_again(string end, string start)
    {
        using var folder = new TemporaryFolder();
        var chart = Charts.RocCurve(s_classes, s_scores);
        chart.Save(folder.File("a" + end), dpi: 120);
        chart.Save(folder.File("b" + end), dpi: 120);
        var bytes = File.ReadAllBytes(folder.File("a" + end));
        Assert.AreEqual(start, System.Text.Encoding.Latin1.GetString(bytes, 0, start.Length));
        CollectionAssert.AreEqual(bytes, File.ReadAllBytes(folder.File("b" + end)));
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        using var folder = new TemporaryFolder();
        void Refused(string expected, Action use) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(use).Message, expected);
        Refused("yTrue has 2 samples and yPred 7", () => Charts.ConfusionMatrix(new[] { 0, 1 }, s_scores));
        Refused("yTrue of sample 1 is [5]", () => Charts.ConfusionMatrix(new[] { 0, 5, 0, 0, 0, 0, 0 }, s_scores));
        Refused("classNames has 2 names", () => Charts.ConfusionMatrix(s_classes, s_scores, ["a", "b"]));
        Refused("not finite", () => Charts.RocCurve(new[] { 0, 1 }, new[] { 0.5f, float.NaN }));
        Refused("has none of the 2 samples", () => Charts.RocCurve(new[] { 0, 0 }, new[] { 0.5f, 0.1f }));
        Refused("has all of the 2 samples", () => Charts.PrecisionRecallCurve(new[] { 1, 1 }, new[] { 0.5f, 0.1f }));
        Refused("of probabilities", () => Charts.Calibration(new[] { 0, 1 }, new[] { 3f, 0.1f }));
        Refused("bins is 0", () => Charts.Calibration(new[] { 0, 1 }, new[] { 0.3f, 0.1f }, 0));
        Refused("one value per sample", () => Charts.Regression(new float[2, 3], new float[2, 3]));
        Refused("at least 2 of each", () => Charts.Projection(new float[1, 3]));
        Refused("vectors has 3 samples and classes 2", () => Charts.Projection(new float[3, 3], new[] { 0, 1 }));
        Refused("ends in .png, .svg or .pdf", () => Charts.RocCurve(s_classes, s_scores).Save(folder.File("a.gif")));
        Refused("no room", () => Charts.RocCurve(s_classes, s_scores).Save(folder.File("a.png"), 10));
        Refused("dpi", () => Charts.RocCurve(s_classes, s_scores).Save(folder.File("a.png"), dpi: 0));
        Refused("no epoch", () => Charts.Curves(new History()));
        Assert.IsEmpty(Directory.EnumerateFiles(folder.Path));
    }
}
