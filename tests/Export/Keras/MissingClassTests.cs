using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Files that name classes of the program that saved them: all are told in one list, each once.</summary>
[TestClass]
public sealed class MissingClassTests
{
    private static readonly NDArray s_x = NDArray.Create([.. Enumerable.Range(0, 21).Select(i => i / 7f)], Shape.Of(7, 3));

    [TestMethod]
    public void All_missing_classes_are_told_in_one_list_with_the_places_that_name_them()
    {
        var json = Json();
        Config(json, "first")["kernel_initializer"] = Custom("Mine", "Half");
        Config(json, "first")["bias_constraint"] = Custom("Mine", "Narrow");
        Config(json, "second")["kernel_initializer"] = Custom("Mine", "Half");
        Config(json, "third")["kernel_initializer"] = Custom("Mine", "Half");
        Config(json, "second")["activation"] = Function("Mine", "bend");
        var scale = Layer(json, "third");
        (scale["module"], scale["class_name"], scale["registered_name"]) = (null, "Scale", "Mine>Scale");
        Config(json, "third")["curve"] = Function("Mine", "curl");
        Config(json, "third")["inner_regularizer"] = Custom("Mine", "Light");
        var message = Refusal(json);
        foreach (var line in (string[])[
            "layer 'first' (Dense): kernel_initializer is 'Mine>Half', which is not a known initializer. Add a custom class with CustomObjects.Add. "
                + "The same in 2 other places.",
            "layer 'first' (Dense): bias_constraint is 'Mine>Narrow', which is not a known constraint.",
            "layer 'second' (Dense): activation 'Mine>bend' is not known. Add a custom function with CustomObjects.Add.",
            "layer 'third' (Scale): layer class 'Mine>Scale' is not known. Add a custom class with CustomObjects.Add.",
            "layer 'third' (Scale): curve 'Mine>curl' is not known.",
            "layer 'third' (Scale): inner_regularizer is 'Mine>Light', which is not a known regularizer.",
        ])
        {
            Assert.Contains(line, message);
        }

        Assert.AreEqual(6, message.Split("- ").Length - 1, message);
    }

    [TestMethod]
    public void A_class_of_the_user_is_not_taken_for_the_one_of_Keras_with_its_name()
    {
        var json = Json();
        (Layer(json, "first")["module"], Layer(json, "first")["registered_name"]) = (null, "Mine>Dense");
        Config(json, "second")["kernel_initializer"] = Custom("Mine", "GlorotUniform");
        var message = Refusal(json);
        Assert.Contains("layer class 'Mine>Dense' is not known", message);
        Assert.Contains("is 'Mine>GlorotUniform', which is not a known initializer", message);
    }

    [TestMethod]
    public void A_missing_layer_inside_of_others_is_told_with_them()
    {
        var (x, inner) = (Model.Input([7, 3]), Model.Input([3]));
        var part = new Model(inner, new Dense(3, name: "deep").Call(inner), name: "part");
        var json = JsonNode.Parse(new Model(x, new TimeDistributed(part, name: "each").Call(x)).ToJson())!;
        var deep = Layer(Layer(json, "each")["config"]!["layer"]!, "deep");
        (deep["module"], deep["class_name"], deep["registered_name"]) = (null, "Scale", "Mine>Scale");
        var message = Refusal(json);
        Assert.Contains("layer 'deep' (Scale), a layer of layer 'part' (Functional): layer class 'Mine>Scale' is not known", message);
    }

    [TestMethod]
    public void What_compile_was_given_is_told_with_the_classes_of_the_model()
    {
        using var folder = new TemporaryFolder();
        var trainer = Sample().Compile(new Adam(), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError]);
        trainer.SaveKeras(folder.File("whole.keras"));
        var json = ConfigOf(folder.File("whole.keras"));
        var compile = json["compile_config"]!;
        compile["optimizer"] = Custom("Mine", "Adam");
        compile["loss"] = Custom("Mine", "Steep");
        compile["metrics"] = new JsonArray(Function("Mine", "nearly"), Function("Mine", "nearly"), "mae", "wobble");
        KerasArchiveOf(folder.File("compile.keras"), json, trainer.Model);
        var message = Assert.ThrowsExactly<ModelException>(() => Trainer.Load(folder.File("compile.keras"))).Message;
        Assert.Contains("There is no optimizer 'Mine>Adam'", message);
        Assert.Contains("There is no loss 'Mine>Steep'", message);
        Assert.Contains("There is no metric 'Mine>nearly'", message);
        Assert.Contains("'wobble'", message);
        Assert.AreEqual(1, message.Split("'Mine>nearly'").Length - 1);
        CollectionAssert.AreEqual(trainer.Predict(s_x).ToArray(), Model.Load(folder.File("compile.keras")).Predict(s_x).ToArray());

