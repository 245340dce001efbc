using System.Xml.Linq;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Tiles;
using SkiaSharp;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Pictures of kernels and of what layers compute.</summary>
[TestClass]
public sealed class InsideChartTests
{
    [TestMethod]
    [DataRow(DataFormat.ChannelsLast)]
    [DataRow(DataFormat.ChannelsFirst)]
    public void Filters_of_three_channels_have_the_colors_of_the_kernel(DataFormat format)
    {
        var image = Model.Input(format == DataFormat.ChannelsLast ? [7, 9, 3] : [3, 7, 9]);
        var model = new Model(image, image.Apply(new Conv2D(2, [1, 2], dataFormat: format, useBias: false), new Flatten(), new Dense(1)));

        // (1, 2, 3, 2): the first filter goes from -1 to 3, the second is 0 everywhere.
        Set(model, "conv2d/kernel", [-1, 0, 1, 0, 3, 0, 0, 0, 0, 0, 2, 0]);
        var chart = Charts.Filters(model);
        var tiles = Tiles(chart);
        Assert.HasCount(2, tiles);
        Assert.AreEqual((2, 1), (tiles[0].Pixels.Width, tiles[0].Pixels.Height));
        Assert.AreEqual(new Rgb(0, 128, 255), tiles[0].Pixels[0, 0]);
        Assert.AreEqual(new Rgb(64, 64, 191), tiles[0].Pixels[1, 0]);
        Assert.AreEqual(new Rgb(128, 128, 128), tiles[1].Pixels[0, 0]);
        Assert.AreEqual("2 filters of 1 x 2 in the colors of their 3 channels of layer 'conv2d'.", chart.Description);

        // Each pixel of the kernel is a square of one color in the file, with nothing between.
        using var bitmap = Bitmap(chart);
        var first = bitmap.Pixels.Count(pixel => pixel == new SKColor(0, 128, 255));
        Assert.AreEqual(30 * 30, first);
        Assert.AreEqual(first, bitmap.Pixels.Count(pixel => pixel == new SKColor(64, 64, 191)));
        Assert.IsGreaterThanOrEqualTo(2 * first, bitmap.Pixels.Count(pixel => pixel == new SKColor(128, 128, 128)));
    }

    [TestMethod]
    public void Other_filters_are_gray_with_a_tile_for_each_channel_up_to_the_number_asked_for()
    {
        var image = Model.Input([6, 5, 2]);
        var model = new Model(image, image.Apply(new Conv2D(3, 3), new Conv2DTranspose(4, 2), new DepthwiseConv2D(2)));
        var kernel = model.WeightPaths()[0].Weight.Storage;
        for (var i = 0; i < kernel.Length; i++) kernel[i] = i;
        var chart = Charts.Filters(model, count: 5);
        var tiles = Tiles(chart);
        CollectionAssert.AreEqual(new[] { "0, 0", "0, 1", "1, 0", "1, 1", "2, 0" }, tiles.Select(tile => tile.Caption).ToArray());
        Assert.AreEqual("3 filters of 3 x 3 for each of 2 channels (filter, channel) of layer 'conv2d', the first 5 of 6.", chart.Description);
        Assert.AreEqual(new Rgb(0, 0, 0), tiles[0].Pixels[0, 0]);
        Assert.AreEqual(new Rgb(32, 32, 32), tiles[0].Pixels[1, 0]);
        Assert.AreEqual(new Rgb(255, 255, 255), tiles[4].Pixels[2, 2]);

        StringAssert.Contains(Charts.Filters(model, "conv2d_transpose").Description, "4 filters of 2 x 2 in the colors of their 3 channels");
        StringAssert.Contains(Charts.Filters(model, "depthwise_conv2d").Description, "4 filters of 2 x 2 of layer");
        CollectionAssert.Contains(ChartTexts.Of(chart), "2, 0");
    }

    [TestMethod]
    public void Filters_over_one_axis_have_a_row_for_each_channel()
    {
        var model = new Sequential([9, 2], new Conv1D(4, 3), new GlobalAveragePooling1D());
        var kernel = model.WeightPaths()[0].Weight.Storage;
        for (var i = 0; i < kernel.Length; i++) kernel[i] = i;
        var tiles = Tiles(Charts.Filters(model));
        Assert.HasCount(4, tiles);
        Assert.AreEqual((3, 2), (tiles[1].Pixels.Width, tiles[1].Pixels.Height));

        // (position, channel, filter): 8 position + 4 channel + 1, so 1, 9, 17 above 5, 13, 21.
        Assert.AreEqual(Shade.Gray(8 / 20.0), tiles[1].Pixels[1, 0]);
        Assert.AreEqual(Shade.Gray(4 / 20.0), tiles[1].Pixels[0, 1]);
    }

