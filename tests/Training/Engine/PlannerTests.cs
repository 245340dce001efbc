using CsCheck;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Engine;

[TestClass]
public sealed class PlannerTests
{
    private static readonly WorkerPool s_pool = new(1);

    [TestMethod]
    public void Plans_give_what_single_nodes_give()
    {
        Gen.Select(Gen.Int[0, 1 << 30], Gen.Int[1, 40]).Sample((seed, size) =>
        {
            var graph = new RandomGraph(seed, size);
            Value[] inputs = [.. graph.Inputs.Select(input => input.Value)];
            Value[] outputs = [.. graph.Outputs.Select(output => output.Value)];
            var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), inputs, outputs, graph.Updates), [.. inputs.Select(input => input.Spec)]);
            var unfused = new UnfusedRun(inputs, outputs, graph.Updates);

            // Twice, since the second step reads what the first wrote into weights and memory.
            for (var step = 0; step < 2; step++)
            {
                var given = graph.Fill();
                var expected = unfused.Run(s_pool, given);
                for (var i = 0; i < given.Length; i++) given[i].CopyTo(plan.Inputs[i].Floats);
                plan.Run(s_pool);
                for (var i = 0; i < outputs.Length; i++) Compare(expected[i], plan.Outputs[i].Floats, $"seed {seed}, size {size}, step {step}, output {i}");
                for (var i = 0; i < graph.Updates.Count; i++)
                {
                    var weight = graph.Updates[i].Weight;
                    Compare(expected[outputs.Length + i], weight.Storage, $"seed {seed}, size {size}, step {step}, weight {weight.Name}");
                }
            }
        }, iter: 150, threads: 1);
    }

    [TestMethod]
    public void Values_alive_together_do_not_overlap()
    {
        Gen.Select(Gen.Int[1, 100], Gen.Int[0, 30], Gen.Int[0, 10]).Array[1, 40].Sample(lives =>
        {
            var layout = new ArenaLayout();
            var storages = new List<Storage>();
            foreach (var (floats, first, length) in lives)
            {
                storages.Add(new Storage());
                layout.Add(storages[^1], floats, first, first + length);
            }

            var places = layout.Place();
            using var block = new OnnxFunctional.Training.Simd.NativeBlock(layout.Floats, new());
            foreach (var (storage, offset, size) in places) storage.Place(block, offset, size);
            Assert.IsLessThanOrEqualTo(layout.SumOfValues, layout.Floats);
            for (var i = 0; i < lives.Length; i++)
            {
                Assert.IsGreaterThanOrEqualTo(lives[i].Item1, storages[i].Memory.Length);
                for (var j = 0; j < i; j++)
                {
                    var together = lives[i].Item2 <= lives[j].Item2 + lives[j].Item3 && lives[j].Item2 <= lives[i].Item2 + lives[i].Item3;
                    Assert.IsFalse(together && storages[i].Memory.Span.Overlaps(storages[j].Memory.Span), $"values {j} and {i} overlap");
                }
            }
        }, iter: 200, threads: 1);
    }

    [TestMethod]
    public void Each_value_lies_at_the_lowest_place_that_is_free_while_it_lives()
    {
        Gen.Select(Gen.Int[1, 300], Gen.Int[0, 40], Gen.Int[0, 60]).Array[1, 60].Sample(lives =>
        {
            var layout = new ArenaLayout();
            foreach (var (floats, first, length) in lives) layout.Add(new Storage(), floats, first, first + length);
            var places = layout.Place();
            var placed = new List<int>();
            foreach (var i in Enumerable.Range(0, lives.Length).OrderByDescending(i => places[i].Floats).ThenBy(i => lives[i].Item2))
            {
                var expected = 0L;
                foreach (var j in placed.Where(j => Meet(lives[i], lives[j])).OrderBy(j => places[j].Offset))
                {
                    if (places[j].Offset - expected >= places[i].Floats) break;
                    expected = Math.Max(expected, places[j].Offset + places[j].Floats);
                }

                Assert.AreEqual(expected, places[i].Offset);
                placed.Add(i);
            }
        }, iter: 300, threads: 1);

        static bool Meet((int Floats, int First, int Length) a, (int Floats, int First, int Length) b) =>
            a.First <= b.First + b.Length && b.First <= a.First + a.Length;
    }

    [TestMethod]
    public void Values_that_are_never_alive_together_share_memory()
    {
        var x = Input(64, 64);
        var y = x;
        for (var i = 0; i < 6; i++) y = Ops.Transpose(Ops.Tanh(y), 1, 0);
        var plan = Make([x], [y]);
        Assert.IsLessThan(plan.SumOfValuesBytes, plan.ArenaBytes);
        Assert.IsLessThanOrEqualTo(3 * 64 * 64 * sizeof(float), plan.ArenaBytes, "input, and two values in turns");
    }

    [TestMethod]
    public void A_chain_of_elementwise_operators_is_one_kernel()
    {
        var x = Input(5, 7);
        Assert.HasCount(1, Make([x], [Ops.Sigmoid(Ops.Tanh((x * 2) + 1) * x) - x]).Kernels);
    }

    [TestMethod]
    public void Bias_and_activation_run_behind_their_product()
    {
        var (x, w, b) = (Input(5, 7), Variable(7, 3), Variable(3));
        Assert.HasCount(1, Make([x], [Ops.Relu(Ops.MatMul(x, w) + b)]).Kernels);
        Assert.HasCount(1, Make([x], [Ops.Relu(Ops.Make(new Gemm(), x, w, b))]).Kernels);
        var product = Ops.MatMul(x, w) + b;
        CheckAgainstNodes([x], [Ops.Relu(product), product], "what lies between is read too");
        var bare = Ops.MatMul(x, w);
        CheckAgainstNodes([x], [Ops.Relu(bare + b), Ops.Tanh(bare)], "the product is read twice");
        CheckAgainstNodes([x], [Ops.Relu(Ops.MatMul(x, w) + Ops.MatMul(x, w))], "a sum of products is no bias");
    }

    [TestMethod]
    public void Equal_computations_are_done_once()
    {
        var (x, w) = (Input(5, 7), Variable(7, 7));
        Assert.HasCount(2, Make([x], [Ops.MatMul(x, w) * Ops.Tanh(Ops.MatMul(x, w))]).Kernels);
    }

    [TestMethod]
    public void Constants_are_computed_ahead()
    {
        var x = Input(5, 4);
        var right = Ops.Constant([3, 4], [.. Enumerable.Range(0, 12).Select(i => (float)i)]);
        var table = Ops.Transpose(Ops.MatMul(Ops.Constant([2, 3], [1f, 2, 3, 4, 5, 6]), right), 1, 0);
        Assert.HasCount(1, Make([x], [Ops.MatMul(x, table)]).Kernels);
        CheckAgainstNodes([x], [Ops.MatMul(x, table)], "folded");
        Assert.IsEmpty(Make([x], [x * 1 + 0]).Kernels, "times one, plus zero");
    }

    [TestMethod]
    public void A_weight_is_updated_in_its_place_by_one_kernel()
    {
        var weight = NewWeight(5, 7);
        var x = Input(5, 7);
        var next = new SymbolicTensor(weight.Variable) - (x * 0.1f);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [x.Value], [], [(weight, next.Value)]), [x.Value.Spec]);
        Assert.HasCount(1, plan.Kernels);
        var before = (float[])weight.Storage.Clone();
        plan.Inputs[0].Floats.Fill(2);
        plan.Run(s_pool);
        for (var i = 0; i < before.Length; i++) Assert.AreEqual(before[i] - 0.2f, weight.Storage[i], 1e-6f);
    }

    [TestMethod]
    public void Weights_exchange_their_values()
    {
        var (a, b) = (NewWeight(5), NewWeight(5));
        var (first, second) = ((float[])a.Storage.Clone(), (float[])b.Storage.Clone());
        Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [], [], [(a, b.Variable), (b, a.Variable)]), []).Run(s_pool);
        CollectionAssert.AreEqual(second, a.Storage);
        CollectionAssert.AreEqual(first, b.Storage);
    }

    [TestMethod]
    public void An_output_that_is_a_weight_is_its_value_before_the_update()
    {
        var weight = NewWeight(4);
        var before = (float[])weight.Storage.Clone();
        var w = new SymbolicTensor(weight.Variable);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [], [weight.Variable, Ops.Reshape(w, 2, 2).Value], [(weight, (w * 2).Value)]), []);
        plan.Run(s_pool);
        CollectionAssert.AreEqual(before, plan.Outputs[0].Floats.ToArray());
        CollectionAssert.AreEqual(before, plan.Outputs[1].Floats.ToArray());
        CollectionAssert.AreEqual(before.Select(x => x * 2).ToArray(), weight.Storage);
    }

    [TestMethod]
    public void One_value_updates_two_weights_and_is_an_output()
    {
        var (a, b, x) = (NewWeight(5), NewWeight(5), Input(5));
        var value = new SymbolicTensor(a.Variable) + x;
        var expected = a.Storage.Select(number => number + 3).ToArray();
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [x.Value], [value.Value], [(a, value.Value), (b, value.Value)]), [x.Value.Spec]);
        plan.Inputs[0].Floats.Fill(3);
        plan.Run(s_pool);
        CollectionAssert.AreEqual(expected, a.Storage);
        CollectionAssert.AreEqual(expected, b.Storage);
        CollectionAssert.AreEqual(expected, plan.Outputs[0].Floats.ToArray());
    }

    [TestMethod]
    public void An_input_or_a_constant_may_be_an_output()
    {
        var x = Input(3);
        var plan = Make([x], [x, Ops.Constant([2], [4f, 5f]), Ops.Reshape(x, 3, 1)]);
        new float[] { 1, 2, 3 }.CopyTo(plan.Inputs[0].Floats);
        plan.Run(s_pool);
        CollectionAssert.AreEqual(new float[] { 1, 2, 3 }, plan.Outputs[0].Floats.ToArray());
        CollectionAssert.AreEqual(new float[] { 4, 5 }, plan.Outputs[1].Floats.ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 2, 3 }, plan.Outputs[2].Floats.ToArray());
    }

    [TestMethod]
    public void A_chain_longer_than_a_unit_holds_is_cut()
    {
        var x = Input(3, 5);
        var y = x;
        for (var i = 0; i < 150; i++) y = Ops.Tanh(y + (0.01f * i));
        CheckAgainstNodes([x], [y], "long");
    }

    private static SymbolicTensor Input(params int[] dims) => new InputLayer(Shape.Of(dims), DType.Float32, null).Tensor;

    private static Weight NewWeight(params int[] dims)
    {
        var weight = new Weight("w", Shape.Of(dims), Initializer.Zeros, true, null);
        var random = new Random(dims.Length);
        for (var i = 0; i < weight.Length; i++) weight.Storage[i] = random.NextSingle() - 0.5f;
        return weight;
    }

    private static SymbolicTensor Variable(params int[] dims) => new(NewWeight(dims).Variable);

    private static ExecutionPlan Make(SymbolicTensor[] inputs, SymbolicTensor[] outputs) =>
        Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), [.. inputs.Select(input => input.Value)], [.. outputs.Select(output => output.Value)], []),
            [.. inputs.Select(input => input.Value.Spec)]);

    private static void CheckAgainstNodes(SymbolicTensor[] inputs, SymbolicTensor[] outputs, string what)
    {
        var random = new Random(1);
        float[][] given = [.. inputs.Select(input => Enumerable.Range(0, (int)input.Shape.ElementCount).Select(_ => random.NextSingle() - 0.5f).ToArray())];
        var plan = Make(inputs, outputs);
        for (var i = 0; i < given.Length; i++) given[i].CopyTo(plan.Inputs[i].Floats);
        plan.Run(s_pool);
        var expected = new UnfusedRun([.. inputs.Select(input => input.Value)], [.. outputs.Select(output => output.Value)], []).Run(s_pool, given);
        for (var i = 0; i < outputs.Length; i++) Compare(expected[i], plan.Outputs[i].Floats, what);
    }

    private static void Compare(float[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (var i = 0; i < expected.Length; i++)
        {
            var tolerance = 1e-5 + (1e-4 * Math.Abs(expected[i]));
            Assert.IsTrue(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{what}: element {i} is {actual[i]}, node by node {expected[i]}");
        }
    }
}
