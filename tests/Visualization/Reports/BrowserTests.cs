using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Hosts;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization;

namespace OnnxFunctional.Tests.Visualization.Reports;

/// <summary>Reports in headless Chromium: both widths, light and dark, by mouse and by keyboard.</summary>
[TestClass]
[DoNotParallelize]
public sealed class BrowserTests
{
    private const string Script = "report-check.mjs";
    private const string Parts = "graph,curves,verification,predictions,worst,costs,environment";

    [TestMethod]
    public void A_report_of_a_classifier_is_read_and_searched()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = ReportRuns.Images(45);
        var (trainer, history, verification) = ReportRuns.Classifier(folder, x, y);
        Report.Write(folder.File("report.html"), trainer, x, y, history, verification, ReportRuns.Classes);
        var written = Check(folder, new Uri(folder.File("report.html")), "edges", "2D", 2, Parts);
        StringAssert.Contains(written, "curve: loss over epoch: loss from ");
        StringAssert.Contains(written, "; val_loss from ");
    }

    [TestMethod]
    public void A_report_of_a_regression_is_read_and_searched()
    {
        using var folder = new TemporaryFolder();
        var (trainer, history, x, y) = ReportRuns.Regression();
        Report.Write(folder.File("report.html"), trainer, x, y, history);
        Check(folder, new Uri(folder.File("report.html")), "encoder/first", "dense", 2, Parts);
    }

    [TestMethod]
    public void A_report_of_hostile_names_shows_them_as_text()
    {
        using var folder = new TemporaryFolder();
        Report.Write(folder.File("report.html"), ReportRuns.Hostile());
        Check(folder, new Uri(folder.File("report.html")), ReportRuns.HostileName, "<script>", 1, Parts);
    }

    [TestMethod]
    public void The_live_page_follows_a_training_to_its_end()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential([new Dense(3, Activation.Tanh, name: "hidden"), new Dense(1)], name: "watched");
        float[,] x = { { 1 }, { 2 }, { 3 } };
        var trainer = model.Compile(new Sgd(0.01), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError]);
        var dashboard = new Dashboard();
        var started = new TaskCompletionSource<Uri>();

        // Epochs last long enough to be looked at; the browser says when it has seen two.
        var pace = new LambdaCallback(
            onTrainBegin: _ => started.SetResult(dashboard.Address!),
            onEpochEnd: (_, _) =>
            {
                Thread.Sleep(50);
                trainer.StopTraining = File.Exists(folder.File("stop")) || started.Task.IsCanceled;
            });
        var training = Task.Run(() => trainer.Fit(x, x, epochs: 20_000, verbose: 0, callbacks: [dashboard, pace]));
        try
        {
            var written = Check(folder, started.Task.Result, "hidden", "dense", 2, "graph,curves,costs,environment", "live", folder.File("stop"));
            StringAssert.Contains(written, "last: loss over epoch: loss from ");
        }
        finally
        {
            File.WriteAllText(folder.File("stop"), "");
            training.Wait();
        }
    }

    private static string Check(TemporaryFolder folder, Uri page, string layer, string search, int hits, string parts, params string[] more)
    {
        NodeProgram.Need("playwright-core");
        NodeProgram.NeedBrowser();
        File.Copy(Path.Combine(Repository.Root, "tests", "Visualization", "Reports", Script), folder.File(Script));
        Directory.CreateSymbolicLink(folder.File("node_modules"), Path.Combine(NodeProgram.Hosts, "node_modules"));
        string[] arguments = [folder.File(Script), page.ToString(), layer, search, $"{hits}", parts, .. more];
        var (status, written, errors) = NodeProgram.Run(arguments, folder.Path)!.Value;
        Assert.AreEqual(0, status, written + errors);
        return written;
    }
}
