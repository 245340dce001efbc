using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Engine;

/// <summary>Tables of embeddings are updated by rows where that gives the bits of the whole update, and nowhere else.</summary>
[TestClass]
public sealed class RowUpdatesTests
{
    private const int Rows = 300;
    private const int Columns = 5;
    private const int Batch = 6;
    private const int Length = 3;

    public static IEnumerable<object[]> ByRows =>
    [
        ["plain", () => new Sgd(0.3)],
        ["schedule", () => new Sgd(new ExponentialDecay(0.3, 2, 0.5))],
        ["clipvalue", () => new Sgd(0.3, clipvalue: 0.01)],
        ["bias decays, the table does not", () => new Sgd(0.3, weightDecay: 0.1, excludeFromWeightDecay: ["embedding"])],
        ["sum of squares", () => new Adagrad(0.3)],
        ["of a user", () => new Custom(move: 0)],
    ];

    public static IEnumerable<object[]> Whole =>
    [
        ["momentum", () => new Sgd(0.3, momentum: 0.9)],
        ["decay", () => new Sgd(0.3, weightDecay: 0.1)],
        ["clipnorm", () => new Sgd(0.3, clipnorm: 0.01)],
        ["global clipnorm", () => new Sgd(0.3, globalClipnorm: 0.01)],
        ["averages", () => new Sgd(0.3, useEma: true)],
        ["accumulation", () => new Sgd(0.3, gradientAccumulationSteps: 2)],
        ["no epsilon", () => new Adagrad(0.3, epsilon: 0)],
        ["moments", () => new Adam()],
        ["of a user", () => new Custom(move: 0.001f)],
    ];

    [TestMethod]
    [DynamicData(nameof(ByRows))]
    public void Rows_get_the_bits_of_the_whole_update(string name, Func<Optimizer> optimizer)
    {
        var (model, other) = (Model(), Model());
        var (byRows, whole) = (Trained(model, optimizer(), readsGradient: false), Trained(other, optimizer(), readsGradient: true));
        Assert.IsTrue(byRows.SetsRows, name);
        Assert.IsFalse(whole.SetsRows, name);
        Assert.IsLessThan(Rows * Columns * sizeof(float), byRows.ArenaBytes, "The gradient of the whole table was stored.");
        foreach (var (weight, same) in model.Weights.Zip(other.Weights)) AssertSameBits(same.Storage, weight.Storage, $"{name}, {weight}");
    }

    [TestMethod]
    [DynamicData(nameof(Whole))]
    public void What_moves_other_rows_takes_the_whole_update(string name, Func<Optimizer> optimizer) =>
        Assert.IsFalse(Trained(Model(), optimizer(), readsGradient: false).SetsRows, name);

    [TestMethod]
    public void Regularized_and_constrained_tables_and_small_ones_take_the_whole_update()
    {
        foreach (var model in new[]
        {
            Model(regularizer: Regularizer.L2(0.1f)),
            Model(constraint: Constraint.NonNeg),
            Model(rows: (2 * Batch * Length * 4) - 1),
        })
        {
            Assert.IsFalse(Trained(model, new Sgd(0.3), readsGradient: false, steps: 0).SetsRows);
        }

        Assert.IsTrue(Trained(Model(rows: 2 * Batch * Length * 4), new Sgd(0.3), readsGradient: false, steps: 0).SetsRows);
    }

    [TestMethod]
    public void Rows_get_the_same_bits_in_bfloat16_and_the_whole_update_under_a_loss_scale()
    {
        var (model, other) = (Model(), Model());
        Assert.IsTrue(Trained(model, new Sgd(0.3), readsGradient: false, precision: MixedPrecision.BFloat16).SetsRows);
        Assert.IsFalse(Trained(other, new Sgd(0.3), readsGradient: true, precision: MixedPrecision.BFloat16).SetsRows);
        AssertSameBits(other.Weights[0].Storage, model.Weights[0].Storage, "table");
        Assert.IsFalse(Trained(Model(), new Sgd(0.3), readsGradient: false, precision: MixedPrecision.Float16).SetsRows);
    }

