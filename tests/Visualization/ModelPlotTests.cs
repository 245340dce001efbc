using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Plots;
using SkiaSharp;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>The files that Plot writes, read again.</summary>
[TestClass]
public sealed class ModelPlotTests
{
    private static Model Small()
    {
        var input = Model.Input([7], name: "table");
        var hidden = new Dense(3, Activation.Relu, name: "hidden") { Trainable = false }.Call(input);
        return new Model(input, new Dense(1, Activation.Sigmoid, name: "score").Call(hidden), name: "small");
    }

    [TestMethod]
    public void Each_option_of_plot_model_shows_its_line()
    {
        using var folder = new TemporaryFolder();
        string[] Texts(Action<string> plot)
        {
            plot(folder.File("m.svg"));
            return [.. SvgPicture.Parse(File.ReadAllText(folder.File("m.svg"))).Texts.Select(text => text.Value)];
        }

        var model = Small();
        CollectionAssert.AreEqual((string[])["InputLayer", "Dense", "Dense"], Texts(file => model.Plot(file)));
        CollectionAssert.AreEqual(
            (string[])["table (InputLayer)", "hidden (Dense)", "score (Dense)"],
            Texts(file => model.Plot(file, showLayerNames: true)));
        CollectionAssert.AreEqual(
            (string[])["InputLayer", "Output shape: (None, 7)", "Dense", "Input shape: (None, 7)", "Output shape: (None, 3)"],
            Texts(file => model.Plot(file, showShapes: true))[..5]);
        CollectionAssert.Contains(Texts(file => model.Plot(file, showDtype: true)), "Output dtype: float32");
        CollectionAssert.AreEqual(
            (string[])["InputLayer", "Dense", "Activation: relu", "Dense", "Activation: sigmoid"],
            Texts(file => model.Plot(file, showLayerActivations: true)));
        CollectionAssert.AreEqual(
            (string[])["InputLayer", "Trainable", "Dense", "Non-trainable", "Dense", "Trainable"],
            Texts(file => model.Plot(file, showTrainable: true)));
    }

    [TestMethod]
    [DataRow(RankDirection.TopToBottom)]
    [DataRow(RankDirection.BottomToTop)]
    [DataRow(RankDirection.LeftToRight)]
    [DataRow(RankDirection.RightToLeft)]
    public void Data_flow_where_rankdir_says(RankDirection direction)
    {
        using var folder = new TemporaryFolder();
        Small().Plot(folder.File("m.svg"), rankdir: direction);
        var picture = SvgPicture.Parse(File.ReadAllText(folder.File("m.svg")));
        var centers = picture.Boxes.Select(box => direction is RankDirection.TopToBottom or RankDirection.BottomToTop ? box.Top : box.Left).ToArray();
        var sign = direction is RankDirection.TopToBottom or RankDirection.LeftToRight ? 1 : -1;
        Assert.IsTrue(sign * centers[0] < sign * centers[1] && sign * centers[1] < sign * centers[2], string.Join(" ", centers));
    }

    [TestMethod]
    public void Pixels_of_a_png_have_the_colors_of_the_boxes_at_each_dpi()
    {
        using var folder = new TemporaryFolder();
        var model = Small();
        model.Plot(folder.File("m.svg"), showShapes: true);
        var picture = SvgPicture.Parse(File.ReadAllText(folder.File("m.svg")));
        foreach (var dpi in (double[])[48, 96, 200])
        {
            model.Plot(folder.File("m.png"), showShapes: true, dpi: dpi);
            using var bitmap = SKBitmap.Decode(folder.File("m.png"));
            var scale = dpi / 96;
            Assert.AreEqual(((int)Math.Ceiling(picture.Width * scale), (int)Math.Ceiling(picture.Height * scale)), (bitmap.Width, bitmap.Height));
            foreach (var (i, box) in picture.Boxes.Index())
            {
                var expected = SKColor.Parse(BoxText.Color(i == 0 ? BoxKind.Input : BoxKind.Weights));
                Assert.AreEqual(expected, bitmap.GetPixel((int)((box.Left + 5) * scale), (int)((box.Top + 12) * scale)), $"box {i} at {dpi} dpi");
                Assert.AreEqual(SKColors.White, bitmap.GetPixel((int)((box.Right - 4) * scale), (int)((box.Bottom - 5) * scale)), $"below {i} at {dpi} dpi");
            }

            Assert.AreEqual(SKColors.White, bitmap.GetPixel(bitmap.Width - 1, bitmap.Height - 1));
            var line = bitmap.GetPixel((int)(picture.Boxes[0].Left + picture.Boxes[0].Right) / 2, 0);
            Assert.AreEqual(SKColors.White, line, "the border is empty");
        }
    }

