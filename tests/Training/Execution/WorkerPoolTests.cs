using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Execution;

[TestClass]
public sealed class WorkerPoolTests
{
    [TestMethod]
    public void Every_part_of_many_generations_runs_once()
    {
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var pool = new WorkerPool(threads);
            Assert.AreEqual(threads, pool.Threads);
            var work = new Counting(17);
            for (var generation = 0; generation < 500; generation++)
            {
                var parts = generation % 18;
                Array.Clear(work.Counts);
                pool.Run(work, parts);
                for (var part = 0; part < 17; part++)
                    Assert.AreEqual(part < parts ? 1 : 0, work.Counts[part], $"{threads} threads, generation {generation}, part {part} of {parts}");
            }
        }
    }

    [TestMethod]
    public void More_threads_than_processors_are_not_started()
    {
        var processors = Placement.Processors();
        Assert.AreEqual(processors is null, !OperatingSystem.IsLinux());
        Assert.AreEqual(processors ?? Environment.ProcessorCount, WorkerPool.Of(1000).Threads);
        Assert.AreEqual(1, WorkerPool.Of(1).Threads);
        Assert.IsLessThanOrEqualTo(processors ?? int.MaxValue, WorkerPool.Shared.Threads);
        foreach (var threads in new[] { -1, 0, 100_000 })
        {
            var error = Assert.ThrowsExactly<ModelException>(() => WorkerPool.Of(threads));
            StringAssert.StartsWith(error.Message, $"threads is {threads}; expected 1 to ");
        }
    }

    [TestMethod]
    public void Threads_that_went_to_sleep_wake_up()
    {
        using var pool = new WorkerPool(3);
        var work = new Counting(8);
        for (var i = 0; i < 5; i++)
        {
            pool.Run(work, 8);
            Thread.Sleep(20);
        }

        CollectionAssert.AreEqual(Enumerable.Repeat(5, 8).ToArray(), work.Counts);
    }

    [TestMethod]
    public void An_exception_in_a_part_reaches_the_caller_after_all_parts_ran()
    {
        foreach (var threads in new[] { 2, 3 })
        {
            using var pool = new WorkerPool(threads);
            var work = new Counting(9) { Failing = 4 };
            for (var i = 1; i <= 50; i++)
            {
                var error = Assert.ThrowsExactly<ModelException>(() => pool.Run(work, 9));
                Assert.AreEqual("part 4", error.Message);
                CollectionAssert.AreEqual(Enumerable.Repeat(i, 9).ToArray(), work.Counts);
            }

            work.Failing = -1;
            pool.Run(work, 9);
            Assert.AreEqual(51, work.Counts[4], "the pool still works");
        }
    }

    [TestMethod]
    public void A_second_caller_does_its_own_work()
    {
        using var pool = new WorkerPool(2);
        var (first, second) = (new Counting(11), new Counting(11));
        var other = new Thread(() =>
        {
            for (var i = 0; i < 500; i++) pool.Run(second, 11);
        });
        other.Start();
        for (var i = 0; i < 500; i++) pool.Run(first, 11);
        other.Join();
        CollectionAssert.AreEqual(Enumerable.Repeat(500, 11).ToArray(), first.Counts);
        CollectionAssert.AreEqual(Enumerable.Repeat(500, 11).ToArray(), second.Counts);
    }

    [TestMethod]
    public void Work_inside_work_runs_on_the_same_thread()
    {
        using var pool = new WorkerPool(2);
        var inner = new Counting(3);
        pool.Run(new Nested(pool, inner), 7);
        CollectionAssert.AreEqual(new[] { 7, 7, 7 }, inner.Counts);
    }

    [TestMethod]
    public void Disposal_ends_the_threads_and_may_be_repeated()
    {
        var pool = new WorkerPool(3);
        var threads = ThreadsOf(pool);
        pool.Run(new Counting(8), 8);
        pool.Dispose();
        pool.Dispose();
        Assert.IsTrue(threads.All(thread => !thread.IsAlive));
        var work = new Counting(4);
        pool.Run(work, 4);
        CollectionAssert.AreEqual(new[] { 1, 1, 1, 1 }, work.Counts, "the caller alone");
    }

    [TestMethod]
    public void A_forgotten_pool_ends_its_threads()
    {
        var threads = Forget();
        for (var i = 0; i < 50 && threads.Any(thread => thread.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(20);
        }

        Assert.IsTrue(threads.All(thread => !thread.IsAlive));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Thread[] Forget()
        {
            var pool = new WorkerPool(3);
            pool.Run(new Counting(8), 8);
            return ThreadsOf(pool);
        }
    }

    [TestMethod]
    public void A_pool_without_threads_is_refused_and_leaves_nothing_to_finalize()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new WorkerPool(0));
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_run_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        var work = new Counting(8);
        for (var i = 0; i < 10; i++) pool.Run(work, 8);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) pool.Run(work, 8);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void A_limit_keeps_threads_out_of_the_work()
    {
        foreach (var limit in new[] { 5, 2, 1, 3 })
        {
            using var pool = new WorkerPool(5) { Limit = limit };
            var work = new Recording();
            for (var i = 0; i < 200; i++) pool.Run(work, 32);
            Assert.IsLessThanOrEqualTo(limit, work.Threads.Count, $"limit {limit}");
            Assert.AreEqual(200 * 32, work.Parts);
        }
    }

    [TestMethod]
    public void A_caller_that_waits_longer_than_it_worked_sleeps_and_counts_the_loss()
    {
        using var pool = new WorkerPool(2);
        var before = pool.LostTicks;
        var caller = Environment.CurrentManagedThreadId;
        // The other thread takes 100 ms for its part; the caller's part waits until the other has begun.
        using var begun = new ManualResetEventSlim();
        pool.Run(
            new Doing(_ =>
            {
                if (Environment.CurrentManagedThreadId == caller)
                {
                    begun.Wait();
                    return;
                }

                begun.Set();
                Thread.Sleep(100);
            }),
            2);
        Assert.IsGreaterThan(Stopwatch.Frequency / 100, pool.LostTicks - before);
    }

    private static Thread[] ThreadsOf(WorkerPool pool)
    {
        var inside = typeof(WorkerPool).GetField("_threads", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(pool)!;
        return (Thread[])inside.GetType().GetField("_threads", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(inside)!;
    }

    private sealed class Counting(int parts) : IParallelWork
    {
        public int[] Counts { get; } = new int[parts];

        public int Failing { get; set; } = -1;

        public void Execute(int part)
        {
            Interlocked.Increment(ref Counts[part]);
            if (part == Failing) throw new ModelException("part " + part);
        }
    }

    private sealed class Recording : IParallelWork
    {
        private int _parts;

        public ConcurrentDictionary<int, bool> Threads { get; } = [];

        public int Parts => _parts;

        public void Execute(int part)
        {
            Threads[Environment.CurrentManagedThreadId] = true;
            Interlocked.Increment(ref _parts);
            Thread.SpinWait(20);
        }
    }

    private sealed class Doing(Action<int> action) : IParallelWork
    {
        public void Execute(int part) => action(part);
    }

    private sealed class Nested(WorkerPool pool, IParallelWork inner) : IParallelWork
    {
        public void Execute(int part) => pool.Run(inner, 3);
    }
}
