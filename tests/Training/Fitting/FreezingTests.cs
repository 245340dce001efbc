using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>Layers that are not trainable, and models built on trained ones (https://keras.io/guides/transfer_learning/).</summary>
[TestClass]
public sealed class FreezingTests
{
    private static readonly NDArray s_x = new float[,] { { 1, 5 }, { 3, -2 }, { 2, 9 }, { -1, 4 }, { 0, 1 } };
    private static readonly NDArray s_y = new float[,] { { 1 }, { 0 }, { 2 }, { 1 }, { -1 } };

    [TestMethod]
    public void A_frozen_BatchNormalization_computes_with_its_stored_statistics_and_keeps_them()
    {
        var model = Normalizing(out var normalization);
        var trainer = model.Compile(new Sgd(0.05), Loss.MeanSquaredError);
        trainer.Fit(s_x, s_y, epochs: 3, verbose: Verbosity.Silent);
        normalization.Trainable = false;
        var frozen = model.Compile(new Sgd(0.05), Loss.MeanSquaredError);
        var (stored, others) = (Values(normalization), Values(model));
        var expected = frozen.Evaluate(s_x, s_y)["loss"];

        // With statistics of the batch, the loss of a training step would not be that of an evaluation.
        Assert.AreEqual(expected, frozen.TrainOnBatch(s_x, s_y)["loss"], 1e-6);
        CollectionAssert.AreEqual(stored, Values(normalization));
        CollectionAssert.AreNotEqual(others, Values(model));
        normalization.Trainable = true;
        var free = model.Compile(new Sgd(0.05), Loss.MeanSquaredError);
        Assert.AreNotEqual(free.Evaluate(s_x, s_y)["loss"], free.TrainOnBatch(s_x, s_y)["loss"], 1e-3);
        CollectionAssert.AreNotEqual(stored, Values(normalization));
    }

    [TestMethod]
    public void A_frozen_model_stays_called_as_a_layer_and_through_its_tensors()
    {
        foreach (var nested in new[] { true, false })
        {
            var trained = Normalizing(out _);
            trained.Trainable = false;
            var input = nested ? Model.Input([2]) : trained.Input;
            var features = nested ? trained.Call(input) : trained.Output;
            var model = new Model(input, new Dense(1, name: "head").Call(features));
            var (before, head) = (Values(trained), Values(model.GetLayer("head")));
            var trainer = model.Compile(new Adam(0.1), Loss.MeanSquaredError);
            trainer.Fit(s_x, s_y, epochs: 2, verbose: Verbosity.Silent);
            CollectionAssert.AreEqual(before, Values(trained), $"nested: {nested}");
            CollectionAssert.AreNotEqual(head, Values(model.GetLayer("head")));
            CollectionAssert.AreEquivalent(new[] { "head/bias", "head/kernel" }, trainer.ComputeGradients(s_x, s_y).Keys.ToArray());

            // Fine-tuning: all of it, as one setting.
            trained.Trainable = true;
            model.Compile(new Sgd(1e-3), Loss.MeanSquaredError).Fit(s_x, s_y, verbose: Verbosity.Silent);
            CollectionAssert.AreNotEqual(before, Values(trained));
        }
    }

    [TestMethod]
    public void What_is_trainable_is_read_when_the_model_is_compiled()
    {
        var model = Normalizing(out var normalization);
        var (trainer, same) = (model.Compile(new Sgd(0.05), Loss.MeanSquaredError), Normalizing(out _));
        normalization.Trainable = false;
        trainer.TrainOnBatch(s_x, s_y);
        same.Compile(new Sgd(0.05), Loss.MeanSquaredError).TrainOnBatch(s_x, s_y);
        CollectionAssert.AreEqual(Values(same), Values(model));
    }

    [TestMethod]
    public void A_penalty_of_a_frozen_weight_is_no_part_of_the_loss()
    {
        var input = Model.Input([2]);
        var layer = new Dense(1, kernelRegularizer: Regularizer.L2(100));
        var model = new Model(input, layer.Call(input));
        layer.Trainable = false;
        var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError);
        var (y, sum) = (model.Predict(s_x), 0.0);
        for (var i = 0; i < 5; i++) sum += Math.Pow(y[i, 0] - s_y.ToTensor()[i, 0], 2) / 5;
        Assert.AreEqual(sum, trainer.Evaluate(s_x, s_y)["loss"], 1e-4);
    }

    [TestMethod]
    public void A_trainable_normalization_called_outside_of_training_keeps_its_statistics_and_learns_its_scale()
    {
        var input = Model.Input([2]);
        var normalization = new BatchNormalization();
        var model = new Model(input, new Dense(1).Call(normalization.Call(input, training: false)));
        var (statistics, scale) = (Statistics(), normalization.Weights[0].Value.ToArray());
        model.Compile(new Sgd(0.05), Loss.MeanSquaredError).TrainOnBatch(s_x, s_y);
        CollectionAssert.AreEqual(statistics, Statistics());
        CollectionAssert.AreNotEqual(scale, normalization.Weights[0].Value.ToArray());

        float[] Statistics() => [.. normalization.Weights.Skip(2).SelectMany(weight => weight.Value.ToArray())];
    }

    private static Model Normalizing(out BatchNormalization normalization)
    {
        var input = Model.Input([2]);
        normalization = new BatchNormalization(momentum: 0.5);
        return new Model(input, input.Apply(new Dense(4, Activation.Tanh), normalization, new Dense(1)), seed: 3);
    }

    private static float[] Values(LayerBase layer) => [.. layer.Weights.SelectMany(weight => weight.Value.ToArray())];
}