    [TestMethod]
    public void Pictures_are_the_same_bytes_again()
    {
        using var folder = new TemporaryFolder();
        foreach (var end in (string[])[".png", ".svg", ".pdf", ".mmd"])
        {
            PlotCases.Create("siamese").Plot(folder.File("a" + end), expandNested: true);
            PlotCases.Create("siamese").Plot(folder.File("b" + end), expandNested: true);
            CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("a" + end)), File.ReadAllBytes(folder.File("b" + end)), end);
        }

        Assert.StartsWith("%PDF-", Encoding.ASCII.GetString(File.ReadAllBytes(folder.File("a.pdf"))));
    }

    [TestMethod]
    public void Mermaid_text_has_boxes_frames_and_edges()
    {
        using var folder = new TemporaryFolder();
        PlotCases.Create("siamese").Plot(folder.File("m.mmd"), showLayerNames: true, expandNested: true, rankdir: RankDirection.LeftToRight);
        var lines = File.ReadAllLines(folder.File("m.mmd"));
        Assert.AreEqual("flowchart LR", lines[0]);
        var frames = lines.Where(line => line.Contains("subgraph", StringComparison.Ordinal)).ToList();
        Assert.HasCount(1, frames);
        Assert.EndsWith("[\"encoder (Functional)\"]", frames[0]);
        Assert.HasCount(8, lines.Where(line => line.Contains("-->", StringComparison.Ordinal)));
        Assert.HasCount(1, lines.Where(line => line.Trim() == "end"));

        new Model(Model.Input([1], name: "a\"]b") is var input ? input : input, new Dense(1).Call(input)).Plot(folder.File("m.mmd"), showLayerNames: true);
        StringAssert.Contains(File.ReadAllText(folder.File("m.mmd")), "a#34;#93;b");
    }

    [TestMethod]
    public void Repeated_blocks_are_drawn_once_with_their_number()
    {
        var input = Model.Input([8]);
        var x = new Dense(5).Call(input);
        for (var i = 0; i < 12; i++) x = new LayerNormalization().Call(new Dense(5).Call(new Dense(7, Activation.Relu).Call(x)) + x);
        var options = new PlotOptions();
        var folded = RepeatedBlocks.Fold(ModelGraph.Of(new Model(input, new Dense(1).Call(x)), options));
        CollectionAssert.AreEqual((string[])["InputLayer", "Dense", "\u00d7 12", "Dense"], folded.Boxes.Select(box => box.Lines[0]).ToArray());
        Assert.HasCount(4, folded.Boxes[2].Inner!.Boxes);
        Assert.HasCount(3, folded.Edges);
    }

    [TestMethod]
    public void Blocks_that_are_read_from_outside_or_differ_are_not_folded()
    {
        var input = Model.Input([8]);
        var all = new List<SymbolicTensor> { input };
        for (var i = 0; i < 6; i++) all.Add(new Dense(8).Call(all[^1]));
        var everywhere = ModelGraph.Of(new Model(input, new Add().Call([.. all])), new PlotOptions());
        Assert.HasCount(everywhere.Boxes.Count, RepeatedBlocks.Fold(everywhere).Boxes);
        var narrower = input.Apply([.. Enumerable.Range(1, 7).Reverse().Select(units => new Dense(units))]);
        var narrowing = ModelGraph.Of(new Model(input, narrower), new PlotOptions());
        Assert.HasCount(narrowing.Boxes.Count, RepeatedBlocks.Fold(narrowing).Boxes);
    }

    [TestMethod]
    public void Wrong_uses_are_refused_and_leave_the_old_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("m.png"), "old");
        void Refused(string expected, Action use) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(use).Message, expected);
        Refused("ends in .png, .svg, .pdf or .mmd", () => Small().Plot(folder.File("m.jpg")));
        Refused("dpi: expected a number above 0, got 0", () => Small().Plot(folder.File("m.png"), dpi: 0));
        Refused("dpi: expected a number above 0, got NaN", () => Small().Plot(folder.File("m.png"), dpi: double.NaN));
        Refused("Write it as .svg or .pdf", () => Small().Plot(folder.File("m.png"), dpi: 100_000));
        Refused("rankdir", () => Small().Plot(folder.File("m.png"), rankdir: (RankDirection)7));
        var start = Model.Input([1]);
        var relus = Enumerable.Range(0, 4000).Aggregate(start, (x, _) => new Relu().Call(x));
        Refused("would have 4001 boxes; at most 4000", () => new Model(start, relus).Plot(folder.File("m.png")));
        Refused("not built", () => new Sequential([new Dense(1)]).Plot(folder.File("m.png")));
        Refused("no folder", () => Small().Plot(Path.Combine(folder.Path, "no folder", "m.png")));
        Assert.ThrowsExactly<OnnxFileException>(() => ModelPlot.PlotFile(folder.File("none.onnx"), folder.File("m.png")));
        Assert.AreEqual("old", File.ReadAllText(folder.File("m.png")));
    }

    [TestMethod]
    public void Files_are_drawn_node_by_node()
    {
        using var folder = new TemporaryFolder();
        Small().ExportOnnx(folder.File("m.onnx"));
        ModelPlot.PlotFile(folder.File("m.onnx"), folder.File("m.svg"), showShapes: true, showLayerNames: true);
        var texts = SvgPicture.Parse(File.ReadAllText(folder.File("m.svg"))).Texts.Select(text => text.Value).ToArray();
        Assert.IsTrue(Array.Exists(texts, text => text.Contains("(Input)", StringComparison.Ordinal)), string.Join('\n', texts));
        Assert.IsTrue(Array.Exists(texts, text => text.Contains("(Gemm)", StringComparison.Ordinal)), string.Join('\n', texts));
        Assert.IsTrue(Array.Exists(texts, text => text.StartsWith("Output: Float [", StringComparison.Ordinal)), string.Join('\n', texts));
    }
}
