using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>A changed file that ended in something else than a result or a documented refusal.</summary>
/// <param name="Reader">The reader.</param>
/// <param name="Index">The number of the file in its run; negative for files of tests/Reference.</param>
/// <param name="Problem">What happened.</param>
/// <param name="Details">The exception, or the last words of the process.</param>
/// <param name="Content">The file with the fewest changes that still ends so.</param>
internal sealed record Finding(string Reader, int Index, string Problem, string Details, byte[] Content);

/// <summary>Gives a reader changed files, in a process of its own that is started again after a crash.</summary>
internal sealed class MutationRun(ReaderCase reader, int seed)
{
    private const int MostCrashes = 40;

    private readonly List<Finding> _findings = [];

    /// <summary>How many files were read, and how many of them.</summary>
    public int Accepted { get; private set; }

    public int Refused { get; private set; }

    public int Crashes { get; private set; }

    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Reads the stored files and as many changed ones as wanted.</summary>
    public void Run(int count)
    {
        var first = -MutationWorker.StoredFiles(reader).Count;
        for (var next = first == 0 ? 0 : first; next < count && Crashes < MostCrashes;)
        {
            var (exit, last, hung, error) = Work(next, next < 0 ? count - next : count - next, -1, note: true);
            if (exit == 0) return;
            Crashes++;
            Add(last, hung ? "hangs" : "crashes the process with exit code " + exit.ToString(CultureInfo.InvariantCulture), error);
            Accepted += last - next;
            next = last + 1;
        }
    }

    private void Add(int index, string problem, string details)
    {
        if (index < 0)
        {
            var files = MutationWorker.StoredFiles(reader);
            _findings.Add(new(reader.Name, index, $"{Path.GetFileName(files[index + files.Count])}: {problem}", details, []));
            return;
        }

        _findings.Add(new(reader.Name, index, problem, details, Shrink(index, problem)));
    }

    /// <summary>Leaves out changes one by one as long as the problem stays.</summary>
    private byte[] Shrink(int index, string problem)
    {
        var (content, changes) = reader.Mutate(seed, index);
        var kept = (1 << changes) - 1;
        for (var change = 0; change < changes; change++)
        {
            var fewer = kept & ~(1 << change);
            if (fewer == 0) continue;
            var before = _findings.Count;
            var (exit, _, hung, _) = Work(index, 1, fewer, note: false, out var found);
            var same = exit == 0 ? found.Contains(problem) : problem.StartsWith(hung ? "hangs" : "crashes", StringComparison.Ordinal);
            if (!same) continue;
            kept = fewer;
            content = reader.Mutate(seed, index, kept).Content;
        }

        return content;
    }

    private (int Exit, int Last, bool Hung, string Error) Work(int first, int count, int kept, bool note) => Work(first, count, kept, note, out _);

    private (int Exit, int Last, bool Hung, string Error) Work(int first, int count, int kept, bool note, out List<string> found)
    {
        found = [];
        var reported = new List<(int Index, string Problem, string Details)>();
        var progress = Path.GetTempFileName();
        try
        {
            using var process = Start(first, count, kept, progress);
            var error = new StringBuilder();
            process.ErrorDataReceived += (_, line) =>
            {
                if (error.Length < 4000) error.AppendLine(line.Data);
            };
            process.BeginErrorReadLine();
            while (process.StandardOutput.ReadLine() is { } line)
            {
                var parts = line.Split('\t', 4);
                if (parts[0] == MutationWorker.FoundLine && parts.Length == 4)
                {
                    found.Add(parts[2]);
                    reported.Add((int.Parse(parts[1], CultureInfo.InvariantCulture), parts[2], parts[3]));
                }
                else if (parts[0] == MutationWorker.DoneLine && note)
                {
                    Accepted += int.Parse(parts[1], CultureInfo.InvariantCulture);
                    Refused += int.Parse(parts[2], CultureInfo.InvariantCulture);
                }
            }

            process.WaitForExit();
            if (note)
            {
                foreach (var (index, problem, details) in reported)
                {
                    if (!problem.EndsWith("(again)", StringComparison.Ordinal)) Add(index, problem, details);
                }
            }

            var bytes = File.ReadAllBytes(progress);
            return (process.ExitCode, bytes.Length < 4 ? first : BitConverter.ToInt32(bytes), bytes.Length > 4 && bytes[4] == 1, error.ToString());
        }
        finally
        {
            File.Delete(progress);
        }
    }

    private Process Start(int first, int count, int kept, string progress)
    {
        string[] arguments =
        [
            typeof(MutationRun).Assembly.Location, MutationWorker.Command, reader.Name,
            .. new[] { seed, first, count, kept }.Select(number => number.ToString(CultureInfo.InvariantCulture)), progress,
        ];
        var dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        var start = new ProcessStartInfo(dotnet, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

        // The server's collector would take a heap per core; a dump of each crash would fill the disk.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(start)!;
    }
}
