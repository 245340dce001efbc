using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace OnnxFunctional.Training.Execution;

/// <summary>The threads behind a <see cref="WorkerPool"/>.</summary>
/// <remarks>
/// A ticket holds a generation in its upper half and the next part in its lower half. A thread takes a part by exchanging the whole ticket,
/// so a thread that is late for a finished generation can never run a part of the next one on the old work.
/// </remarks>
internal sealed class WorkerThreads
{
    // Long enough to bridge the serial pieces between two parallel regions of a training step (a sleeping thread takes at least 50 microseconds to wake),
    // short enough not to occupy a core while the step waits for data.
    private static readonly long s_spinTicks = Stopwatch.Frequency / 2000;
    private const int SpinsBetweenLooksAtTheClock = 32;
    private const long Closed = int.MaxValue;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private IParallelWork? _work;
    private Exception? _failure;
    private long _ticket = Closed;
    private int _parts;
    private int _pending;
    private int _sleepers;
    private int _busy;
    private bool _stop;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">The number of threads that run work, including the caller's.</param>
    public WorkerThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _threads = new Thread[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Serve) { IsBackground = true, Name = "onnxfunctional-" + (i + 1).ToString(CultureInfo.InvariantCulture) };
            _threads[i].Start();
        }
    }

    /// <summary>The number of threads that take part in <see cref="Run"/>, including the caller's.</summary>
    public int Threads => _threads.Length + 1;

    /// <summary>Runs all parts and returns when the last has finished. Throws the first exception of a part.</summary>
    public void Run(IParallelWork work, int parts)
    {
        // A second, concurrent caller runs its work on its own thread: the result is the same.
        if (parts <= 1 || _threads.Length == 0 || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            for (var part = 0; part < parts; part++) work.Execute(part);
            return;
        }

        var generation = ((Volatile.Read(ref _ticket) >> 32) + 1) & 0x7fffffff;
        Interlocked.Exchange(ref _ticket, (generation << 32) | Closed);
        _work = work;
        _parts = parts;
        _failure = null;
        Volatile.Write(ref _pending, parts);
        Interlocked.Exchange(ref _ticket, generation << 32);
        var sleepers = Volatile.Read(ref _sleepers);
        if (sleepers > 0) _wake.Release(sleepers);

        TakeParts();
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _pending) > 0) spinner.SpinOnce(sleep1Threshold: -1);
        var failure = _failure;
        _work = null;
        Volatile.Write(ref _busy, 0);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Tells the threads to end once they have nothing to do.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _stop, true)) return;
        if (_threads.Length > 0) _wake.Release(_threads.Length);
    }

    public void Join()
    {
        // The semaphore is not disposed: it holds no system handle, and Join may be called twice.
        foreach (var thread in _threads) thread.Join();
    }

    private void TakeParts()
    {
        while (true)
        {
            var ticket = Volatile.Read(ref _ticket);
            var part = (int)(ticket & Closed);
            var work = Volatile.Read(ref _work);
            if (part >= Volatile.Read(ref _parts) || work is null) return;
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket) continue;
            try
            {
                work.Execute(part);
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref _failure, failure, null);
            }
            finally
            {
                Interlocked.Decrement(ref _pending);
            }
        }
    }

    private void Serve()
    {
        var seen = 0L;
        while (!Volatile.Read(ref _stop))
        {
            var generation = Volatile.Read(ref _ticket) >> 32;
            if (generation != seen && (Volatile.Read(ref _ticket) & Closed) != Closed)
            {
                seen = generation;
                TakeParts();
                continue;
            }

            for (var end = Stopwatch.GetTimestamp() + s_spinTicks; Unchanged(seen) && Stopwatch.GetTimestamp() < end;)
            {
                for (var spin = 0; spin < SpinsBetweenLooksAtTheClock && Unchanged(seen); spin++) Thread.SpinWait(1);
            }

            if (!Unchanged(seen) || Volatile.Read(ref _stop)) continue;
            Interlocked.Increment(ref _sleepers);
            if (Unchanged(seen) && !Volatile.Read(ref _stop)) _wake.Wait();
            Interlocked.Decrement(ref _sleepers);
        }
    }

    private bool Unchanged(long generation)
    {
        var ticket = Volatile.Read(ref _ticket);
        return ticket >> 32 == generation || (ticket & Closed) == Closed;
    }
}
