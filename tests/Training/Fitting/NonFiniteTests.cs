using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>A loss or weights that are not finite: the step that found it changes nothing, and the message names what made it first.</summary>
[TestClass]
public sealed class NonFiniteTests
{
    private static readonly float[] s_x = [1, 2, 3, 4];

    [TestMethod]
    public void A_layer_is_named_by_the_weights_before_the_step()
    {
        // The logarithm of a negative number, in the second of four layers; all weights behind it would become NaN.
        Said("the first that is not is the output of layer 'log' (Lambda)", Model(x => x.Apply(
            new Dense(2, kernelInitializer: Initializer.Constant(-1), name: "first"), new Lambda(Ops.Log, name: "log"), new Dense(3), new Dense(1))));

        // Only in training, and inside a model.
        var inner = Model(x => x.Apply(new Lambda(h => Ops.WhenTraining(Ops.Log(-h), h), name: "log"), new Dense(1, name: "last")));
        Said("the first that is not is the output of layer 'inner/log' (Lambda)", Model(x => new Dense(1).Call(inner.Call(x))));
    }

    [TestMethod]
    public void The_loss_is_named_if_all_layers_are_finite()
    {
        Said("the loss mean_squared_error of output 'dense' is not", Model(x => x.Apply(new Dense(1, kernelInitializer: Initializer.Constant(1e30)))));
        Said(
            "the penalty of layer 'dense' is not",
            Model(x => x.Apply(new Dense(1, kernelInitializer: Initializer.Constant(1e30), activityRegularizer: Regularizer.L2(1)))),
            loss: Loss.MeanAbsoluteError);
        Said(
            "the regularization of 'dense/kernel' is not",
            Model(x => x.Apply(new Dense(1, kernelInitializer: Initializer.Constant(1e30), kernelRegularizer: Regularizer.L2(1)))),
            loss: Loss.MeanAbsoluteError);
    }

    [TestMethod]
    public void A_gradient_is_named_by_the_next_batch_or_the_end_of_the_epoch()
    {
        // The root of 0 has an infinite slope, but the loss is finite.
        foreach (var optimizer in (Func<Optimizer>[])[() => new Sgd(0.1), () => new Adam(), () => new Sgd(0.1, momentum: 0.9, useEma: true)])
        {
            var zeros = new float[4];
            foreach (var size in new[] { 1, 4 })
            {
                var trainer = Model(x => x.Apply(new Dense(1, useBias: false, name: "d"), new Lambda(h => Ops.Sqrt(Ops.Abs(h)))))
                    .Compile(optimizer(), Loss.MeanSquaredError);
                var error = Assert.Throws<ModelException>(() => trainer.Fit(zeros, zeros, batchSize: size, verbose: Verbosity.Silent));
                Assert.Contains("The gradient of the step before made it, whose loss was finite: weights that are not finite are 'd/kernel'", error.Message);
                Assert.Contains(size == 1 ? "batch 2; that step changed nothing" : "after epoch 1", error.Message);
            }
        }
    }

    [TestMethod]
    public void An_update_and_a_learning_rate_are_named()
    {
        // The output saturates, so the loss stays finite while the weight overflows.
        Said("The update of the step before made it", Model(x => x.Apply(new Dense(1, Activation.Tanh, useBias: false))), new Adam(3e38, beta1: 0.999));
        Said(
            "The learning rate, which is not finite, in the update",
            Model(x => x.Apply(new Dense(1))),
            new Sgd(Schedule.From(step => Ops.Where(Ops.Greater(step, 1), float.NaN, 0.01f), 0.01)));
    }

    [TestMethod]
    public void Weights_that_come_spoiled_are_named()
    {
        var model = Model(x => x.Apply(new Dense(1)));
        model.Weights[1].Storage[0] = float.NaN;
        Said("Weights were not finite before the first step: 'dense/bias'", model);
    }

