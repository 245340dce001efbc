using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Tests.Training.Distributing;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Optimizers;

/// <summary>Adam that leaves rows of an Embedding alone in steps that do not move them.</summary>
[TestClass]
public sealed class LazyAdamTests
{
    private const int Rows = 120;
    private const int Columns = 3;
    private const int Samples = 4;
    private const int Length = 3;

    [TestMethod]
    public void Rows_follow_a_plain_reference()
    {
        var (model, trainer) = Compiled(new LazyAdam(0.1, beta1: 0.7, beta2: 0.9, epsilon: 1e-4));
        var table = model.Weights[0].Storage.Select(value => (double)value).ToArray();
        var (mean, square) = (new double[table.Length], new double[table.Length]);
        for (var step = 1; step <= 5; step++)
        {
            var gradient = trainer.ComputeGradients(Data(step), Targets(step))["embedding/embeddings"].ToArray();
            trainer.TrainOnBatch(Data(step), Targets(step));
            var rate = 0.1 * Math.Sqrt(1 - Math.Pow(0.9, step)) / (1 - Math.Pow(0.7, step));
            foreach (var row in Indices(step).Distinct())
            {
                for (var i = row * Columns; i < (row + 1) * Columns; i++)
                {
                    mean[i] += (gradient[i] - mean[i]) * 0.3;
                    square[i] += ((gradient[i] * gradient[i]) - square[i]) * 0.1;
                    table[i] -= mean[i] * rate / (Math.Sqrt(square[i]) + 1e-4);
                }
            }

            var values = model.Weights[0].Storage;
            for (var i = 0; i < table.Length; i++) Assert.AreEqual(table[i], values[i], 2e-5, $"step {step}, element {i}");
        }
    }

    [TestMethod]
    public void Rows_that_are_not_looked_up_go_on_with_adam_and_stay_with_this()
    {
        foreach (var (optimizer, stays) in new (Optimizer, bool)[] { (new LazyAdam(), true), (new Adam(), false) })
        {
            var (model, trainer) = Compiled(optimizer);
            trainer.TrainOnBatch(Data(1), Targets(1));
            var before = (float[])model.Weights[0].Storage.Clone();
            trainer.TrainOnBatch(Data(2), Targets(2));
            var row = Indices(1).Except(Indices(2)).First();
            var same = before.AsSpan(row * Columns, Columns).SequenceEqual(model.Weights[0].Storage.AsSpan(row * Columns, Columns));
            Assert.AreEqual(stays, same, optimizer.Name);
        }
    }

    [TestMethod]
    public void Other_weights_than_tables_take_adam()
    {
        var weights = new Optimizer[] { new LazyAdam(0.01, amsgrad: true), new Adam(0.01, amsgrad: true) }.Select(optimizer =>
        {
            // The first input is always zero, so a row of the kernel has no gradient.
            var x = Model.Input([3]);
            var model = new Model(x, x.Apply(new Dense(4, Activation.Tanh), new Dense(1)));
            var trainer = model.Compile(optimizer, Loss.MeanSquaredError, threads: 1);
            for (var step = 0; step < 3; step++)
                trainer.TrainOnBatch(NDArray.Create([0f, 1, step, 0, 2, 1 - step], [2, 3]), NDArray.Create([1f, -1], [2, 1]));
            return model.Weights.SelectMany(weight => weight.Storage).ToArray();
        }).ToArray();
        CollectionAssert.AreEqual(weights[1], weights[0]);
    }

    [TestMethod]
    public void It_is_computed_by_rows_with_the_bits_of_the_whole_table()
    {
        var (byRows, whole) = (Planned(readsGradient: false), Planned(readsGradient: true));
        Assert.AreEqual(3, byRows.Sets, "the table and its two moments");
        Assert.AreEqual(0, whole.Sets);
        CollectionAssert.AreEqual(whole.Weights, byRows.Weights);
    }