    [TestMethod]
    public void Rows_that_no_sample_looks_up_keep_their_bits()
    {
        var model = Model();
        var table = model.Weights[0];
        table.Storage[Columns * (Rows - 1)] = -0f;
        var before = (float[])table.Storage.Clone();
        Trained(model, new Sgd(0.3), readsGradient: false);
        var changed = Enumerable.Range(0, Rows).Where(row => Enumerable.Range(row * Columns, Columns).Any(i => !SameBits(before[i], table.Storage[i])));
        Assert.IsTrue(changed.All(row => Lookups().Contains(row)));
        Assert.IsNotEmpty(changed);
    }

    [TestMethod]
    public void A_step_whose_loss_is_not_finite_sets_no_row()
    {
        var model = Model();
        var trainer = model.Compile(new Sgd(0.3), Loss.MeanSquaredError, threads: 1);
        model.Weights[^1].Storage[0] = float.PositiveInfinity;
        var before = (float[])model.Weights[0].Storage.Clone();
        Assert.ThrowsExactly<ModelException>(() => trainer.Fit(Data(0), Targets(0), batchSize: Batch, verbose: 0));
        AssertSameBits(before, model.Weights[0].Storage, "table");
    }

    [TestMethod]
    public void Weights_that_are_read_after_the_update_are_those_before_it()
    {
        var model = Model();
        var (other, before) = (Model(), (float[])model.Weights[0].Storage.Clone());
        var (trainer, specs) = Prepared(model, new Sgd(0.3));
        var graph = StepGraph.For(trainer.Compiled, specs, training: true);
        var request = new PlanRequest(
            PlanOptions.Of(model, 0), graph.Inputs, [.. graph.Outputs, model.Weights[0].Variable], graph.Updates);
        using var plan = Planner.Plan(request, specs);
        Assert.IsTrue(SetsRows(plan));
        Run(plan, 0);
        AssertSameBits(before, plan.Outputs[^1].Floats.ToArray(), "output");
        Trained(other, new Sgd(0.3), readsGradient: true, steps: 1);
        AssertSameBits(other.Weights[0].Storage, model.Weights[0].Storage, "table");
    }

    [TestMethod]
    public void One_and_two_threads_give_the_same_bits()
    {
        var (one, two) = (Model(rows: 40_000), Model(rows: 40_000));
        foreach (var (model, threads) in new[] { (one, 1), (two, 2) })
        {
            var trainer = model.Compile(new Adagrad(0.3), Loss.MeanSquaredError, threads: threads);
            for (var step = 0; step < 3; step++) trainer.TrainOnBatch(Data(step, 512), Targets(step, 512));
        }

        AssertSameBits(one.Weights[0].Storage, two.Weights[0].Storage, "table");
    }

