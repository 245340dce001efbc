using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Configurations as Keras writes them, key by key, and calls that only some layers have.</summary>
[TestClass]
public sealed class NewLayerFileTests
{
    // The keys and values of Keras' get_config, without name, trainable and dtype, which all layers have. A factor is written as it was given; Keras
    // writes its two bounds, and both read either.
    private static readonly (Layer Layer, string Config)[] s_images =
    [
        (new RandomSaturation(0.5), """{"factor": 0.5, "value_range": [0, 255], "seed": null, "data_format": "channels_last"}"""),
        (new RandomHue([0.1, 0.3], [0, 1], 7), """{"factor": [0.1, 0.3], "value_range": [0, 1], "seed": 7, "data_format": "channels_last"}"""),
        (new RandomGrayscale(), """{"factor": 0.5, "data_format": "channels_last"}"""),
        (new RandomColorDegeneration(0.5), """{"factor": 0.5, "value_range": [0, 255], "seed": null, "data_format": "channels_last"}"""),
        (new RandomColorJitter(hueFactor: 0.25), """
            {"value_range": [0, 255], "brightness_factor": null, "contrast_factor": null, "saturation_factor": null, "hue_factor": 0.25, "seed": null,
             "data_format": "channels_last"}
            """),
        (new RandomErasing(), """
            {"factor": 1, "scale": [0.02, 0.33], "fill_value": null, "value_range": [0, 255], "seed": null, "data_format": "channels_last"}
            """),
        (new CutMix(), """{"factor": 1, "seed": null, "data_format": "channels_last"}"""),
        (new MixUp(), """{"alpha": 0.2, "seed": null, "data_format": "channels_last"}"""),
        (new RandomShear(0.25), """
            {"x_factor": 0.25, "y_factor": 0, "fill_mode": "reflect", "interpolation": "bilinear", "seed": null, "fill_value": 0,
             "data_format": "channels_last"}
            """),
        (new RandomPerspective(), """
            {"factor": 1, "scale": 1, "interpolation": "bilinear", "fill_value": 0, "seed": null, "data_format": "channels_last"}
            """),
        (new RandomSharpness(0.5), """{"factor": 0.5, "value_range": [0, 255], "seed": null, "data_format": "channels_last"}"""),
        (new RandomGaussianBlur(kernelSize: (3, 5)), """
            {"factor": 1, "kernel_size": [3, 5], "sigma": 1, "value_range": [0, 255], "seed": null, "data_format": "channels_last"}
            """),
        (new RandomPosterization(4), """{"factor": 4, "value_range": [0, 255], "seed": null, "data_format": "channels_last"}"""),
        (new RandomInvert(), """{"factor": 1, "value_range": [0, 255], "seed": null, "data_format": "channels_last"}"""),
        (new Solarization(), """
            {"value_range": [0, 255], "addition_factor": 0, "threshold_factor": 0, "seed": null, "data_format": "channels_last"}
            """),
        (new AutoContrast(), """{"value_range": [0, 255], "data_format": "channels_last"}"""),
        (new Equalization(), """{"bins": 256, "value_range": [0, 255], "data_format": "channels_last"}"""),
        (new RandAugment(), """
            {"value_range": [0, 255], "num_ops": 2, "factor": 0.5, "interpolation": "bilinear", "seed": null, "data_format": "channels_last"}
            """),
        (new AugMix(), """
            {"value_range": [0, 255], "num_chains": 3, "chain_depth": 3, "factor": 0.3, "alpha": 1, "all_ops": true, "interpolation": "bilinear",
             "seed": null, "data_format": "channels_last"}
            """),
        (new RandomElasticTransform(), """
            {"factor": 1, "scale": 1, "interpolation": "bilinear", "fill_mode": "reflect", "fill_value": 0, "value_range": [0, 255], "seed": null,
             "data_format": "channels_last"}
            """),
        (new MaxNumBoundingBoxes(3), """{"max_number": 3, "fill_value": -1, "data_format": "channels_last"}"""),
        (new ContrastLimitedAdaptiveHistogramEqualization(), """
            {"value_range": [0, 255], "clip_limit": 4, "tile_grid_size": [8, 8], "data_format": "channels_last"}
            """),
        (new Resizing(4, 4, Interpolation.Lanczos3, antialias: true), """
            {"height": 4, "width": 4, "interpolation": "lanczos3", "crop_to_aspect_ratio": false, "pad_to_aspect_ratio": false, "fill_mode": "constant",
             "fill_value": 0, "antialias": true, "data_format": "channels_last"}
            """),
    ];

