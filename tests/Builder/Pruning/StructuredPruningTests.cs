using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Pruning;

[TestClass]
public sealed class StructuredPruningTests
{
    public static IEnumerable<object[]> Cases => PruningCases.All.Select(@case => new object[] { @case });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Channels_of_zeros_are_removed_without_changing_the_outputs(object row)
    {
        var @case = (PruningCase)row;
        var model = @case.Make();
        var before = PruningCase.Outputs(model);
        var pruned = model.Prune(0.5);
        foreach (var (layer, channels) in @case.Zeros.Where(zeros => pruned.Layers.Any(layer => layer.Name == zeros.Layer)))
        {
            var found = pruned.Layers.Single(entry => entry.Name == layer);
            Assert.AreEqual(found.Before - channels.Length, found.After, pruned.ToString());
        }

        var after = PruningCase.Outputs(pruned.Model);
        Assert.HasCount(before.Length, after);
        for (var i = 0; i < before.Length; i++)
            Assert.AreEqual(before[i], after[i], 1e-6f * MathF.Max(1, MathF.Abs(before[i])), $"{@case.Name}, output {i}\n{pruned}");
        CollectionAssert.AreEqual(PruningCase.Outputs(model), before, "the model itself changed");
    }

    /// <summary>The smaller model is a model like any other: summary, file and training work.</summary>
    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_smaller_model_is_written_read_exported_and_trained(object row)
    {
        var model = ((PruningCase)row).Make();
        var small = model.Prune(0.5).Model;
        Assert.IsLessThan(model.Weights.Sum(weight => weight.Value.FlattenedLength), small.Weights.Sum(weight => weight.Value.FlattenedLength));
        CollectionAssert.AreEqual(model.Layers.Select(layer => layer.Name).ToArray(), small.Layers.Select(layer => layer.Name).ToArray());
        CollectionAssert.AreEqual(model.Layers.Select(layer => layer.GetType()).ToArray(), small.Layers.Select(layer => layer.GetType()).ToArray());
        Assert.AreEqual(model.Name, small.Name);
        Assert.AreEqual(model.GetType(), small.GetType());
        Assert.IsFalse(small.Weights.Intersect(model.Weights).Any());

        using var folder = new TemporaryFolder();
        Assert.IsTrue(small.ExportOnnx(folder.File("small.onnx")).Passed);
        var read = Model.Load(folder.File("small.onnx"));
        CollectionAssert.AreEqual(PruningCase.Outputs(small), PruningCase.Outputs(read));

        var random = new Random(3);
        NDArray Data(Shape shape)
        {
            var values = new float[shape.With(0, 8).ElementCount];
            for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle();
            return NDArray.Create(values, shape.With(0, 8));
        }

        var trainer = small.Compile(new Adam(0.01), Loss.MeanSquaredError);
        NDArrays x = NDArrays.Create([.. small.Inputs.Select(input => Data(input.Shape))]);
        NDArrays y = NDArrays.Create([.. small.Outputs.Select(output => Data(output.Shape))]);
        var history = trainer.Fit(x, y, epochs: 20, batchSize: 4, verbose: Verbosity.Silent);
        Assert.IsLessThan(history["loss"][0], history["loss"][^1]);
    }

    [TestMethod]
    public void Channels_are_removed_by_their_weights_and_the_rest_keep_theirs()
    {
        var model = PruningCases.Straight([2], new Dense(4, name: "a"), new Dense(1, name: "b"));
        Set(model, "a/kernel", [3, -1, 0.1f, 2, 3, 2, 4.1f, -1.9f]);
        Set(model, "a/bias", [1, 2, 3, 4]);
        Set(model, "b/kernel", [10, 20, 30, 40]);

        // Magnitudes 6, 3, 4.2, 3.9; squares 18, 5, 16.82, 7.61.
        var small = model.Prune(0.25).Model;
        CollectionAssert.AreEqual(new float[] { 3, 0.1f, 2, 3, 4.1f, -1.9f }, Values(small, "a/kernel"));
        CollectionAssert.AreEqual(new float[] { 1, 3, 4 }, Values(small, "a/bias"));
        CollectionAssert.AreEqual(new float[] { 10, 30, 40 }, Values(small, "b/kernel"));

        Set(model, "a/kernel", [3, 3, 0, 5, 3, 3, 5, 0]);
        CollectionAssert.AreEqual(new float[] { 10, 20 }, Values(model.Prune(0.5).Model, "b/kernel"), "by magnitude 6, 6, 5, 5");
        CollectionAssert.AreEqual(
            new float[] { 30, 40 },
            Values(model.Prune(0.5, new() { Importance = ChannelImportance.L2 }).Model, "b/kernel"),
            "by squares 18, 18, 25, 25");
    }

