using System.Text;
using System.Text.Json.Nodes;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>Broken and malicious files: each gives an error that says what is wrong, and nothing worse.</summary>
[TestClass]
public sealed class HostileJsonTests
{
    private static JsonObject Sample()
    {
        var x = Model.Input([4], name: "in");
        return JsonNode.Parse(new Model(x, x.Apply(new Dense(3, Activation.Relu, name: "one"), new Dense(2, name: "two"))).ToJson())!.AsObject();
    }

    private static JsonObject Layer(JsonObject model, int index) => model["config"]!["layers"]![index]!.AsObject();

    public static IEnumerable<object[]> Faults =>
    [
        Fault("unknown class with the nearest", model => Layer(model, 1)["class_name"] = "Danse", "'Danse' is not known. Did you mean 'Dense'?"),
        Fault("unknown key with the nearest", model => Layer(model, 1)["config"]!["use_bia"] = true, "use_bia is not a key of Dense"),
        Fault("unknown activation", model => Layer(model, 1)["config"]!["activation"] = "rellu", "activation 'rellu' is not known. Did you mean 'relu'?"),
        Fault("unknown initializer", model => Layer(model, 1)["config"]!["kernel_initializer"] = "glorot_unifrom", "Did you mean 'glorot_uniform'?"),
        Fault("word for a number", model => Layer(model, 1)["config"]!["units"] = "many", "units is \"many\"; expected an integer"),
        Fault("fraction for an integer", model => Layer(model, 1)["config"]!["units"] = 2.5, "units is 2.5; expected an integer"),
        Fault("negative units", model => Layer(model, 1)["config"]!["units"] = -3, "units is -3; expected a positive integer"),
        Fault("missing units", model => Layer(model, 1)["config"]!.AsObject().Remove("units"), "lacks units"),
        Fault("half precision weights", model => Layer(model, 1)["config"]!["dtype"] = "float16", "dtype is float16, whose weights are not float32"),
        Fault(
            "feature that is not there",
            model => Layer(model, 1)["config"]!["dtype"] = JsonNode.Parse("""{ "class_name": "QuantizedDTypePolicy", "config": { "mode": "int8" } }"""),
            "dtype is a QuantizedDTypePolicy of mode 'int8'"),
        Fault("Lambda", model => Lambda(Layer(model, 1)), "a Lambda holds Python code, which is never run here"),
        Fault(
            "lambda as activation",
            model => Layer(model, 1)["config"]!["activation"] = JsonNode.Parse("""{ "class_name": "__lambda__", "config": { "value": "4wEA" } }"""),
            "is a Python lambda, whose code is never run here"),
        Fault("two of one name", model => Layer(model, 2)["name"] = "one", "two layers are named 'one'"),
        Fault("tensor of nobody", model => History(model, 2)[0] = "three", "a tensor of 'three'"),
        Fault("loop", model => History(model, 1)[0] = "two", "depend on one another"),
        Fault("call that is not there", model => History(model, 2)[1] = 5, "a call that does not exist"),
        Fault("output that is not there", model => History(model, 2)[2] = 5, "output 5 of call 0 of layer 'one'"),
        Fault("negative index", model => History(model, 2)[1] = -1, "expected [\"layer\", call, output]"),
        Fault("unknown output", model => model["config"]!["output_layers"]![0] = "twoo", "Did you mean 'two'?"),
        Fault("no layers", model => model["config"]!.AsObject().Remove("layers"), "no list of layers"),
        Fault("no outputs", model => model["config"]!.AsObject().Remove("output_layers"), "no output_layers"),
        Fault(
            "calls of Keras 2 in a file of Keras 3",
            model => { model["keras_version"] = "3.1.0"; Layer(model, 1)["inbound_nodes"] = JsonNode.Parse("[[[\"in\",0,0,{}]]]"); },
            "format of Keras 2"),
        Fault("sample beyond memory", model => Layer(model, 0)["config"]!["batch_shape"] = JsonNode.Parse("[null, 2000000000, 2000000000]"), "more than"),
        Fault(
            "weight beyond memory",
            model => { Layer(model, 0)["config"]!["batch_shape"] = JsonNode.Parse("[null, 100000000]"); Layer(model, 1)["config"]!["units"] = 100000000; },
            "an array holds"),
        Fault("negative size", model => Layer(model, 0)["config"]!["batch_shape"] = JsonNode.Parse("[null, -4]"), "Dimension 1 of a shape is -4"),
        Fault("wrong rank", model => Layer(model, 0)["config"]!["batch_shape"] = JsonNode.Parse("[null]"), "'one'"),
        Fault("ragged", model => Layer(model, 0)["config"]!["ragged"] = true, "ragged inputs are not supported"),
        Fault("unknown element type", model => Layer(model, 0)["config"]!["dtype"] = "complex64", "'complex64', which is not supported"),
        Fault("unknown argument", model => model["config"]!["layers"]![1]!["inbound_nodes"]![0]!["kwargs"]!["wibble"] = 3, "argument wibble is 3"),
        Fault("number for a tensor", model => model["config"]!["layers"]![1]!["inbound_nodes"]![0]!["args"]![0] = 3, "argument 0 is 3; expected a tensor"),
        Fault(
            "unknown operation",
            model => { Layer(model, 1)["module"] = "keras.src.ops.numpy"; Layer(model, 1)["class_name"] = "Ad"; },
            "function 'Ad' of keras.src.ops.numpy is not supported. Did you mean"),
        Fault(
            "type of the framework",
            model => { Layer(model, 1)["module"] = "System.Diagnostics"; Layer(model, 1)["class_name"] = "Process"; },
            "'Process' is not known"),
        Fault("slash in a name", model => Layer(model, 1)["config"]!["name"] = "a/b", "'a/b' is not a valid layer name"),
    ];