    [TestMethod]
    public void Image_layers_have_the_configurations_of_Keras()
    {
        foreach (var (layer, config) in s_images)
        {
            var input = Model.Input([8, 8, 3]);
            var model = new Model(input, layer.Call(input));
            var written = ConfigOf(model.ToJson(), layer.Name);
            foreach (var key in new[] { "name", "trainable", "dtype" }) Assert.IsTrue(written.Remove(key), $"{layer.Name}: {key}");
            Assert.IsTrue(Same(JsonNode.Parse(config)!, written), $"{layer.Name}: {written.ToJsonString()}");

            Assert.AreEqual(model.ToJson(), Model.FromJson(model.ToJson()).ToJson());
        }
    }

    /// <summary>Keras writes one number as two bounds, also where its constructor refuses a negative one.</summary>
    [TestMethod]
    [DataRow("RandomShear", """{"x_factor": [-0.25, 0.25], "y_factor": [0, 0]}""")]
    [DataRow("RandomSaturation", """{"factor": [0, 0.5]}""")]
    [DataRow("RandomPosterization", """{"factor": [1, 4]}""")]
    [DataRow("RandomColorDegeneration", """{"factor": [-0.5, 0.5]}""")]
    [DataRow("RandomGaussianBlur", """{"kernel_size": [3, 3], "sigma": [0, 1.0], "factor": [0, 1.0]}""")]
    public void Bounds_that_Keras_writes_are_read(string @class, string config)
    {
        var input = Model.Input([8, 8, 3]);
        var json = JsonNode.Parse(new Model(input, new RandomHue(0.5).Call(input)).ToJson())!;
        var layer = json["config"]!["layers"]!.AsArray().Single(layer => layer!["class_name"]!.GetValue<string>() == "RandomHue")!;
        layer["class_name"] = @class;
        var given = layer["config"]!.AsObject();
        given.Remove("factor");
        if (@class == "RandomShear") given.Remove("value_range");
        foreach (var (key, value) in JsonNode.Parse(config)!.AsObject()) given[key] = value!.DeepClone();
        Assert.AreEqual(@class, Model.FromJson(json.ToJsonString()).Layers[^1].GetType().Name);
    }

    [TestMethod]
    public void Other_layers_have_the_configurations_of_Keras()
    {
        var sound = Model.Input([4000]);
        var mel = new Model(sound, new MelSpectrogram().Call(sound));
        IsConfig("mel_spectrogram", mel.ToJson(), """
            {"fft_length": 2048, "sequence_stride": 512, "sequence_length": 2048, "window": "hann", "sampling_rate": 16000, "num_mel_bins": 128,
             "min_freq": 20, "max_freq": 8000, "power_to_db": true, "top_db": 80, "mag_exp": 2, "min_power": 1e-10, "ref_power": 1}
            """);
        var channels = Model.Input([300, 2]);
        var stft = new Model(channels, new StftSpectrogram(scaling: null).Call(channels));
        IsConfig("stft_spectrogram", stft.ToJson(), """
            {"mode": "log", "frame_length": 256, "frame_step": null, "fft_length": null, "window": "hann", "periodic": false, "scaling": null,
             "padding": "valid", "data_format": "channels_last", "expand_dims": false}
            """);
        var (word, number) = (Model.Input([], DType.String), Model.Input([], DType.Int64));
        var crossed = new Model([word, number], new HashedCrossing(5).Call(word, number));
        var written = ConfigOf(crossed.ToJson(), "hashed_crossing");
        CollectionAssert.AreEquivalent(new[] { "num_bins", "output_mode", "sparse", "name", "dtype" }, written.Select(entry => entry.Key).ToArray());
        Assert.AreEqual(crossed.ToJson(), Model.FromJson(crossed.ToJson()).ToJson());
    }

