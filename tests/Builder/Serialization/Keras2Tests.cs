using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>Descriptions in the form of Keras 2, written as tf.keras 2.15 writes them, and what they are in the form of Keras 3.</summary>
[TestClass]
public sealed class Keras2Tests
{
    private const string Input = """
        {"class_name": "InputLayer", "config": {"batch_input_shape": [null, SHAPE], "dtype": "float32", "sparse": false, "ragged": false, "name": "NAME"},
        "name": "NAME", "inbound_nodes": []}
        """;

    [TestMethod]
    public void Options_that_Keras_2_named_otherwise_are_those_of_Keras_3()
    {
        var x = Model.Input([8, 8, 3], name: "in");
        var y = new Conv2D(4, 3, useBias: false, kernelInitializer: Initializer.GlorotUniform, name: "conv").Call(x);
        y = new BatchNormalization(3, name: "norm").Call(y);
        var z = new LeakyRelu(0.25, name: "leaky").Call(y);
        z = new DepthwiseConv2D(3, padding: Padding.Same, name: "depth").Call(z);
        z = new SeparableConv2D(4, 3, padding: Padding.Same, name: "separable").Call(z);
        var sum = new Add(name: "sum").Call([y, z]);
        var model = new Model(x, new Dense(2, name: "out").Call(new GlobalAveragePooling2D(name: "pool").Call(sum)), "net");
        AreEqual(model, Functional(
            "net",
            """["in", 0, 0]""",
            """["out", 0, 0]""",
            Of("in", "8, 8, 3"),
            Layer("Conv2D", "conv", """
                "dtype": "float32", "filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "data_format": "channels_last", "groups": 1,
                "dilation_rate": [1, 1], "activation": "linear", "use_bias": false, "kernel_regularizer": null, "bias_constraint": null,
                "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null, "dtype": "float32"}},
                "bias_initializer": {"class_name": "Zeros", "config": {}}
                """, """[["in", 0, 0, {}]]"""),
            Layer("BatchNormalization", "norm", """
                "dtype": "float32", "axis": [3], "momentum": 0.99, "epsilon": 0.001, "center": true, "scale": true
                """, """[["conv", 0, 0, {}]]"""),
            Layer("LeakyReLU", "leaky", """ "dtype": {"class_name": "Policy", "config": {"name": "float32"}}, "alpha": 0.25 """, """[["norm", 0, 0, {}]]"""),
            Layer("DepthwiseConv2D", "depth", """
                "kernel_size": [3, 3], "padding": "same", "groups": 1, "depth_multiplier": 1,
                "depthwise_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}}
                """, """[["leaky", 0, 0, {}]]"""),
            Layer("SeparableConv2D", "separable", """
                "filters": 4, "kernel_size": [3, 3], "padding": "same", "groups": 1, "kernel_regularizer": null, "kernel_constraint": null,
                "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}}
                """, """[["depth", 0, 0, {}]]"""),
            Layer("Add", "sum", """ "dtype": "float32" """, """[["norm", 0, 0, {}], ["separable", 0, 0, {}]]"""),
            Layer("GlobalAveragePooling2D", "pool", """ "data_format": "channels_last", "keepdims": false """, """[["sum", 0, 0, {}]]"""),
            Layer("Dense", "out", """ "units": 2 """, """[["pool", 0, 0, {}]]""")));
    }

