using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Tests.Training.Losses;

/// <summary>Losses without reference values from Keras, against their definitions.</summary>
[TestClass]
public sealed class LossTests
{
    [TestMethod]
    public void Logits_of_exactly_zero_have_the_gradient_of_the_loss()
    {
        float[] logits = [0, 0, 0, 0.5f, -0.5f, 0, 5, -5];
        float[] targets = [0, 1, 0.25f, 1, 0, 0.5f, 1, 0];
        var shape = Shape.Of(8, 1);
        foreach (var loss in new Loss[] { new BinaryCrossentropy(fromLogits: true), new BinaryFocalCrossentropy(gamma: 0, fromLogits: true) })
        {
            var (_, gradient) = Run(loss, NDArray.Create(targets, shape), NDArray.Create(logits, shape));
            for (var i = 0; i < logits.Length; i++)
                Assert.AreEqual((1 / (1 + Math.Exp(-logits[i]))) - targets[i], gradient[i], 1e-6, $"{loss.Name}, element {i}");
        }
    }

    /// <summary>As in Keras, whose weights broadcast against the one value of such a loss.</summary>
    [TestMethod]
    public void A_loss_of_the_whole_batch_takes_predictions_with_a_mask()
    {
        var x = Model.Input([4, 3]);
        var masked = new Model(x, x.Apply(new Masking(), new Dense(2, Activation.Sigmoid)));
        var plain = new Model(x, x.Apply(new Dense(2, Activation.Sigmoid)));
        foreach (var (from, to) in masked.Weights.Zip(plain.Weights)) from.Storage.CopyTo(to.Storage, 0);
        float[] data = [.. Numbers(15, 3), .. new float[9]];
        var (input, target) = (NDArray.Create(data, Shape.Of(2, 4, 3)), NDArray.Create([.. Numbers(16, 4).Select(MathF.Abs)], Shape.Of(2, 4, 2)));
        foreach (var loss in new Loss[] { new Dice(), new Tversky() })
        {
            var expected = plain.Compile(new Sgd(), loss).TestOnBatch(input, target)["loss"];
            Assert.AreEqual(expected, masked.Compile(new Sgd(), loss).TestOnBatch(input, target)["loss"], 1e-6, loss.Name);
        }
    }

    /// <summary>Keras fails where it multiplies the two; weights of samples are another matter.</summary>
    [TestMethod]
    public void Losses_without_a_value_per_step_refuse_a_mask_and_say_how_to_end_it()
    {
        var x = Model.Input([4, 3]);
        var masked = x.Apply(new Masking(), new Dense(3));
        var (input, target) = (NDArray.Create(Numbers(24, 3), Shape.Of(2, 4, 3)), NDArray.Create([1L, 2L], Shape.Of(2, 1)));
        NDArray weights = NDArray.Create([0.5f, 2f], Shape.Of(2));
        var refusal = Assert.ThrowsExactly<ModelException>(() => new Model(x, masked).Compile(new Sgd(), new Ctc()).TrainOnBatch(input, target, weights));
        StringAssert.Contains(refusal.Message, "The mask of the predictions, of shape (None, 4), does not fit losses of shape (None,)");
        var classesFirst = new BinaryCrossentropy(fromLogits: true, axis: 1);
        var whole = NDArray.Create(new float[24], Shape.Of(2, 4, 3));
        refusal = Assert.ThrowsExactly<ModelException>(() => new Model(x, masked).Compile(new Sgd(), classesFirst).TrainOnBatch(input, whole));
        StringAssert.Contains(refusal.Message, "The mask of the predictions, of shape (None, 4), does not fit losses of shape (None, 3)");
        x = Model.Input([null, 3]);
        var open = new Model(x, x.Apply(new Masking(), new Dense(3))).Compile(new Sgd(), classesFirst);
        refusal = Assert.ThrowsExactly<ModelException>(() => open.TrainOnBatch(input, whole));
        StringAssert.Contains(refusal.Message, "The mask of the predictions, of shape (None, None), does not fit losses of shape (None, 3)");
        x = Model.Input([4, 3]);
        var model = new Model(x, x.Apply(new Masking(), new Dense(3)) * 1);
        Assert.IsTrue(double.IsFinite(model.Compile(new Sgd(), new Ctc()).TrainOnBatch(input, target, weights)["loss"]));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Axis_names_the_classes_wherever_they_stand(bool logits)
    {
        // (batch, classes, positions) and the same as (batch, positions, classes).
        var (shape, moved) = (Shape.Of(2, 3, 5), Shape.Of(2, 5, 3));
        float[] Moved(float[] values) => [.. Enumerable.Range(0, 30).Select(i => values[(i / 15 * 15) + (i % 3 * 5) + (i % 15 / 3)])];
        var predictions = Numbers(30, 5).Select(value => logits ? value : (1 / (1 + MathF.Exp(-value)))).ToArray();
        var targets = Numbers(30, 6).Select(value => value > 0 ? 1f : 0).ToArray();
        (Loss There, Loss Last)[] losses =
        [
            (new BinaryCrossentropy(logits, axis: 1), new BinaryCrossentropy(logits)),
            (new BinaryFocalCrossentropy(fromLogits: logits, axis: 1), new BinaryFocalCrossentropy(fromLogits: logits)),
            (new CategoricalCrossentropy(logits, 0.1, axis: 1), new CategoricalCrossentropy(logits, 0.1)),
            (new CategoricalFocalCrossentropy(fromLogits: logits, axis: -2), new CategoricalFocalCrossentropy(fromLogits: logits)),
        ];
        foreach (var (there, last) in losses)
        {
            var (expected, gradient) = Run(last, NDArray.Create(Moved(targets), moved), NDArray.Create(Moved(predictions), moved));
            var (actual, movedGradient) = Run(there, NDArray.Create(targets, shape), NDArray.Create(predictions, shape));
            Check(expected, actual, there.Name);
            Check(gradient, Moved(movedGradient), there.Name);
        }

        var classes = NDArray.Create(Enumerable.Range(0, 10).Select(i => (long)(i % 3)).ToArray(), Shape.Of(2, 5));
        var (sparse, _) = Run(new SparseCategoricalCrossentropy(logits, axis: 1), classes, NDArray.Create(predictions, shape));
        Check(Run(new SparseCategoricalCrossentropy(logits), classes, NDArray.Create(Moved(predictions), moved)).Losses, sparse, "sparse");
        Assert.Throws<ModelException>(() => Run(new CategoricalCrossentropy(axis: 3), NDArray.Create(targets, shape), NDArray.Create(predictions, shape)));

        static void Check(float[] expected, float[] actual, string what)
        {
            Assert.HasCount(expected.Length, actual, what);
            for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-5f, $"{what}, element {i}");
        }
    }

