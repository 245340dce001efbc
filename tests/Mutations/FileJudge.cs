using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Export;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>How a file ended.</summary>
/// <param name="IsAccepted">Whether it was read.</param>
/// <param name="Allocated">The bytes that reading allocated on the managed heap.</param>
/// <param name="Problem">What is wrong; null if it was read or refused as documented.</param>
/// <param name="Details">The exception, or the numbers.</param>
internal sealed record Judgement(bool IsAccepted, long Allocated, string? Problem, string Details);

/// <summary>Gives a reader one file and judges how it ends.</summary>
internal static class FileJudge
{
    private const long AllocatedPerByte = 64;

    private const int ShortestSentence = 20;

    private static readonly TimeSpan s_worthMeasuring = TimeSpan.FromMilliseconds(20);

    public static Judgement Judge(ReaderCase reader, byte[] content)
    {
        ForgetPeak();
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
            OnnxFileException when !failure.Message.Contains(reader.Source, StringComparison.Ordinal) => ("does not name the file", failure.Message),
            _ when allocated > reader.MostAllocated + (AllocatedPerByte * content.Length) =>
                ("memory", $"{allocated} bytes were allocated for a file of {content.Length}"),
            _ when watch.Elapsed > s_worthMeasuring && Peak() - resident is var growth && growth > reader.MostGrowth =>
                ("native memory", $"the process grew by {growth} bytes for a file of {content.Length}"),
            _ => ((string?)null, ""),
        };
        return new(failure is null, allocated, problem, details);
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

    /// <summary>Linux keeps the largest size that a process ever had; without this, one file's memory would be held against those after it.</summary>
    private static void ForgetPeak()
    {
        const string ResetPeak = "5";
        if (OperatingSystem.IsLinux()) File.WriteAllText("/proc/self/clear_refs", ResetPeak);
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
