using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

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

    [TestMethod]
    public void A_log_is_read_as_it_was_written()
    {
        using var folder = new TemporaryFolder();
        var logger = new CsvLogger(folder.File("log.csv"), ';');
        var logged = new History();
        foreach (var callback in (Callback[])[logger, logged])
        {
            callback.OnTrainBegin();
            callback.OnEpochEnd(0, new Dictionary<string, double> { ["loss"] = 0.1 + 0.2, ["a;\"b\""] = double.NaN });
            callback.OnEpochEnd(1, new Dictionary<string, double> { ["loss"] = 1e-300, ["a;\"b\""] = double.PositiveInfinity, ["val_loss"] = -0.5 });
            callback.OnTrainEnd();
        }

        var read = History.FromCsv(folder.File("log.csv"), ';');
        CollectionAssert.AreEqual(logged.Epochs.ToArray(), read.Epochs.ToArray());
        CollectionAssert.AreEquivalent(logged.Names.ToArray(), read.Names.ToArray());
        foreach (var name in logged.Names) CollectionAssert.AreEqual(logged[name].ToArray(), read[name].ToArray());
        Assert.HasCount(1, read["val_loss"]);
    }

    [TestMethod]
    [DataRow("loss,epoch\n0.5,0\n", "its first column is 'loss', expected 'epoch'")]
    [DataRow("epoch,loss\n0,0.5\nx,0.5\n", "row 2, column 'epoch': 'x' is not an epoch, counted from 0")]
    [DataRow("epoch,loss\n-1,0.5\n", "'-1' is not an epoch")]
    [DataRow("epoch,loss\n2147483647,0.5\n", "'2147483647' is not an epoch")]
    [DataRow("epoch,loss\n0,low\n", "row 1, column 'loss': 'low' is not a number, or NA")]
    [DataRow("epoch,loss\n", "has a header and no rows")]
    public void What_is_no_log_is_refused(string text, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("log.csv"), text);
        StringAssert.Contains(Assert.ThrowsExactly<DataException>(() => History.FromCsv(folder.File("log.csv"))).Message, message);
    }
}