    [TestMethod]
    public void Indices_are_counted_once_each_and_negative_ones_from_the_end()
    {
        var (rows, count, first, second) = Distinct([5, 2, 5, -1], [2, 9, 7]);
        CollectionAssert.AreEqual(new[] { 5, 2, 9, 7, 5, 5, 5 }, rows);
        Assert.AreEqual(4, count);
        CollectionAssert.AreEqual(new[] { 0, 1, 0, 2 }, first);
        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, second);
        Assert.Contains("out of range", Assert.ThrowsExactly<ModelException>(() => Distinct([10], [0])).Message);
    }

    private static (int[] Rows, int Count, int[] First, int[] Second) Distinct(int[] first, int[] second)
    {
        TensorSpec[] specs = [new(Shape.Of(first.Length), DType.Int32), new(Shape.Of(second.Length), DType.Int32)];
        Value[] inputs = [.. specs.Select(spec => new InputLayer(spec.Shape, spec.Type, null).Tensor.Value)];
        using var plan = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), inputs, Node.Create(new DistinctRows(10), inputs, null).Outputs, []), specs);
        first.CopyTo(plan.Inputs[0].Ints);
        second.CopyTo(plan.Inputs[1].Ints);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        return (plan.Outputs[0].Ints.ToArray(), plan.Outputs[1].Ints[0], plan.Outputs[2].Ints.ToArray(), plan.Outputs[3].Ints.ToArray());
    }

    /// <summary>One table, looked up by integers of two types: often the same rows, in both places.</summary>
    private static Model Model(int rows = Rows, Regularizer? regularizer = null, Constraint? constraint = null)
    {
        var (a, b) = (OnnxFunctional.Model.Input([Length], DType.Int32), OnnxFunctional.Model.Input([Length], DType.Int64));
        var table = new Embedding(rows, Columns, embeddingsRegularizer: regularizer, embeddingsConstraint: constraint);
        var joined = new Concatenate().Call([new GlobalAveragePooling1D().Call(table.Call(a)), new GlobalMaxPooling1D().Call(table.Call(b))]);
        return new Model([a, b], new Dense(1).Call(joined), seed: 3);
    }

    private static (bool SetsRows, long ArenaBytes) Trained(
        Model model, Optimizer optimizer, bool readsGradient, int steps = 4, MixedPrecision precision = MixedPrecision.Float32)
    {
        var (trainer, specs) = Prepared(model, optimizer, precision);
        var graph = StepGraph.For(trainer.Compiled, specs, training: true);
        IEnumerable<Value> gradients = readsGradient ? graph.Gradients.Select(gradient => gradient.Gradient.Value) : [];
        using var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(model, 0), graph.Inputs, [.. graph.Outputs, .. gradients], graph.Updates), specs);
        for (var step = 0; step < steps; step++) Run(plan, step);
        return (SetsRows(plan), plan.ArenaBytes);
    }

    private static (Trainer Trainer, TensorSpec[] Specs) Prepared(Model model, Optimizer optimizer, MixedPrecision precision = MixedPrecision.Float32) => (
        model.Compile(optimizer, Loss.MeanSquaredError, threads: 1, precision: precision),
        [new(Shape.Of(Batch, Length), DType.Int32), new(Shape.Of(Batch, Length), DType.Int64), new(Shape.Of(Batch, 1), DType.Float32)]);

    private static void Run(ExecutionPlan plan, int step)
    {
        var data = Data(step);
        data[0].CopyTo(0, Batch, plan.Inputs[0]);
        data[1].CopyTo(0, Batch, plan.Inputs[1]);
        Targets(step).CopyTo(0, Batch, plan.Inputs[2]);
        using var pool = new WorkerPool(1);
        plan.Run(pool, (ulong)step);
    }

    private static bool SetsRows(ExecutionPlan plan) => plan.Names.Any(name => name.Contains(nameof(SetRows), StringComparison.Ordinal));

    private static int[] Indices(int step, int samples) => [.. Enumerable.Range(0, samples * Length).Select(i => ((i * i) + (step * 7)) % 23 * 11)];

    private static HashSet<int> Lookups() => [.. Enumerable.Range(0, 4).SelectMany(step => Indices(step, Batch))];

    private static NDArrays Data(int step, int samples = Batch)
    {
        var indices = Indices(step, samples);
        return
        [
            NDArray.Create(indices, [samples, Length]),
            NDArray.Create(indices.Reverse().Select(index => (long)index).ToArray(), [samples, Length]),
        ];
    }

    private static NDArray Targets(int step, int samples = Batch) =>
        NDArray.Create([.. Enumerable.Range(0, samples).Select(i => MathF.Sin(i + step))], [samples, 1]);

    private static void AssertSameBits(float[] expected, float[] actual, string what) =>
        Assert.IsTrue(expected.Zip(actual).All(pair => SameBits(pair.First, pair.Second)), what);

    private static bool SameBits(float left, float right) => BitConverter.SingleToInt32Bits(left) == BitConverter.SingleToInt32Bits(right);

    /// <summary>Plain descent that moves all elements by a constant too.</summary>
    private sealed class Custom(float move) : Optimizer(0.3)
    {
        protected internal override void Update(UpdateContext context) =>
            context.SetWeight(context.Weight - (context.LearningRate * (move == 0 ? context.Gradient : context.Gradient + move)));
    }
}
