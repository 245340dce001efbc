using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Visualization.Reports;

/// <summary>Small trainings that reports are written of.</summary>
internal static class ReportRuns
{
    public const string HostileName = "\"><script>document.title='taken'<!--";

    public static readonly string[] Classes = ["left", "right", "none"];

    /// <summary>Images of 8 x 8 pixels: bright at the left, at the right, or nowhere.</summary>
    public static (NDArray X, NDArray Y) Images(int count)
    {
        var random = new Random(3);
        var (pixels, labels) = (new float[count * 64], new int[count]);
        for (var i = 0; i < count; i++)
        {
            labels[i] = i % 3;
            for (var k = 0; k < 64; k++) pixels[i * 64 + k] = random.NextSingle() * 0.4f + (labels[i] == (k % 8 < 4 ? 0 : 1) ? 0.5f : 0);
        }

        return (NDArray.Create(pixels, [count, 8, 8, 1]), labels);
    }

    /// <summary>A trained classifier of images, its history, and the verification of its file.</summary>
    public static (Trainer Trainer, History History, ExportReport Verification) Classifier(TemporaryFolder folder, NDArray x, NDArray y)
    {
        var image = Model.Input([8, 8, 1], name: "image");
        var features = image.Apply(new Conv2D(4, 3, activation: Activation.Relu, name: "edges"), new MaxPooling2D(2), new Flatten());
        var model = new Model(image, new Dense(3, Activation.Softmax, name: "scores").Call(features), name: "sides");
        var trainer = model.Compile(new Adam(0.02), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
        var history = trainer.Fit(x, y, epochs: 4, validationSplit: 0.25, verbose: 0);
        return (trainer, history, model.ExportOnnx(folder.File("sides.onnx")));
    }

    /// <summary>A trained regression with a model in the model, and its data.</summary>
    public static (Trainer Trainer, History History, NDArray X, NDArray Y) Regression()
    {
        var random = new Random(4);
        var (x, y) = (new float[60, 2], new float[60]);
        for (var i = 0; i < 60; i++)
        {
            (x[i, 0], x[i, 1]) = (random.NextSingle(), random.NextSingle());
            y[i] = 3e6f * x[i, 0] - 1e6f * x[i, 1];
        }

        var input = Model.Input([2], name: "measurements");
        var inner = new Sequential([new Dense(4, Activation.Tanh, name: "first")], name: "encoder");
        var model = new Model(input, input.Apply(inner, new Dense(1, name: "price")), name: "prices");
        var trainer = model.Compile(new Adam(0.05), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError]);
        return (trainer, trainer.Fit(x, y, epochs: 5, verbose: 0), x, y);
    }

    /// <summary>A model whose names look like markup.</summary>
    public static Model Hostile()
    {
        var input = Model.Input([2], name: "a&b");
        return new Model(input, new Dense(2, name: HostileName).Call(input), name: "<h1>model");
    }

    /// <summary>A written page.</summary>
    public static WrittenPage Page(TemporaryFolder folder, Action<string> write)
    {
        write(folder.File("report.html"));
        return new WrittenPage(File.ReadAllText(folder.File("report.html")));
    }
}

/// <summary>A page as a tree, which it is only if it is well-formed.</summary>
internal sealed partial class WrittenPage
{
    private readonly XDocument _tree;

    public WrittenPage(string text)
    {
        Text = text;

        // Scripts and styles are no XML.
        var body = Scripts().Replace(text, match => match.Groups[1].Value + match.Groups[3].Value);
        _tree = XDocument.Parse(body.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));
        Data = JsonNode.Parse(Scripts().Matches(text).Single(match => match.Value.Contains("application/json", StringComparison.Ordinal)).Groups[2].Value)!;
    }

    public string Text { get; }

    /// <summary>What the script reads.</summary>
    public JsonNode Data { get; }

    public IEnumerable<XElement> All(string name) => _tree.Descendants().Where(element => element.Name.LocalName == name);

    /// <summary>A part of the page.</summary>
    public XElement Section(string id) => All("section").Single(section => section.Attribute("id")!.Value == id);

    public IEnumerable<string> Sections => All("section").Select(section => section.Attribute("id")!.Value);

    /// <summary>The cells of the table with a caption.</summary>
    public string[][] Table(string caption) =>
    [
        .. All("table").Single(table => table.Elements().First().Value.StartsWith(caption, StringComparison.Ordinal)).Descendants()
            .Where(element => element.Name.LocalName == "tr").Select(row => row.Elements().Select(cell => cell.Value).ToArray()),
    ];

    [GeneratedRegex("(<(?:script|style)[^>]*>)(.*?)(</(?:script|style)>)", RegexOptions.Singleline)]
    private static partial Regex Scripts();
}
