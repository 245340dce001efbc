using System.Globalization;
using System.Xml.Linq;
using Microsoft.DotNet.Interactive.Formatting;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.Hosts;

/// <summary>What .NET Interactive, which runs C# in notebooks, shows of models, histories, arrays and reports.</summary>
[TestClass]
public sealed class NotebookTests
{
    [TestMethod]
    public void A_model_is_its_summary_as_a_table()
    {
        var shown = Html(Network());
        Assert.StartsWith("Model: \"<net>\"", shown.Value);
        var rows = Cells(shown);
        CollectionAssert.AreEqual(new[] { "Layer (type)", "Output Shape", "Param #" }, rows[0]);
        CollectionAssert.AreEqual(new[] { "hidden (Dense)", "(None, 4)", "16" }, rows[2]);
        Assert.HasCount(4, rows);
        Assert.Contains("Total params: 21 (84.00 B)", shown.Value);
    }

    /// <summary>Also custom classes, and those that are not built.</summary>
    [TestMethod]
    public void Every_kind_of_model_is_shown()
    {
        var sequential = new Sequential([new Dense(2)], name: "row");
        Assert.Contains("0 (unbuilt)", Html(sequential).Value);
        sequential.Build([3]);
        Assert.Contains("Total params: 8", Html(sequential).Value);
        Assert.Contains("Total params: 5", Html(new Nested()).Value);
    }

    [TestMethod]
    public void A_history_is_a_chart_of_each_value_and_a_table_of_epochs()
    {
        var history = Trained().History;
        var shown = Html(history);
        var charts = shown.Descendants().Where(element => element.Name.LocalName == "svg").ToList();
        Assert.HasCount(2, charts);
        CollectionAssert.IsSubsetOf(new[] { "loss", "val_loss", "epoch", "1", "3" }, Texts(charts[0]));
        CollectionAssert.IsSubsetOf(new[] { "mean_absolute_error", "val_mean_absolute_error" }, Texts(charts[1]));
        foreach (var path in charts.SelectMany(Curves)) Assert.AreEqual(3, Points(path));
        var rows = Cells(shown);
        Assert.HasCount(4, rows);
        Assert.AreEqual("epoch", rows[0][0]);
        Assert.AreEqual("3", rows[3][0]);
        Assert.AreEqual(history["loss"][2].ToString("F4", CultureInfo.InvariantCulture), rows[3][rows[0].IndexOf("loss")]);
    }

    [TestMethod]
    public void A_curve_is_interrupted_where_it_is_not_finite()
    {
        double[] x = [1, 2, 3, 4, 5];
        double[] y = [1, double.NaN, 3, 4, double.PositiveInfinity];
        var svg = XElement.Parse(LineChart.Svg("x", x, [("a<b", y), ("none", [double.NaN, double.NaN, double.NaN])]));
        var curves = Curves(svg);
        Assert.AreEqual(2, curves[0].Count(letter => letter == 'M'));
        Assert.AreEqual(3, Points(curves[0]));
        Assert.AreEqual("", curves[1]);
        CollectionAssert.IsSubsetOf(new[] { "a<b", "none", "1", "4" }, Texts(svg));
        Assert.AreEqual(1, Points(Curves(XElement.Parse(LineChart.Svg("x", [7], [("one", [7])])))[0]));
        Assert.DoesNotContain("NaN", LineChart.Svg("x", [0, 1], [("wide", [double.MinValue, double.MaxValue])]));
    }

    [TestMethod]
    public void A_matrix_is_a_table_and_other_arrays_are_text()
    {
        NDArray matrix = new float[,] { { 1, 2.5f, 3 }, { 4, 5, 6 } };
        var shown = Html(matrix);
        Assert.StartsWith("float32 (2, 3)", shown.Value);
        var rows = Cells(shown);
        CollectionAssert.AreEqual(new[] { "", "0", "1", "2" }, rows[0]);
        CollectionAssert.AreEqual(new[] { "1", "4.", "5.", "6." }, rows[2].Select(cell => cell.Trim()).ToArray());
        Assert.AreEqual(((NDArray)new float[] { 1, 2 }).ToString(), Html((NDArray)new float[] { 1, 2 }).Value);

        NDArray large = new float[200, 100];
        var ends = Cells(Html(large));
        CollectionAssert.AreEqual(new[] { "", "0", "1", "2", "...", "97", "98", "99" }, ends[0]);
        CollectionAssert.AreEqual(new[] { "", "0", "1", "2", "...", "197", "198", "199" }, ends.Select(row => row[0]).ToArray());
        Assert.HasCount(1, Cells(Html((NDArray)new float[0, 3])));
    }