        Config(json, "first")["kernel_initializer"] = Custom("Mine", "Half");
        KerasArchiveOf(folder.File("both.keras"), json, trainer.Model);
        message = Assert.ThrowsExactly<ModelException>(() => Trainer.Load(folder.File("both.keras"))).Message;
        Assert.Contains("is 'Mine>Half'", message);
        Assert.Contains("There is no loss 'Mine>Steep'", message);
        var own = Assert.ThrowsExactly<ModelException>(
            () => Trainer.Load(folder.File("both.keras"), compile: model => model.Compile(new Adam(), Loss.MeanSquaredError)));
        Assert.DoesNotContain("Mine>Steep", own.Message);
    }

    [TestMethod]
    public void Policies_of_floats_are_read_in_every_form()
    {
        foreach (var (policy, expected) in ((string, string?)[])[
            ("\"float32\"", null),
            ("\"mixed_float16\"", "mixed_float16"),
            ("""{"module": "keras", "class_name": "DTypePolicy", "config": {"name": null}, "registered_name": null}""", null),
            ("""{"class_name": "Policy", "config": {"name": "mixed_bfloat16"}}""", "mixed_bfloat16"),
            (Map("null", "{}"), null),
            (Map("\"mixed_float16\"", """{"part/deep": {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}}"""), "mixed_float16"),
        ])
        {
            var json = Json();
            Config(json, "second")["dtype"] = JsonNode.Parse(policy);
            Config(json, "second")["quantization_config"] = JsonNode.Parse(
                """{"module": "keras.quantizers", "class_name": "Int8QuantizationConfig", "config": {"weight_quantizer": null}, "registered_name": null}""");
            Assert.AreEqual(expected, Model.FromJson(json.ToJsonString()).GetLayer("second").Policy, policy);
        }
    }

    [TestMethod]
    [DataRow("QuantizedDTypePolicy", "{\"mode\": \"int8\", \"source_name\": \"float32\"}", "QuantizedDTypePolicy of mode 'int8'")]
    [DataRow("QuantizedFloat8DTypePolicy", "{\"mode\": \"float8\", \"source_name\": null}", "QuantizedFloat8DTypePolicy of mode 'float8'")]
    [DataRow("GPTQDTypePolicy", "{\"mode\": \"gptq/4/128\", \"source_name\": \"float32\"}", "GPTQDTypePolicy of mode 'gptq/4/128'")]
    public void Policies_of_integers_are_refused_by_name_with_a_remedy(string className, string config, string part)
    {
        var json = Json();
        var policy = $$"""{"module": "keras", "class_name": "{{className}}", "config": {{config}}, "registered_name": null}""";
        foreach (var layer in (string[])["first", "second", "third"]) Config(json, layer)["dtype"] = JsonNode.Parse(policy);
        var message = Refusal(json);
        Assert.Contains("layer 'first' (Dense): dtype is a " + part, message);
        Assert.Contains("Save the model before model.quantize()", message);
        Assert.Contains("The same in 2 other places.", message);
        Config(json, "first")["dtype"] = JsonNode.Parse(Map("null", $$"""{"part/deep": {{policy}}}"""));
        Assert.Contains("dtype is a " + part, Refusal(json));
    }

    [TestMethod]
    public void A_map_of_several_policies_and_an_unknown_class_are_refused()
    {
        var json = Json();
        Config(json, "first")["dtype"] = JsonNode.Parse(Map("null", """{"a/b": "mixed_float16"}"""));
        Config(json, "second")["dtype"] = JsonNode.Parse("""{"class_name": "Strange", "config": {}}""");
        Config(json, "third")["dtype"] = 3;
        var message = Refusal(json);
        Assert.Contains("dtype is a DTypePolicyMap of float32 and mixed_float16; expected one policy", message);
        Assert.Contains("dtype is a policy of class Strange, which is not known", message);
        Assert.Contains("dtype is 3; expected the name of a type, or a policy", message);
    }

    private static string Map(string standard, string map) =>
        $$"""{"module": "keras", "class_name": "DTypePolicyMap", "config": {"default_policy": {{standard}}, "policy_map": {{map}}}, "registered_name": null}""";

    private static Model Sample()
    {
        var x = Model.Input([3]);
        return new Model(x, x.Apply(new Dense(7, name: "first"), new Dense(1, name: "second"), new Dense(3, name: "third")));
    }

    private static JsonNode Json() => JsonNode.Parse(Sample().ToJson())!;

    private static JsonNode Layer(JsonNode json, string name) =>
        json["config"]!["layers"]!.AsArray().Single(layer => (string?)layer!["config"]!["name"] == name)!;

    private static JsonNode Config(JsonNode json, string name) => Layer(json, name)["config"]!;

    private static JsonObject Custom(string package, string name) =>
        new() { ["module"] = null, ["class_name"] = name, ["config"] = new JsonObject(), ["registered_name"] = $"{package}>{name}" };

    private static JsonObject Function(string package, string name) =>
        new() { ["module"] = "builtins", ["class_name"] = "function", ["config"] = name, ["registered_name"] = $"{package}>{name}" };

    private static string Refusal(JsonNode json) => Assert.ThrowsExactly<ModelException>(() => Model.FromJson(json.ToJsonString())).Message;

    private static JsonNode ConfigOf(string path)
    {
        using var stream = File.OpenRead(path);
        return JsonNode.Parse(KerasArchive.Read(stream, "sample").Config)!;
    }

    private static void KerasArchiveOf(string path, JsonNode config, Model model)
    {
        using var stream = File.Create(path);
        KerasArchive.Write(stream, config.ToJsonString(), KerasWeights.Write(model));
    }
}
