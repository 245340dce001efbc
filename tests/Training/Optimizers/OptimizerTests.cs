using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Optimizers;

[TestClass]
public sealed class OptimizerTests
{
    private static readonly float[] s_start = [1, -2, 3, 0.5f];

    private static readonly float[][] s_gradients = [[0.1f, -0.2f, 0.3f, 0.05f], [0.05f, 0.4f, -0.1f, -0.6f], [-0.3f, 0.2f, 0.1f, 0]];

    [TestMethod]
    public void Accumulation_moves_every_second_step_by_the_mean()
    {
        var steps = Run(new Sgd(0.1, gradientAccumulationSteps: 2));
        AreClose([1, -2, 3, 0.5f], steps[0]);
        AreClose([0.9925f, -2.01f, 2.99f, 0.5275f], steps[1]);
        AreClose([0.9925f, -2.01f, 2.99f, 0.5275f], steps[2]);
    }

    /// <summary>Bias corrections, schedules, averages and decay see the number of updates, whatever the number of batches.</summary>
    [TestMethod]
    public void Accumulated_batches_move_weights_as_one_large_batch()
    {
        const int Count = 3;
        Schedule[] rates = [0.05f, Schedule.ExponentialDecay(0.05, decaySteps: 2, decayRate: 0.5)];
        foreach (var rate in rates)
        {
            foreach (var make in AccumulationTests.All)
            {
                float[][] batches = [.. Enumerable.Repeat(s_gradients, 4).SelectMany(gradients => gradients)];
                float[][] means = [.. batches.Chunk(Count).Select(part => Enumerable.Range(0, 4).Select(i => part.Sum(batch => batch[i]) / Count).ToArray())];
                var accumulated = Run(make(rate, Count), batches);
                var large = Run(make(rate, null), means);
                for (var i = 0; i < batches.Length; i++)
                    AreClose(i < Count - 1 ? s_start : large[((i + 1) / Count) - 1], accumulated[i], make(rate, Count).Name + " after batch " + (i + 1));
            }
        }
    }

    [TestMethod]
    public void Averages_take_the_weights_place_every_so_many_steps()
    {
        var steps = Run(new Sgd(0.1, useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 2));
        AreClose([0.99f, -1.98f, 2.97f, 0.495f], steps[0]);
        AreClose([0.9875f, -2, 2.975f, 0.525f], steps[1]);
        AreClose([1.0175f, -2.02f, 2.965f, 0.525f], steps[2]);
    }

    [TestMethod]
    public void Decay_leaves_out_named_weights()
    {
        AreClose([0.98f, -1.96f, 2.94f, 0.49f], Run(new Sgd(0.1, weightDecay: 0.1))[0]);
        AreClose([0.99f, -1.98f, 2.97f, 0.495f], Run(new Sgd(0.1, weightDecay: 0.1, excludeFromWeightDecay: ["kernel"]))[0]);
    }

    [TestMethod]
    public void Averages_are_the_weights_when_training_ends()
    {
        var input = Model.Input([1]);
        var dense = new Dense(1, useBias: false, kernelInitializer: Initializer.Zeros);
        var trainer = new Model(input, input.Apply(dense)).Compile(new Sgd(0.5, useEma: true, emaMomentum: 0.5), Loss.MeanSquaredError);
        trainer.Fit(new float[] { 1, 1 }, new float[] { 1, 1 }, batchSize: 1, verbose: Verbosity.Silent);

        // The first step goes from 0 to 1, where the gradient is 0.
        Assert.AreEqual(1, trainer.Model.WeightPaths()[0].Weight.Storage[0], 1e-6f);
        trainer.Fit(new float[] { 1 }, new float[] { 3 }, verbose: Verbosity.Silent);
        Assert.AreEqual(2, trainer.Model.WeightPaths()[0].Weight.Storage[0], 1e-6f);
    }

    /// <summary>A feature that is always 0 and an output that nobody reads: Adafactor's estimate of their element was the product of 1e-30 and 1e-30.</summary>
    [TestMethod]
    public void Elements_without_a_gradient_stay_finite_under_every_optimizer()
    {
        var options = new Dictionary<string, object?>();
        foreach (var type in CompileTypes.Optimizers.Values)
        {
            var x = Model.Input([4]);
            var model = new Model(x, Ops.Slice(new Dense(3).Call(x), 1, 0, 2), "dead", 5);
            var trainer = model.Compile((Optimizer)type.Create(options, null), Loss.MeanSquaredError, threads: 1);
            var data = NDArray.Create(new float[] { 1, 2, 0, -1, 0.5f, -1, 0, 2 }, Shape.Of(2, 4));
            var targets = NDArray.Create(new float[] { 1, 0, 0, 1 }, Shape.Of(2, 2));
            for (var step = 0; step < 3; step++) trainer.TrainOnBatch(data, targets);
            foreach (var (path, weight) in model.WeightPaths()) Assert.IsTrue(weight.Storage.All(float.IsFinite), $"{type.Name}: {path}");
        }
    }

