using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Reports;
using SkiaSharp;

namespace OnnxFunctional.Tests.Visualization.Reports;

/// <summary>The parts of a report and their numbers.</summary>
[TestClass]
public sealed class ReportTests
{
    private static readonly string[] s_parts = ["graph", "curves", "verification", "predictions", "worst", "costs", "environment"];

    [TestMethod]
    public void A_report_of_a_classifier_has_all_parts_with_the_numbers_of_the_run()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = ReportRuns.Images(45);
        var (trainer, history, verification) = ReportRuns.Classifier(folder, x, y);
        var page = ReportRuns.Page(folder, file => Report.Write(file, trainer, x, y, history, verification, ReportRuns.Classes, worst: 5));
        CollectionAssert.AreEqual(s_parts, page.Sections.ToArray());

        var scores = trainer.Evaluate(x, y, verbose: 0);
        var facts = page.All("dl").Single().Value;
        foreach (var (name, value) in scores) StringAssert.Contains(facts, name + Html.Number(value));

        var epochs = page.Data["epochs"]!.AsArray();
        CollectionAssert.AreEqual(history["val_loss"].ToArray(), epochs.Select(epoch => (double)epoch!["logs"]!["val_loss"]!).ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4 }, epochs.Select(epoch => (int)epoch!["epoch"]!).ToArray());

        var differences = page.Table("Differences between ONNX Runtime");
        CollectionAssert.AreEqual(verification.Layers.Select(layer => layer.Layer).ToArray(), differences.Skip(1).Select(row => row[0]).ToArray());
        Assert.IsTrue(differences.Skip(1).All(row => row[4] == "ok"));

        var matrix = ConfusionMatrix.Of(trainer.Model, x, y);
        var cells = page.Table("Confusion matrix");
        CollectionAssert.AreEqual(ReportRuns.Classes, cells[0][1..]);
        for (var i = 0; i < 3; i++)
        {
            for (var k = 0; k < 3; k++) Assert.AreEqual(matrix[i, k].ToString(CultureInfo.InvariantCulture), cells[i + 1][k + 1]);
        }

        var costs = page.Table("Costs of each layer");
        CollectionAssert.AreEqual(new[] { "edges", "Conv2D", "(None, 6, 6, 4)", "40", "1,296", "576.00 B" }, costs.Single(row => row[0] == "edges"));
        Assert.AreEqual(trainer.Model.CountParams().ToString("N0", CultureInfo.InvariantCulture), costs[^1][3]);
        Assert.MatchesRegex(@"^\d+\.\d+\.\d+$", page.Table("Environment").Single(row => row[0] == "ONNX Runtime")[1]);
    }

    [TestMethod]
    public void The_worst_examples_are_those_with_the_highest_loss_as_pictures()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = ReportRuns.Images(45);
        var (trainer, _, _) = ReportRuns.Classifier(folder, x, y);
        var page = ReportRuns.Page(folder, file => Report.Write(file, trainer, x, y, classNames: ReportRuns.Classes, worst: 4));
        var probabilities = trainer.Predict(x);
        var labels = y.ToArray();
        var expected = Enumerable.Range(0, 45).OrderByDescending(i => -MathF.Log(probabilities[i, (int)labels[i]])).Take(4).ToList();
        var pictures = page.Section("worst").Descendants().Where(element => element.Name.LocalName == "img").ToList();
        Assert.HasCount(4, pictures);
        foreach (var (picture, sample) in pictures.Zip(expected))
        {
            var scores = Enumerable.Range(0, 3).Select(k => probabilities[sample, k]).ToList();
            var best = scores.IndexOf(scores.Max());
            var (truth, predicted) = (ReportRuns.Classes[(int)labels[sample]], ReportRuns.Classes[best]);
            Assert.AreEqual(
                $"Sample {sample} of image: truth {truth}, predicted {predicted} ({Html.Number(scores[best])})",
                picture.Attribute("alt")!.Value);
            using var bitmap = SKBitmap.Decode(Convert.FromBase64String(picture.Attribute("src")!.Value["data:image/png;base64,".Length..]));
            Assert.AreEqual((8, 8), (bitmap.Width, bitmap.Height));
            Assert.AreEqual((byte)MathF.Round(255 * x[sample, 2, 5, 0]), bitmap.GetPixel(5, 2).Red);
        }
    }

    [TestMethod]
    public void A_report_of_a_regression_has_the_differences_of_its_predictions()
    {
        using var folder = new TemporaryFolder();
        var (trainer, history, x, y) = ReportRuns.Regression();
        var page = ReportRuns.Page(folder, file => Report.Write(file, trainer, x, y, history));
        var (truth, predicted) = (y.ToArray(), trainer.Predict(x).ToArray());
        var errors = predicted.Zip(truth, (p, t) => (double)p - t).ToArray();
        var row = page.Table("Differences of predictions")[1];
        var mean = truth.Average(value => (double)value);
        var determination = 1 - errors.Sum(error => error * error) / truth.Sum(value => (value - mean) * (value - mean));
        CollectionAssert.AreEqual(new[] { "price", Html.Number(determination), Html.Number(errors.Average(Math.Abs)) }, row[..3]);
        Assert.AreEqual(Html.Number(errors.Max()), row[^1]);
        CollectionAssert.AreEqual(predicted, page.Data["numbers"]![0]!["predicted"]!.AsArray().Select(value => (float)value!).ToArray());

        var worst = page.Table("Samples with the highest loss");
        var order = Enumerable.Range(0, 60).OrderByDescending(i => errors[i] * errors[i]).Take(12).Select(i => i.ToString(CultureInfo.InvariantCulture));
        CollectionAssert.AreEqual(order.ToArray(), worst.Skip(1).Select(cells => cells[0]).ToArray());
        Assert.AreEqual("measurements", worst[0][^1]);
    }

    [TestMethod]
    public void Each_box_of_the_picture_leads_to_the_facts_of_its_layer()
    {
        using var folder = new TemporaryFolder();
        var (trainer, _, x, _) = ReportRuns.Regression();
        var page = ReportRuns.Page(folder, file => Report.Write(file, trainer, x));
        var boxes = page.All("g").Where(group => group.Attribute("role")?.Value == "button").ToList();
        string[] paths = ["encoder", "encoder/first", "encoder/input_layer", "measurements", "price"];
        CollectionAssert.AreEqual(paths, boxes.Select(box => box.Attribute("data-path")!.Value).Order(StringComparer.Ordinal).ToArray());
        Assert.IsTrue(boxes.All(box => box.Attribute("tabindex")!.Value == "0" && box.Attribute("aria-label")!.Value.Length > 0));
        foreach (var path in paths) Assert.IsNotNull(page.Data["layers"]![path]);

        var layer = page.Data["layers"]!["encoder/first"]!;
        Assert.AreEqual("encoder/first (Dense)", (string?)layer["title"]);
        CollectionAssert.Contains(layer["rows"]!.AsArray().Select(pair => $"{pair![0]}: {pair[1]}").ToArray(), "Parameters: 12");
        CollectionAssert.Contains(layer["config"]!.AsArray().Select(pair => $"{pair![0]}: {pair[1]}").ToArray(), "activation: tanh");
        var statistics = trainer.Model.Debug(x).Layers.Single(entry => entry.Layer == "encoder/first");
        Assert.AreEqual(Html.Number(statistics.StandardDeviation), (string?)layer["statistics"]![0]![4]);
    }

    [TestMethod]
    public void What_is_missing_says_what_to_pass()
    {
        using var folder = new TemporaryFolder();
        var page = ReportRuns.Page(folder, file => Report.Write(file, new Sequential([3], new Dense(2))));
        CollectionAssert.AreEqual(s_parts, page.Sections.ToArray());
        StringAssert.Contains(page.Section("curves").Value, "pass history");
        StringAssert.Contains(page.Section("verification").Value, "pass verification");
        StringAssert.Contains(page.Section("predictions").Value, "pass x and y");
        StringAssert.Contains(page.Section("worst").Value, "pass x and y");
    }

    [TestMethod]
    public void A_model_without_a_loss_is_judged_by_the_usual_one()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = ReportRuns.Images(9);
        var logits = new Sequential([8, 8, 1], new Flatten(), new Dense(3));
        var page = ReportRuns.Page(folder, file => Report.Write(file, logits, x, y));
        StringAssert.Contains(page.Section("worst").Value, "highest cross-entropy");
        float[,] rows = { { 1, 0 }, { 0, 1 } };
        float[] answers = [1, 0];
        var binary = new Sequential([2], new Dense(1, Activation.Sigmoid));
        page = ReportRuns.Page(folder, file => Report.Write(file, binary, rows, answers, classNames: ["no", "yes"]));
        StringAssert.Contains(page.Section("worst").Value, "highest cross-entropy");
        CollectionAssert.AreEqual(new[] { "no", "yes" }, page.Table("Confusion matrix")[0][1..]);
        page = ReportRuns.Page(folder, file => Report.Write(file, new Sequential([2], new Dense(2)), rows, new float[,] { { 0.5f, 7 }, { 1, 2 } }));
        StringAssert.Contains(page.Section("worst").Value, "highest absolute error");
        CollectionAssert.AreEqual(new[] { "dense[0]", "dense[1]" }, page.Table("Differences of predictions").Skip(1).Select(row => row[0]).ToArray());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void A_single_output_of_two_classes_is_compared_with_the_middle_of_its_range(bool isLogit)
    {
        using var folder = new TemporaryFolder();
        var activation = isLogit ? Activation.Linear : Activation.Sigmoid;
        var model = new Sequential([1], new Dense(1, activation, useBias: false, kernelInitializer: Initializer.Ones));
        var trainer = model.Compile(new Sgd(), new BinaryCrossentropy(fromLogits: isLogit));
        float[,] x = { { -0.2f }, { -3 }, { 0.2f }, { 0.3f }, { 4 } };
        var page = ReportRuns.Page(folder, file => Report.Write(file, trainer, x, new[] { 0, 1, 1, 1, 0 }, classNames: ["no", "yes"]));
        CollectionAssert.AreEqual(new[] { "no", "1", "1" }, page.Table("Confusion matrix")[1]);
        CollectionAssert.AreEqual(new[] { "yes", "1", "2" }, page.Table("Confusion matrix")[2]);
        CollectionAssert.AreEqual(new[] { "yes", "0.6667", "0.6667", "0.6667", "3" }, page.Table("Scores of each class")[2]);
        CollectionAssert.AreEqual(new[] { "4", "1" }, page.Table("Samples with the highest loss").Skip(1).Take(2).Select(row => row[0]).ToArray());
    }

    [TestMethod]
    public void Outputs_that_are_neither_classes_nor_numbers_say_so()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential([4, 2], new Dense(3));
        var page = ReportRuns.Page(folder, file => Report.Write(file, model, new float[5, 4, 2], new float[5, 4, 3]));
        StringAssert.Contains(page.Section("predictions").Value, "Output 'dense' has the shape (5, 4, 3)");
        StringAssert.Contains(page.Section("worst").Value, "has no loss");
    }

    [TestMethod]
    public void Every_output_has_parts_of_its_own()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([2]);
        var model = new Model(input, [new Dense(3, Activation.Softmax, name: "kind").Call(input), new Dense(1, name: "price").Call(input)]);
        var trainer = model.Compile(
            new Sgd(), new() { ["kind"] = Loss.SparseCategoricalCrossentropy, ["price"] = Loss.MeanSquaredError });
        var page = ReportRuns.Page(folder, file => Report.Write(
            file, trainer, new float[4, 2], new() { ["kind"] = new[] { 0, 1, 2, 1 }, ["price"] = new float[] { 1, 2, 3, 4 } }));
        CollectionAssert.IsSubsetOf(new[] { "predictions-0", "worst-0", "predictions-1", "worst-1" }, page.Sections.ToArray());
        StringAssert.StartsWith(page.Section("predictions-0").Value.TrimStart(), "Confusion matrix of kind");
    }

    [TestMethod]
    public void Names_are_text_wherever_they_stand()
    {
        using var folder = new TemporaryFolder();
        float[,] x = { { 1, 0 }, { 0, 1 } };
        var page = ReportRuns.Page(folder, file => Report.Write(file, ReportRuns.Hostile(), x, new[] { 0, 1 }, classNames: ["</script><b>", "&amp;"]));
        Assert.HasCount(2, page.All("script"));
        Assert.DoesNotContain("<script>document", page.Text);
        Assert.IsEmpty(page.All("b"));
        Assert.AreEqual("Report of <h1>model", page.All("h1").Single().Value);
        CollectionAssert.Contains(page.Table("Costs of each layer").Select(row => row[0]).ToArray(), ReportRuns.HostileName);
        CollectionAssert.AreEqual(new[] { "</script><b>", "&amp;" }, page.Table("Confusion matrix")[0][1..]);
        Assert.AreEqual($"{ReportRuns.HostileName} (Dense)", (string?)page.Data["layers"]![ReportRuns.HostileName]!["title"]);
    }

    [TestMethod]
    public void A_page_asks_for_nothing_from_anywhere()
    {
        using var folder = new TemporaryFolder();
        var (x, y) = ReportRuns.Images(9);
        var (trainer, history, verification) = ReportRuns.Classifier(folder, x, y);
        var page = ReportRuns.Page(folder, file => Report.Write(file, trainer, x, y, history, verification));
        Assert.IsEmpty(Regex.Matches(page.Text, "https?:(?!//www\\.w3\\.org/2000/svg[\"'])"));
        Assert.IsEmpty(Regex.Matches(page.Text, "@import|url\\(|<link(?! rel=\"icon\" href=\"data:,\")"));
        Assert.IsTrue(page.All("img").All(image => image.Attribute("src")!.Value.StartsWith("data:", StringComparison.Ordinal)));
        Assert.Contains("default-src 'none'", page.All("meta").Select(meta => meta.Attribute("content")?.Value ?? "").First(text => text.Length > 0));
        Assert.DoesNotContain(folder.Path, page.Text);
        Assert.DoesNotContain(Environment.MachineName, page.Section("environment").Value);
    }

    [TestMethod]
    public void Measured_times_of_layers_are_columns_of_the_costs()
    {
        var (trainer, _, x, y) = ReportRuns.Regression();
        var profile = trainer.Profile(x, y, batchSize: 7, steps: 1);
        var rows = Rows(CostSection.Of(trainer.Model, LayerFacts.Of(trainer.Model), profile));
        CollectionAssert.AreEqual((string[])["Forward", "Backward", "Update"], rows[0][^3..]);
        CollectionAssert.IsSubsetOf((string[])["encoder", "encoder/first", "price", "loss", "optimizer", "Whole model"], rows.Select(row => row[0]).ToArray());

        // A model in the model has the time of its layers, and all rows of the top level have the time of all.
        CollectionAssert.AreEqual(Row("encoder/first")[^3..], Row("encoder")[^3..]);
        Assert.IsTrue(Row("price")[^3..].All(cell => cell.EndsWith("us", StringComparison.Ordinal) || cell.EndsWith("ms", StringComparison.Ordinal)));
        Assert.AreEqual("-", Row("measurements")[^1]);

        var forward = Rows(CostSection.Of(trainer.Model, LayerFacts.Of(trainer.Model), trainer.Model.Profile(x, steps: 1)));
        Assert.AreEqual("Forward", forward[0][^1]);
        Assert.HasCount(rows[0].Length - 2, forward[0]);
        var without = CostSection.Of(trainer.Model, LayerFacts.Of(trainer.Model), null);
        StringAssert.Contains(without.Content, "pass profile");

        string[] Row(string name) => rows.First(row => row[0] == name);

        static List<string[]> Rows(ReportSection section) =>
        [
            .. XElement.Parse("<div>" + section.Content + "</div>").Descendants("tr")
                .Select(row => row.Elements().Select(cell => cell.Value).ToArray()),
        ];
    }

    [TestMethod]
    public void Values_that_are_not_finite_leave_gaps()
    {
        using var folder = new TemporaryFolder();
        var history = new History();
        history.OnEpochEnd(0, new Dictionary<string, double> { ["loss"] = double.NaN });
        history.OnEpochEnd(1, new Dictionary<string, double> { ["loss"] = 0.5, ["val_loss"] = double.PositiveInfinity });
        var page = ReportRuns.Page(folder, file => Report.Write(file, new Sequential([3], new Dense(2)), history: history));
        Assert.IsNull(page.Data["epochs"]![0]!["logs"]!["loss"]);
        Assert.IsFalse(page.Data["epochs"]![0]!["logs"]!.AsObject().ContainsKey("val_loss"));
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("report.html");
        var model = new Sequential([2], new Dense(3, Activation.Softmax));
        Expect("ends in .html", () => Report.Write(folder.File("report.pdf"), model));
        Expect("without x", () => Report.Write(file, model, y: new[] { 1 }));
        Expect("worst is 0", () => Report.Write(file, model, worst: 0));
        Expect("without y", () => Report.Write(file, model, classNames: ["a", "b", "c"]));
        Expect("classNames has 2 names, and 'dense' has 3 classes", () => Report.Write(file, model, new float[2, 2], new[] { 0, 1 }, classNames: ["a", "b"]));
        Expect("has 3 samples, but the inputs have 2", () => Report.Write(file, model, new float[2, 2], new[] { 0, 1, 2 }));
        Expect("holds no sample", () => Report.Write(file, model, new float[0, 2]));
        Expect("not built", () => Report.Write(file, new Sequential([new Dense(2)])));
        Assert.IsFalse(File.Exists(file));

        static void Expect(string message, Action action) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(action).Message, message);
    }
}