    [TestMethod]
    public void A_row_whose_gradient_is_no_number_moves()
    {
        var (model, trainer) = Compiled(new LazyAdam(clipvalue: 1));
        model.Weights[1].Storage[0] = float.NaN;
        Assert.ThrowsExactly<ModelException>(() => trainer.Fit(Data(1), Targets(1), verbose: 0));
    }

    [TestMethod]
    public void The_exported_step_agrees()
    {
        var (_, trainer) = Compiled(new LazyAdam(0.05));
        StepComparison.Run(trainer, step => new StepBatch([Data(step)[0]], [Targets(step)]), 3);
    }

    [TestMethod]
    public void Several_processes_leave_the_same_rows_alone()
    {
        var (alone, trainer) = Compiled(new LazyAdam(0.05));
        var shared = new Model[2];
        trainer.Fit(Data(1), Targets(1), batchSize: Samples, epochs: 2, verbose: 0, shuffle: false);
        InMemoryTransport.Run(2, communicator =>
        {
            var (model, own) = Compiled(new LazyAdam(0.05), Distribution.Of(communicator, 2));
            own.Fit(Data(1), Targets(1), batchSize: Samples, epochs: 2, verbose: 0, shuffle: false);
            shared[communicator.Rank] = model;
        });
        var (expected, actual) = (alone.Weights[0].Storage, shared[0].Weights[0].Storage);
        CollectionAssert.AreEqual(actual, shared[1].Weights[0].Storage);
        var looked = Indices(1).ToHashSet();
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], looked.Contains(i / Columns) ? 1e-4f : 0);
    }

    [TestMethod]
    public void A_file_of_keras_refuses_it_by_name()
    {
        var (_, trainer) = Compiled(new LazyAdam());
        trainer.TrainOnBatch(Data(1), Targets(1));
        using var folder = new TemporaryFolder();
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => trainer.SaveKeras(Path.Combine(folder.Path, "m.keras"))).Message, "LazyAdam is no class of Keras");
    }

    private static (Model Model, Trainer Trainer) Compiled(Optimizer optimizer, Distribution? distribution = null)
    {
        var x = Model.Input([Length], DType.Int32, name: "x");
        var y = x.Apply(new Embedding(Rows, Columns, name: "embedding"), new GlobalAveragePooling1D(), new Dense(1));
        var model = new Model(x, y, seed: 2);
        return (model, model.Compile(optimizer, Loss.MeanSquaredError, threads: 1, distribution: distribution));
    }

    private static (int Sets, float[] Weights) Planned(bool readsGradient)
    {
        var (model, trainer) = Compiled(new LazyAdam(0.1, amsgrad: false));
        TensorSpec[] specs = [new(Shape.Of(Samples, Length), DType.Int32), new(Shape.Of(Samples, 1), DType.Float32)];
        var graph = StepGraph.For(trainer.Compiled, specs, training: true);
        IEnumerable<Value> gradients = readsGradient ? graph.Gradients.Select(gradient => gradient.Gradient.Value) : [];
        using var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(model, 0), graph.Inputs, [.. graph.Outputs, .. gradients], graph.Updates), specs);
        using var pool = new WorkerPool(1);
        for (var step = 1; step < 6; step++)
        {
            Data(step)[0].CopyTo(0, Samples, plan.Inputs[0]);
            Targets(step).CopyTo(0, Samples, plan.Inputs[1]);
            plan.Run(pool, (ulong)step);
        }

        return (plan.Names.Count(name => name.Contains(nameof(SetRows), StringComparison.Ordinal)), [.. model.Weights.SelectMany(weight => weight.Storage)]);
    }

    private static int[] Indices(int step) => [.. Enumerable.Range(0, Samples * Length).Select(i => ((i * i) + (step * 31)) % Rows)];

    private static NDArrays Data(int step) => [NDArray.Create(Indices(step), [Samples, Length])];

    private static NDArray Targets(int step) => NDArray.Create([.. Enumerable.Range(0, Samples).Select(i => MathF.Cos(i + step))], [Samples, 1]);
}
