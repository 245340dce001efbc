using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>How a thread waits for what only calls of MPI move on.</summary>
/// <remarks>
/// Beside a program that computes, it sleeps between two calls, because both may share a core. It does not yield: under Linux 6.18 a thread that yields is
/// treated as if it had used up its time, and a message was answered only when the computation of 46 ms had ended. If the program waits too, the thread takes
/// the core for as long as most messages need, and yields from then on. After that it sleeps, the longer it has waited: to wait adds at most a hundredth, and a
/// process that waits for seconds costs those that compute nothing.
/// </remarks>
internal static partial class Patience
{
    private const int ShortSleep = 50;
    private const int LongestSleep = 10;
    private static readonly long s_spinningBeside = Stopwatch.Frequency / 200_000;
    private static readonly long s_spinning = Stopwatch.Frequency / 10_000;
    private static readonly long s_yielding = Stopwatch.Frequency / 50;

    /// <summary>Passes a moment.</summary>
    /// <param name="waited">The ticks of <see cref="Stopwatch"/> since the wait began.</param>
    /// <param name="isAwaited">Whether the program waits too.</param>
    public static void Pass(long waited, bool isAwaited)
    {
        if (waited < (isAwaited ? s_spinning : s_spinningBeside)) return;
        if (waited >= s_yielding) Thread.Sleep((int)Math.Clamp(waited * 10 / Stopwatch.Frequency, 1, LongestSleep));
        else if (isAwaited) Thread.Yield();
        else if (OperatingSystem.IsWindows()) Thread.Sleep(1);
        else _ = Sleep(ShortSleep);
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sleep(uint microseconds);
}