    [TestMethod]
    public void A_warm_up_rises_and_then_follows_the_schedule()
    {
        var schedule = Schedule.WarmUp(Schedule.ExponentialDecay(1, decaySteps: 1, decayRate: 0.5), warmupSteps: 4);
        float[] expected = [0, 0.25f, 0.5f, 0.75f, 1, 0.5f, 0.25f];
        var step = new InputLayer(Shape.Of(), DType.Float32, "step").Tensor;
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [step.Value], [schedule.At(step).Value], []), [step.Value.Spec]);
        using var pool = new WorkerPool(1);
        for (var i = 0; i < expected.Length; i++)
        {
            plan.Inputs[0].Floats[0] = i;
            plan.Run(pool);
            Assert.AreEqual(expected[i], plan.Outputs[0].Floats[0], 1e-6f);
        }
    }

    [TestMethod]
    public void The_reported_rate_of_a_schedule_is_that_of_the_last_step()
    {
        var input = Model.Input([1]);
        var trainer = new Model(input, input.Apply(new Dense(1))).Compile(new Sgd(Schedule.PiecewiseConstantDecay([1], [0.1, 0.01])), Loss.MeanSquaredError);
        trainer.Fit(new float[] { 1, 2, 3 }, new float[] { 1, 2, 3 }, batchSize: 1, verbose: Verbosity.Silent);
        Assert.AreEqual(0.01f, trainer.LearningRate);
    }

    [TestMethod]
    public void Contradicting_options_are_refused()
    {
        Assert.Throws<ModelException>(() => Run(new Sgd(clipnorm: 1, clipvalue: 1)));
        Assert.Throws<ModelException>(() => Run(new Sgd(gradientAccumulationSteps: 1)));
        Assert.Throws<ModelException>(() => Schedule.PiecewiseConstantDecay([3, 2], [1, 2, 3]));
        Assert.Throws<ModelException>(() => Schedule.CosineDecay(1, decaySteps: 0));
    }

    /// <summary>A warm-up begins at 0, a cosine ends there: Ftrl divides by the rate.</summary>
    [TestMethod]
    public void A_rate_of_zero_moves_no_weight_under_any_optimizer()
    {
        foreach (var make in AccumulationTests.All)
        {
            foreach (Schedule rate in (Schedule[])[0f, Schedule.WarmUp(0.01, warmupSteps: 1)])
            {
                var steps = Run(make(rate, null), [.. s_gradients, .. s_gradients]);
                AreClose(s_start, steps[0], make(rate, null).Name);
                Assert.IsTrue(steps.All(weights => weights.All(float.IsFinite)), make(rate, null).Name);
                if (rate.IsConstant) AreClose(s_start, steps[^1], make(rate, null).Name);
                else Assert.IsTrue(steps[1].Zip(s_start).Any(pair => pair.First != pair.Second), make(rate, null).Name);
            }
        }
    }

    /// <summary>A step of rate 0 leaves no trace in Ftrl's state: the next one is that of a training which began there.</summary>
    [TestMethod]
    public void Ftrl_begins_behind_steps_of_rate_zero()
    {
        var warmed = Run(new Ftrl(Schedule.WarmUp(0.1, warmupSteps: 1), l1RegularizationStrength: 0.01), [s_gradients[2], .. s_gradients]);
        var direct = Run(new Ftrl(0.1, l1RegularizationStrength: 0.01));
        for (var i = 0; i < direct.Length; i++) CollectionAssert.AreEqual(direct[i], warmed[i + 1]);
    }

    [TestMethod]
    public void Muon_turns_a_matrix_into_an_orthogonal_step()
    {
        var weight = new Weight("kernel", Shape.Of(3, 2), Initializer.Zeros, trainable: true, null);
        var gradient = new InputLayer(weight.Shape, DType.Float32, "gradient").Tensor;
        var updates = new List<(Weight Weight, Value Value)>();
        var state = new OptimizerState();
        state.LearningRate.Storage[0] = 1;
        new Muon(1, weightDecay: 0, nsSteps: 8, rmsRate: null).Build([("kernel", weight, gradient)], state, updates);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [gradient.Value], [], updates), [gradient.Value.Spec]);
        new float[] { 3, 1, 0, 2, 1, 1 }.CopyTo(plan.Inputs[0].Floats);
        using var pool = new WorkerPool(1);
        plan.Run(pool);

        // The coefficients of the iteration bring singular values near 1, not exactly to 1: between 0.7 and 1.2.
        var w = weight.Storage;
        var (first, second) = ((w[0] * w[0]) + (w[2] * w[2]) + (w[4] * w[4]), (w[1] * w[1]) + (w[3] * w[3]) + (w[5] * w[5]));
        Assert.IsGreaterThan(0.4f, first);
        Assert.IsLessThan(1.5f, first);
        Assert.IsGreaterThan(0.4f, second);
        Assert.IsLessThan(1.5f, second);
    }

    private static float[][] Run(Optimizer optimizer, float[][]? gradients = null)
    {
        var weight = new Weight("kernel", Shape.Of(2, 2), Initializer.From((_, _) => s_start), trainable: true, null);
        var gradient = new InputLayer(weight.Shape, DType.Float32, "gradient").Tensor;
        var state = new OptimizerState();
        state.LearningRate.Storage[0] = (float)optimizer.LearningRate.InitialLearningRate;
        var updates = new List<(Weight Weight, Value Value)>();
        optimizer.Build([("dense/kernel", weight, gradient)], state, updates);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [gradient.Value], [], updates), [gradient.Value.Spec]);
        using var pool = new WorkerPool(1);
        return
        [
            .. (gradients ?? s_gradients).Select(values =>
            {
                values.CopyTo(plan.Inputs[0].Floats);
                plan.Run(pool);
                return (float[])weight.Storage.Clone();
            }),
        ];
    }

    private static void AreClose(float[] expected, float[] actual, string message = "")
    {
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-5f, message);
    }
}
