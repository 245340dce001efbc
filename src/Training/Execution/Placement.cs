using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Execution;

/// <summary>Keeps a helper thread off the core of the thread it helps. On Linux; elsewhere the scheduler is left alone.</summary>
/// <remarks>
/// Linux may wake a thread on its waker's core and leave it there, although another core is idle: a thread that works and sleeps every 100 microseconds always
/// counts as too warm to be moved. A prediction then takes 3.0 instead of 1.6 ms for as long as the process lives. A thread that finds itself on the caller's
/// core excludes that core from its affinity for a moment, which moves it at once. Moves are rare where they do not help, because the cores are taken.
/// </remarks>
internal sealed class Placement
{
    // 1024 processors, the size of cpu_set_t.
    private const int MaskBytes = 128;
    private static readonly long s_shortestPause = Stopwatch.Frequency / 250;
    private static readonly long s_longestPause = Stopwatch.Frequency / 4;

    private readonly byte[] _allowed = new byte[MaskBytes];
    private readonly byte[] _others = new byte[MaskBytes];
    private long _pause = s_shortestPause;
    private long _moved;

    /// <summary>The processor that the calling thread runs on; -1 if unknown.</summary>
    public static int Processor => OperatingSystem.IsLinux() ? GetProcessor() : -1;

    /// <summary>How many processors the calling thread may run on; null if unknown.</summary>
    public static int? Processors()
    {
        if (!OperatingSystem.IsLinux()) return null;
        var allowed = new byte[MaskBytes];
        return GetAffinity(0, MaskBytes, allowed) < 0 ? null : allowed.Sum(bits => BitOperations.PopCount(bits));
    }

    /// <summary>Moves the calling thread to another processor if it runs on this one and may run elsewhere.</summary>
    public void Leave(int processor)
    {
        if (processor < 0 || Processor != processor || processor >= MaskBytes * 8) return;
        var now = Stopwatch.GetTimestamp();
        if (now - _moved < _pause) return;
        _pause = now - _moved > 4 * s_longestPause ? s_shortestPause : Math.Min(2 * _pause, s_longestPause);
        _moved = now;

        if (GetAffinity(0, MaskBytes, _allowed) < 0) return;
        _allowed.CopyTo(_others, 0);
        _others[processor / 8] &= (byte)~(1 << (processor % 8));
        if (_others.AsSpan().IndexOfAnyExcept((byte)0) < 0) return;
        if (SetAffinity(0, MaskBytes, _others) == 0) _ = SetAffinity(0, MaskBytes, _allowed);
    }

    [DllImport("libc", EntryPoint = "sched_getcpu")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetProcessor();

    [DllImport("libc", EntryPoint = "sched_getaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAffinity(int thread, nint size, byte[] mask);

    [DllImport("libc", EntryPoint = "sched_setaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAffinity(int thread, nint size, byte[] mask);
}
