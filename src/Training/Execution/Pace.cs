using System.Diagnostics;

namespace OnnxFunctional.Training.Execution;

/// <summary>How many threads the runs of one plan use: fewer than there are while the machine does not run them together.</summary>
/// <remarks>
/// Where threads share cores with others (another process, a quota, more threads than cores), a thread is stopped in the middle of its part and all others
/// wait. The sign is a wait at the end of parallel work that is longer than the work. When such waits are a tenth of the time, a window of runs with half the
/// threads is timed, and whichever number is faster stays. A smaller number is compared with a larger one again after a while, at growing distances,
/// so neither the check nor a wrong guess costs more than a few percent. Results do not depend on the number of threads.
/// </remarks>
/// <param name="threads">The number of threads there are.</param>
internal sealed class Pace(int threads)
{
    private const int RunsPerWindow = 4;
    private const double LostShare = 0.1;

    // A trial must win by this factor: noise alone changes nothing.
    private const double Better = 0.95;
    private const int FewestWindows = 8;
    private const int MostWindows = 256;
    private static readonly long s_ticksPerWindow = Stopwatch.Frequency / 100;

    private int _runs;
    private long _ticks;
    private long _lost;
    private double _perRun;
    private int _before;
    private int _rest;
    private int _distance = FewestWindows;
    private bool _down;

    /// <summary>The number of threads there are.</summary>
    public int Most { get; } = threads;

    /// <summary>The number of threads for the next run.</summary>
    public int Threads { get; private set; } = threads;

    /// <summary>Takes note of a run with <see cref="Threads"/>.</summary>
    /// <param name="ticks">Its time.</param>
    /// <param name="lost">The part of it that the caller waited at the ends of parallel work for longer than the work took.</param>
    public void Add(long ticks, long lost)
    {
        _ticks += ticks;
        _lost += lost;
        if (++_runs < RunsPerWindow || _ticks < s_ticksPerWindow) return;
        Close((double)_ticks / _runs, _lost > _ticks * LostShare);
        (_runs, _ticks, _lost) = (0, 0, 0);
    }

    private void Close(double perRun, bool loses)
    {
        if (_before != 0)
        {
            var better = perRun < _perRun * Better;
            _down = Threads < _before;
            if (!better) Threads = _before;
            _distance = better ? FewestWindows : Math.Min(_distance * 2, MostWindows);
            _rest = _distance;
            _before = 0;
            return;
        }

        _perRun = perRun;
        if (_rest-- > 0) return;
        _rest = 0;
        // Where waits have another reason (parts of unequal size), smaller numbers lose each trial; then it is a larger number's turn.
        var mayGrow = Threads < Most;
        if (loses && Threads > 1 && !(mayGrow && _down)) Try(Threads / 2);
        else if (mayGrow) Try(Math.Min(Most, Threads * 2));
    }

    private void Try(int count)
    {
        _before = Threads;
        Threads = count;
    }
}
