using System.Text.Json.Nodes;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>Models survive a round trip through JSON.</summary>
[TestClass]
public sealed class ModelJsonTests
{
    [TestMethod]
    [DataRow("abc,abd->acd")]
    [DataRow("abc,adc->abd")]
    [DataRow("abc,adb->acd")]
    [DataRow("abc,acd->abd")]
    public void Products_of_transposed_matrices_stay_transposed(string equation)
    {
        foreach (var steps in new int?[] { 4, null })
        {
            var x = Model.Input([steps, 4]);
            var model = new Model(x, Ops.Einsum(equation, x, Ops.Tanh(x)));
            var again = Model.FromJson(model.ToJson());
            Assert.AreEqual(model.ToJson(), again.ToJson());
            var data = new float[2, 4, 4];
            for (var i = 0; i < data.Length; i++) data[i / 16, i / 4 % 4, i % 4] = MathF.Sin(i);
            CollectionAssert.AreEqual(model.Predict(data).ToArray(), again.Predict(data).ToArray());
        }
    }

    [TestMethod]
    public void A_model_comes_back_with_its_layers_shapes_names_and_text()
    {
        var image = Model.Input([8, 8, 1], name: "image");
        var table = Model.Input([4]);
        var branch = image.Apply(
            new Conv2D(4, 3, padding: Padding.Same, activation: Activation.Relu, kernelRegularizer: Regularizer.L2(0.5)),
            new MaxPooling2D(2),
            new Flatten());
        var merged = new Concatenate().Call(branch, new Dense(3, name: "numbers").Call(table));
        var model = new Model(
            [image, table],
            [new Dense(2, Activation.Softmax).Call(merged), new Dense(1, useBias: false) { Trainable = false }.Call(merged)],
            "two");

        var back = Model.FromJson(model.ToJson());

        Assert.AreEqual(model.ToString(), back.ToString());
        Assert.AreEqual(model.ToJson(), back.ToJson());
        Assert.AreEqual("two", back.Name);
        Assert.IsFalse(back.GetLayer("dense_1").Trainable);
        CollectionAssert.AreEqual(model.InputNames.ToArray(), back.InputNames.ToArray());
        CollectionAssert.AreEqual(model.OutputNames.ToArray(), back.OutputNames.ToArray());
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_first_weights()
    {
        var model = new Model(Input(out var x), x.Apply(new Dense(5), new Dense(2)), seed: 7);
        var back = Model.FromJson(model.ToJson(), seed: 7);
        foreach (var (one, other) in model.Weights.Zip(back.Weights)) CollectionAssert.AreEqual(one.Storage, other.Storage);
    }

    /// <summary>Files of other versions and files written by hand lack keys: the layer has its default then, or a sentence names the key.</summary>
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void A_key_that_a_file_leaves_out_has_its_default_or_is_named(LayerCase row)
    {
        if (row.Create() is Lambda) return;
        var json = row.Build().ToJson();
        var layers = JsonNode.Parse(json)!["config"]!["layers"]!.AsArray();
        var index = Enumerable.Range(0, layers.Count).First(i => (string?)layers[i]!["class_name"] != "InputLayer");
        foreach (var key in layers[index]!["config"]!.AsObject().Select(entry => entry.Key).ToList())
        {
            var changed = JsonNode.Parse(json)!;
            changed["config"]!["layers"]![index]!["config"]!.AsObject().Remove(key);
            try
            {
                Assert.IsNotEmpty(Model.FromJson(changed.ToJsonString()).Layers, key);
            }
            catch (ModelException refusal)
            {
                Assert.Contains("cannot be read", refusal.Message, key);
            }
        }
    }

    [TestMethod]
    public void States_that_a_call_of_Bidirectional_returns_come_back()
    {
        var x = Model.Input([5, 3]);
        var model = new Model(x, new Bidirectional(new Lstm(2)).CallWithState(x));
        var back = Model.FromJson(model.ToJson());
        Assert.HasCount(5, back.Outputs);
        Assert.AreEqual(model.ToJson(), back.ToJson());
    }

    [TestMethod]
    public void A_shared_layer_stays_shared()
    {
        var (a, b) = (Model.Input([4]), Model.Input([4]));
        var shared = new Dense(3);
        var model = new Model([a, b], new Add().Call(shared.Call(a), shared.Call(b)));
        var back = Model.FromJson(model.ToJson());
        Assert.HasCount(2, back.Weights);
        Assert.AreEqual(model.ToString(), back.ToString());
    }

    [TestMethod]
    public void A_layer_on_its_own_output_keeps_the_order_of_its_calls()
    {
        var x = Model.Input([4]);
        var shared = new Dense(4);
        var model = new Model(x, new Concatenate().Call(shared.Call(new Relu().Call(shared.Call(shared.Call(x)))), x));
        Assert.AreEqual(model.ToString(), Model.FromJson(model.ToJson()).ToString());
    }

    [TestMethod]
    public void Nested_models_and_sequentials_come_back()
    {
        var inner = new Sequential([4], new Dense(6, Activation.Relu), new Dropout(0.25, seed: 3));
        var pair = Model.Input([6]);
        var split = new Model(pair, [new Dense(2).Call(pair), new Dense(3).Call(pair)], "split");
        var x = Model.Input([4]);
        var parts = split.Call([inner.Call(x)]);
        var model = new Model(x, new Concatenate().Call(parts[0], parts[1], inner.Call(x)));
        var back = Model.FromJson(model.ToJson());
        Assert.AreEqual(model.ToString(), back.ToString());
        Assert.AreEqual(model.ToJson(), back.ToJson());
        Assert.IsInstanceOfType<Sequential>(back.GetLayer(model.Layers.OfType<Sequential>().Single().Name));
    }

    [TestMethod]
    public void Operations_between_tensors_are_written_in_Keras_words()
    {
        var x = Model.Input([4, 6]);
        var y = new Dense(6).Call(x);
        var sum = (x + y) * 2 - Ops.Sqrt(Ops.Abs(y) + 0.5f);
        var middle = Ops.Slice(sum, 1, 1, -1);
        var model = new Model(x, [
            Ops.Mean(middle, [1, 2], keepdims: true),
            Ops.Reshape(Ops.Transpose(sum, 0, 2, 1), 0, -1),
            Ops.Where(Ops.Greater(sum, 0), sum, Ops.ZerosLike(sum)),
            Ops.Concatenate([.. Ops.Split(sum, [2, 4])], 2),
            Ops.Cast(Ops.ArgMax(sum), DType.Float32),
            Ops.TopK(sum, 2).Values,
            Ops.MatMul(sum, Ops.Constant([6, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.5f])),
            Ops.Clip(Ops.Pad(sum, [0, 1, 0], [0, 0, 2], 3), -1, 1),
            Ops.WhenTraining(sum, y),
            Ops.LogSumExp(Ops.Squeeze(Ops.ExpandDims(sum, 1), 1)),
        ]);
        var back = Model.FromJson(model.ToJson());
        for (var i = 0; i < model.Outputs.Count; i++) Assert.AreEqual(model.Outputs[i].Shape, back.Outputs[i].Shape);
        Assert.AreEqual(model.ToJson(), back.ToJson());
        Assert.AreEqual(Kinds(model), Kinds(back));
        CollectionAssert.AreEqual(model.Layers.Select(layer => layer.Name).ToArray(), back.Layers.Select(layer => layer.Name).ToArray());
        var steps = JsonNode.Parse(model.ToJson())!["config"]!["layers"]!.AsArray();
        Assert.IsTrue(steps.Any(step => (string?)step!["class_name"] == "Add" && (string?)step["module"] == "keras.src.ops.numpy"));

        static string Kinds(Model model) => string.Join(" ", model.Graph.Nodes.Select(node => node.Op.Name).Order(StringComparer.Ordinal));
    }

    [TestMethod]
    public void States_and_masks_come_back()
    {
        var ids = Model.Input([null], DType.Int64);
        var embedded = new Embedding(10, 4, maskZero: true).Call(ids);
        var (_, hidden, cell) = new Lstm(3).CallWithState(embedded);
        var model = new Model(ids, new Lstm(3).Call(embedded, [hidden, cell]));
        var back = Model.FromJson(model.ToJson());
        Assert.AreEqual(model.ToJson(), back.ToJson());
        Assert.AreEqual(model.Graph.Nodes.Count, back.Graph.Nodes.Count);
    }

    [TestMethod]
    public void Custom_classes_and_functions_come_back_when_they_are_given()
    {
        var square = Activation.From(x => x * x, "squared");
        var dense = new Dense(
            2,
            kernelInitializer: new VarianceScaling(2, FanMode.FanOut, RandomDistribution.Uniform, seed: 4),
            kernelConstraint: Constraint.MaxNorm(3));
        var model = new Model(Input(out var x), x.Apply(new Scaled(3) { Scale = 0.5f, Kernel = new Pattern(2) }, new ActivationLayer(square), dense));
        var known = new CustomObjects().Add<Scaled>().Add<Pattern>().Add(square);
        var back = Model.FromJson(model.ToJson(), known);
        Assert.AreEqual(model.ToJson(), back.ToJson());
        Assert.AreEqual(0.5f, ((Scaled)back.GetLayer("scaled")).Scale);

        var error = Assert.ThrowsExactly<ModelException>(() => Model.FromJson(model.ToJson()));
        StringAssert.Contains(error.Message, "'Scaled' is not known");
        StringAssert.Contains(error.Message, "CustomObjects.Add");
        StringAssert.Contains(error.Message, "'squared'");
    }

    [TestMethod]
    public void What_a_file_cannot_hold_is_reported_all_at_once()
    {
        var hidden = Activation.From(x => x * 2);
        var model = new Model(
            Input(out var x),
            x.Apply(new Hidden(3), new Dense(2, hidden, kernelInitializer: Initializer.From((shape, _) => new float[shape.ElementCount]))));
        var error = Assert.ThrowsExactly<ModelException>(() => model.ToJson());
        StringAssert.Contains(error.Message, "'width' has no public property");
        StringAssert.Contains(error.Message, "function without a name");
        StringAssert.Contains(error.Message, "kernel_initializer is a function");
    }

    private static SymbolicTensor Input(out SymbolicTensor input) => input = Model.Input([4]);

    private sealed class Scaled(int units, string? name = null) : Layer(name)
    {
        public int Units { get; } = units;

        public float Scale { get; init; } = 1;

        public Initializer Kernel { get; init; } = Initializer.Ones;

        protected override SymbolicTensor Forward(SymbolicTensor x) => Ops.MatMul(x, Weight("kernel", [x.Shape[^1], Units], Kernel)) * Scale;
    }

    private sealed class Hidden(int width, string? name = null) : Layer(name)
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => new Dense(width).Call(x);
    }

    private sealed class Pattern(int step) : Initializer
    {
        public int Step { get; } = step;

        protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values)
        {
            for (var i = 0; i < values.Length; i += Step) values[i] = 1;
        }
    }
}
