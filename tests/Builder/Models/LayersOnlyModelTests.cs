using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>Models that get layers before the shape of their input: Sequential with Add, lists of layers, classes with Forward, as in Keras.</summary>
[TestClass]
public sealed class LayersOnlyModelTests
{
    private static readonly float[,] s_x = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 }, { 1, 0, 1 } };
    private static readonly float[] s_y = [0, 1, 1, 0];

    [TestMethod]
    public void Layers_are_added_one_by_one()
    {
        var model = new Sequential();
        model.Add(Model.Input([3]));
        Assert.IsFalse(model.IsBuilt);
        model.Add(new Dense(4, Activation.Relu));
        Assert.AreEqual("(None, 4)", model.Output.Shape.ToString());
        model.Add(new Dense(1));
        Assert.AreEqual("(None, 1)", model.Output.Shape.ToString());
        Assert.AreEqual((3 * 4) + 4 + 4 + 1, model.CountParams());
        var whole = new Sequential([3], new Dense(4, Activation.Relu), new Dense(1));
        CollectionAssert.AreEqual(whole.Predict(s_x).ToArray(), model.Predict(s_x).ToArray());
        CollectionAssert.AreEqual(whole.Layers.Select(layer => layer.Name).ToArray(), model.Layers.Select(layer => layer.Name).ToArray());
    }

    [TestMethod]
    public void A_list_of_layers_may_begin_with_the_input()
    {
        var model = new Sequential([Model.Input([3]), new Dense(4, Activation.Relu), new Dense(1)], name: "net");
        Assert.IsTrue(model.IsBuilt);
        Assert.AreEqual("net", model.Name);
        List<Layer> list = [new Dense(4, Activation.Relu), new Dense(1)];
        var later = new Sequential(list);
        Assert.IsFalse(later.IsBuilt);
        later.Build([3]);
        CollectionAssert.AreEqual(model.Predict(s_x).ToArray(), later.Predict(s_x).ToArray());
        Assert.IsFalse(new Sequential([new Dense(4), new Dense(1)]).IsBuilt);
    }

    [TestMethod]
    public void It_is_compiled_before_it_is_built_and_built_by_the_data()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential();
        model.Add(new Dense(4, Activation.Tanh));
        model.Add(new Dense(1, Activation.Sigmoid));
        var trainer = model.Compile(new Adam(0.05), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);
        Assert.AreSame(model, trainer.Model);
        var history = trainer.Fit(s_x, s_y, epochs: 3, verbose: 0);
        Assert.HasCount(3, history["accuracy"]);
        Assert.AreEqual(3, trainer.Iterations);
        model.Summary(printFn: _ => { });
        var file = folder.File("model.onnx");
        model.ExportOnnx(file);

        // The same as with the shape given beforehand.
        var known = new Sequential([3], new Dense(4, Activation.Tanh), new Dense(1, Activation.Sigmoid));
        known.Compile(new Adam(0.05), Loss.BinaryCrossentropy).Fit(s_x, s_y, epochs: 3, verbose: 0);
        CollectionAssert.AreEqual(known.Predict(s_x).ToArray(), model.Predict(s_x).ToArray());
    }

    [TestMethod]
    public void Every_first_use_on_data_builds_it()
    {
        var compiled = () => new Sequential([new Dense(1)]).Compile(new Adam(), Loss.MeanSquaredError);
        Assert.AreEqual(1, compiled().Fit(Dataset.From(s_x, s_y).Batch(2), verbose: 0).Epochs.Count);
        Assert.IsTrue(compiled().Evaluate(s_x, s_y).ContainsKey("loss"));
        Assert.IsTrue(compiled().TrainOnBatch(s_x, s_y).ContainsKey("loss"));
        Assert.IsTrue(compiled().TestOnBatch(s_x, s_y).ContainsKey("loss"));
        Assert.AreEqual(4, compiled().Predict(s_x).Lengths[0]);
        Assert.HasCount(2, compiled().ComputeGradients(s_x, s_y));
        Assert.AreEqual(4, new Sequential([new Dense(2)]).PredictAll(s_x)[0].Lengths[0]);

        // Numbers without a further axis are one feature, as in Keras; whole numbers are float32.
        Assert.AreEqual("(None, 1)", Built(s_y).Input.Shape.ToString());
        Assert.AreEqual(DType.Float32, Built(new int[,] { { 1, 2 } }).Input.DType);

        static Sequential Built(NDArrays x)
        {
            var model = new Sequential([new Dense(1)]);
            model.Predict(x);
            return model;
        }
    }

    [TestMethod]
    public void What_needs_the_shape_says_so()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential([new Dense(1)], name: "net");
        var trainer = model.Compile(new Adam(), Loss.MeanSquaredError);
        foreach (var use in (Action[])[
            () => _ = model.Inputs, () => _ = model.Output, () => model.GetLayer("dense"), () => model.ToJson(),
            () => model.ExportOnnx(folder.File("m.onnx")), () => _ = trainer.Iterations, () => trainer.Fit(Once(), verbose: 0)])
            Assert.StartsWith("Model 'net' is not built yet: it does not know the shape of its input.", Assert.ThrowsExactly<ModelException>(use).Message);
        var text = "";
        model.Summary(printFn: summary => text = summary);
        StringAssert.Contains(text, "│ dense (Dense) │");
        StringAssert.Contains(text, "0 (unbuilt)");
        Assert.AreEqual(0, model.CountParams());
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => new Sequential().Predict(s_x)).Message, "has no layers");

        static IEnumerable<Batch> Once()
        {
            yield return new Batch(s_x, s_y);
        }
    }

    [TestMethod]
    public void Layers_that_do_not_fit_leave_the_model_as_it_was()
    {
        var model = new Sequential([Model.Input([3]), new Dense(4, name: "first")]);
        Assert.ThrowsExactly<ModelException>(() => model.Add(new Conv2D(2, 3)));
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Add(new Dense(4, name: "first"))).Message, "two layers are named 'first'");
        Assert.AreEqual("first", model.GetLayer("first").Name);
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Add(new Add())).Message, "takes several");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Add(Model.Input([3]))).Message, "comes first");
        var computed = Model.Input([3]).Apply(new Dense(2));
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Add(computed)).Message, "begins with an input");
        model.Add(new Dense(2));
        Assert.AreEqual("(None, 2)", model.Output.Shape.ToString());
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Build([5])).Message, "is built for inputs (None, 3), not (None, 5)");
    }

    [TestMethod]
    public void A_layer_added_after_Compile_is_said_and_predictions_know_it()
    {
        var model = new Sequential([3], new Dense(4));
        Assert.AreEqual(4, model.Predict(s_x).Lengths[1]);
        var trainer = model.Compile(new Adam(), Loss.MeanSquaredError);
        model.Add(new Dense(1));
        Assert.AreEqual(1, model.Predict(s_x).Lengths[1]);
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => trainer.Fit(s_x, s_y, verbose: 0)).Message, "Compile the model again");
        model.Compile(new Adam(), Loss.MeanSquaredError).Fit(s_x, s_y, verbose: 0);
        _ = model.Call(Model.Input([3]));
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Add(new Dense(1))).Message, "was called as a layer");
    }

    [TestMethod]
    public void A_class_with_Forward_is_a_model()
    {
        using var folder = new TemporaryFolder();
        var encoder = new Encoder();
        Assert.AreEqual("encoder", encoder.Name);
        encoder.Compile(new Adam(), Loss.MeanSquaredError).Fit(s_x, new float[4, 2], epochs: 2, verbose: 0);
        Assert.HasCount(4, encoder.Weights);
        Assert.AreEqual("(None, 2)", encoder.Output.Shape.ToString());
        CollectionAssert.AreEqual(new[] { "input_layer", "dense", "dense_1" }, encoder.Layers.Select(layer => layer.Name).ToArray());
        encoder.ExportOnnx(folder.File("encoder.onnx"));
        CollectionAssert.AreEqual(encoder.Predict(s_x).ToArray(), Model.Load(folder.File("encoder.onnx")).Predict(s_x).ToArray());
        KerasFile.Save(encoder, folder.File("encoder.keras"));
        CollectionAssert.AreEqual(encoder.Predict(s_x).ToArray(), Model.Load(folder.File("encoder.keras")).Predict(s_x).ToArray());
    }

    [TestMethod]
    public void A_class_with_Forward_is_a_layer_of_another_model()
    {
        var input = Model.Input([3]);
        var (first, second) = (new Encoder(), new Encoder());
        var model = new Model(input, new Concatenate().Call(first.Call(input), second.Call(input), first.Call(input)));
        string[] paths = ["/dense/kernel", "/dense/bias", "/dense_1/kernel", "/dense_1/bias"];
        CollectionAssert.AreEqual(
            new[] { "encoder", "encoder_1" }.SelectMany(name => paths.Select(path => name + path)).ToArray(),
            model.WeightPaths().Select(named => named.Path).ToArray());
        var y = model.Predict(s_x);

        // Called twice, weights are shared; two instances begin with other values.
        Assert.AreEqual(y[0, 0], y[0, 4]);
        Assert.AreNotEqual(y[0, 0], y[0, 2]);
        var alone = first.Predict(s_x);
        Assert.AreEqual(y[1, 1], alone[1, 1], 1e-6f);
    }

    [TestMethod]
    public void A_class_that_says_neither_is_told()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => new Nothing().Build([3])).Message, "Override Forward");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => new Nothing().Call(Model.Input([3]))).Message, "Override Forward");
    }

    [TestMethod]
    public void Weights_are_counted_split_and_copied()
    {
        var model = new Sequential([3], new Dense(4), new BatchNormalization(), new Dense(1, name: "head"));
        Assert.AreEqual(16 + 16 + 5, model.CountParams());
        Assert.HasCount(6, model.TrainableWeights);
        Assert.HasCount(2, model.NonTrainableWeights);
        model.GetLayer("head").Trainable = false;
        Assert.HasCount(4, model.TrainableWeights);
        CollectionAssert.AreEquivalent(model.Weights.ToArray(), model.TrainableWeights.Concat(model.NonTrainableWeights).ToArray());
        model.Trainable = false;
        Assert.IsEmpty(model.TrainableWeights);
        Assert.AreEqual(5, model.GetLayer("head").CountParams());

        var other = new Sequential([new Dense(4), new BatchNormalization(), new Dense(1)], seed: 3);
        other.Build([3]);
        other.SetWeights(model.GetWeights());
        CollectionAssert.AreEqual(model.Predict(s_x).ToArray(), other.Predict(s_x).ToArray());
        var weights = other.GetWeights().ToArray();
        weights[0] = Tensor.Create(new float[12], [3, 4]);
        weights[^1] = Tensor.Create(new float[2], [2]);
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => other.SetWeights(weights)).Message, "'bias' has shape (1,)");
        CollectionAssert.AreEqual(model.Predict(s_x).ToArray(), other.Predict(s_x).ToArray());
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => other.SetWeights(weights[1..])).Message, "has 8 weights (kernel (3, 4), ");
    }

    [TestMethod]
    public void The_verbosities_of_Keras_are_numbers()
    {
        Verbosity[] given = [0, 1, 2, default];
        CollectionAssert.AreEqual(new[] { Verbosity.Silent, Verbosity.Bar, Verbosity.Lines, Verbosity.Bar }, given);
        CollectionAssert.AreEqual(new[] { "Silent", "Bar", "Lines", "Bar" }, given.Select(verbosity => verbosity.ToString()).ToArray());
        var three = 3;
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => (Verbosity)three).Message, "verbose is 3; expected 0 (silent), 1 (a bar) or 2");
    }

    [TestMethod]
    public void No_member_of_a_base_class_hides_Apply()
    {
        var inherited = typeof(Layer).Assembly.GetTypes().Where(type => typeof(LayerBase).IsAssignableFrom(type)).SelectMany(type => type.GetMethods(
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic
            | System.Reflection.BindingFlags.DeclaredOnly));
        Assert.IsEmpty(inherited.Where(method => method.Name == "Apply").Select(method => method.DeclaringType!.Name));
    }

    private sealed class Encoder : Model
    {
        private readonly Dense _hidden = new(4, Activation.Relu), _code = new(2);

        protected override SymbolicTensor Forward(SymbolicTensor x) => _code.Call(_hidden.Call(x));
    }

    private sealed class Nothing : Model;
}
