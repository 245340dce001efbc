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
    // Bridges the short serial pieces between two parallel regions. A thread that spins longer takes time from whoever shares its core: 500 microseconds
    // made a wide MLP on one core take 4.07 ms instead of 2.21, and were no faster on a quiet machine.
    private static readonly long s_idleSpin = Stopwatch.Frequency / 50_000;

    // The caller spins at least this long for the last parts; then as long as its own parts took.
    private static readonly long s_barrierSpin = Stopwatch.Frequency / 20_000;
    private const int SpinsBetweenLooksAtTheClock = 32;
    private const long Closed = int.MaxValue;

    private readonly Thread[] _threads;
    private readonly Parking[] _parkings;
    private readonly Parking _caller = new();
    private IParallelWork? _work;
    private Exception? _failure;
    private long _ticket = Closed;
    private int _parts;
    private int _helpers;
    private int _processor;
    private int _pending;
    private int _busy;
    private long _lost;
    private bool _stop;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">The number of threads that run work, including the caller's.</param>
    public WorkerThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Limit = threads;
        _threads = new Thread[threads - 1];
        _parkings = new Parking[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var helper = i;
            _parkings[i] = new Parking();
            _threads[i] = new Thread(() => Serve(helper))
            {
                IsBackground = true,
                Name = "onnxfunctional-" + (i + 1).ToString(CultureInfo.InvariantCulture),
            };
            _threads[i].Start();
        }
    }

    /// <summary>The number of threads that take part in <see cref="Run"/>, including the caller's.</summary>
    public int Threads => _threads.Length + 1;

    /// <summary>How many of them <see cref="Run"/> uses at most.</summary>
    public int Limit { get; set; }

    /// <summary>Stopwatch ticks that callers waited for the last parts for longer than they had worked themselves, added up.</summary>
    public long LostTicks => Volatile.Read(ref _lost);

    /// <summary>Runs all parts and returns when the last has finished. Throws the first exception of a part.</summary>
    public void Run(IParallelWork work, int parts)
    {
        // A second, concurrent caller runs its work on its own thread: the result is the same.
        var helpers = Math.Min(parts, Limit) - 1;
        if (helpers <= 0 || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            for (var part = 0; part < parts; part++) work.Execute(part);
            return;
        }

        var generation = ((Volatile.Read(ref _ticket) >> 32) + 1) & 0x7fffffff;
        Interlocked.Exchange(ref _ticket, (generation << 32) | Closed);
        _work = work;
        _parts = parts;
        _helpers = helpers;
        _processor = Placement.Processor;
        _failure = null;
        Volatile.Write(ref _pending, parts);
        Interlocked.Exchange(ref _ticket, generation << 32);
        for (var i = 0; i < helpers; i++) _parkings[i].Wake();

        var start = Stopwatch.GetTimestamp();
        TakeParts();
        if (Volatile.Read(ref _pending) > 0) WaitForLastParts(start);
        var failure = _failure;
        _work = null;
        Volatile.Write(ref _busy, 0);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Tells the threads to end once they have nothing to do.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _stop, true)) return;
        foreach (var parking in _parkings) parking.Wake();
    }

    public void Join()
    {
        foreach (var thread in _threads) thread.Join();
    }

    private void WaitForLastParts(long start)
    {
        var now = Stopwatch.GetTimestamp();
        var worked = now - start;
        var end = now + Math.Max(worked, s_barrierSpin);
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _pending) > 0)
        {
            if (Stopwatch.GetTimestamp() < end)
            {
                spinner.SpinOnce(sleep1Threshold: -1);
                continue;
            }

            _caller.Announce();
            if (Volatile.Read(ref _pending) > 0) _caller.Sleep();
            else _caller.Leave();
        }

        var waited = Stopwatch.GetTimestamp() - now;
        if (waited > worked) Volatile.Write(ref _lost, _lost + waited - worked);
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
                if (Interlocked.Decrement(ref _pending) == 0) _caller.Wake();
            }
        }
    }

    private void Serve(int helper)
    {
        var (parking, placement) = (_parkings[helper], new Placement());
        var seen = 0L;
        while (!Volatile.Read(ref _stop))
        {
            var ticket = Volatile.Read(ref _ticket);
            if (IsNew(ticket, seen))
            {
                seen = ticket >> 32;
                if (helper >= Volatile.Read(ref _helpers)) continue;
                placement.Leave(Volatile.Read(ref _processor));
                TakeParts();
                continue;
            }

            for (var end = Stopwatch.GetTimestamp() + s_idleSpin; Unchanged(seen) && Stopwatch.GetTimestamp() < end;)
            {
                for (var spin = 0; spin < SpinsBetweenLooksAtTheClock && Unchanged(seen); spin++) Thread.SpinWait(1);
            }

            if (!Unchanged(seen)) continue;
            parking.Announce();
            if (Unchanged(seen) && !Volatile.Read(ref _stop)) parking.Sleep();
            else parking.Leave();
        }
    }

    private bool Unchanged(long seen) => !IsNew(Volatile.Read(ref _ticket), seen);

    private static bool IsNew(long ticket, long seen) => ticket >> 32 != seen && (ticket & Closed) != Closed;
}
