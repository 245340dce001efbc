using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Inside;
using OnnxFunctional.Visualization.Tiles;
using static OnnxFunctional.Tests.Visualization.InsideChartTests;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Maps that explain a class: against differences of the score, and where they are known by hand.</summary>
[TestClass]
public sealed class ExplanationChartTests
{
    [TestMethod]
    [DataRow(1, DataFormat.ChannelsLast)]
    [DataRow(3, DataFormat.ChannelsLast)]
    [DataRow(3, DataFormat.ChannelsFirst)]
    public void Saliency_is_the_largest_difference_of_the_score_for_each_pixel(int channels, DataFormat format)
    {
        var isLast = format == DataFormat.ChannelsLast;
        var image = Model.Input(isLast ? [5, 7, channels] : [channels, 5, 7]);
        var logits = image.Apply(
            new Conv2D(4, 3, activation: Activation.Tanh, dataFormat: format),
            new BatchNormalization(axis: isLast ? -1 : 1),
            new Dropout(0.5),
            new Flatten(),
            new Dense(3));
        var model = new Model(image, new Softmax().Call(logits));
        var scores = new Model(image, logits);
        var x = Numbers(isLast ? [2, 5, 7, channels] : [2, channels, 5, 7]);
        var sample = OneSample.Of(model, x, 1);
        var explained = ExplainedClass.Of(model, sample, 2, null, null);
        Assert.AreEqual(model.Predict(x)[1, 2], explained.Given, 1e-6);
        var map = Explanations.Saliency(model, sample, explained, 0);
        Assert.AreEqual((5, 7), (map.Height, map.Width));
        for (var place = 0; place < 35; place++)
        {
            var largest = 0.0;
            for (var channel = 0; channel < channels; channel++)
            {
                var at = isLast ? (place * channels) + channel : (channel * 35) + place;
                largest = Math.Max(largest, Math.Abs(ScoreWith(at, 0.02f) - ScoreWith(at, -0.02f)) / 0.04);
            }

            Assert.AreEqual(largest, map.Channels[0][place], 2e-3, $"place {place}");
        }

        var chart = Charts.Saliency(model, x, 2, 1, ["ant", "bee", "cat"]);
        StringAssert.Contains(chart.Description, string.Create(CultureInfo.InvariantCulture, $"Saliency of sample 1 for cat {explained.Given:0.00#}: "));
        var tiles = Tiles(chart);
        var most = Array.IndexOf(map.Channels[0], map.Channels[0].Max());
        Assert.AreEqual(Shade.Inferno(1), tiles[1].Pixels[most % 7, most / 7]);
        Assert.AreEqual(Shade.Inferno(1), tiles[2].Pixels[most % 7, most / 7]);
        Assert.AreEqual(Shade.Level(isLast ? x[1, 4, 6, 0] : x[1, 0, 4, 6]), tiles[0].Pixels[6, 4].Red);

        double ScoreWith(int at, float change)
        {
            var values = x[1..2].ToArray();
            values[at] += change;
            return scores.Predict(NDArray.Create(values, x[1..2].Shape))[0, 2];
        }
    }

    [TestMethod]
    [DataRow(DataFormat.ChannelsLast)]
    [DataRow(DataFormat.ChannelsFirst)]
    public void Grad_cam_of_a_planted_network_is_the_map_known_by_hand(DataFormat format)
    {
        // Two channels, x and -x, whose means are the scores of the classes 0 and 1; class 2 is against the first.
        var model = Planted(format, new Dense(3, Activation.Softmax, useBias: false, name: "scores"), [1, 0, -2, 0, 1, 0]);
        float[] picture = [.. Enumerable.Range(0, 20).Select(i => (i * 7 % 20) - 9f)];
        var x = NDArray.Create(picture, format == DataFormat.ChannelsLast ? [1, 4, 5, 1] : [1, 1, 4, 5]);
        float[] above = [.. picture.Select(value => Math.Max(0, value) / picture.Max())];
        float[] below = [.. picture.Select(value => Math.Max(0, -value) / -picture.Min())];
        Assert.AreEqual(10, picture.Max());
        AreClose(above, Map(model, x, 0));
        AreClose(below, Map(model, x, 1));
        AreClose(below, Map(model, x, 2));

        // By default the class with the highest score: the mean of the picture is above 0.
        var chart = Charts.GradCam(model, x);
        StringAssert.Contains(chart.Description, "for class 0 ");
        var most = Array.IndexOf(picture, 10f);
        StringAssert.Contains(chart.Description, $"in layer 'conv2d': the most in row {most / 5}, column {most % 5} of 4 x 5");
        for (var i = 0; i < 20; i++) Assert.AreEqual(Shade.Turbo(above[i]), Tiles(chart)[1].Pixels[i % 5, i / 5], $"place {i}");
    }

