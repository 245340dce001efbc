using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>A changed file that ended in something else than a result or a documented refusal.</summary>
/// <param name="Reader">The reader.</param>
/// <param name="Number">The number of the file in its run; negative for files of tests/Reference.</param>
/// <param name="Problem">What happened.</param>
/// <param name="Details">The exception, or the last words of the process.</param>
/// <param name="Content">The file with the fewest changes that still ends so.</param>
internal sealed record Finding(string Reader, int Number, string Problem, string Details, byte[] Content);

/// <summary>Gives a reader changed files, in a process of its own that is started again after a crash.</summary>
/// <param name="reader">The reader.</param>
/// <param name="seed">The seed of all changes.</param>
/// <param name="folder">Where the processes put their files, each in a folder that is deleted after it; default: the system's temporary folder.</param>
internal sealed class MutationRun(ReaderCase reader, int seed, string? folder = null)
{
    /// <summary>The end of a problem that the same process has reported before.</summary>
    public const string Again = " (again)";

    private const int MostCrashes = 40;
    private const int Few = 100;

    private readonly List<Finding> _findings = [];
    private int _count;

    /// <summary>How many files were read.</summary>
    public int Accepted { get; private set; }

    public int Refused { get; private set; }

    public int Crashes { get; private set; }

    /// <summary>The most bytes that one file made the reader allocate; files of processes that crashed do not count.</summary>
    public long MostAllocated { get; private set; }

    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Reads the stored files, as many changed ones as wanted, and a quarter as many that are cut or have one byte changed.</summary>
    public void Run(int count)
    {
        _count = count;
        var (first, end) = reader.Numbers(count);

        // A process reads with one thread, and starting it takes as long as reading hundreds of files.
        var middle = end - first < Few ? end : (first + end) / 2;
        Parallel.Invoke(() => Run(first, middle), () => Run(middle, end));
    }

    private void Run(int first, int end)
    {
        for (var next = first; next < end && Crashes < MostCrashes;)
        {
            var (exit, last, hung, error) = Work(next, end, -1, note: true, out _);
            if (exit == 0) break;
            lock (_findings)
            {
                Crashes++;
                Refused += last - next + 1;
            }

            Add(last, hung ? "hangs" : "crashes the process with exit code " + exit.ToString(CultureInfo.InvariantCulture), error);
            next = last + 1;
        }
    }

    private void Add(int number, string problem, string details)
    {
        if (number < 0) problem = $"{reader.Stored[number + reader.Stored.Count].Name}: {problem}";
        var finding = new Finding(reader.Name, number, problem, details, Shrink(number, problem));
        lock (_findings) _findings.Add(finding);
    }

    /// <summary>Leaves out changes one by one as long as the problem stays.</summary>
    private byte[] Shrink(int number, string problem)
    {
        var (content, changes) = reader.File(seed, number, _count);
        var kept = (1 << changes) - 1;
        for (var change = 0; change < changes; change++)
        {
            var fewer = kept & ~(1 << change);
            if (fewer == 0) continue;
            var (exit, _, hung, _) = Work(number, number + 1, fewer, note: false, out var found);
            var same = exit == 0 ? found.Contains(problem) : problem.StartsWith(hung ? "hangs" : "crashes", StringComparison.Ordinal);
            if (!same) continue;
            kept = fewer;
            content = reader.File(seed, number, _count, kept).Content;
        }

        return content;
    }

    private (int Exit, int Last, bool Hung, string Error) Work(int first, int end, int kept, bool note, out List<string> found)
    {
        found = [];
        var reported = new List<(int Number, string Problem, string Details)>();
        var own = Path.Combine(folder ?? Path.GetTempPath(), "onnxfunctional-mutations-" + Path.GetRandomFileName());
        Directory.CreateDirectory(own);
        try
        {
            var progress = Path.Combine(own, "progress");
            using var process = Start(own, [seed, first, end, _count, kept], progress);
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
                    lock (_findings)
                    {
                        Accepted += int.Parse(parts[1], CultureInfo.InvariantCulture);
                        Refused += int.Parse(parts[2], CultureInfo.InvariantCulture);
                        MostAllocated = Math.Max(MostAllocated, long.Parse(parts[3], CultureInfo.InvariantCulture));
                    }
                }
            }

            process.WaitForExit();
            if (note)
            {
                foreach (var (number, problem, details) in reported)
                {
                    if (!problem.EndsWith(Again, StringComparison.Ordinal)) Add(number, problem, details);
                }
            }

            var bytes = File.Exists(progress) ? File.ReadAllBytes(progress) : [];
            if (process.ExitCode != 0 && bytes.Length < 4) throw new InvalidOperationException($"The process that reads files does not start: {error}");
            return (process.ExitCode, bytes.Length < 4 ? first : BitConverter.ToInt32(bytes), bytes.Length > 4 && bytes[4] == 1, error.ToString());
        }
        finally
        {
            Directory.Delete(own, recursive: true);
        }
    }

    private Process Start(string own, int[] numbers, string progress)
    {
        string[] arguments =
        [
            typeof(MutationRun).Assembly.Location, MutationWorker.Command, reader.Name,
            .. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)), progress,
        ];
        var dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        var start = new ProcessStartInfo(dotnet, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

        // A process that crashes cannot remove its files, so all of them lie in a folder of its own.
        foreach (var name in new[] { "TMPDIR", "TMP", "TEMP" }) start.Environment[name] = own;

        // The server's collector would take a heap per core; a dump of each crash would fill the disk.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(start)!;
    }
}