    [TestMethod]
    [DynamicData(nameof(Faults))]
    public void A_fault_is_reported(string name, Action<JsonObject> change, string expected)
    {
        Assert.IsNotEmpty(name);
        var model = Sample();
        change(model);
        var error = Assert.ThrowsExactly<ModelException>(() => Model.FromJson(model.ToJsonString()));
        StringAssert.Contains(error.Message, expected);
    }

    [TestMethod]
    public void All_faults_are_reported_at_once()
    {
        var model = Sample();
        Layer(model, 1)["class_name"] = "Danse";
        Layer(model, 2)["config"]!["activation"] = "rellu";
        Layer(model, 2)["config"]!["kernel_size"] = 3;
        var error = Assert.ThrowsExactly<ModelException>(() => Model.FromJson(model.ToJsonString()));
        foreach (var part in (string[])["'Danse'", "'rellu'", "kernel_size"]) StringAssert.Contains(error.Message, part);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("3")]
    [DataRow("{")]
    [DataRow("{\"class_name\":3}")]
    [DataRow("{\"class_name\":\"Functional\",\"config\":[]}")]
    [DataRow("{\"class_name\":\"Functional\",\"config\":{\"layers\":[1,null,\"a\",[]],\"input_layers\":[],\"output_layers\":[]}}")]
    [DataRow("{\"class_name\":\"Functional\",\"config\":{\"layers\":[],\"input_layers\":[],\"output_layers\":[]}}")]
    [DataRow("{\"class_name\":\"Sequential\",\"config\":{\"layers\":[]}}")]
    [DataRow("{\"class_name\":\"Dense\",\"config\":{\"units\":3}}")]
    [DataRow("{\"class_name\":\"Functional\",\"class_name\":\"Functional\",\"config\":{}}")]
    public void Text_that_is_no_model_is_refused(string json) => Assert.ThrowsExactly<ModelException>(() => Model.FromJson(json));

    [TestMethod]
    public void Deep_nesting_is_refused()
    {
        var json = new StringBuilder();
        for (var i = 0; i < 100_000; i++) json.Append("{\"class_name\":\"Sequential\",\"config\":{\"layers\":[");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => Model.FromJson(json.ToString())).Message, "depth");
    }

    [TestMethod]
    public void A_long_chain_is_read_without_deep_recursion()
    {
        var x = Model.Input([2]);
        var y = x;
        for (var i = 0; i < 5000; i++) y = new Relu(name: "r" + i).Call(y);
        var back = Model.FromJson(new Model(x, y).ToJson());
        Assert.HasCount(5001, back.Layers);
    }

    private static void Lambda(JsonObject layer)
    {
        layer["class_name"] = "Lambda";
        layer["config"] = JsonNode.Parse("{\"name\":\"one\",\"function\":{\"class_name\":\"__lambda__\",\"config\":{\"value\":\"4wEAAAAA\"}}}");
    }

    private static JsonArray History(JsonObject model, int layer) =>
        model["config"]!["layers"]![layer]!["inbound_nodes"]![0]!["args"]![0]!["config"]!["keras_history"]!.AsArray();

    private static object[] Fault(string name, Action<JsonObject> change, string expected) => [name, change, expected];
}
