using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Tests.Publishing;
using OnnxFunctional.Tests.Training.Distributing;
using OnnxFunctional.Tests.Training.Fitting;
using OnnxFunctional.Tests.Visualization.Reports;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>
/// What runs when the tests' assembly is started itself: mutation tests of any size (tools/mutations.sh), their worker, and what needs a process
/// of its own.
/// </summary>
internal static class Program
{
    private const string Command = "mutations";

    public static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case [MutationWorker.Command, .. var rest]:
                return MutationWorker.Run(rest);
            case [NoReflectionWorker.Command]:
                return NoReflectionWorker.Run();
            case [ProgressWorker.Command, var verbosity]:
                return ProgressWorker.Run(verbosity);
            case [AssembliesWorker.Command, var log]:
                return AssembliesWorker.Run(log);
            case [DistributionWorker.Command, .. var rest]:
                return DistributionWorker.Run(rest);
            case [Command, var count, var seed, var folder, .. var names]:
                var readers = names.Length == 0 ? Readers.All : [.. Readers.All.Where(reader => names.Contains(reader.Name))];
                return Run(int.Parse(count, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture), folder, readers);
            default:
                var known = string.Join(", ", Readers.All.Select(reader => reader.Name));
                Console.Error.WriteLine($"Run the tests with 'dotnet test', mutations with tools/mutations.sh. Readers: {known}.");
                return 1;
        }
    }

    private static int Run(int count, int seed, string folder, IReadOnlyList<ReaderCase> readers)
    {
        var (found, files, started) = (0, 0, Stopwatch.StartNew());
        foreach (var reader in readers)
        {
            var watch = Stopwatch.StartNew();
            var run = new MutationRun(reader, seed);
            run.Run(count);
            Console.WriteLine(
                $"{reader.Name,-18} {run.Accepted + run.Refused,8} files, {run.Accepted,7} accepted, {run.Refused,7} refused, {run.Crashes,3} crashes, "
                + $"{run.Findings.Count,3} findings, "
                + $"at most {run.MostAllocated >> 10,6} KiB, {watch.Elapsed.TotalSeconds,6:F0} s");
            files += run.Accepted + run.Refused;
            foreach (var finding in run.Findings)
            {
                found++;
                Console.WriteLine($"  {finding.Number}: {finding.Problem}");
                Directory.CreateDirectory(Path.Combine(folder, reader.Name));
                var name = Path.Combine(folder, reader.Name, $"{seed}-{finding.Number}");
                File.WriteAllBytes(name, finding.Content);
                File.WriteAllText(name + ".txt", finding.Problem + Environment.NewLine + finding.Details);
            }
        }

        Console.WriteLine($"{files} files, {found} findings, {started.Elapsed.TotalSeconds:F0} s");
        return found == 0 ? 0 : 1;
    }
}