    /// <summary>Keras' Pipeline takes its layers and a name, and refuses other keys.</summary>
    [TestMethod]
    public void A_pipeline_holds_its_layers_and_weights()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([4, 4, 3]);
        var model = new Model(input, new Pipeline([new Rescaling(0.5), new Conv2D(2, 3), new Flatten()]).Call(input), seed: 3);
        CollectionAssert.AreEquivalent(new[] { "layers", "name" }, ConfigOf(model.ToJson(), "pipeline").Select(entry => entry.Key).ToArray());
        float[] x = [.. Enumerable.Range(0, 48).Select(i => i * 0.1f)];
        var expected = model.Predict(NDArray.Create(x, [1, 4, 4, 3])).ToArray();
        model.Save(folder.File("model.keras"));
        CollectionAssert.AreEqual(expected, Model.Load(folder.File("model.keras")).Predict(NDArray.Create(x, [1, 4, 4, 3])).ToArray());
        Assert.IsTrue(model.ExportOnnx(folder.File("model.onnx")).IsVerified);
    }

    [TestMethod]
    public void A_file_holds_both_ways_of_an_embedding()
    {
        using var folder = new TemporaryFolder();
        foreach (var tied in new[] { true, false })
        {
            var ids = Model.Input([3], DType.Int64);
            var words = new ReversibleEmbedding(6, 4, tied, logitSoftCap: 2);
            var model = new Model(ids, words.CallReverse(new Dense(4).Call(words.Call(ids))), seed: 5);
            var expected = model.Predict(new long[,] { { 1, 5, 0 } }).ToArray();
            Assert.Contains("\"reverse\":true", model.ToJson());
            IsConfig("reversible_embedding", model.ToJson(), $$"""
                {"input_dim": 6, "output_dim": 4, "embeddings_initializer": 0, "embeddings_regularizer": null, "activity_regularizer": null,
                 "embeddings_constraint": null, "mask_zero": false, "quantization_config": null, "tie_weights": {{(tied ? "true" : "false")}},
                 "reverse_dtype": null, "logit_soft_cap": 2}
                """);
            model.Save(folder.File("model.keras"));
            CollectionAssert.AreEqual(expected, Model.Load(folder.File("model.keras")).Predict(new long[,] { { 1, 5, 0 } }).ToArray());
            Assert.IsTrue(model.ExportOnnx(folder.File("model.onnx")).IsVerified);
            using var file = OnnxModel.Load(folder.File("model.onnx"));
            var actual = file.Predict(new long[,] { { 1, 5, 0 } }).ToArray();
            for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-5);
        }
    }

    /// <summary>The applications' own layers carry the module of the application and a registered name.</summary>
    [TestMethod]
    public void Layers_of_applications_are_named_as_in_their_files()
    {
        var input = Model.Input([4, 3]);
        var model = new Model(input, new CustomScaleLayer(0.25).Call(input, new LayerScale(1e-6, 3).Call(input)));
        var json = JsonNode.Parse(model.ToJson())!["config"]!["layers"]!.AsArray();
        var scale = json.Single(layer => layer!["class_name"]!.GetValue<string>() == "LayerScale")!;
        Assert.AreEqual("keras.src.applications.convnext", scale["module"]!.GetValue<string>());
        Assert.AreEqual("LayerScale", scale["registered_name"]!.GetValue<string>());
        var sum = json.Single(layer => layer!["class_name"]!.GetValue<string>() == "CustomScaleLayer")!;
        Assert.AreEqual("keras.src.applications.inception_resnet_v2", sum["module"]!.GetValue<string>());
        float[] x = [.. Enumerable.Range(0, 12).Select(i => (float)i)];
        var y = Model.FromJson(model.ToJson()).Predict(NDArray.Create(x, [1, 4, 3])).ToArray();
        for (var i = 0; i < 12; i++) Assert.AreEqual(x[i] * (1 + 0.25e-6), y[i], 1e-5);
    }

    private static void IsConfig(string name, string json, string config)
    {
        var written = ConfigOf(json, name);
        foreach (var key in new[] { "name", "trainable", "dtype" }) written.Remove(key);
        if (written.ContainsKey("embeddings_initializer")) written["embeddings_initializer"] = JsonNode.Parse("0");
        Assert.IsTrue(Same(JsonNode.Parse(config)!, written), $"{name}: {written.ToJsonString()}");
    }

    private static JsonObject ConfigOf(string json, string name) =>
        JsonNode.Parse(json)!["config"]!["layers"]!.AsArray().Single(layer => layer!["name"]!.GetValue<string>() == name)!["config"]!.AsObject();

    /// <summary>Whether both hold the same keys and values, in any order; 1 and 1.0 are the same.</summary>
    private static bool Same(JsonNode? expected, JsonNode? actual) => (expected, actual) switch
    {
        (JsonObject left, JsonObject right) =>
            left.Count == right.Count && left.All(entry => right.ContainsKey(entry.Key) && Same(entry.Value, right[entry.Key])),
        (JsonArray left, JsonArray right) => left.Count == right.Count && left.Zip(right).All(pair => Same(pair.First, pair.Second)),
        (JsonValue left, JsonValue right) when left.TryGetValue<double>(out var number) => right.TryGetValue<double>(out var other) && number == other,
        _ => JsonNode.DeepEquals(expected, actual),
    };
}
