using System.Diagnostics;
using System.Globalization;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>What runs when the tests' assembly is started itself: mutation tests of any size (tools/mutations.sh), and their worker.</summary>
internal static class Program
{
    private const string Command = "mutations";

    public static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case [MutationWorker.Command, .. var rest]:
                return MutationWorker.Run(rest);
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
        var found = 0;
        foreach (var reader in readers)
        {
            var watch = Stopwatch.StartNew();
            var run = new MutationRun(reader, seed);
            run.Run(count);
            Console.WriteLine(
                $"{reader.Name,-16} {run.Accepted + run.Refused,8} files, {run.Accepted,7} accepted, {run.Refused,7} refused, {run.Crashes,3} crashes, "
                + $"{run.Findings.Count,3} findings, {watch.Elapsed.TotalSeconds,6:F0} s");
            foreach (var finding in run.Findings)
            {
                found++;
                Console.WriteLine($"  {finding.Index}: {finding.Problem}");
                Directory.CreateDirectory(Path.Combine(folder, reader.Name));
                var name = Path.Combine(folder, reader.Name, $"{seed}-{finding.Index}");
                File.WriteAllBytes(name, finding.Content);
                File.WriteAllText(name + ".txt", finding.Problem + Environment.NewLine + finding.Details);
            }
        }

        return found == 0 ? 0 : 1;
    }
}