    [TestMethod]
    [DataRow(1, 0.5f, 1)]
    [DataRow(3, 0.5f, 2)]
    [DataRow(7, 0.5f, 4)]
    [DataRow(17, 0.5f, 9)]
    [DataRow(10, 0.7f, 3)]
    [DataRow(10, 0.3f, 7)]
    [DataRow(17, 0.99f, 1)]
    [DataRow(17, 0f, 17)]
    public void Numbers_of_channels_are_rounded_in_favour_of_the_layer(int units, float fraction, int expected)
    {
        var model = PruningCases.Straight([3], new Dense(units, name: "a"), new Dense(40, name: "b"), new Dense(1));
        Assert.AreEqual(expected, ((Dense)model.Prune(fraction).Model.GetLayer("a")).Units);
    }

    [TestMethod]
    public void Options_bound_what_a_layer_loses()
    {
        var model = PruningCases.Straight([3], new Dense(20, name: "a"), new Dense(7, name: "b"), new Dense(1));
        int[] Units(PruningOptions options) => [.. model.Prune(0.5, options).Layers.Select(layer => layer.After)];
        CollectionAssert.AreEqual(new[] { 16, 7, 1 }, Units(new() { RoundTo = 8 }));
        CollectionAssert.AreEqual(new[] { 12, 7, 1 }, Units(new() { MinimumChannels = 12 }));
        CollectionAssert.AreEqual(new[] { 10, 7, 1 }, Units(new() { Keep = ["b"] }));
        CollectionAssert.AreEqual(new[] { 2, 4, 1 }, Units(new() { Fractions = new Dictionary<string, double> { ["a"] = 0.9 } }));
    }

    [TestMethod]
    public void Global_ranking_takes_from_where_it_costs_least()
    {
        var model = PruningCases.Straight([3], new Dense(8, name: "a"), new Dense(8, name: "b"), new Dense(1));
        Set(model, "a/kernel", [.. Enumerable.Range(0, 24).Select(i => i % 8 < 6 ? 0.01f : 5)]);
        Set(model, "b/kernel", [.. Enumerable.Range(0, 64).Select(i => 1 + (0.01f * (i % 8)))]);
        var layers = model.Prune(0.5, new() { Global = true, MinimumChannels = 2 }).Layers;
        CollectionAssert.AreEqual(new[] { 2, 6, 1 }, layers.Select(layer => layer.After).ToArray());
        Assert.AreEqual("they are the model's output 'dense'", layers[2].Reason);
    }