    [TestMethod]
    public void Grad_cam_weights_each_channel_by_the_mean_of_its_gradients()
    {
        // Behind a Flatten each place has a gradient of its own: its weight. The picture is 3 wide, so only the convolution tells which axis has channels.
        var image = Model.Input([3, 4, 3]);
        var model = new Model(image, image.Apply(
            new Conv2D(2, 1, dataFormat: DataFormat.ChannelsFirst, useBias: false), new Flatten(), new Dense(5, Activation.Softmax, name: "scores")));
        var x = Numbers([1, 3, 4, 3]);
        var kernel = model.WeightPaths()[0].Weight.Storage;
        var weights = model.WeightPaths().Single(entry => entry.Path == "scores/kernel").Weight.Storage;
        var map = new double[12];
        for (var channel = 0; channel < 2; channel++)
        {
            var mean = Enumerable.Range(0, 12).Average(place => (double)weights[(((channel * 12) + place) * 5) + 3]);
            for (var place = 0; place < 12; place++)
                map[place] += mean * Enumerable.Range(0, 3).Sum(c => (double)x[0, c, place / 3, place % 3] * kernel[(c * 2) + channel]);
        }

        // One of the two signs has a map above 0.
        if (map.Max() <= 0)
        {
            for (var i = 0; i < kernel.Length; i++) kernel[i] = -kernel[i];
            map = Array.ConvertAll(map, value => -value);
        }

        AreClose([.. map.Select(value => (float)(Math.Max(0, value) / map.Max()))], Map(model, x, 3, 4, 3));
        var picture = Tiles(Charts.GradCam(model, x, 3))[0].Pixels;
        Assert.AreEqual((3, 4), (picture.Width, picture.Height));
        Assert.AreEqual(new Rgb(Shade.Level(x[0, 0, 3, 1]), Shade.Level(x[0, 1, 3, 1]), Shade.Level(x[0, 2, 3, 1])), picture[1, 3]);
    }

    [TestMethod]
    public void Sigmoid_of_one_output_has_two_classes_with_opposite_maps()
    {
        var model = Planted(DataFormat.ChannelsLast, new Dense(1, Activation.Sigmoid, useBias: false, name: "scores"), [1, 0]);
        float[] picture = [3, -1, -8, 0, 2, 1, -1, -2, -3, 0, 0, 0, 1, 1, 1, -2, 0, 0, -4, 0];
        var x = NDArray.Create(picture, [1, 4, 5, 1]);
        AreClose([.. picture.Select(value => Math.Max(0, value) / 3)], Map(model, x, 1));
        AreClose([.. picture.Select(value => Math.Max(0, -value) / 8)], Map(model, x, 0));
        StringAssert.Contains(Charts.GradCam(model, x).Description, "for class 0 0.6");
        StringAssert.Contains(Charts.GradCam(model, NDArray.Create(new float[20], [1, 4, 5, 1]), 1).Description, "the map is 0 everywhere");
        Refused("classIndex is 2, but the scores are of 2 classes", () => Charts.GradCam(model, x, 2));
        Refused("classNames has 3 names", () => Charts.GradCam(model, x, classNames: ["a", "b", "c"]));
    }

    [TestMethod]
    public void Maps_are_resized_by_means_of_their_neighbors()
    {
        var map = new Planes(1, 2, [[0, 1]]);
        AreClose([0, 0.25f, 0.75f, 1], map.Resized(1, 4).Channels[0]);
        AreClose([0, 1, 0, 1, 0, 1], map.Resized(3, 2).Channels[0]);
        AreClose([0.5f], map.Resized(1, 1).Channels[0]);
    }

