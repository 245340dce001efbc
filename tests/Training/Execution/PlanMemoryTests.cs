using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Execution;

/// <summary>Plans of many shapes: what is kept of them, what is dropped, and where their values lie.</summary>
[TestClass]
[DoNotParallelize]
public sealed class PlanMemoryTests
{
    private const int Features = 4;
    private long _limit;

    /// <summary>How many shapes the test of flat memory runs: <c>ONNXF_SHAPES=100000 tools/dev.sh Memory_is_flat</c>.</summary>
    private static int Shapes => int.Parse(Environment.GetEnvironmentVariable("ONNXF_SHAPES") ?? "10000", CultureInfo.InvariantCulture);

    [TestInitialize]
    public void Begin()
    {
        EngineMemory.ReleasePlans();
        Collect();
        _limit = EngineMemory.PlanLimit;
    }

    [TestCleanup]
    public void End() => EngineMemory.PlanLimit = _limit;

    [TestMethod]
    public void Memory_is_flat_over_many_shapes()
    {
        const long Limit = 4_000_000;
        EngineMemory.PlanLimit = Limit;
        var model = Network();
        var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError, threads: 1);
        var random = new Random(1);
        long Run(int shapes)
        {
            for (var i = 0; i < shapes; i++)
            {
                var (samples, length) = (1 + random.Next(8), 1 + random.Next(500));
                if (i % 20 == 0) trainer.TrainOnBatch(Numbers(samples, length), new float[samples, 2]);
                else if (i % 20 == 1) trainer.TestOnBatch(Numbers(samples, length), new float[samples, 2]);
                else model.Predict(Numbers(samples, length));
            }

            Collect();
            return GC.GetTotalMemory(forceFullCollection: true) + EngineMemory.Plans.Native.Bytes;
        }

