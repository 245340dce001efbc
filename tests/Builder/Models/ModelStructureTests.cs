using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

[TestClass]
public sealed class ModelStructureTests
{
    [TestMethod]
    public void Straight_run_has_Kerass_names_order_and_parameters()
    {
        var inputs = Model.Input([10]);
        var model = new Model(inputs, inputs.Apply(new Dense(32, Activation.Relu), new Dense(64, Activation.Relu), new Dense(1, Activation.Sigmoid)));
        CollectionAssert.AreEqual(new[] { "input_layer", "dense", "dense_1", "dense_2" }, model.Layers.Select(layer => layer.Name).ToArray());
        CollectionAssert.AreEqual(
            new[] { "dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", "dense_2/kernel", "dense_2/bias" },
            model.WeightPaths().Select(named => named.Path).ToArray());
        Assert.AreEqual((10 * 32) + 32 + (32 * 64) + 64 + 64 + 1, model.Weights.Sum(weight => weight.Length));
    }

    [TestMethod]
    public void Names_follow_Kerass_snake_case()
    {
        (LayerBase Layer, string Name)[] expected =
        [
            (new Conv2D(1, 1), "conv2d"), (new MaxPooling2D(), "max_pooling2d"), (new Relu(), "re_lu"),
            (new PRelu(), "p_re_lu"), (new LeakyRelu(), "leaky_re_lu"), (new Elu(), "elu"),
            (new Lstm(1), "lstm"), (new Gru(1), "gru"), (new SimpleRnn(1), "simple_rnn"), (new GlobalAveragePooling2D(), "global_average_pooling2d"),
            (new BatchNormalization(), "batch_normalization"), (new ActivationLayer(Activation.Relu), "activation"), (new Concatenate(), "concatenate"),
        ];
        foreach (var (layer, name) in expected) Assert.AreEqual(name, layer.Name);
    }

    [TestMethod]
    public void Names_are_counted_within_one_model_and_stay_with_the_layer()
    {
        Model Build()
        {
            var x = Model.Input([4]);
            return new Model(x, x.Apply(new Dense(3), new Dense(2)));
        }

        var (first, second) = (Build(), Build());
        Assert.AreEqual(first.ToString(), second.ToString());
        var head = new Model(first.Inputs, new Dense(5).Call(first.GetLayer("dense").Output));
        CollectionAssert.AreEqual(new[] { "input_layer", "dense", "dense_1" }, head.Layers.Select(layer => layer.Name).ToArray());
    }

    [TestMethod]
    public void Shared_layer_has_one_set_of_weights_and_two_calls()
    {
        var (left, right) = (Model.Input([5, 3], name: "left"), Model.Input([5, 3], name: "right"));
        var lstm = new Lstm(4);
        var merged = new Concatenate().Call(lstm.Call(left), lstm.Call(right));
        var model = new Model([left, right], merged);
        Assert.HasCount(3, model.Weights);
        Assert.AreEqual("left, right, lstm, concatenate", string.Join(", ", model.Layers.Select(layer => layer.Name)));
        StringAssert.Contains(model.ToString(), "left[0][0], right[0][0]");
        StringAssert.Contains(model.ToString(), "lstm[0][0], lstm[1][0]");
        var error = Assert.ThrowsExactly<ModelException>(() => lstm.Output);
        StringAssert.Contains(error.Message, "called 2 times");
    }

    [TestMethod]
    public void Shared_layer_refuses_another_width()
    {
        var dense = new Dense(4, name: "shared");
        dense.Call(Model.Input([5]));
        var error = Assert.ThrowsExactly<ModelException>(() => dense.Call(Model.Input([6])));
        StringAssert.Contains(error.Message, "'shared'");
        StringAssert.Contains(error.Message, "(5, 4)");
        StringAssert.Contains(error.Message, "(6, 4)");
    }

    [TestMethod]
    public void Several_inputs_and_outputs_keep_their_order_and_names()
    {
        var (image, audio) = (Model.Input([8, 8, 1], name: "image"), Model.Input([12], name: "audio"));
        var features = new Concatenate().Call(image.Apply(new Conv2D(4, 3), new Flatten()), new Dense(6).Call(audio));
        var model = new Model([image, audio], [new Dense(10, Activation.Softmax, name: "class").Call(features), new Dense(1, name: "value").Call(features)]);
        CollectionAssert.AreEqual(new[] { "image", "audio" }, model.InputNames.ToArray());
        CollectionAssert.AreEqual(new[] { "class", "value" }, model.OutputNames.ToArray());
        Assert.AreEqual("image, conv2d, audio, flatten, dense, concatenate, class, value", string.Join(", ", model.Layers.Select(layer => layer.Name)));
    }

    [TestMethod]
    public void Nested_models_prefix_their_weights_and_share_them()
    {
        var x = Model.Input([5]);
        var encoder = new Model(x, x.Apply(new Dense(4), new Dense(3)), "encoder");
        var (a, b) = (Model.Input([5]), Model.Input([5]));
        var model = new Model([a, b], encoder.Call(a) + encoder.Call(b));
        CollectionAssert.AreEqual(
            new[] { "encoder/dense/kernel", "encoder/dense/bias", "encoder/dense_1/kernel", "encoder/dense_1/bias" },
            model.WeightPaths().Select(named => named.Path).ToArray());
        CollectionAssert.AreEqual(encoder.Weights.ToArray(), model.Weights.ToArray());
    }