    [TestMethod]
    [DataRow(new long[] { 1, 2, 2 }, 5)]
    [DataRow(new long[] { 1, 0, 0 }, 3)]
    [DataRow(new long[] { 2, 2, 0 }, 3)]
    [DataRow(new long[] { 2 }, 1)]
    [DataRow(new long[] { 1, 2, 1 }, 3)]
    public void Ctc_is_the_probability_of_all_ways_to_say_the_labels(long[] labels, int time)
    {
        const int Classes = 3;
        var logits = Numbers(time * Classes, 3);
        var wanted = labels.Where(label => label != 0).ToArray();
        var total = 0.0;
        for (var way = 0; way < (int)Math.Pow(Classes, time); way++)
        {
            var (said, probability, last) = (new List<long>(), 1.0, -1);
            for (int t = 0, rest = way; t < time; t++, rest /= Classes)
            {
                var k = rest % Classes;
                var row = logits.AsSpan(t * Classes, Classes).ToArray();
                probability *= Math.Exp(row[k]) / row.Sum(value => Math.Exp(value));
                if (k != 0 && k != last) said.Add(k);
                last = k;
            }

            if (said.SequenceEqual(wanted)) total += probability;
        }

        var (losses, gradient) = Run(new Ctc(), NDArray.Create(labels, Shape.Of(1, labels.Length)), NDArray.Create(logits, Shape.Of(1, time, Classes)));
        Assert.AreEqual(-Math.Log(total), losses[0], 1e-4);
        CheckGradient(new Ctc(), NDArray.Create(labels, Shape.Of(1, labels.Length)), logits, Shape.Of(1, time, Classes), gradient);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Circle_compares_all_pairs(bool removeDiagonal)
    {
        const int Count = 5;
        const float Gamma = 4;
        const float Margin = 0.3f;
        var embeddings = Numbers(Count * 3, 1);
        for (var i = 0; i < Count; i++)
        {
            var norm = MathF.Sqrt(embeddings.AsSpan(i * 3, 3).ToArray().Sum(value => value * value));
            for (var j = 0; j < 3; j++) embeddings[(i * 3) + j] /= norm;
        }

        long[] classes = [0, 1, 0, 1, 2];
        var expected = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            var (near, far) = (0.0, 0.0);
            for (var j = 0; j < Count; j++)
            {
                var cosine = 0.0;
                for (var k = 0; k < 3; k++) cosine += embeddings[(i * 3) + k] * embeddings[(j * 3) + k];
                var distance = Math.Max(1 - cosine, 0);
                if (classes[i] != classes[j]) far += Math.Exp(Gamma * Math.Max(1 + Margin - distance, 0) * (1 - Margin - distance));
                else if (i != j || !removeDiagonal) near += Math.Exp(-Gamma * (Margin + distance) * (Margin - distance));
            }

            expected[i] = Math.Log(1 + (near * far));
        }

        var loss = new Circle(Gamma, Margin, removeDiagonal);
        var (losses, _) = Run(loss, classes, NDArray.Create(embeddings, Shape.Of(Count, 3)));
        for (var i = 0; i < Count; i++) Assert.AreEqual(expected[i], losses[i], 1e-3);

        // A sample without a pair has no loss and does not dilute the mean.
        var valid = expected.Count(value => value > 0);
        var (mean, _) = Run(loss, classes, NDArray.Create(embeddings, Shape.Of(Count, 3)), LossReduction.SumOverBatchSize);
        Assert.AreEqual(expected.Sum() / valid, mean[0], 1e-3);
    }

