using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using OnnxFunctional.Benchmarks.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Benchmarks.Distributed;

/// <summary>
/// A process of several, started by mpirun, that makes the steps of one case with the others. Rank 0 speaks the protocol of <see cref="Worker"/>, tells the
/// others what to do, and answers <c>report</c> with the parts of the steps since the last one.
/// </summary>
internal static class SharedWorker
{
    public const string Side = "shared";

    /// <summary>The case that only adds gradients.</summary>
    public const string Sums = "sums";

    /// <param name="name">The case.</param>
    /// <param name="shards">The parts of a batch; 0 for one process that does not cut it.</param>
    /// <param name="threads">The threads of each process.</param>
    /// <param name="batch">The samples of a batch, or the numbers of a gradient.</param>
    public static int Run(string name, int shards, int threads, int batch)
    {
        var distribution = shards == 0 ? Distribution.None : Distribution.Mpi(shards);
        var step = name == Sums ? Sum(distribution, batch) : Steps(distribution, name, threads, batch);
        step();
        if (distribution.Rank == 0) Console.Out.WriteLine("ready 0 0 0");
        while (Next(distribution) is var count and > 0)
        {
            distribution.Communicator.Barrier();
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++) step();
            var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (distribution.Rank == 0) Console.Out.WriteLine(elapsed.ToString("R", CultureInfo.InvariantCulture));
        }

        return 0;
    }

    private static Action Steps(Distribution distribution, string name, int threads, int batch)
    {
        var benchmark = BenchmarkCase.Named(name);
        benchmark.Batch = batch;
        var random = new Random(1);
        var model = benchmark.Build();
        NDArray[] data = [.. benchmark.Inputs(random), .. benchmark.Targets(random)];
        var runner = Worker.Compiled(benchmark, model, threads, distribution).TrainingSteps;
        var batches = Worker.Batches(data, batch);
        var step = 0UL;
        return () => runner.Run(batches, step++);
    }

    private static Action Sum(Distribution distribution, int floats)
    {
        var sum = GradientSum.Create(distribution.Communicator, floats, distribution.Shards, distribution.Reduction, distribution.Compression);
        return () =>
        {
            for (var shard = 0; shard < sum.Own.Count; shard++) sum.Push();
            sum.Start();
            sum.Wait();
        };
    }

    /// <summary>The number of steps to make next; 0 at the end.</summary>
    private static int Next(Distribution distribution)
    {
        Span<int> count = [0];
        if (distribution.Rank == 0) count[0] = Asked(distribution);
        distribution.Communicator.Broadcast(MemoryMarshal.AsBytes(count));
        return count[0];
    }

    private static int Asked(Distribution distribution)
    {
        while (Console.In.ReadLine() is { } line)
        {
            if (line != "report") return int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
            Console.Out.WriteLine(JsonSerializer.Serialize(distribution.Report));
            distribution.Clock?.Restart();
        }

        return 0;
    }
}