    /// <summary>Keras 2 counts the construction of a nested model as its call 0, in Sequential models too, if they have an input.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(0)]
    public void Calls_of_nested_models_are_counted_as_in_Keras_3(int first)
    {
        var (a, b, inner) = (Model.Input([4], name: "a"), Model.Input([4], name: "b"), Model.Input([4], name: "inner"));
        var tower = new Sequential(inner, [new Dense(3, name: "dense")], "tower");
        var start = Model.Input([3], name: "start");
        var head = new Model(start, new Dense(2, name: "last").Call(start), "head");
        var model = new Model([a, b], [head.Call(tower.Call(a)), head.Call(tower.Call(b))], "both");
        string Call(string layer, int call) => $$"""[["{{layer}}", {{call}}, 0, {}]]""";
        AreEqual(model, Functional(
            "both",
            """[["a", 0, 0], ["b", 0, 0]]""",
            """[["head", 1, 0], ["head", 2, 0]]""",
            Of("a", "4"),
            Of("b", "4"),
            Layer(
                "Sequential",
                "tower",
                $$""" "layers": [{{Of("inner", "4")}}, {{Layer("Dense", "dense", """ "batch_input_shape": [null, 4], "units": 3 """, "")}}] """,
                Call("a", 0) + ", " + Call("b", 0)),
            Layer("Functional", "head", $$"""
                "layers": [{{Of("start", "3")}}, {{Layer("Dense", "last", """ "units": 2 """, Call("start", 0))}}],
                "input_layers": [["start", 0, 0]], "output_layers": [["last", 0, 0]]
                """, Call("tower", first) + ", " + Call("tower", first + 1))));
    }

    [TestMethod]
    public void A_sequential_of_the_first_versions_is_a_list_whose_first_layer_tells_the_input()
    {
        var x = Model.Input([5]);
        var model = new Sequential(x, [new Dense(3, Activation.Relu, name: "one"), new Dense(2, name: "two")]);
        var read = Model.FromJson($$"""
            {"class_name": "Sequential", "keras_version": "2.1.6", "config": [
            {{Layer("Dense", "one", """ "batch_input_shape": [null, 5], "units": 3, "activation": "relu" """, "")}},
            {{Layer("Dense", "two", """ "units": 2 """, "")}}]}
            """);
        Assert.AreEqual(Layers(model), Layers(read));

        static string Layers(Model model) => string.Join(' ', model.WeightPaths().Select(named => $"{named.Path} {named.Weight.Shape}"));
    }

    [TestMethod]
    public void Named_arguments_beside_the_first_tensor_are_tensors_constants_and_flags()
    {
        var (query, value) = (Model.Input([3, 4], name: "query"), Model.Input([5, 4], name: "value"));
        var attended = new MultiHeadAttention(2, 3, name: "mha").Call(query, value, useCausalMask: true);
        var state = Model.Input([2], name: "state");
        var last = new Gru(2, resetAfter: false, name: "gru").Call(attended, [state]);
        AreEqual(new Model([query, value, state], last, "net"), Functional(
            "net",
            """[["query", 0, 0], ["value", 0, 0], ["state", 0, 0]]""",
            """[["gru", 0, 0]]""",
            Of("query", "3, 4"),
            Of("value", "5, 4"),
            Layer("MultiHeadAttention", "mha", """
                "num_heads": 2, "key_dim": 3, "query_shape": [null, 3, 4], "key_shape": [null, 5, 4], "value_shape": [null, 5, 4]
                """, """[["query", 0, 0, {"value": ["value", 0, 0], "use_causal_mask": true, "key": null}]]"""),
            Of("state", "2"),
            Layer("GRU", "gru", """ "units": 2, "implementation": 2, "time_major": false """, """[["mha", 0, 0, {}], ["state", 0, 0, {}]]""")));
    }

    /// <summary>Keras 3 gave the name to another function: relu6(x + 3) / 6.</summary>
    [TestMethod]
    public void Hard_sigmoid_is_the_function_of_Keras_2_also_when_saved_again()
    {
        var model = Model.FromJson(Functional(
            "net", """["in", 0, 0]""", """["lstm", 0, 0]""", Of("in", "4, 3"),
            Layer("LSTM", "lstm", """ "units": 2, "recurrent_activation": "hard_sigmoid", "use_bias": true """, """[["in", 0, 0, {}]]""")));
        var x = Model.Input([4, 3], name: "in");
        var gate = Activation.From(x => Ops.Clip((x * 0.2f) + 0.5f, 0, 1), "gate");
        var expected = new Model(x, new Lstm(2, recurrentActivation: gate, name: "lstm").Call(x));
        foreach (var (from, to) in model.Weights.Zip(expected.Weights))
        {
            foreach (ref var value in from.Storage.AsSpan()) value *= 6;
            to.Value = from.Value;
        }

        var random = new Random(1);
        float[] data = [.. Enumerable.Range(0, 24).Select(_ => (random.NextSingle() * 4) - 2)];
        var input = NDArray.Create(data, Shape.Of(2, 4, 3));
        var numbers = expected.Predict(input).ToArray();
        using var folder = new TemporaryFolder();
        model.Save(folder.File("a.keras"));
        Assert.IsTrue(model.ExportOnnx(folder.File("a.onnx")).Passed);
        foreach (var copy in (Model[])[model, Model.Load(folder.File("a.keras")), Model.Load(folder.File("a.onnx"))])
            Parity.ParityArray.AreClose(numbers, copy.Predict(input).ToArray(), 1e-6, "prediction");
    }

