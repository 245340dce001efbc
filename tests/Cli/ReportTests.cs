using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Tests.Visualization.Reports;

namespace OnnxFunctional.Tests.Cli;

/// <summary>onnxf report.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ReportTests
{
    [TestMethod]
    public void A_training_is_logged_and_reported_with_all_parts()
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Flowers(folder);
        string model = folder.File("flowers.onnx"), log = folder.File("log.csv"), page = folder.File("flowers.html");
        CommandRun.Of("train", "mlp", "--data", data, "--target", "species", "--epochs", "3", "--out", model, "--log", log).Succeeded();
        var run = CommandRun.Of("report", model, "--data", data, "--history", log, "--out", page).Succeeded();
        StringAssert.Contains(run.Output, $"Wrote {page}");
        var written = new WrittenPage(File.ReadAllText(page));
        CollectionAssert.AreEqual(new[] { "iris", "lily", "rose" }, written.Table("Confusion matrix")[0][1..]);
        Assert.HasCount(3, written.Data["epochs"]!.AsArray());
        Assert.HasCount(13, written.Table("Samples with the highest loss"));
        StringAssert.Contains(written.Section("verification").Value, "ONNX Runtime and the engine agree");
        foreach (var text in written.All("p").Where(p => p.Attribute("class")?.Value == "missing" && p.Parent!.Name.LocalName != "noscript"))
            Assert.Fail(text.Value);
    }

    [TestMethod]
    public void A_regression_is_reported_as_json_says()
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Houses(folder);
        string model = folder.File("houses.onnx"), page = folder.File("houses.html");
        CommandRun.Of("train", "mlp", "--data", data, "--target", "price", "--epochs", "2", "--out", model).Succeeded();
        var result = CommandRun.Of("report", model, "--data", data, "--out", page, "--worst", "3", "--json").Json();
        Assert.AreEqual((page, 120, true), ((string?)result["file"], (int)result["samples"]!, (bool)result["verified"]!));
        var written = new WrittenPage(File.ReadAllText(page));
        Assert.HasCount(4, written.Table("Samples with the highest loss"));
        Assert.AreEqual("R squared", written.Table("Differences of predictions")[0][1]);
        result = CommandRun.Of("report", model, "--out", page, "--no-verify", "--json").Json();
        Assert.IsNull(result["verified"]);
        StringAssert.Contains(new WrittenPage(File.ReadAllText(page)).Section("verification").Value, "No verification was given");
    }

    [TestMethod]
    public void A_model_alone_has_a_report_too()
    {
        using var folder = new TemporaryFolder();
        CommandRun.Of("report", ParityFolder.PathOf("models/nested.keras"), "--out", folder.File("m.html")).Succeeded();
        var written = new WrittenPage(File.ReadAllText(folder.File("m.html")));
        StringAssert.Contains(written.Section("predictions").Value, "pass x and y");
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        using var folder = new TemporaryFolder();
        var model = ParityFolder.PathOf("models/mlp.keras");
        var page = folder.File("m.html");
        CommandRun.Of("report", model, "--out", folder.File("m.pdf")).Refused("ends in .html");
        CommandRun.Of("report", model, "--out", page, "--classes", "a,b").Refused("--classes is about data, and there is none");
        CommandRun.Of("report", model, "--out", page, "--loss", "mean_squared_error").Refused("--loss is about data");
        CommandRun.Of("report", model, "--out", page, "--target", "y").Refused("--target says how data is read, and there is none");
        CommandRun.Of("report", model, "--out", page, "--history", folder.File("none.csv")).Refused("none.csv");
        CommandRun.Of("report", model, "--worst", "0").Misused("--worst is 0");
        CommandRun.Of("report").Misused("report needs MODEL");
        Assert.IsFalse(File.Exists(page));
    }
}
