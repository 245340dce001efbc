using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>Data and dictionaries as someone who knows Keras writes them at first: they compile, and do what the same call with floats does.</summary>
[TestClass]
public sealed class FirstGuessTests
{
    private static readonly float[,] s_x = { { 0, 1 }, { 1, 0 }, { 2, 3 }, { 3, 2 } };
    private static readonly float[] s_y = [1, 0, 1, 0];
    private static readonly double[,] s_wideX = { { 0, 1 }, { 1, 0 }, { 2, 3 }, { 3, 2 } };
    private static readonly double[] s_wideY = [1, 0, 1, 0];

    [TestMethod]
    public void Fit_takes_what_people_hold()
    {
        var expected = Fitted(trainer => trainer.Fit(s_x, s_y, epochs: 2, shuffle: false, verbose: 0));
        List<float[]> rows = [[0, 1], [1, 0], [2, 3], [3, 2]];
        byte[,] bytes = { { 0, 1 }, { 1, 0 }, { 2, 3 }, { 3, 2 } };

        Same(trainer => trainer.Fit(s_wideX, s_wideY, epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(s_wideX, s_wideY, 2, 2, shuffle: false, verbose: 0), batches: 2);
        Same(trainer => trainer.Fit(new double[,] { { 0, 1 }, { 1, 0 }, { 2, 3 }, { 3, 2 } }, s_wideY, epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(new double[][] { [0, 1], [1, 0], [2, 3], [3, 2] }, new[] { 1, 0, 1, 0 }, epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(new int[][] { [0, 1], [1, 0], [2, 3], [3, 2] }, new[] { 1L, 0, 1, 0 }, epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(rows, new[] { true, false, true, false }, epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(bytes, new byte[] { 1, 0, 1, 0 }, epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(bytes, new byte[] { 1, 0, 1, 0 }, epochs: 2, shuffle: true, verbose: 0), shuffled: true);
        Same(trainer => trainer.Fit(rows.ToArray(), rows.Select(row => 1.0 - (row[0] % 2)).ToArray(), epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(
            NDArray.From(rows.Select(row => row)), NDArray.From(s_y.Select(y => (double)y)), epochs: 2, shuffle: false, verbose: 0));
        var tensor = Tensor.Create([.. s_wideX.Cast<double>()], [4, 2]);
        Same(trainer => trainer.Fit(tensor, Tensor.Create(s_wideY, [4]).AsReadOnlyTensorSpan(), epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit([s_wideX], [s_wideY], epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(x: new() { ["x"] = s_wideX }, y: new() { ["y"] = s_wideY }, epochs: 2, shuffle: false, verbose: 0));
        Same(trainer => trainer.Fit(Dataset.From(s_wideX, s_wideY).Batch(4), epochs: 2, verbose: 0));
        Same(trainer => trainer.Fit(Dataset.From(new() { ["x"] = s_wideX }, new List<int> { 1, 0, 1, 0 }).Batch(4), epochs: 2, verbose: 0));

        void Same(Func<Trainer, History> fit, int batches = 1, bool shuffled = false)
        {
            var wanted = batches == 1 && !shuffled ? expected : Fitted(trainer => trainer.Fit(s_x, s_y, 4 / batches, 2, shuffle: shuffled, verbose: 0));
            CollectionAssert.AreEqual(wanted, Fitted(fit));
        }
    }

    [TestMethod]
    public void All_other_places_take_it_too()
    {
        var trainer = Compiled();
        Assert.AreEqual(trainer.Evaluate(s_x, s_y)["loss"], trainer.Evaluate(s_wideX, s_wideY)["loss"]);
        Assert.AreEqual(trainer.Evaluate(s_x, s_y)["loss"], trainer.Evaluate(new() { ["x"] = s_wideX }, new() { ["y"] = s_wideY })["loss"]);
        Assert.AreEqual(
            trainer.Evaluate(s_x, s_y, sampleWeight: new float[] { 1, 2, 3, 4 })["loss"],
            trainer.Evaluate(s_wideX, s_wideY, sampleWeight: new List<double> { 1, 2, 3, 4 })["loss"]);
        Assert.AreEqual(trainer.TestOnBatch(s_x, s_y)["loss"], trainer.TestOnBatch(s_wideX, new[] { true, false, true, false })["loss"]);
        CollectionAssert.AreEqual(trainer.Predict(s_x).ToArray(), trainer.Predict(new double[,] { { 0, 1 }, { 1, 0 }, { 2, 3 }, { 3, 2 } }).ToArray());
        CollectionAssert.AreEqual(trainer.Predict(s_x).ToArray(), trainer.Model.Predict(new() { ["x"] = s_wideX }).ToArray());
        CollectionAssert.AreEqual(trainer.Predict(s_x).ToArray(), trainer.Model.PredictNamed([s_wideX])["y"].ToArray());
        CollectionAssert.AreEqual(trainer.Predict(s_x).ToArray(), trainer.PredictOnBatch(s_wideX).ToArray());

        var (one, other) = (Compiled(), Compiled());
        Assert.AreEqual(one.TrainOnBatch(s_x, s_y)["loss"], other.TrainOnBatch(s_wideX, s_wideY)["loss"]);
        var held = one.Fit(s_x, s_y, validationData: (s_x, s_y), sampleWeight: new float[] { 1, 2, 1, 2 }, shuffle: false, verbose: 0);
        var again = other.Fit(s_wideX, s_wideY, validationData: (s_wideX, s_wideY), sampleWeight: new[] { 1.0, 2, 1, 2 }, shuffle: false, verbose: 0);
        Assert.AreEqual(held["val_loss"][0], again["val_loss"][0]);
        (double[,], double[]) pair = (s_wideX, s_wideY);
        again = Compiled().Fit(s_wideX, s_wideY, validationData: pair, verbose: 0);
        Assert.HasCount(1, again["val_loss"]);
        again = Compiled().Fit(s_wideX, s_wideY, validationData: (new() { ["x"] = s_wideX }, new() { ["y"] = s_wideY }), verbose: 0);
        Assert.HasCount(1, again["val_loss"]);
    }

    /// <summary>In float32 a tenth is more than in float64, and one sample more was held out.</summary>
    [TestMethod]
    public void A_share_that_is_held_out_is_that_of_Keras()
    {
        var (whole, part) = (new double[10, 2], new double[9, 2]);
        for (var i = 0; i < 10; i++) whole[i, 0] = i;
        for (var i = 0; i < 9; i++) part[i, 0] = i;
        CollectionAssert.AreEqual(
            Fitted(trainer => trainer.Fit(part, new double[9], shuffle: false, verbose: 0)),
            Fitted(trainer => trainer.Fit(whole, new double[10], validationSplit: 0.1, shuffle: false, verbose: 0)));
    }

    [TestMethod]
    public void Images_of_bytes_train_as_their_floats_do()
    {
        var bytes = new byte[6, 5, 5, 1];
        var floats = new float[6, 5, 5, 1];
        var random = new Random(3);
        for (var i = 0; i < bytes.Length; i++) floats[i / 25, i / 5 % 5, i % 5, 0] = bytes[i / 25, i / 5 % 5, i % 5, 0] = (byte)random.Next(256);
        byte[] labels = [0, 1, 2, 0, 1, 2];
        var (one, other) = (Network(), Network());
        one.Fit(bytes, labels, batchSize: 4, epochs: 2, verbose: 0);
        other.Fit(floats, new float[] { 0, 1, 2, 0, 1, 2 }, batchSize: 4, epochs: 2, verbose: 0);
        CollectionAssert.AreEqual(Weights(other), Weights(one));
        CollectionAssert.AreEqual(other.Predict(floats).ToArray(), one.Predict(bytes).ToArray());

        static Trainer Network()
        {
            var image = Model.Input([5, 5, 1]);
            var scores = image.Apply(new Rescaling(1 / 255.0), new Conv2D(2, 3), new Flatten(), new Dense(3, Activation.Softmax));
            return new Model(image, scores).Compile(new Sgd(0.1f), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
        }
    }

    [TestMethod]
    public void Losses_weights_and_metrics_are_given_by_target_type()
    {
        var expected = TwoHeads(model => model.Compile(
            new Sgd(0.1f),
            new Dictionary<string, Loss> { ["class"] = Loss.SparseCategoricalCrossentropy, ["value"] = Loss.MeanSquaredError },
            new Dictionary<string, float> { ["value"] = 0.5f },
            new Dictionary<string, Metric[]> { ["class"] = [Metric.Accuracy], ["value"] = [Metric.MeanAbsoluteError] }));
        Same(model => model.Compile(
            new Sgd(0.1f),
            new() { ["class"] = Loss.SparseCategoricalCrossentropy, ["value"] = Loss.MeanSquaredError },
            lossWeights: new() { ["value"] = 0.5 },
            metrics: new() { ["class"] = [Metric.Accuracy], ["value"] = [Metric.MeanAbsoluteError] }));
        Same(model => model.Compile(
            optimizer: new Sgd(0.1f),
            loss: new() { ["value"] = Loss.MeanSquaredError, ["class"] = Loss.SparseCategoricalCrossentropy },
            lossWeights: new() { ["class"] = 1.0, ["value"] = 0.5 },
            metrics: new() { ["class"] = Metric.Accuracy, ["value"] = Metric.MeanAbsoluteError }));
        Same(model => model.Compile(
            new Sgd(0.1f),
            [Loss.SparseCategoricalCrossentropy, Loss.MeanSquaredError],
            [1.0, 0.5],
            new() { ["class"] = [Metric.Accuracy], ["value"] = Metric.MeanAbsoluteError }));
        Same(model => model.Compile(
            new Sgd(0.1f),
            loss: [Loss.SparseCategoricalCrossentropy, Loss.MeanSquaredError],
            lossWeights: new Dictionary<string, double> { ["value"] = 0.5 },
            metrics: new() { ["class"] = [Metric.Accuracy], ["value"] = [Metric.MeanAbsoluteError] }));

        void Same(Func<Model, Trainer> compile)
        {
            var (weights, logs) = TwoHeads(compile);
            CollectionAssert.AreEqual(expected.Weights, weights);
            CollectionAssert.AreEquivalent(expected.Logs.ToArray(), logs.ToArray());
        }

        static (float[] Weights, IReadOnlyDictionary<string, double> Logs) TwoHeads(Func<Model, Trainer> compile)
        {
            var input = Model.Input([2], name: "x");
            var classes = new Dense(2, Activation.Softmax, name: "class").Call(input);
            var trainer = compile(new Model(input, [classes, new Dense(1, name: "value").Call(input)]));
            trainer.Fit(s_x, new() { ["class"] = new[] { 1, 0, 1, 0 }, ["value"] = s_wideY }, epochs: 2, shuffle: false, verbose: 0);
            return (Weights(trainer), trainer.Evaluate(s_wideX, new() { ["value"] = s_y, ["class"] = new[] { 1, 0, 1, 0 } }));
        }
    }

    [TestMethod]
    public void An_output_without_a_loss_is_not_trained()
    {
        foreach (var compile in (Func<Model, Trainer>[])
            [model => model.Compile(new Sgd(), new() { ["b"] = Loss.MeanSquaredError }), model => model.Compile(new Sgd(), [null, Loss.MeanSquaredError])])
        {
            var input = Model.Input([2], name: "x");
            var model = new Model(input, [new Dense(1, name: "a").Call(input), new Dense(1, name: "b").Call(input)]);
            var before = Weights(model);
            compile(model).Fit(s_x, [s_y, s_y], verbose: 0);
            CollectionAssert.AreEqual(before[..3], Weights(model)[..3]);
            CollectionAssert.AreNotEqual(before[3..], Weights(model)[3..]);
        }
    }

    [TestMethod]
    public void Class_weights_are_given_by_target_type()
    {
        var (one, other) = (Compiled(), Compiled());
        one.Fit(s_x, s_y, shuffle: false, classWeight: new() { [0] = 1.5 }, verbose: 0);
        other.Fit(s_x, s_y, shuffle: false, sampleWeight: new[] { 1, 1.5, 1, 1.5 }, verbose: 0);
        CollectionAssert.AreEqual(Weights(other), Weights(one));
        one.Fit(Dataset.From(s_x, s_y).Batch(2), classWeight: new() { [0] = 1.5, [1] = 2 }, verbose: 0);
    }

    [TestMethod]
    public void Names_and_numbers_that_do_not_fit_are_said()
    {
        var input = Model.Input([2], name: "x");
        var model = new Model(input, [new Dense(1, name: "first").Call(input), new Dense(1, name: "second").Call(input)]);
        Said("Did you mean 'second'", () => model.Compile(new Sgd(), new() { ["secnd"] = Loss.MeanSquaredError }));
        Said("lossWeights names 'frist'", () => model.Compile(new Sgd(), Loss.MeanSquaredError, lossWeights: new() { ["frist"] = 1 }));
        Said("metrics names 'third'", () => model.Compile(new Sgd(), Loss.MeanSquaredError, metrics: new() { ["third"] = Metric.Accuracy }));
        Said("loss is a list of 1, but the model has 2 output(s) (first, second)", () => model.Compile(new Sgd(), [Loss.MeanSquaredError]));
        Said("lossWeights is a list of 3", () => model.Compile(new Sgd(), Loss.MeanSquaredError, lossWeights: [1, 2, 3]));
        Said("'second' is NaN", () => model.Compile(new Sgd(), Loss.MeanSquaredError, lossWeights: [1, double.NaN]));
        NDArrays ordered = s_x;
        Said("given in the model's order", () => ordered["x"] = s_x);
        Said("There is no 'y' among the arrays ('x')", () => _ = new NDArrays { ["x"] = s_x }["y"]);

        static void Said(string words, Action act) => Assert.Contains(words, Assert.Throws<ModelException>(act).Message);
    }

    private static Trainer Compiled()
    {
        var input = Model.Input([2], name: "x");
        return new Model(input, new Dense(1, Activation.Sigmoid, name: "y").Call(input)).Compile(new Adam(0.01f), Loss.BinaryCrossentropy);
    }

    private static float[] Fitted(Func<Trainer, History> fit)
    {
        var trainer = Compiled();
        fit(trainer);
        return Weights(trainer);
    }

    private static float[] Weights(Trainer trainer) => Weights(trainer.Model);

    private static float[] Weights(Model model) => [.. model.Weights.SelectMany(weight => weight.Storage)];
}
