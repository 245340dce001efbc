using System.Diagnostics;
using System.Globalization;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Gives a reader one file and judges how it ends.</summary>
internal static class FileJudge
{
    /// <summary>What a damaged file may allocate: more than any message and any sample needs.</summary>
    private const long MostAllocated = 64L << 20;

    /// <summary>What it may make the process grow by, natively allocated memory included.</summary>
    private const long MostGrowth = 768L << 20;

    private const int ShortestSentence = 20;

    private static readonly TimeSpan s_worthMeasuring = TimeSpan.FromMilliseconds(20);

    /// <returns>Whether the file was accepted, and the problem if it ended neither so nor in a documented refusal.</returns>
    public static (bool Accepted, string? Problem, string Details) Judge(ReaderCase reader, byte[] content)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var resident = Environment.WorkingSet;
        var watch = Stopwatch.StartNew();
        Exception? failure = null;
        try
        {
            reader.Read(content);
        }
        catch (Exception failed)
        {
            failure = failed;
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var (problem, details) = failure switch
        {
            not null when !reader.Refusals.Any(type => type.IsInstanceOfType(failure)) => (Signature(failure), failure.ToString()),
            not OperationCanceledException and { Message.Length: < ShortestSentence } => ("short message", failure.Message),
            _ when allocated > MostAllocated + (64L * content.Length) => ("memory", $"{allocated} bytes were allocated for a file of {content.Length}"),
            _ when watch.Elapsed > s_worthMeasuring && Peak() - resident is var growth and > MostGrowth =>
                ("native memory", $"the process grew by {growth} bytes for a file of {content.Length}"),
            _ => ((string?)null, ""),
        };
        return (failure is null, problem, details);
    }

    /// <summary>The kind of a failure and where it began in our code.</summary>
    private static string Signature(Exception failure)
    {
        var frames = new StackTrace(failure).GetFrames().Select(frame => frame.GetMethod())
            .Where(method => method?.DeclaringType?.FullName?.StartsWith("OnnxFunctional.", StringComparison.Ordinal) == true)
            .Take(2)
            .Select(method => method!.DeclaringType!.Name + "." + method.Name);
        return failure.GetType().Name + " in " + string.Join(" < ", frames);
    }

    private static long Peak()
    {
        if (!OperatingSystem.IsLinux()) return Environment.WorkingSet;
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) << 10;
        }

        return 0;
    }
}