    [TestMethod]
    public void Layers_of_models_in_a_model_are_found_by_their_paths_and_wrong_names_get_a_list()
    {
        var inner = new Sequential([8, 8, 1], new Conv2D(2, 3, name: "edges"), new MaxPooling2D(2)) { };
        var image = Model.Input([8, 8, 1]);
        var model = new Model(image, image.Apply(inner, new Conv2D(3, 3, name: "parts"), new Flatten(), new Dense(2)));
        var path = inner.Name + "/edges";
        StringAssert.Contains(Charts.Filters(model).Description, $"layer '{path}'");
        StringAssert.Contains(Charts.Filters(model, "edges").Description, $"layer '{path}'");
        StringAssert.Contains(Charts.FeatureMaps(model, new float[2, 8, 8, 1], path).Description, "2 channels of 6 x 6 places");
        Refused($"no convolution 'edge'. Did you mean 'edges'? It has: {path}, parts.", () => Charts.Filters(model, "edge"));
        Refused("no layer with feature maps 'dense'.", () => Charts.FeatureMaps(model, new float[2, 8, 8, 1], "dense"));
        Refused("no attention layer over one axis", () => Charts.AttentionMaps(model, new float[2, 8, 8, 1]));
        Refused("no convolution", () => Charts.Filters(new Sequential([3], new Dense(1))));
        Refused("count is 0", () => Charts.Filters(model, count: 0));
        Refused("sample is 2, but the data has 2 samples", () => Charts.FeatureMaps(model, new float[2, 8, 8, 1], sample: 2));
        Refused("The data does not fit", () => Charts.FeatureMaps(model, new float[2, 8, 9, 1]));
    }

    [TestMethod]
    [DataRow(DataFormat.ChannelsLast)]
    [DataRow(DataFormat.ChannelsFirst)]
    public void Feature_maps_show_what_the_layer_gives_for_the_sample(DataFormat format)
    {
        var isLast = format == DataFormat.ChannelsLast;
        var image = Model.Input(isLast ? [5, 7, 1] : [1, 5, 7]);
        var hidden = image.Apply(
            new Conv2D(3, 3, padding: Padding.Same, dataFormat: format),
            new BatchNormalization(axis: isLast ? -1 : 1),
            new LeakyRelu(),
            new Dropout(0.5));
        var model = new Model(image, hidden.Apply(new Flatten(), new Dense(2)));
        var x = Numbers(isLast ? [3, 5, 7, 1] : [3, 1, 5, 7]);
        var expected = new Model(image, hidden).Predict(x);
        var tiles = Tiles(Charts.FeatureMaps(model, x, "dropout", sample: 1));
        Assert.HasCount(3, tiles);
        for (var channel = 0; channel < 3; channel++)
        {
            float At(int row, int column) => isLast ? expected[1, row, column, channel] : expected[1, channel, row, column];
            var all = Enumerable.Range(0, 35).Select(i => At(i / 7, i % 7)).ToArray();
            for (var i = 0; i < 35; i++)
            {
                var share = ((double)all[i] - all.Min()) / ((double)all.Max() - all.Min());
                Assert.AreEqual(Shade.Viridis(share), tiles[channel].Pixels[i % 7, i / 7], $"channel {channel}, place {i}");
            }
        }
    }

    [TestMethod]
    public void Feature_maps_of_a_sequence_are_one_tile_and_states_stay()
    {
        var model = new Sequential([Model.Input([6, 2], batchSize: 2), new Lstm(3, returnSequences: true, stateful: true), new Conv1D(2, 3)]);
        var x = Numbers([4, 6, 2]);
        var before = model.WeightPaths().Select(entry => entry.Weight.Storage.ToArray()).ToArray();
        var chart = Charts.FeatureMaps(model, x, "lstm", sample: 3);
        foreach (var ((path, weight), old) in model.WeightPaths().Zip(before)) CollectionAssert.AreEqual(old, weight.Storage.ToArray(), path);
        var tile = Tiles(chart).Single();
        Assert.AreEqual((6, 3), (tile.Pixels.Width, tile.Pixels.Height));
        StringAssert.Contains(chart.Description, "6 steps across, 3 channels down");

        // From the states before, sample 3 is the second of a batch.
        var sequence = new Model(model.Inputs, [model.GetLayer("lstm").Output]).Predict(x[2..], batchSize: 2);
        var all = Enumerable.Range(0, 18).Select(i => sequence[1, i / 3, i % 3]).ToArray();
        for (var i = 0; i < 18; i++)
            Assert.AreEqual(Shade.Viridis(((double)all[i] - all.Min()) / ((double)all.Max() - all.Min())), tile.Pixels[i / 3, i % 3], $"number {i}");
    }

    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void Files_of_others_are_put_in_order_whatever_their_axes()
    {
        // A classifier of PaddlePaddle: (batch, 3, height, width), with convolutions behind global poolings.
        var model = OnnxFile.LoadModel(PlotOfFilesTests.RealFile("ch_ppocr_mobile_v2.0_cls_infer"), new ImportOptions { Verify = false });
        var x = Numbers([1, 3, 48, 192]);
        Assert.AreEqual("8 filters of 3 x 3 in the colors of their 3 channels of layer 'p2o.Conv.0'.", Charts.Filters(model).Description);
        StringAssert.Contains(Charts.FeatureMaps(model, x).Description, "8 channels of 24 x 96 places");
        var saliency = Charts.Saliency(model, x);
        StringAssert.Contains(saliency.Description, "of 48 x 192");
        Assert.AreEqual(Shade.Level(x[0, 1, 5, 7]), Tiles(saliency)[0].Pixels[7, 5].Green);
        StringAssert.Contains(Charts.GradCam(model, x).Description, "in layer 'p2o.Conv.52': the most in row");
    }