    [TestMethod]
    public void Model_between_inner_tensors_shares_layers()
    {
        var x = Model.Input([6]);
        var hidden = new Dense(4).Call(x);
        var y = hidden.Apply(new Dense(3), new Dense(2));
        var model = new Model(x, y);
        var tail = new Model(hidden, y);
        Assert.HasCount(4, tail.Weights);
        CollectionAssert.IsSubsetOf(tail.Weights.ToArray(), model.Weights.ToArray());
        Assert.AreEqual<Shape>([null, 4], tail.Input.Shape);
    }

    [TestMethod]
    public void Residual_sum_is_a_step_with_a_name()
    {
        var x = Model.Input([8, 8, 4]);
        var y = x.Apply(new Conv2D(4, 3, padding: Padding.Same), new BatchNormalization(), new Relu(), new Conv2D(4, 3, padding: Padding.Same)) + x;
        var model = new Model(x, y);
        StringAssert.Contains(model.ToString(), "add (Add)");
        StringAssert.Contains(model.ToString(), "conv2d_1[0][0], input_layer[0][0]");
    }

    [TestMethod]
    public void Summary_is_Kerass_table()
    {
        var x = Model.Input([4], name: "a");
        var model = new Model(x, new Dense(2, name: "out").Call(x), "tiny");
        var expected = string.Join(
            '\n',
            "Model: \"tiny\"",
            "┏━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓",
            "┃ Layer (type)   ┃ Output Shape ┃ Param # ┃",
            "┡━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩",
            "│ a (InputLayer) │ (None, 4)    │       0 │",
            "├────────────────┼──────────────┼─────────┤",
            "│ out (Dense)    │ (None, 2)    │      10 │",
            "└────────────────┴──────────────┴─────────┘",
            " Total params: 10 (40.00 B)",
            " Trainable params: 10 (40.00 B)",
            " Non-trainable params: 0 (0.00 B)");
        Assert.AreEqual(expected, model.ToString().ReplaceLineEndings("\n"));
    }

    [TestMethod]
    public void Same_seed_gives_the_same_first_values()
    {
        Model Build(ulong seed)
        {
            var x = Model.Input([4, 3]);
            return new Model(x, x.Apply(new Lstm(5), new Dense(2)), seed: seed);
        }

        var (a, b, c) = (Build(1), Build(1), Build(2));
        for (var i = 0; i < a.Weights.Count; i++) CollectionAssert.AreEqual(a.Weights[i].Storage, b.Weights[i].Storage);
        CollectionAssert.AreNotEqual(a.Weights[0].Storage, c.Weights[0].Storage);
    }

    [TestMethod]
    public void First_values_that_cannot_be_drawn_name_their_weight()
    {
        var x = Model.Input([4, 3]);
        var model = new Model(x, new Conv1D(2, 3, kernelInitializer: new OnnxFunctional.Initializers.IdentityInitializer()).Call(x));
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Weights[0].Storage).Message, "'conv1d/kernel'");
    }

    [TestMethod]
    public void Forget_gate_of_an_Lstm_begins_at_one()
    {
        var x = Model.Input([4, 3]);
        var model = new Model(x, new Lstm(2).Call(x));
        CollectionAssert.AreEqual(new float[] { 0, 0, 1, 1, 0, 0, 0, 0 }, model.Weights[2].Storage);
        Assert.AreEqual("lstm/lstm_cell/bias", model.WeightPaths()[2].Path);
    }

    [TestMethod]
    public void States_come_and_go()
    {
        var x = Model.Input([5, 3]);
        var (sequence, hidden, cell) = new Lstm(4, returnSequences: true).CallWithState(x);
        var decoded = new Lstm(4).Call(Model.Input([2, 3]), [hidden, cell]);
        Assert.AreEqual<Shape>([null, 5, 4], sequence.Shape);
        Assert.AreEqual<Shape>([null, 4], cell.Shape);
        Assert.AreEqual<Shape>([null, 4], decoded.Shape);
        var (output, state) = new Gru(6).CallWithState(x);
        Assert.AreEqual(output.Shape, state.Shape);
    }

    [TestMethod]
    public void Subclass_composes_layers_whose_weights_are_found()
    {
        var x = Model.Input([6]);
        var model = new Model(x, new Encoder().Call(x));
        CollectionAssert.AreEqual(
            new[] { "encoder/dense/kernel", "encoder/dense/bias", "encoder/scale" },
            model.WeightPaths().Select(named => named.Path).OrderBy(path => path == "encoder/scale").ToArray());
    }

    [TestMethod]
    public void Layers_behind_an_input_that_nobody_computes_with_are_part_of_the_model()
    {
        var x = Model.Input([4]);
        var unused = new Dense(3, name: "unused").Call(x);
        var model = new Model(x, new First().Call(new Dense(2, name: "used").Call(x), unused));
        CollectionAssert.AreEqual(new[] { "input_layer", "used", "unused", "first" }, model.Layers.Select(layer => layer.Name).ToArray());
        var trainer = model.Compile(new Adam(), Loss.MeanSquaredError);
        trainer.Fit(new float[2, 4], new float[2, 2], epochs: 1, verbose: Verbosity.Silent);
        var custom = new CustomObjects().Add<First>();
        Assert.HasCount(4, Model.FromJson(model.ToJson(), custom).Layers);
    }

    private sealed class First : MergeLayer
    {
        protected override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors) => tensors[0];
    }

    private sealed class Encoder() : Layer("encoder")
    {
        private readonly Dense _dense = new(4);

        protected override SymbolicTensor Forward(SymbolicTensor x) => _dense.Call(x) * Weight("scale", [4], Initializer.Ones);
    }
}