        var early = Run(Shapes / 5);
        var late = Run(Shapes);
        Assert.IsLessThan(2_000_000, late - early);
        Assert.IsLessThan(Limit + 1_000_000, EngineMemory.PlanBytes, "the limit, and the largest memory of one run");
        GC.KeepAlive(trainer);
    }

    [TestMethod]
    public void Plans_that_come_back_give_the_same_bits()
    {
        var kept = Trained(long.MaxValue);
        var dropped = Trained(0);
        CollectionAssert.AreEqual(kept, dropped);

        float[] Trained(long limit)
        {
            EngineMemory.PlanLimit = limit;
            var input = Model.Input([null, Features]);
            var model = new Model(
                input, input.Apply(new Conv1D(8, 3, padding: Padding.Same, activation: Activation.Relu), new Dropout(0.3), new Lstm(5), new Dense(2)));
            var trainer = model.Compile(new Adam(), Loss.MeanSquaredError, threads: 1);
            var results = new List<float>();
            for (var round = 0; round < 3; round++)
            {
                for (var length = 4; length < 9; length++)
                {
                    var x = Numbers(3, length);
                    results.Add((float)trainer.TrainOnBatch(x, new float[3, 2])["loss"]);
                    results.AddRange(model.Predict(x).ToArray());
                    results.Add((float)trainer.TestOnBatch(x, new float[3, 2])["loss"]);
                }
            }

            return [.. results, .. model.Weights.SelectMany(weight => weight.Value.ToArray())];
        }
    }

    [TestMethod]
    public void All_shapes_of_a_model_run_in_one_memory()
    {
        var model = Network();
        model.Predict(Numbers(1, 400));
        var largest = EngineMemory.Plans.Native.Bytes;
        for (var length = 1; length < 400; length += 7) model.Predict(Numbers(1, length));

        // Each plan has a few constants of its own.
        Assert.IsLessThan(largest / 4, EngineMemory.Plans.Native.Bytes - largest);
        model.Predict(Numbers(1, 800));
        Assert.IsLessThan(2.5 * largest, EngineMemory.Plans.Native.Bytes);
    }

    [TestMethod]
    public void The_plan_that_was_not_used_for_the_longest_time_goes_first()
    {
        var model = Network();
        for (var length = 1; length <= 20; length++) model.Predict(Numbers(1, length));
        var planned = EngineMemory.PlanBytes;
        model.Predict(Numbers(1, 1));
        Assert.AreEqual(planned, EngineMemory.PlanBytes, "a plan that is known is not made again");

        // Room for about half of them: the one of length 1 was used last but one.
        EngineMemory.PlanLimit = planned / 2;
        model.Predict(Numbers(1, 21));
        var before = EngineMemory.PlanBytes;
        Assert.IsLessThan(planned * 0.7, before);
        model.Predict(Numbers(1, 1));
        Assert.AreEqual(before, EngineMemory.PlanBytes, "length 1 was kept");
        EngineMemory.PlanLimit = long.MaxValue;
        model.Predict(Numbers(1, 2));
        Assert.IsGreaterThan(before, EngineMemory.PlanBytes, "length 2 was dropped");
    }

    [TestMethod]
    public void A_large_batch_gives_its_memory_back_when_its_plan_is_dropped()
    {
        var model = Network();
        EngineMemory.PlanLimit = 1_000_000;
        model.Predict(Numbers(64, 2000), batchSize: 64);
        var large = EngineMemory.Plans.Native.Bytes;
        model.Predict(Numbers(1, 10));
        Assert.IsLessThan(large / 10, EngineMemory.Plans.Native.Bytes);
    }

    [TestMethod]
    public void Models_that_are_let_go_free_their_memory()
    {
        var before = EngineMemory.Plans.Native.Bytes;
        Use();
        Collect();
        Assert.AreEqual(before, EngineMemory.Plans.Native.Bytes);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Use()
        {
            var model = Network();
            model.Compile(new Adam(), Loss.MeanSquaredError, threads: 1).TrainOnBatch(Numbers(2, 30), new float[2, 2]);
            model.Predict(Numbers(2, 30));
        }
    }

    [TestMethod]
    public void Released_plans_leave_no_memory_behind()
    {
        var before = EngineMemory.Plans.Native.Bytes;
        var model = Network();
        var expected = model.Predict(Numbers(2, 30)).ToArray();
        EngineMemory.ReleasePlans();
        Assert.AreEqual(before, EngineMemory.Plans.Native.Bytes);
        Assert.AreEqual(0, EngineMemory.PlanBytes);
        CollectionAssert.AreEqual(expected, model.Predict(Numbers(2, 30)).ToArray());
    }

    [TestMethod]
    public void Threads_that_drop_the_plans_of_each_other_compute_the_same_bits()
    {
        var models = Enumerable.Range(0, 4).Select(_ => Network()).ToArray();
        var expected = Enumerable.Range(1, 30).Select(length => models[0].Predict(Numbers(2, length)).ToArray()).ToArray();
        EngineMemory.PlanLimit = 0;
        Parallel.For(0, 8, i =>
        {
            for (var round = 0; round < 5; round++)
            {
                for (var length = 1; length <= 30; length++)
                    CollectionAssert.AreEqual(expected[length - 1], models[i % 4].Predict(Numbers(2, length)).ToArray());
            }
        });
    }

    [TestMethod]
    public void Batches_that_take_turns_between_shapes_allocate_nothing()
    {
        var trainer = Network().Compile(new Adam(), Loss.MeanSquaredError, threads: 1);
        var sources = new[] { 3, 5, 8 }.Select(length =>
        {
            var batches = new ArrayBatches([NDArray.Create(new float[2 * length * Features], [2, length, Features]), new float[2, 2]], 2, false, 0);
            batches.Start(0);
            batches.MoveNext();
            return batches;
        }).ToArray();
        for (var round = 0; round < 3; round++)
        {
            foreach (var batches in sources) trainer.TrainingSteps.Run(batches, 0);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var batches in sources) trainer.TrainingSteps.Run(batches, 0);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static Model Network()
    {
        var input = Model.Input([null, Features]);
        return new Model(input, input.Apply(new Dense(8, Activation.Relu), new GlobalAveragePooling1D(), new Dense(2)));
    }

    private static NDArray Numbers(int samples, int length)
    {
        var random = new Random(samples + (100 * length));
        var values = new float[samples * length * Features];
        foreach (ref var value in values.AsSpan()) value = random.NextSingle() - 0.5f;
        return NDArray.Create(values, [samples, length, Features]);
    }
}
