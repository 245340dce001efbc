using System.Diagnostics;

namespace OnnxFunctional.Training.Execution;

/// <summary>How many threads the runs of one plan use: fewer than there are while the machine does not run them together.</summary>
/// <remarks>
/// Where threads share cores with others (another process, a quota, more threads than cores), a thread is stopped in the middle of its part and all others
/// wait. The sign is a wait at the end of parallel work that is longer than the work. When such waits are a tenth of the time for a while, half the threads
/// are tried, and whichever number is faster stays. A smaller number is compared with a larger one again after a while. Failed trials come at growing
/// distances, at least 30 times what the last one cost, so neither the check nor a wrong guess costs more than a few percent. Results do not depend on the
/// number of threads.
/// </remarks>
/// <param name="threads">The number of threads there are.</param>
internal sealed class Pace(int threads)
{
    private const int RunsPerWindow = 4;
    private const double LostShare = 0.1;

    // While code is compiled in the background or a process starts beside, threads wait for each other too; that passes.
    private const int LosingWindows = 4;

    // A trial must win by this factor: noise alone changes nothing. A single run that is so much slower ends it: a part may wait 200 ms for a taken core.
    private const double Better = 0.95;
    private const double Hopeless = 3;
    private const int CostToDistance = 30;

    private static readonly long s_window = Stopwatch.Frequency / 100;
    private static readonly long s_shortest = 8 * s_window;
    private static readonly long s_longest = 64 * s_window;

    private Window _window;
    private Window _trial;
    private double _perRun;
    private int _before;
    private bool _settled;
    private bool _failedBelow;
    private int _losing;
    private long _rest;
    private long _distance = s_shortest;

    /// <summary>The number of threads there are.</summary>
    public int Most { get; } = threads;

    /// <summary>The number of threads for the next run.</summary>
    public int Threads { get; private set; } = threads;

    /// <summary>Takes note of a run with <see cref="Threads"/>.</summary>
    /// <param name="ticks">Its time.</param>
    /// <param name="lost">The part of it that the caller waited at the ends of parallel work for longer than the work took.</param>
    public void Add(long ticks, long lost)
    {
        _window.Add(ticks, lost);
        if (_before != 0)
        {
            _trial.Add(ticks, lost);
            if (ticks > Hopeless * _perRun && ticks > s_window / 2)
            {
                EndTrial(better: false);
                return;
            }
        }

        if (_window.Runs < RunsPerWindow || _window.Ticks < s_window) return;
        if (_before == 0) Watch();
        // A thread that has just woken may still be on its waker's core; the scheduler moves it within milliseconds.
        else if (!_settled) _settled = true;
        else EndTrial(_window.PerRun < _perRun * Better);
        _window = default;
    }

    private void Watch()
    {
        _perRun = _window.PerRun;
        _losing = _window.Lost > _window.Ticks * LostShare ? _losing + 1 : 0;
        _rest -= _window.Ticks;
        if (_rest > 0) return;
        _rest = 0;
        // Where waits have another reason (parts of unequal size), smaller numbers lose each trial; then it is a larger number's turn.
        var mayGrow = Threads < Most;
        if (_losing >= LosingWindows && Threads > 1 && !(mayGrow && _failedBelow)) Try(Threads / 2);
        else if (mayGrow) Try(Math.Min(Most, Threads * 2));
    }

    private void Try(int count)
    {
        _before = Threads;
        Threads = count;
        _settled = false;
        _losing = 0;
        _trial = default;
    }

    private void EndTrial(bool better)
    {
        _failedBelow = !better && Threads < _before;
        if (!better) Threads = _before;
        _before = 0;
        _distance = better ? s_shortest : Math.Min(2 * _distance, s_longest);
        var cost = _trial.Ticks - (_trial.Runs * _perRun);
        _rest = Math.Max(_distance, (long)(cost * CostToDistance));
        _window = default;
    }

    private struct Window
    {
        public int Runs { get; private set; }

        public long Ticks { get; private set; }

        public long Lost { get; private set; }

        public readonly double PerRun => (double)Ticks / Runs;

        public void Add(long ticks, long lost)
        {
            Runs++;
            Ticks += ticks;
            Lost += lost;
        }
    }
}