    /// <summary>Weights, moving statistics, optimizer and counters are those before the step, whatever kind of update they have.</summary>
    [TestMethod]
    [DataRow(MixedPrecision.Float32)]
    [DataRow(MixedPrecision.BFloat16)]
    public void A_step_whose_loss_is_not_finite_changes_nothing(MixedPrecision precision)
    {
        foreach (var make in (Func<Optimizer>[])[
            () => new Sgd(0.01), () => new Adam(useEma: true, emaOverwriteFrequency: 2, gradientAccumulationSteps: 2),
            () => new Adafactor(), () => new Muon(), () => new Lamb(globalClipnorm: 1)])
        {
            var model = Model(x => x.Apply(
                new Dense(4, kernelConstraint: Constraint.UnitNorm(), name: "d"), new BatchNormalization(momentum: 0.5),
                new SpectralNormalization(new Dense(4, Activation.Tanh)), new Dense(1)));
            var trainer = model.Compile(make(), Loss.MeanSquaredError, precision: precision);
            var ends = new float[] { 1, 2, 3, 4 };
            for (var i = 0; i < 3; i++) trainer.TrainOnBatch(s_x, ends);
            var before = State(trainer);

            // Targets of 1e30 make an infinite loss.
            var loss = trainer.TrainOnBatch(s_x, new float[] { 1e30f, 1, 1, 1 })["loss"];
            Assert.IsFalse(double.IsFinite(loss));
            CollectionAssert.AreEqual(before, State(trainer), trainer.Compiled.Optimizer.Name);
            Assert.Throws<ModelException>(() => trainer.Fit(s_x, new float[] { 1e30f, 1, 1, 1 }, verbose: Verbosity.Silent));
            CollectionAssert.AreEqual(before, State(trainer));
            trainer.Fit(s_x, new float[] { 1e30f, 1, 1, 1 }, verbose: Verbosity.Silent, callbacks: [new TerminateOnNaN()]);

            // A Fit that ends takes the averages.
            if (!trainer.Compiled.Optimizer.UseEma) CollectionAssert.AreEqual(before, State(trainer));

            // It continues from there.
            Assert.IsTrue(double.IsFinite(trainer.TrainOnBatch(s_x, ends)["loss"]));
            CollectionAssert.AreNotEqual(before, State(trainer));
        }

        static float[] State(Trainer trainer) =>
        [
            trainer.Iterations, .. trainer.Model.Weights.SelectMany(weight => weight.Storage), .. trainer.State.Slots.SelectMany(slot => slot.Values),
        ];
    }

    [TestMethod]
    public void A_custom_step_names_it_too()
    {
        var model = Model(x => x.Apply(
            new Dense(2, kernelInitializer: Initializer.Constant(-1), name: "first"), new Lambda(Ops.Log, name: "log"), new Dense(1)));
        var step = TrainingStep.From(step =>
        {
            var (x, y) = (step.Input([1]), step.Input([1]));
            step.Minimize("loss", Loss.MeanSquaredError.Call(y, model.Call(x)), new Adam(), model);
        });
        var before = model.Weights.SelectMany(weight => weight.Storage).ToArray();
        var error = Assert.Throws<ModelException>(() => step.Run([s_x, s_x]));
        Assert.Contains("/log' (Lambda)", error.Message);
        Assert.Contains("changed nothing", error.Message);
        CollectionAssert.AreEqual(before, model.Weights.SelectMany(weight => weight.Storage).ToArray());
        Assert.AreEqual(0, step.Iterations);

        var other = Model(x => x.Apply(new Dense(1, useBias: false, name: "d"), new Lambda(h => Ops.Sqrt(Ops.Abs(h)))));
        var second = TrainingStep.From(step =>
            step.Minimize("mine", Loss.MeanSquaredError.Call(step.Input([1], name: "y"), other.Call(step.Input([1]))), new Adam(), other));
        second.Run([new float[1], new float[1]]);
        error = Assert.Throws<ModelException>(() => second.Run([new float[1], new float[1]]));
        Assert.Contains("The gradient of the step before made it", error.Message);
        Assert.Contains("'d/kernel'", error.Message);
    }

    /// <summary>Looking at the loss before the weights move needs no copy of them.</summary>
    [TestMethod]
    public void New_weights_are_still_written_in_place()
    {
        var trainer = Model(x => x.Apply(new Dense(8), new BatchNormalization(), new Dense(1))).Compile(new Adam(), Loss.MeanSquaredError);
        trainer.TrainOnBatch(s_x, s_x);
        Assert.IsFalse(trainer.TrainingSteps.Plan.Names.Any(name => name.StartsWith("copy (8", StringComparison.Ordinal)));
    }

    private static void Said(string words, Model model, Optimizer? optimizer = null, Loss? loss = null)
    {
        var trainer = model.Compile(optimizer ?? new Sgd(0.01), loss ?? Loss.MeanSquaredError);
        var error = Assert.Throws<ModelException>(() => trainer.Fit(s_x, s_x, batchSize: 1, epochs: 3, verbose: Verbosity.Silent));
        Assert.Contains(words, error.Message);
    }

    private static Model Model(Func<SymbolicTensor, SymbolicTensor> network)
    {
        var input = OnnxFunctional.Model.Input([1]);
        return new Model(input, network(input), name: "inner");
    }
}