    [TestMethod]
    public void Models_with_several_inputs_outputs_and_nested_convolutions_are_explained()
    {
        var (table, image) = (Model.Input([3], name: "table"), Model.Input([6, 6, 3], name: "image"));
        var body = new Sequential([6, 6, 3], new Conv2D(4, 3, activation: Activation.Relu), new GlobalAveragePooling2D());
        var features = new Concatenate().Call(body.Call(image), table);
        var unused = new Conv2D(2, 1, name: "unused").Call(image);
        var model = new Model(
            [table, image],
            [unused, new Dense(2, Activation.Softmax, name: "kind").Call(features), new Dense(4, Activation.Softmax, name: "place").Call(features)]);
        NDArrays x = new() { ["table"] = Numbers([2, 3]), ["image"] = Numbers([2, 6, 6, 3]) };
        var path = body.Name + "/conv2d";
        StringAssert.Contains(Charts.GradCam(model, x, layer: path, sample: 1, output: "place", classIndex: 3).Description, "class 3 ");
        StringAssert.Contains(Charts.Saliency(model, x, output: "kind", input: "image").Description, "6 x 6");
        Refused("does not depend on layer 'unused'", () => Charts.GradCam(model, x, layer: "unused"));
        Refused("no input of pictures 'table'. It has: image.", () => Charts.Saliency(model, x, input: "table"));
        Refused("no output of scores (batch, classes) 'kinds'. Did you mean 'kind'? It has: kind, place.", () => Charts.Saliency(model, x, output: "kinds"));
        Refused("takes no picture", () => Charts.Saliency(new Sequential([3], new Dense(2)), new float[1, 3]));
        Refused("has no output of scores", () => Charts.Saliency(new Sequential([4, 4, 1], new Conv2D(2, 3)), new float[1, 4, 4, 1]));
        Refused("no convolution over two axes", () => Charts.GradCam(new Sequential([4, 4, 1], new Flatten(), new Dense(2)), new float[1, 4, 4, 1]));
    }

    [TestMethod]
    public void Convolutions_over_one_place_are_no_default()
    {
        var pooled = new Sequential(
            [6, 7, 1],
            new Conv2D(3, 3, name: "places"),
            new GlobalAveragePooling2D(keepdims: true),
            new Conv2D(4, 1, name: "pooled"),
            new Flatten(),
            new Dense(2, Activation.Softmax));
        StringAssert.Contains(Charts.GradCam(pooled, Numbers([1, 6, 7, 1])).Description, "in layer 'places'");
        StringAssert.Contains(Charts.GradCam(pooled, Numbers([1, 6, 7, 1]), layer: "pooled").Description, "in layer 'pooled'");
        Refused("integers have no gradient", () => Charts.Saliency(Bytes(), new byte[1, 5, 5, 1]));
        StringAssert.Contains(Charts.GradCam(Bytes(), new byte[1, 5, 5, 1]).Description, "Grad-CAM of sample 0");

        static Model Bytes()
        {
            var image = Model.Input([5, 5, 1], dtype: DType.UInt8);
            return new Model(image, image.Apply(new Rescaling(1 / 255.0), new Conv2D(2, 3), new GlobalAveragePooling2D(), new Dense(3)));
        }
    }

    [TestMethod]
    public void Pictures_are_shown_with_the_levels_of_their_numbers()
    {
        Assert.AreEqual(new Rgb(51, 51, 51), Level(0.2f, 0.9f, 0.2f));
        Assert.AreEqual(new Rgb(2, 2, 2), Level(2, 200, 2));
        Assert.AreEqual(new Rgb(128, 128, 128), Level(-1, 1, 0));

        // A mean stands for channels that are no colors.
        Assert.AreEqual(new Rgb(102, 102, 102), MapTiles.Picture(new Planes(1, 1, [[0.3f], [0.5f]])).Over(0));

        static Rgb Level(float first, float second, float asked) => MapTiles.Picture(new Planes(1, 3, [[first, second, asked]])).Over(2);
    }

    private static Model Planted(DataFormat format, Dense scores, float[] kernel)
    {
        var image = Model.Input(format == DataFormat.ChannelsLast ? [4, 5, 1] : [1, 4, 5]);
        var model = new Model(image, image.Apply(
            new Conv2D(2, 1, dataFormat: format, useBias: false), new GlobalAveragePooling2D(dataFormat: format), scores));
        Set(model, "conv2d/kernel", [1, -1]);
        Set(model, "scores/kernel", kernel);
        return model;
    }

    private static float[] Map(Model model, NDArray x, int classIndex, int height = 4, int width = 5)
    {
        var sample = OneSample.Of(model, x, 0);
        var map = Explanations.GradCam(model, sample, ExplainedClass.Of(model, sample, classIndex, null, null), InnerLayers.Convolutions(model)[^1]);
        Assert.AreEqual((height, width), (map.Height, map.Width));
        return map.Channels[0];
    }

    private static void AreClose(float[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-5, $"place {i}");
    }
}

/// <summary>Reads pixels of one row.</summary>
file static class PixelReading
{
    public static Rgb Over(this Pixels pixels, int x) => pixels[x, 0];
}
