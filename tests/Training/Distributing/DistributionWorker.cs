using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OnnxFunctional.Cli;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>What the processes do that tests start by mpirun: <c>OnnxFunctional.Tests distribution WHAT ARGUMENTS</c>.</summary>
internal static class DistributionWorker
{
    public const string Command = "distribution";

    /// <summary>The epochs of a training that is killed and resumed.</summary>
    public const int Epochs = 6;

    public static int Run(string[] arguments) => arguments switch
    {
        ["control"] => Control(),
        ["train", .. var networks] => Train(networks),
        ["resume", var backup, var step] => Resume(backup, Number(step)),
        ["cli", .. var command] => CommandLine.Run(command).GetAwaiter().GetResult(),
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
                    sum.Next.Span[0] = shard;
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

    /// <summary>Trains networks; all processes write the same files.</summary>
    private static int Train(string[] networks)
    {
        var distribution = Distribution.Mpi(SharedTrainingTests.Shards);
        Say(distribution.Communicator, string.Join('\n', networks.Select(network => FileOf(SharedTrainingTests.Fit(network, distribution, 3).Model))));
        return 0;
    }

    /// <summary>What the file of a model is told apart by.</summary>
    public static string FileOf(Model model) => "file " + Convert.ToHexStringLower(SHA256.HashData(model.ToOnnx()));

    /// <summary>Trains with a backup after every third step; a rank dies after a step, if that is not negative.</summary>
    private static int Resume(string backup, int step)
    {
        var distribution = Distribution.Mpi(SharedTrainingTests.Shards);
        var steps = 0;
        var dies = new LambdaCallback(onTrainBatchEnd: (_, _) =>
        {
            if (steps++ != step || distribution.Rank != 1) return;
            Console.WriteLine("rank 1 dies");
            Process.GetCurrentProcess().Kill();
        });
        var (model, _) = SharedTrainingTests.Fit("normalized", distribution, Epochs, new BackupAndRestore(backup, saveFreq: 3), dies);
        Say(distribution.Communicator, FileOf(model));
        return 0;
    }

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

            sum.Next.Span.Fill(1);
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
}