    /// <summary>In Keras 3 a call with initial states takes no mask that travels.</summary>
    [TestMethod]
    public void A_decoder_with_initial_states_takes_the_mask_of_its_input()
    {
        var read = Model.FromJson(Functional(
            "net", """[["ids", 0, 0], ["h", 0, 0], ["c", 0, 0]]""", """[["lstm", 0, 0]]""", Of("ids", "4"), Of("h", "2"), Of("c", "2"),
            Layer("Embedding", "embedding", """ "input_dim": 5, "output_dim": 3, "mask_zero": true, "input_length": 4 """, """[["ids", 0, 0, {}]]"""),
            Layer("LSTM", "lstm", """ "units": 2 """, """[["embedding", 0, 0, {}], ["h", 0, 0, {}], ["c", 0, 0, {}]]""")));
        var (ids, h, c) = (Model.Input([4], name: "ids"), Model.Input([2], name: "h"), Model.Input([2], name: "c"));
        var embedded = new Embedding(5, 3, maskZero: true, name: "embedding").Call(ids);
        var model = new Model([ids, h, c], new Lstm(2, name: "lstm").Call(embedded, [h, c], Ops.NotEqual(ids, 0)));
        model.SetWeights(read.GetWeights());
        NDArrays data = NDArrays.Create(
        [
            NDArray.Create([1f, 2, 0, 0, 3, 4, 1, 0], Shape.Of(2, 4)),
            NDArray.Create([1f, -1, 0.5f, 2], Shape.Of(2, 2)),
            NDArray.Create([2f, 1, -1, 0], Shape.Of(2, 2)),
        ]);
        CollectionAssert.AreEqual(model.PredictAll(data)[0].ToArray(), read.PredictAll(data)[0].ToArray());
        using var folder = new TemporaryFolder();
        Assert.IsTrue(read.ExportOnnx(folder.File("a.onnx")).Passed);
    }

    [TestMethod]
    public void Operations_on_tensors_are_functions_of_Keras_3()
    {
        var (x, y) = (Model.Input([3, 4], name: "x"), Model.Input([3, 4], name: "y"));
        var sum = (2f * x) + y;
        var mean = Ops.Mean(sum / Ops.Constant(Shape.Of(4), [3, 3, 2, 2]), 1, true);
        var gelu = Ops.Make(new OnnxFunctional.Operators.Gelu(false), y);
        var model = new Model([x, y], [Ops.Reshape(mean, -1, 4), Ops.Slice(sum, 1, 0, 1), Ops.Clip(sum, -1, 1), gelu]);
        var read = Model.FromJson(OfTensorFlow());
        var random = new Random(1);
        NDArrays data = NDArrays.Create([Numbers(), Numbers()]);
        var (expected, actual) = (model.PredictAll(data), read.PredictAll(data));
        for (var i = 0; i < expected.Count; i++)
        {
            CollectionAssert.AreEqual(expected[i].Lengths.ToArray(), actual[i].Lengths.ToArray());
            Parity.ParityArray.AreClose(Flat(expected[i]), Flat(actual[i]), 1e-6, $"output {i}");
        }

        // The functions are those of Keras 3 also when saved again.
        AreEqual(read, read.ToJson());

        NDArray Numbers() => NDArray.Create([.. Enumerable.Range(0, 24).Select(_ => (random.NextSingle() * 4) - 2)], Shape.Of(2, 3, 4));
        static float[] Flat(NDArray array) => array.ToTensor().ToArray();
    }

