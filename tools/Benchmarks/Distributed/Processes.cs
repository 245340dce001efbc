using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Distributed;

/// <summary>
/// Steps of one and of several processes on this machine, one thread each, in alternating rounds; the time of sums by their length; and what follows from both
/// for many machines.
/// </summary>
internal static class Processes
{
    private const int Batch = 64;
    private const int StepRounds = 31;
    private static readonly string[] s_cases = ["cnn", "resnet", "lstm", "transformer"];

    public static int Measure(string[]? names)
    {
        int[] sizes = [1, 2, 4];
        try
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Environment.ProcessorCount} cores; batch {Batch}, one thread a process; ms per step, medians of {StepRounds} alternating rounds; "
                + $"in brackets the ratio to one process that does not cut its batch, and that of processes that each train apart on their part"));
            var networks = (names ?? s_cases).Select(name => Steps(name, sizes)).ToList();
            var line = Sums();
            Console.Out.WriteLine();
            Console.Out.WriteLine(Prediction.Table(networks, line));
            return 0;
        }
        catch (Win32Exception)
        {
            Console.Error.WriteLine("mpirun is not installed; install Open MPI (Debian: apt-get install openmpi-bin).");
            return 1;
        }
    }

    private static MeasuredNetwork Steps(string name, int[] sizes)
    {
        // The first is one process that does not cut its batch. The others are measured beside it one after another: processes that wait for work look for it,
        // and would take time from those that need all cores.
        var (times, ratios, bounds, reports) = (new double[sizes.Length], new double[sizes.Length], new double[sizes.Length], new List<DistributionReport>());
        using var first = Start(name, 1, 0, Batch);
        for (var i = 1; i < sizes.Length; i++)
        {
            using var side = Start(name, sizes[i], sizes[i], Batch);
            using var apart = new Apart([.. Enumerable.Range(0, sizes[i]).Select(_ => Start(name, 1, 0, Batch / sizes[i]))]);
            var (own, ratio) = Rounds([first.Time, side.Time, apart.Time], StepRounds, () => side.Ask("report"));
            (times[0], ratios[0]) = (times[0] + (own[0] / (sizes.Length - 1)), 1);
            (times[i], ratios[i], bounds[i]) = (own[1], ratio[1], ratio[2]);
            reports.Add(JsonSerializer.Deserialize<DistributionReport>(side.Ask("report"))!);
        }

        Console.Out.Write(string.Create(CultureInfo.InvariantCulture, $"{name,-12}  1: {times[0],7:F2}"));
        for (var i = 1; i < sizes.Length; i++)
            Console.Out.Write(string.Create(CultureInfo.InvariantCulture, $"  {sizes[i]}: {times[i],7:F2} ({ratios[i]:F2}, apart {bounds[i]:F2})"));
        Console.Out.WriteLine();
        foreach (var report in reports) Console.Out.WriteLine("   " + report);

        // Of as many processes as have cores of their own.
        return new(name, sizes, times, reports[0]);
    }

    /// <summary>The time of a sum over two processes by its length.</summary>
    private static CommunicationLine Sums()
    {
        Console.Out.WriteLine();
        Console.Out.WriteLine("sums over 2 processes of this machine");
        var points = new List<(double Bytes, double Seconds)>();
        for (var floats = 1; floats <= 1 << 24; floats *= 16)
        {
            using var side = Start(SharedWorker.Sums, 2, 2, floats);
            var time = Rounds([side.Time], Report.Rounds).Times[0];
            points.Add((4.0 * floats, time / 1e3));
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{4L * floats,12:N0} bytes {1e3 * time,10:F1} us {4e-6 * floats / time,7:F2} GB/s"));
        }

        return CommunicationLine.Through(points);
    }

    private static Side Start(string name, int size, int shards, int batch)
    {
        string[] prefix = shards == 0 ? []
            : ["mpirun", "--allow-run-as-root", "--oversubscribe", "-x", "TERM=dumb", "-n", size.ToString(CultureInfo.InvariantCulture)];
        return Side.Start(SharedWorker.Side, name, shards.ToString(CultureInfo.InvariantCulture), 1, batch, prefix);
    }

    /// <summary>Milliseconds per step, and their ratios to those of the first side, by medians over rounds.</summary>
    private static (double[] Times, double[] Ratios) Rounds(List<Func<int, double>> sides, int rounds, Action? begin = null)
    {
        // After a rest, processes first find each other again.
        const int Longer = 4;
        var steps = sides.Select(side => Longer * Report.Steps(side)).ToArray();
        begin?.Invoke();
        var times = sides.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < sides.Count; i++) times[i].Add(sides[i](steps[i]) / steps[i]);
        }

        var ratios = times.Select(own => Report.Median([.. own.Zip(times[0], (time, first) => time / first)])).ToArray();
        return ([.. times.Select(Report.Median)], ratios);
    }

    /// <summary>Processes that train at the same time and know nothing of each other: what no exchange between them can be faster than.</summary>
    private sealed class Apart(IReadOnlyList<Side> sides) : IDisposable
    {
        /// <summary>Their mean milliseconds for a number of steps.</summary>
        public double Time(int steps)
        {
            Side.Rest();
            foreach (var side in sides) side.Begin(steps);
            return sides.Average(side => side.End());
        }

        public void Dispose()
        {
            foreach (var side in sides) side.Dispose();
        }
    }
}
