using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>What the processes do that tests start by mpirun: <c>OnnxFunctional.Tests distribution WHAT ARGUMENTS</c>.</summary>
internal static class DistributionWorker
{
    public const string Command = "distribution";

    public static int Run(string[] arguments) => arguments switch
    {
        ["times"] => Times(),
        ["overlap", var delay] => Overlap(Number(delay)),
        ["control"] => Control(),
        ["train", var network] => Train(network),
        ["sums", var shards] => Sums(Number(shards)),
        ["fail", var how, var rank, var step] => Fail(how, Number(rank), Number(step)),
        _ => throw new ArgumentException(string.Join(' ', arguments)),
    };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Calls everything that moves data, and compares with what must come out.</summary>
    private static int Control()
    {
        var communicator = Distribution.Mpi().Communicator;
        ControlChecks.Run(communicator);
        foreach (var reduction in Enum.GetValues<Reduction>()) AllocatesNothing(communicator, reduction);
        Say(communicator, $"rank {communicator.Rank} of {communicator.Size} is right");
        Differ(communicator);
        return 0;
    }

    private static void AllocatesNothing(Communicator communicator, Reduction reduction)
    {
        const int Steps = 20;
        const int Rounds = 4;
        var sum = GradientSum.Create(communicator, 100_000, communicator.Size + 2, reduction, GradientCompression.None);
        var least = long.MaxValue;

        // Of the whole process, whose runtime may do something else in a round; what a step allocates, it does in all of them.
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var step = 0; step < Steps; step++)
            {
                for (var shard = 0; shard < sum.Own.Count; shard++)
                {
                    sum.Next[0] = shard;
                    sum.Push();
                }

                sum.Start();
                sum.Wait();
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.AreEqual(0, least, $"bytes in {Steps} steps, {reduction}");
    }

    /// <summary>Writes what the ranks say, by rank 0, because mpirun mixes the output of several.</summary>
    private static void Say(Communicator communicator, string text)
    {
        var all = communicator.AllGather(Encoding.UTF8.GetBytes(text));
        if (communicator.Rank == 0) Console.WriteLine(string.Join('\n', all.Select(Encoding.UTF8.GetString)));
    }

    /// <summary>Trains a network; all processes end with the same weights.</summary>
    private static int Train(string network)
    {
        var distribution = Distribution.Mpi(SharedTrainingTests.Shards);
        Say(distribution.Communicator, DigestOf(SharedTrainingTests.Train(network, distribution).Weights));
        return 0;
    }

    /// <summary>What weights are told apart by.</summary>
    public static string DigestOf(float[] weights) => "weights " + Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(weights.AsSpan())));

    /// <summary>Digests of sums, which do not depend on the number of ranks.</summary>
    private static int Sums(int shards)
    {
        var communicator = Distribution.Mpi(shards).Communicator;
        Say(communicator, string.Join('\n', Lines(communicator, shards)));
        return 0;
    }

    /// <summary>What the ranks say of a number of shards.</summary>
    public static List<string> Lines(Communicator communicator, int shards)
    {
        var lines = new List<string>();
        foreach (var compression in new[] { GradientCompression.None, GradientCompression.BFloat16 })
        {
            foreach (var floats in SumChecks.Lengths)
                lines.Add($"{shards} shards, {floats} floats, {compression}: {SumChecks.DigestOf(communicator, floats, shards, compression)}");
        }

        return lines;
    }

    /// <summary>Sums without end; a rank ends in one of several ways. It writes where it is, so that tests know what to kill.</summary>
    private static int Fail(string how, int rank, int step)
    {
        var distribution = Distribution.Mpi();
        var sum = GradientSum.Create(distribution.Communicator, 100_000, distribution.Size, Reduction.Tree, GradientCompression.None);
        Console.WriteLine($"rank {distribution.Rank} is process {Environment.ProcessId}");
        distribution.Communicator.Barrier();
        for (var i = 0; ; i++)
        {
            if (i == step && distribution.Rank == rank)
            {
                switch (how)
                {
                    case "throw": throw new InvalidOperationException("The data of this rank is damaged.");
                    case "return": return 0;
                    case "code": return 3;
                    case "crash": Process.GetCurrentProcess().Kill(); break;
                }
            }

            sum.Next.Fill(1);
            sum.Push();
            sum.Start();
            sum.Wait();
        }
    }

    /// <summary>One rank has other data than the others; every rank writes what it is told.</summary>
    private static void Differ(Communicator communicator)
    {
        try
        {
            new Agreement().Add("shape of input 'x'", communicator.Rank == 1 ? "[60, 8]" : "[64, 8]").Add("number of epochs", "3").Check(communicator);
        }
        catch (DistributionException exception)
        {
            Say(communicator, exception.Message);
        }
    }

    /// <summary>The time of sums by the length of the gradient.</summary>
    private static int Times()
    {
        var communicator = Distribution.Mpi().Communicator;
        if (communicator.Rank == 0) Console.WriteLine($"{communicator.Name}, {communicator.Size} processes; microseconds, median");
        foreach (var (name, reduction, compression) in new[]
        {
            ("tree", Reduction.Tree, GradientCompression.None),
            ("tree, bfloat16", Reduction.Tree, GradientCompression.BFloat16),
            ("library", Reduction.Library, GradientCompression.None),
        })
        {
            for (var floats = 1; floats <= 1 << 24; floats *= 4)
            {
                var sum = GradientSum.Create(communicator, floats, communicator.Size, reduction, compression);
                var times = new List<double>();
                for (var run = 0; run < Math.Clamp((1 << 25) / floats, 9, 300); run++)
                {
                    sum.Next.Fill(1);
                    sum.Push();
                    communicator.Barrier();
                    var watch = Stopwatch.StartNew();
                    sum.Start();
                    sum.Wait();
                    times.Add(watch.Elapsed.TotalMicroseconds);
                }

                times.Sort();
                if (communicator.Rank != 0) continue;
                var (bytes, median) = (4L * floats, times[times.Count / 2]);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-16} {bytes,10} B {median,10:F1} us {bytes / median / 1000,6:F2} GB/s"));
            }
        }

        return 0;
    }

    private static int Overlap(int delay)
    {
        var communicator = Distribution.Mpi().Communicator;
        var sum = GradientSum.Create(communicator, 1 << 20, communicator.Size, Reduction.Tree, GradientCompression.None);
        foreach (var (compute, communicate) in new[] { (true, false), (false, true), (true, true), (true, false), (false, true), (true, true) })
        {
            var times = new List<double>();
            for (var run = 0; run < 50; run++)
            {
                communicator.Barrier();
                if (delay > 0 && communicator.Rank == 1) Work(delay);
                var watch = Stopwatch.StartNew();
                if (communicate)
                {
                    sum.Push();
                    sum.Start();
                }

                if (compute) Work(10);
                if (communicate) sum.Wait();
                times.Add(watch.Elapsed.TotalMilliseconds);
            }

            times.Sort();
            Console.WriteLine($"rank {communicator.Rank} {(compute ? "compute " : "")}{(communicate ? "communicate" : "")}: {times[25]:F2} ms");
            communicator.Barrier();
        }

        return 0;

        static void Work(int amount)
        {
            var x = 1.0;
            for (var i = 0; i < amount * 400_000; i++) x = Math.Sqrt(x + i);
            if (x < 0) Console.WriteLine(x);
        }
    }
}