    [TestMethod]
    public void Generalized_cross_entropy_is_a_power_of_the_right_probability()
    {
        var (losses, gradient) = Run(
            new CategoricalGeneralizedCrossEntropy(0.7),
            new long[] { 2, 0 },
            new float[,] { { 0.1f, 0.2f, 0.7f }, { 0.5f, 0.25f, 0.25f } });
        Assert.AreEqual((1 - MathF.Pow(0.7f, 0.7f)) / 0.7f, losses[0], 1e-5f);
        Assert.AreEqual((1 - MathF.Pow(0.5f, 0.7f)) / 0.7f, losses[1], 1e-5f);
        Assert.AreEqual(-MathF.Pow(0.7f, -0.3f), gradient[2], 1e-4f);
    }

    [TestMethod]
    public void Ignored_classes_do_not_dilute_the_mean()
    {
        NDArray predictions = new float[,] { { 0.1f, 0.9f }, { 0.5f, 0.5f }, { 0.8f, 0.2f } };
        var (mean, gradient) = Run(new SparseCategoricalCrossentropy(ignoreClass: -1), new long[] { 1, -1, 0 }, predictions, LossReduction.SumOverBatchSize);
        Assert.AreEqual(-(Math.Log(0.9) + Math.Log(0.8)) / 2, mean[0], 1e-5);
        Assert.AreEqual(0, gradient[2]);
    }

    [TestMethod]
    public void Balanced_focal_cross_entropy_weighs_ones_by_alpha()
    {
        var (losses, _) = Run(
            new BinaryFocalCrossentropy(applyClassBalancing: true, alpha: 0.9),
            new float[,] { { 1 }, { 0 } },
            new float[,] { { 0.6f }, { 0.3f } });
        Assert.AreEqual(-0.9 * 0.16 * Math.Log(0.6), losses[0], 1e-5);
        Assert.AreEqual(-0.1 * 0.09 * Math.Log(0.7), losses[1], 1e-5);
    }

    [TestMethod]
    public void Dice_sums_the_axes_it_is_given()
    {
        var (losses, _) = Run(new Dice([1]), new float[,] { { 1, 0 }, { 1, 1 } }, new float[,] { { 0.5f, 0.5f }, { 1, 1 } });
        Assert.AreEqual(0.5f, losses[0], 1e-5f);
        Assert.AreEqual(0, losses[1], 1e-5f);
    }

    [TestMethod]
    public void Names_are_Keras()
    {
        Assert.AreEqual("mean_squared_error", Loss.Named("mse").Name);
        Assert.AreEqual("kl_divergence", Loss.Named("kl_divergence").Name);
        Assert.AreEqual("log_cosh", Loss.Named("logcosh").Name);
        var error = Assert.Throws<ModelException>(() => Loss.Named("mean_square_error"));
        Assert.Contains("mean_squared_error", error.Message);
    }

    private static void CheckGradient(Loss loss, NDArray yTrue, float[] predictions, Shape shape, float[] gradient)
    {
        const float Step = 1e-2f;
        for (var i = 0; i < predictions.Length; i++)
        {
            var (up, down) = ((float[])predictions.Clone(), (float[])predictions.Clone());
            up[i] += Step;
            down[i] -= Step;
            var difference = (Run(loss, yTrue, NDArray.Create(up, shape)).Losses[0] - Run(loss, yTrue, NDArray.Create(down, shape)).Losses[0]) / (2 * Step);
            Assert.AreEqual(difference, gradient[i], 5e-3f, $"gradient {i}");
        }
    }

    private static (float[] Losses, float[] Gradient) Run(Loss loss, NDArray yTrue, NDArray yPred, LossReduction reduction = LossReduction.None)
    {
        NDArray[] data = [yTrue, yPred];
        var inputs = data.Select((array, i) => new InputLayer(array.Shape.With(0, Shape.Unknown), array.DType, "input_" + i).Tensor).ToArray();
        var losses = loss.PerSample(inputs[0], inputs[1]);
        var value = losses;
        if (reduction != LossReduction.None)
        {
            Assert.AreEqual(reduction, loss.Reduction);
            value = loss.Reduce(inputs[0], inputs[1], null);
        }

        var gradient = Gradient.Of(value, inputs[1]);
        var plan = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), [.. inputs.Select(input => input.Value)], [value.Value, gradient.Value], []),
            [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
        for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        return (plan.Outputs[0].Floats.ToArray(), plan.Outputs[1].Floats.ToArray());
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }
}
