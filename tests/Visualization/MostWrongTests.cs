using OnnxFunctional.Training;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Tiles;
using static OnnxFunctional.Tests.Visualization.InsideChartTests;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>The samples with the highest loss, as pictures and as tables.</summary>
[TestClass]
public sealed class MostWrongTests
{
    private static readonly float[,] s_scores = { { 0.9f, 0.08f, 0.02f }, { 0.2f, 0.3f, 0.5f }, { 0.01f, 0.98f, 0.01f }, { 0.4f, 0.5f, 0.1f } };

    private static readonly int[] s_classes = [0, 0, 2, 1];

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Pictures_stand_in_the_order_of_their_loss_with_what_is_true_and_predicted(bool isLast)
    {
        var x = Numbers(isLast ? [4, 5, 3, 3] : [4, 3, 5, 7]);
        var chart = Charts.MostWrong(x, s_classes, s_scores, 3, ["ant", "bee", "cat"]);
        CollectionAssert.AreEqual(
            new[] { "true cat, predicted bee 0.98", "true ant, predicted cat 0.50", "true bee, predicted bee 0.50" },
            Tiles(chart).Select(tile => tile.Caption).ToArray());
        Assert.AreEqual(
            "The 3 of 4 samples with the highest cross-entropy, the highest first: cross-entropy from 4.61 to 0.693, 2 of them taken for another class. "
            + "First are sample 2, true cat, predicted bee 0.98; sample 1, true ant, predicted cat 0.50; sample 3, true bee, predicted bee 0.50.",
            chart.Description);
        var pixel = Tiles(chart)[0].Pixels[1, 2];
        var levels = Enumerable.Range(0, 3).Select(c => Shade.Level(isLast ? x[2, 2, 1, c] : x[2, c, 2, 1])).ToArray();
        Assert.AreEqual(new Rgb(levels[0], levels[1], levels[2]), pixel);
        var texts = string.Join(' ', ChartTexts.Of(chart));
        foreach (var word in (string[])["true cat", "predicted bee", "0.98"]) StringAssert.Contains(texts, word);
    }

    [TestMethod]
    public void Scores_that_are_no_probabilities_and_one_hot_rows_have_the_loss_of_a_softmax()
    {
        var losses = SampleLosses.Of(new[,] { { 0, 1 }, { 1, 0 } }, new[,] { { 2f, -1f }, { 3f, 1f } }, null);
        Assert.AreEqual(Math.Log(Math.Exp(2) + Math.Exp(-1)) + 1, losses.Losses[0], 1e-9);
        Assert.AreEqual(Math.Log(Math.Exp(3) + Math.Exp(1)) - 3, losses.Losses[1], 1e-9);
        CollectionAssert.AreEqual(new[] { true, false }, losses.Wrong);

        // One probability, of class 1.
        losses = SampleLosses.Of(new[] { 1, 0 }, new[] { 0.2f, 0.4f }, ["no", "yes"]);
        Assert.AreEqual(-Math.Log(0.2f), losses.Losses[0], 1e-6);
        Assert.AreEqual(-Math.Log(0.6f), losses.Losses[1], 1e-6);
        CollectionAssert.AreEqual(new[] { "no 0.80", "no 0.60" }, losses.Predicted);
    }

    [TestMethod]
    public void Tables_show_the_first_values_and_regressions_the_largest_errors()
    {
        var x = new float[5, 12];
        for (var i = 0; i < 60; i++) x[i / 12, i % 12] = i;
        string[] names = [.. Enumerable.Range(0, 12).Select(i => $"column {i}")];
        var chart = Charts.MostWrong(x, new[] { 1f, 2, 3, 4, 5 }, new[] { 1.5f, 2, 7, 4.25f, 5 }, 3, columnNames: names);
        var table = (CellTable)chart.Body;
        CollectionAssert.AreEqual(new[] { "2", "0", "3" }, table.Rows.Select(row => row[0]).ToArray());
        CollectionAssert.AreEqual(new[] { "2", "3", "7", "4", "24", "25", "26", "27", "28", "29", "30", "31" }, table.Rows[0].ToArray());
        StringAssert.Contains(chart.Description, "absolute error from 4 to 0.25");
        var texts = ChartTexts.Of(chart, 1000);
        foreach (var text in (string[])["absolute error", "column 0", "column 7", "31"]) CollectionAssert.Contains(texts, text);
        Assert.HasCount(4, texts.Where(text => text == "..."), "twelve values do not fit, and eight are shown");

        // What has no room is left out, and says so.
        texts = ChartTexts.Of(chart, 500);
        CollectionAssert.Contains(texts, "...");
        CollectionAssert.DoesNotContain(texts, "column 7");
        using var folder = new TemporaryFolder();
        Refused("A table of 3 rows has no room", () => chart.Save(folder.File("a.png"), 200));
        Refused("A table of 3 rows has no room", () => chart.Save(folder.File("a.png"), 800, 100));

        // Several values per sample have the mean of their errors.
        var several = SampleLosses.Of(new[,] { { 1f, 2 }, { 3, 5 } }, new[,] { { 1f, 4 }, { 3, 5 } }, null);
        CollectionAssert.AreEqual(new[] { 1.0, 0.0 }, several.Losses);
    }

    [TestMethod]
    public void Texts_are_cells_of_a_table()
    {
        var x = NDArray.Create((string[])["short", new string('a', 200) + "\tb"], [2]);
        var table = (CellTable)Charts.MostWrong(x, new[] { 0, 1 }, new[] { 0.1f, 0.2f }).Body;
        Assert.AreEqual(new string('a', 57) + "...", table.Rows[0][4]);
        Assert.AreEqual("short", table.Rows[1][4]);
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        Refused("x has 3 samples and yTrue 4", () => Charts.MostWrong(new float[3, 2], s_classes, s_scores));
        Refused("yTrue has 4 samples and yPred 3", () => Charts.MostWrong(new float[4, 2], s_classes, new float[3, 3]));
        Refused("count is 0", () => Charts.MostWrong(new float[4, 2], s_classes, s_scores, 0));
        Refused("columnNames has 1 names, and the samples have 2 values", () => Charts.MostWrong(new float[4, 2], s_classes, s_scores, columnNames: ["a"]));
        Refused("classNames has 2 names", () => Charts.MostWrong(new float[4, 2], s_classes, s_scores, classNames: ["a", "b"]));
        Refused("numbers of a regression", () => Charts.MostWrong(new float[1, 2], new[] { 0.5f }, new[] { 7f }, classNames: ["a", "b"]));
        Refused("yTrue has 2 values per sample and yPred 3", () => Charts.MostWrong(new float[1, 2], new[,] { { 0.5f, 1 } }, new float[1, 3]));
    }
}
