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

    private readonly TimeSpan _longest;
    private readonly SafeFileHandle _progress;
    private readonly HashSet<string> _known = [];
    private TimeSpan _startedAt;
    private int _ticks;

    private MutationWorker(ReaderCase reader, string progress)
    {
        _longest = reader.Longest;
        _progress = File.OpenHandle(progress, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
    }

    /// <summary>Reads files of one reader: <c>reader seed first end count kept progress</c>.</summary>
    /// <remarks>It leaves its files in the system's temporary folder, which is one of its own: after a crash it cannot remove them.</remarks>
    public static int Run(string[] arguments)
    {
        var reader = Readers.Find(arguments[0]);
        int[] numbers = [.. arguments[1..6].Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        var (seed, first, end, count, kept) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
        using var worker = new MutationWorker(reader, arguments[6]);
        using var watch = new Timer(_ => worker.Watch(), null, 100, 100);
        worker.Note(first);
        var (accepted, refused, most) = (0, 0, 0L);
        for (var number = first; number < end; number++)
        {
            worker.Note(number);
            var result = FileJudge.Judge(reader, reader.File(seed, number, count, kept).Content);
            if (result.IsAccepted) accepted++;
            else refused++;
            most = Math.Max(most, result.Allocated);
            if (result.Problem is not null) worker.Report(number, result.Problem, result.Details);
        }

        Console.Out.WriteLine(string.Join('\t', DoneLine, accepted, refused, most));
        return 0;
    }

    public void Dispose() => _progress.Dispose();

    private void Report(int number, string signature, string message)
    {
        if (!_known.Add(signature)) signature += MutationRun.Again;
        Console.Out.WriteLine(string.Join('\t', FoundLine, number, signature, message.ReplaceLineEndings(" / ")));
        Console.Out.Flush();
    }

    private void Note(int number)
    {
        Span<byte> bytes = stackalloc byte[5];
        BitConverter.TryWriteBytes(bytes, number);
        RandomAccess.Write(_progress, bytes, 0);
        _startedAt = CpuTime();
        Volatile.Write(ref _ticks, 0);
    }

    /// <summary>Ends the process if one file takes too long: in processor time, since others may stop us, or in ticks of this timer if it sleeps.</summary>
    private void Watch()
    {
        const int MostTicks = 600;
        if (Interlocked.Increment(ref _ticks) < MostTicks && CpuTime() - _startedAt < _longest) return;
        RandomAccess.Write(_progress, [1], 4);
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private static TimeSpan CpuTime() => Environment.CpuUsage.TotalTime;
}