    [TestMethod]
    public void Reports_are_tables()
    {
        var (trainer, _) = Trained();
        var model = trainer.Model;
        NDArray x = new float[6, 3], y = new float[6, 1];
        CollectionAssert.AreEqual(new[] { "loss", "mean_absolute_error" }, Cells(Html(trainer.Evaluate(x, y, verbose: 0)))[0]);

        using var folder = new TemporaryFolder();
        var report = Html(model.ExportOnnx(folder.File("m.onnx")));
        Assert.Contains("ONNX Runtime and the engine agree on", report.Value);
        CollectionAssert.Contains(Cells(report).Select(row => row[0]).ToList(), "hidden");
        var unverified = Html(model.ExportOnnx(folder.File("n.onnx"), new() { Verify = false }));
        Assert.EndsWith("not verified", unverified.Value);

        var pruned = model.Prune(0.5);
        Assert.Contains("hidden (Dense)", Html(pruned).Value);
        Assert.AreEqual("ONNX file, bytes", Cells(Html(PruningReport.Measure(model, pruned.Model, runs: 3)))[3][0]);

        var gradients = Html(GradientCheck.Run(model, Loss.MeanSquaredError, x, y));
        Assert.Contains("No gradient is wrong", gradients.Value);
        Assert.AreEqual("hidden/kernel", Cells(gradients)[1][0]);

        var matrix = new ConfusionMatrix(2);
        matrix.Add(new int[] { 0, 1, 1 }, new float[,] { { 1, 0 }, { 0, 1 }, { 1, 0 } });
        CollectionAssert.AreEqual(new[] { "1", "1", "1" }, Cells(Html(matrix))[2]);
        Assert.AreEqual("a&b", Cells(Html(matrix.Report(["a&b", "c"])))[1][0]);
        Assert.Contains("log10(learning rate)", Html(trainer.FindLearningRate(x, y)).Value);
        Assert.Contains("tensors of state", Html(trainer.ExportTraining(folder.File("training"))).Value);
        Assert.Contains("float32", Html(model.Outputs[0]).Value);
    }

    /// <summary>A type with HTML of its own but without the attribute would be shown as its properties.</summary>
    [TestMethod]
    public void Types_with_HTML_are_marked_for_notebooks()
    {
        Type[] ofAssemblies = [typeof(Model), typeof(Trainer), typeof(ExportReport)];
        var shown = ofAssemblies.SelectMany(type => type.Assembly.GetTypes()).Where(type => type.IsClass && typeof(IHtml).IsAssignableFrom(type)).ToList();
        Assert.IsGreaterThan(10, shown.Count);
        foreach (var type in shown)
            Assert.IsTrue(type.GetCustomAttributes(true).Any(attribute => attribute is OnnxFunctional.Notebooks.TypeFormatterSourceAttribute), type.Name);
    }

    private static Model Network()
    {
        var x = Model.Input([3], name: "input");
        return new Model(x, new Dense(1, name: "result").Call(new Dense(4, Activation.Relu, name: "hidden").Call(x)), name: "<net>");
    }

    private static (Trainer Trainer, History History) Trained()
    {
        var trainer = Network().Compile(new Adam(), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError]);
        NDArray x = new float[,] { { 1, 2, 3 }, { 3, 2, 1 }, { 0, 1, 0 }, { 2, 2, 2 } }, y = new float[] { 1, 0, 1, 0 };
        return (trainer, trainer.Fit(x, y, epochs: 3, validationSplit: 0.25, verbose: 0));
    }

    /// <summary>The HTML, as the notebook's own library makes it, which must be well-formed.</summary>
    private static XElement Html(object value) => XElement.Parse($"<div>{value.ToDisplayString("text/html")}</div>", LoadOptions.PreserveWhitespace);

    private static List<List<string>> Cells(XElement html) =>
        [.. html.Descendants("tr").Select(row => row.Elements().Select(cell => cell.Value).ToList())];

    private static List<string> Texts(XElement svg) =>
        [.. svg.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];

    private static List<string> Curves(XElement svg) =>
        [.. svg.Elements().Where(element => element.Attribute("stroke-width") is not null).Select(element => element.Attribute("d")!.Value)];

    private static int Points(string path) => path.Count(letter => letter is 'M' or 'L');

    private sealed class Nested : Model
    {
        private readonly Dense _dense = new(1);

        public Nested() => Build([4]);

        protected override SymbolicTensor Forward(SymbolicTensor x) => _dense.Call(x);
    }
}