    [TestMethod]
    public void Unknown_operators_keep_their_channels_and_the_report_says_why()
    {
        var tokens = Model.Input([6, 4]);
        var first = tokens.Apply(new Dense(8, name: "first"));
        var attended = new MultiHeadAttention(2, 4, name: "attention").Call(first, first);
        var recurrent = attended.Apply(new Dense(6, name: "second"), new Bidirectional(new Lstm(5), name: "recurrent"));
        var normal = recurrent.Apply(
            new Dense(8, name: "third"), new LayerNormalization(name: "layer_norm"),
            new Dense(8, name: "fourth"), new Doubled("mine"), new Dense(6, name: "fifth"),
            new GroupNormalization(3, name: "groups"), new Dense(6, name: "sixth"), new Lambda(x => x * 2, name: "function"),
            new Dense(4, name: "free"), new Dense(4, name: "behind"), new SpectralNormalization(new Dense(3), name: "spectral"));
        var model = new Model(tokens, normal.Apply(new Dense(2, name: "last")));
        var before = PruningCase.Outputs(model);
        var pruned = model.Prune(0.5, new() { Fractions = new Dictionary<string, double> { ["free"] = 0.5 } });
        Assert.HasCount(before.Length, PruningCase.Outputs(pruned.Model));
        var kept = pruned.Layers.Where(layer => layer.Before == layer.After).ToDictionary(layer => layer.Name, layer => layer.Reason);
        CollectionAssert.AreEquivalent(new[] { "first", "second", "third", "fourth", "fifth", "sixth", "behind", "spectral/dense", "last" }, kept.Keys);
        StringAssert.Contains(kept["first"], "'attention/query' (EinsumDense)");
        StringAssert.Contains(kept["second"], "'recurrent/forward_lstm' (LSTM)");
        StringAssert.Contains(kept["third"], "'layer_norm' (LayerNormalization) computes across them");
        StringAssert.Contains(kept["fourth"], "'mine' (Doubled)");
        StringAssert.Contains(kept["fifth"], "'groups' (GroupNormalization)");
        StringAssert.Contains(kept["sixth"], "'function' (Lambda)");
        Assert.AreEqual("the layer is inside another layer", kept["spectral/dense"]);
        Assert.AreEqual("they are the model's output 'last'", kept["last"]);
        Assert.AreEqual(2, pruned.Layers.Single(layer => layer.Name == "free").After);
        StringAssert.Contains(pruned.ToString(), "free (Dense)");

        // The rebuilt layers share nothing with those of the model.
        var large = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        foreach (var (path, weight) in pruned.Model.WeightPaths())
        {
            Assert.AreNotSame(large[path], weight, path);
            if (weight.Shape == large[path].Shape) CollectionAssert.AreEqual(large[path].Storage, weight.Storage, path);
        }
    }

    [TestMethod]
    public void Grouped_convolutions_and_inputs_that_stay_are_fences()
    {
        var x = Model.Input([6, 6, 4]);
        var grouped = x.Apply(new Conv2D(4, 3, padding: Padding.Same, name: "before"), new Conv2D(8, 3, groups: 2, name: "grouped"));
        var sum = new Add().Call(x, x.Apply(new Conv2D(4, 1, name: "tied")));
        var model = new Model(
            x,
            [grouped.Apply(new Conv2D(3, 1, name: "a"), new Flatten(), new Dense(1, name: "b")), sum.Apply(new Flatten(), new Dense(1, name: "c"))]);
        var layers = model.Prune(0.5).Layers.ToDictionary(layer => layer.Name);
        Assert.AreEqual((4, "'grouped' (Conv2D) combines them with channels that stay"), (layers["before"].After, layers["before"].Reason));
        Assert.AreEqual((8, "the convolution has groups"), (layers["grouped"].After, layers["grouped"].Reason));
        Assert.AreEqual((4, "'add' (Add) combines them with channels that stay"), (layers["tied"].After, layers["tied"].Reason));
        Assert.AreEqual((2, null), (layers["a"].After, layers["a"].Reason));
    }