    [TestMethod]
    public void Operations_on_tensors_that_are_not_known_are_named_together()
    {
        var error = Assert.ThrowsExactly<ModelException>(() => Model.FromJson(Functional(
            "net", """[["x", 0, 0]]""", """[["two", 0, 0]]""", Of("x", "3"),
            Operation("one", "math.igamma", """["x", 0, 0, {"x": 2.0}]"""),
            Operation("two", "signal.dct", """["one", 0, 0, {}]"""))));
        Assert.Contains("'tf.math.igamma'", error.Message);
        Assert.Contains("'tf.signal.dct'", error.Message);
    }

    [TestMethod]
    public void Arguments_nested_without_end_are_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 40)) + """["in", 0, 0, {}]""" + string.Concat(Enumerable.Repeat("]", 40));
        var json = Functional("net", """["in", 0, 0]""", """["out", 0, 0]""", Of("in", "4"), Layer("Dense", "out", """ "units": 2 """, deep));
        Assert.Contains("nested more than", Assert.ThrowsExactly<ModelException>(() => Model.FromJson(json)).Message);
    }

    /// <summary>A model of operations, called with tensors, numbers, lists and options.</summary>
    internal static string OfTensorFlow() => Functional(
        "net",
        """[["x", 0, 0], ["y", 0, 0]]""",
        """[["reshape", 0, 0], ["slice", 0, 0], ["clip", 0, 0], ["gelu", 0, 0]]""",
        Of("x", "3, 4"),
        Of("y", "3, 4"),
        Operation("multiply", "math.multiply", """["_CONSTANT_VALUE", -1, 2.0, {"y": ["x", 0, 0], "name": null}]"""),
        Operation("add", "__operators__.add", """["multiply", 0, 0, {"y": ["y", 0, 0], "name": null}]"""),
        Operation("divide", "math.truediv", """["add", 0, 0, {"y": [3, 3, 2, 2], "name": null}]"""),
        Operation("mean", "math.reduce_mean", """["divide", 0, 0, {"axis": 1, "keepdims": true, "name": "mean"}]"""),
        Operation("reshape", "reshape", """["mean", 0, 0, {"shape": [-1, 4]}]"""),
        Operation("slice", "__operators__.getitem", """
            ["add", 0, 0, {"slice_spec": [{"start": null, "stop": null, "step": null}, {"start": 0, "stop": 1, "step": null}]}]
            """),
        Operation("clip", "clip_by_value", """["add", 0, 0, {"clip_value_min": -1.0, "clip_value_max": 1.0}]"""),
        Operation("gelu", "nn.gelu", """["y", 0, 0, {}]"""));

    private static string Of(string name, string shape) =>
        Input.Replace("NAME", name, StringComparison.Ordinal).Replace("SHAPE", shape, StringComparison.Ordinal);

    private static string Layer(string className, string name, string options, string calls) => $$"""
        {"class_name": "{{className}}", "config": {"name": "{{name}}", "trainable": true, {{options}} }, "name": "{{name}}",
        "inbound_nodes": [{{calls}}]}
        """;

    private static string Operation(string name, string function, string call) => Layer(
        function.EndsWith("getitem", StringComparison.Ordinal) ? "SlicingOpLambda" : "TFOpLambda",
        name,
        $$""" "dtype": "float32", "function": "{{function}}" """,
        call);

    private static string Functional(string name, string inputs, string outputs, params string[] layers) => $$"""
        {"class_name": "Functional", "keras_version": "2.15.0", "backend": "tensorflow", "config": {"name": "{{name}}", "trainable": true,
        "layers": [{{string.Join(", ", layers)}}], "input_layers": {{inputs}}, "output_layers": {{outputs}} } }
        """;

    private static void AreEqual(Model expected, string json) => Assert.AreEqual(expected.ToJson(indented: true), Model.FromJson(json).ToJson(indented: true));
}
