using System.Runtime.InteropServices;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Engine;

/// <summary>Whole training steps and predictions: what they allocate, and that they repeat bit for bit.</summary>
[TestClass]
public sealed class StepTests
{
    public static IEnumerable<object[]> Names => [["mlp"], ["cnn"], ["lstm"]];

    [TestMethod]
    [DoNotParallelize]
    [DynamicData(nameof(Names))]
    public void A_warm_step_allocates_nothing(string name)
    {
        foreach (var threads in new[] { 1, 2 })
        {
            var (model, x, y) = Task(name);
            var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: 3, threads: threads);
            var batches = new ArrayBatches([x, y], 8, shuffle: true, 3);
            batches.Start(0);
            for (var i = 0; i < 3; i++) Step(trainer, batches, i);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Step(trainer, batches, 3);
            Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before, $"{threads} threads");
        }
    }

    [TestMethod]
    [DoNotParallelize]
    [DynamicData(nameof(Names))]
    public void A_warm_prediction_allocates_nothing(string name)
    {
        var (model, x, _) = Task(name);
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var map = Specialization.Of(inputs, outputs, training: false);
        var request = new PlanRequest(PlanOptions.Of(model, model.Seed), inputs, [.. outputs.Select(output => map[output])], []);
        var plan = Planner.Plan(request, [new TensorSpec(x.Shape, x.DType)]);
        using var pool = new WorkerPool(2);
        for (var i = 0; i < 3; i++) plan.Run(pool);
        x.Bytes.CopyTo(plan.Inputs[0].Bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        plan.Run(pool);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void The_same_seed_gives_the_same_bits_with_any_number_of_threads(string name)
    {
        var first = Weights(name, 1, 5);
        CollectionAssert.AreEqual(first, Weights(name, 1, 5), "again");
        CollectionAssert.AreEqual(first, Weights(name, 2, 5), "two threads");
        CollectionAssert.AreEqual(first, Weights(name, 3, 5), "three threads");
        CollectionAssert.AreNotEqual(first, Weights(name, 1, 6), "another seed");
    }

    [TestMethod]
    public void A_plan_is_made_once_per_shape()
    {
        var (model, x, y) = Task("mlp");
        var trainer = model.Compile(new Sgd(), Loss.SparseCategoricalCrossentropy);
        var batches = new ArrayBatches([x, y], 12, shuffle: false, 1);
        var plans = new List<ExecutionPlan>();
        for (var epoch = 0; epoch < 2; epoch++)
        {
            batches.Start(epoch);
            while (batches.MoveNext())
            {
                trainer.TrainingSteps.Run(batches, 0);
                plans.Add(trainer.TrainingSteps.Plan);
            }
        }

        // 32 samples: 12, 12, 8, and again.
        Assert.HasCount(6, plans);
        Assert.AreSame(plans[0], plans[1]);
        Assert.AreNotSame(plans[1], plans[2]);
        Assert.AreSame(plans[0], plans[3]);
        Assert.AreSame(plans[2], plans[5]);
    }

    private static void Step(Trainer trainer, BatchSource batches, int step)
    {
        if (!batches.MoveNext()) throw new InvalidOperationException("too few batches");
        trainer.TrainingSteps.Run(batches, (ulong)step);
    }

    private static byte[] Weights(string name, int threads, ulong seed)
    {
        var (model, x, y) = Task(name);
        var trainer = model.Compile(new Adam(0.01), Loss.SparseCategoricalCrossentropy, seed: seed, threads: threads);
        trainer.Fit(x, y, epochs: 2, batchSize: 12, verbose: Verbosity.Silent);
        return [.. model.Weights.SelectMany(weight => MemoryMarshal.AsBytes<float>(weight.Storage).ToArray())];
    }

    /// <summary>A model and 32 samples of four classes.</summary>
    private static (Model Model, NDArray X, NDArray Y) Task(string name)
    {
        var random = new Random(4);
        Shape shape = name switch { "mlp" => [17], "cnn" => [9, 9, 2], _ => [7, 5] };
        var input = Model.Input(shape);
        var output = name switch
        {
            "mlp" => input.Apply(new Dense(33, Activation.Relu), new Dropout(0.2), new Dense(4, Activation.Softmax)),
            "cnn" => input.Apply(
                new Conv2D(8, 3, activation: Activation.Relu),
                new BatchNormalization(),
                new MaxPooling2D(2),
                new Dropout(0.3),
                new Conv2D(5, 2, padding: Padding.Same),
                new BatchNormalization(),
                new ActivationLayer(Activation.Tanh),
                new Flatten(),
                new Dense(4, Activation.Softmax)),
            _ => input.Apply(new Lstm(9, returnSequences: true), new Lstm(5), new Dense(4, Activation.Softmax)),
        };
        int[] dims = [32, .. shape.Dims];
        var x = new float[dims.Aggregate(1, (product, dim) => product * dim)];
        for (var i = 0; i < x.Length; i++) x[i] = random.NextSingle() - 0.5f;
        var y = Enumerable.Range(0, 32).Select(i => (float)(i % 4)).ToArray();
        return (new Model(input, output), NDArray.Create(x, Shape.Of(dims)), NDArray.Create(y, Shape.Of(32)));
    }
}