    [TestMethod]
    public void Custom_layers_are_copied_with_what_they_hold()
    {
        var x = Model.Input([4]);
        var model = new Model(
            x,
            x.Apply(new Dense(4, name: "a"), new Twice(new Dense(4, name: "inner"), name: "twice"), new Dense(6, name: "b"), new Dense(1, name: "c")));
        var before = PruningCase.Outputs(model);
        var small = model.Prune(0).Model;
        CollectionAssert.AreEqual(before, PruningCase.Outputs(small));
        Assert.AreNotSame(((Twice)model.GetLayer("twice")).Inner, ((Twice)small.GetLayer("twice")).Inner);

        var hiding = new Model(x, x.Apply(new Hiding(new Dense(4)), new Dense(6), new Dense(1)));
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => hiding.Prune(0.5)).Message,
            "its constructor parameter 'inner' has no public property of that name");
    }

    [TestMethod]
    public void Wrong_uses_are_reported_in_sentences()
    {
        var model = PruningCases.Straight([3], new Dense(8, name: "hidden"), new Dense(2, name: "last"));
        Refused(() => model.Prune(1), "Prune: the fraction is 1; expected 0 or more and less than 1, such as 0.5 for half of the channels.");
        Refused(() => model.Prune(-0.1), "Prune: the fraction is -0.1;");
        Refused(() => model.Prune(float.NaN), "Prune: the fraction is NaN;");
        Refused(() => model.Prune(0.5, new() { MinimumChannels = 0 }), "Prune: MinimumChannels is 0; expected at least 1.");
        Refused(() => model.Prune(0.5, new() { RoundTo = 0 }), "Prune: RoundTo is 0; expected at least 1.");
        Refused(
            () => model.Prune(0.5, new() { Keep = ["hiden"] }),
            "Prune: there is no layer 'hiden' with channels to prune. Did you mean 'hidden'? The layers are hidden, last.");
        Refused(() => model.Prune(0.5, new() { Fractions = new Dictionary<string, double> { ["hidden"] = 2 } }), "Prune: the fraction of 'hidden' is 2;");
        Refused(
            () => model.Prune(0.5, new() { Keep = ["hidden"] }),
            "Prune: no channel can be removed. 'hidden' keeps its 8 channels: PruningOptions.Keep contains 'hidden'; "
                + "'last' keeps its 2 channels: they are the model's output 'last'");
        Refused(
            () => PruningCases.Straight([3], new Relu()).Prune(0.5),
            "Prune: no channel can be removed. The model has no Dense layer, convolution or product with a weight.");

        var x = Model.Input([3]);
        var tied = new Model(x, new Add().Call(x.Apply(new Dense(4, name: "a")), x.Apply(new Dense(4, name: "b"))).Apply(new Dense(1)));
        Refused(
            () => tied.Prune(0.5, new() { Fractions = new Dictionary<string, double> { ["a"] = 0.5, ["b"] = 0.25 } }),
            "Prune: 'a' and 'b' make the same channels, but Fractions gives 0.5 and 0.25;");

        static void Refused(Action action, string expected) => StringAssert.StartsWith(Assert.ThrowsExactly<ModelException>(action).Message, expected);
    }

    private static void Set(Model model, string path, float[] values) =>
        values.CopyTo(model.WeightPaths().Single(named => named.Path == path).Weight.Storage, 0);

    private static float[] Values(Model model, string path) => model.WeightPaths().Single(named => named.Path == path).Weight.Storage;

    [TestMethod]
    public void Every_layer_that_makes_a_part_of_a_sum_keeps_the_minimum()
    {
        var x = Model.Input([6]);
        var parts = Ops.Concatenate([new Dense(4, name: "a").Call(x), new Dense(4, name: "b").Call(x)], -1);
        var model = new Model(x, (parts + new Dense(8, name: "c").Call(x)).Apply(new Dense(1)));
        foreach (var weight in new[] { "a", "c" }.Select(name => model.GetLayer(name).Weights[0]))
        {
            // The first four channels of the sum are the least important ones: all that "a" makes.
            var values = weight.Storage.AsSpan();
            for (var i = 0; i < values.Length; i++) values[i] = i % weight.Shape.Dims[1] < 4 ? 1e-3f : 1;
        }

        foreach (var global in new[] { false, true })
        {
            foreach (var minimum in new[] { 1, 2 })
            {
                var small = model.Prune(0.5, new PruningOptions { Global = global, MinimumChannels = minimum }).Model;
                Assert.AreEqual(minimum, ((Dense)small.GetLayer("a")).Units);
                Assert.IsGreaterThanOrEqualTo(minimum, ((Dense)small.GetLayer("b")).Units);
            }
        }
    }

    private sealed class Doubled(string name) : Layer(name)
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => x * 2;
    }

    private sealed class Twice(Layer inner, string? name = null) : Layer(name)
    {
        public Layer Inner { get; } = inner;

        protected override SymbolicTensor Forward(SymbolicTensor x) => Inner.Call(Inner.Call(x));
    }

    private sealed class Hiding(Layer inner) : Layer
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => inner.Call(x);
    }
}