    [TestMethod]
    public void Numbers_that_are_not_finite_are_drawn_and_scores_are_refused()
    {
        var model = new Sequential([5, 5, 1], new Conv2D(2, 3), new GlobalAveragePooling2D(), new Dense(2));
        Set(model, "conv2d/bias", [float.NaN, 0]);
        var tiles = Tiles(Charts.FeatureMaps(model, Numbers([1, 5, 5, 1])));
        Assert.AreEqual(Shade.Viridis(0), tiles[0].Pixels[1, 1]);
        Refused("The scores of output 'dense' are not finite", () => Charts.GradCam(model, Numbers([1, 5, 5, 1])));
        var x = Numbers([1, 5, 5, 1]).ToArray();
        x[3] = float.PositiveInfinity;
        Refused("holds", () => Charts.FeatureMaps(model, NDArray.Create(x, [1, 5, 5, 1])));
    }

    [TestMethod]
    public void Grids_are_drawn_in_all_kinds_of_files_at_any_size_and_refuse_what_has_no_room()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential([9, 9, 3], new Conv2D(17, 3, dilationRate: 1), new GlobalAveragePooling2D(), new Dense(2));
        var chart = Charts.FeatureMaps(model, Numbers([1, 9, 9, 3]));
        foreach (var end in (string[])["png", "svg", "pdf"])
        {
            chart.Save(folder.File("a." + end), 500);
            chart.Save(folder.File("b." + end), 500);
            CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("a." + end)), File.ReadAllBytes(folder.File("b." + end)), end);
        }

        Assert.HasCount(17, XDocument.Load(folder.File("a.svg")).Descendants().Where(element => element.Name.LocalName == "use"));
        var document = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(folder.File("a.pdf")));
        Assert.HasCount(18, document.Split("/Subtype /Image"), "17 tiles");
        foreach (var (width, height) in ((int, int?)[])[(300, null), (301, 900), (1200, 333), (800, null)])
        {
            var texts = ChartTexts.Of(chart, width, height);
            for (var i = 0; i < 17; i++) CollectionAssert.Contains(texts, i.ToString(System.Globalization.CultureInfo.InvariantCulture), $"{width} x {height}");
        }

        // Nothing is cut at the bottom, and no room is left over.
        foreach (var width in (int[])[300, 500, 641, 800, 1300])
        {
            using var bitmap = Bitmap(chart, width);
            var lowest = Enumerable.Range(0, bitmap.Height).Last(y => Enumerable.Range(0, width).Any(x => bitmap.GetPixel(x, y) != SKColors.White));
            Assert.AreEqual(bitmap.Height - 14, lowest, 2, $"width {width}");
        }

        Refused("have no room in a chart of 200 x 200", () => chart.Save(folder.File("c.png"), 200, 200));
        Refused("no room", () => chart.Save(folder.File("c.png"), 90));
    }

    internal static NDArray Numbers(Shape shape)
    {
        var random = new Random(7);
        return NDArray.Create(Enumerable.Range(0, (int)shape.KnownElements).Select(_ => (float)random.NextDouble()).ToArray(), shape);
    }

    internal static IReadOnlyList<Tile> Tiles(Chart chart) => ((TileGrid)chart.Body).Tiles;

    internal static void Set(Model model, string path, float[] values) =>
        values.CopyTo(model.WeightPaths().Single(entry => entry.Path == path).Weight.Storage.AsSpan());

    internal static void Refused(string expected, Action use) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(use).Message, expected);

    internal static SKBitmap Bitmap(Chart chart, int width = 800)
    {
        using var folder = new TemporaryFolder();
        chart.Save(folder.File("a.png"), width);
        return SKBitmap.Decode(folder.File("a.png"));
    }
}
