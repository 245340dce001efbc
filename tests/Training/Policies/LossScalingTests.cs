using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Tests.Training.Policies;

/// <summary>The loss of a float16 step is scaled, and the scale follows the gradients.</summary>
[TestClass]
public sealed class LossScalingTests
{
    [TestMethod]
    public void Gradients_that_are_not_finite_skip_the_step_and_halve_the_scale()
    {
        var (model, x, y) = MixedPrecisionTests.Task("mlp");
        var trainer = model.Compile(new Adam(0.01), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.Float16);
        Assert.AreEqual(32768f, trainer.LossScale);
        trainer.TrainOnBatch(x, y);
        Assert.AreEqual(1L, trainer.Iterations);
        Assert.AreEqual(32768f, trainer.LossScale);

        // Scaled so far, the gradient of the hidden layer leaves the range of a half, though the loss does not.
        Scale(trainer).Storage[0] = 1e9f;
        var (weights, slots) = (Copies(model.Weights), Copies(OtherSlots(trainer)));
        var logs = trainer.TrainOnBatch(x, y);
        Assert.IsTrue(double.IsFinite(logs["loss"]));
        Assert.AreEqual(5e8f, trainer.LossScale);
        Assert.AreEqual(1L, trainer.Iterations);
        CollectionAssert.AreEqual(weights, Copies(model.Weights));
        CollectionAssert.AreEqual(slots, Copies(OtherSlots(trainer)));

        // Fit skips steps until the scale fits, then learns.
        var history = trainer.Fit(x, y, epochs: 12, batchSize: 8, verbose: Verbosity.Silent);
        Assert.IsLessThan(1e7f, trainer.LossScale!.Value);
        Assert.IsLessThan(history["loss"][0], history["loss"][^1]);
    }

    [TestMethod]
    public void Two_thousand_finite_steps_double_the_scale()
    {
        var input = Model.Input([2]);
        var model = new Model(input, input.Apply(new Dense(3, Activation.Relu), new Dense(1)));
        var trainer = model.Compile(new Sgd(0.001), Loss.MeanSquaredError, precision: MixedPrecision.Float16);
        float[,] x = { { 0.1f, 0.2f } };
        float[] y = [0];
        NDArray repeated = Tensor.Create(
            Enumerable.Repeat(new[] { 0.1f, 0.2f }, LossScaling.GrowthSteps - 1).SelectMany(row => row).ToArray(),
            [LossScaling.GrowthSteps - 1, 2]);
        trainer.Fit(repeated, new float[LossScaling.GrowthSteps - 1], batchSize: 1, verbose: Verbosity.Silent);
        Assert.AreEqual(32768f, trainer.LossScale);
        trainer.TrainOnBatch(x, y);
        Assert.AreEqual(65536f, trainer.LossScale);
        Assert.AreEqual((long)LossScaling.GrowthSteps, trainer.Iterations);

        // The count starts again, also after a skipped step.
        Scale(trainer).Storage[0] = float.MaxValue;
        trainer.TrainOnBatch(x, y);
        Assert.AreEqual(0f, trainer.Compiled.State.Find("loss_scale/finite_steps")!.Storage[0]);
        Assert.AreEqual(float.MaxValue / 2, trainer.LossScale);
    }

    [TestMethod]
    public void A_loss_that_overflows_is_reported_with_a_remedy()
    {
        var input = Model.Input([1]);
        var model = new Model(input, input.Apply(new Dense(1, useBias: false), new Rescaling(1)));
        model.Weights[0].Storage[0] = 60000;
        float[] x = [100], y = [0];
        var trainer = model.Compile(new Sgd(1e-12), Loss.MeanSquaredError, precision: MixedPrecision.Float16);
        Assert.Contains(
            "MixedPrecision.BFloat16",
            Assert.Throws<ModelException>(() => trainer.Fit(NDArray.Create(x, Shape.Of(1, 1)), y, verbose: Verbosity.Silent)).Message);
        Assert.IsNull(model.Compile(new Sgd(1e-12), Loss.MeanSquaredError, precision: MixedPrecision.BFloat16).LossScale);
        model.Compile(new Sgd(1e-12), Loss.MeanSquaredError, precision: MixedPrecision.BFloat16)
            .Fit(NDArray.Create(x, Shape.Of(1, 1)), y, verbose: Verbosity.Silent);
    }

    private static Weight Scale(Trainer trainer) => trainer.Compiled.State.Find("loss_scale/scale")!;

    private static IEnumerable<Weight> OtherSlots(Trainer trainer) =>
        trainer.Compiled.State.Slots.Where(slot => !slot.Name.StartsWith("loss_scale", StringComparison.Ordinal));

    private static float[] Copies(IEnumerable<Weight> weights) => [.. weights.SelectMany(weight => weight.Storage)];
}
