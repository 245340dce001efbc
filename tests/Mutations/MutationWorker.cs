using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>The process that reads changed files: it may crash, and says beforehand which file is next. Results go to its output, a line each.</summary>
internal sealed class MutationWorker : IDisposable
{
    public const string Command = "mutation-worker";
    public const string FoundLine = "found";
    public const string DoneLine = "done";

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(8);

    private readonly SafeFileHandle _progress;
    private readonly HashSet<string> _known = [];
    private TimeSpan _startedAt;
    private int _ticks;

    private MutationWorker(string progress) => _progress = File.OpenHandle(progress, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);

    /// <summary>Reads the files of one reader: <c>reader seed first count kept progress</c>, with a negative first for those kept in tests/Reference.</summary>
    public static int Run(string[] arguments)
    {
        var reader = Readers.All.Single(reader => reader.Name == arguments[0]);
        var (seed, first, count, kept) = (Number(arguments[1]), Number(arguments[2]), Number(arguments[3]), Number(arguments[4]));
        using var worker = new MutationWorker(arguments[5]);
        using var watch = new Timer(_ => worker.Watch(), null, 100, 100);
        try
        {
            var (accepted, refused) = (0, 0);
            var stored = StoredFiles(reader);
            for (var index = first < 0 ? -stored.Count : first; index < first + count || index < 0; index++)
            {
                worker.Note(index);
                var content = index < 0 ? File.ReadAllBytes(stored[index + stored.Count]) : reader.Mutate(seed, index, kept).Content;
                var (isAccepted, problem, details) = FileJudge.Judge(reader, content);
                if (isAccepted) accepted++;
                else refused++;
                if (problem is not null) worker.Report(index, problem, details);
            }

            Console.Out.WriteLine(string.Join('\t', DoneLine, accepted, refused));
            return 0;
        }
        finally
        {
            Readers.RemoveFiles();
        }

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>Files that once were findings, in the order of their names.</summary>
    public static IReadOnlyList<string> StoredFiles(ReaderCase reader)
    {
        var folder = Repository.PathOf("tests", "Reference", "mutations", reader.Name);
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)] : [];
    }

    public void Dispose() => _progress.Dispose();

    private void Report(int index, string signature, string message)
    {
        if (!_known.Add(signature)) signature += " (again)";
        Console.Out.WriteLine(string.Join('\t', FoundLine, index, signature, message.ReplaceLineEndings(" / ")));
        Console.Out.Flush();
    }

    private void Note(int index)
    {
        Span<byte> bytes = stackalloc byte[5];
        BitConverter.TryWriteBytes(bytes, index);
        RandomAccess.Write(_progress, bytes, 0);
        _startedAt = CpuTime();
        Volatile.Write(ref _ticks, 0);
    }

    /// <summary>Ends the process if one file takes too long: in processor time, since others may stop us, or in ticks of this timer if it sleeps.</summary>
    private void Watch()
    {
        const int MostTicks = 600;
        if (Interlocked.Increment(ref _ticks) < MostTicks && CpuTime() - _startedAt < s_longest) return;
        RandomAccess.Write(_progress, [1], 4);
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private static TimeSpan CpuTime() => Environment.CpuUsage.TotalTime;
}
