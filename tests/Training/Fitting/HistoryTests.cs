using System.Globalization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>What Fit returns, as text.</summary>
[TestClass]
public sealed class HistoryTests
{
    [TestMethod]
    public void Text_is_a_table_of_epochs_in_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = "," } };
            var history = new History();
            history.OnEpochEnd(0, new Dictionary<string, double> { ["loss"] = 0.693147, ["accuracy"] = 0.5 });
            history.OnEpochEnd(1, new Dictionary<string, double> { ["loss"] = 0.00012345, ["accuracy"] = 1, ["val_loss"] = 1234.5 });
            Assert.AreEqual(
                """
                epoch        loss  accuracy   val_loss
                    1      0.6931    0.5000
                    2  1.2345e-04    1.0000  1234.5000
                """,
                string.Join('\n', history.ToString().Split('\n').Select(line => line.TrimEnd())));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestMethod]
    public void A_long_training_is_cut_in_the_middle()
    {
        var history = new History();
        for (var i = 0; i < 1000; i++) history.OnEpochEnd(i, new Dictionary<string, double> { ["loss"] = i });
        var lines = history.ToString().Split('\n');
        Assert.HasCount(62, lines);
        Assert.AreEqual("   30   29.0000", lines[30]);
        Assert.AreEqual("  ...", lines[31]);
        Assert.AreEqual("  971  970.0000", lines[32]);
        Assert.AreEqual(" 1000  999.0000", lines[61]);
        Assert.AreEqual("epoch", new History().ToString());
    }
}
