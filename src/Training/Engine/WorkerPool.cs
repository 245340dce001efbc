namespace OnnxFunctional.Training.Engine;

/// <summary>Work cut into parts that may run in any order, on any thread, each writing its own piece of the result.</summary>
internal interface IParallelWork
{
    /// <summary>Runs one part. It must not start other parallel work.</summary>
    void Execute(int part);
}

/// <summary>The engine's own threads: persistent, woken in about a microsecond, and never more than asked for.</summary>
/// <remarks>How work is cut is decided by its shape alone; which thread takes a part is left open. So results do not depend on the number of threads.</remarks>
internal sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly Lock _gate = new();
    private IParallelWork? _work;
    private int _parts;
    private int _next;
    private int _pending;
    private int _generation;
    private int _sleepers;
    private bool _stop;
    private Exception? _failure;
    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>A pool that runs work on <paramref name="threads"/> threads, the caller's included.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _threads = new Thread[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Loop) { IsBackground = true, Name = "onnxfunctional-worker-" + (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture) };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that take part in <see cref="Run"/>, the caller's included.</summary>
    public int Threads => _threads.Length + 1;

    /// <summary>Runs all parts and returns when the last has ended; the first exception of a part is thrown here.</summary>
    public void Run(IParallelWork work, int parts)
    {
        if (parts <= 1 || _threads.Length == 0)
        {
            for (var part = 0; part < parts; part++) work.Execute(part);
            return;
        }

        lock (_gate)
        {
            _work = work;
            _parts = parts;
            _failure = null;
            Volatile.Write(ref _pending, parts);
            Volatile.Write(ref _next, 0);
            Interlocked.Increment(ref _generation);
            var sleepers = Volatile.Read(ref _sleepers);
            if (sleepers > 0) _wake.Release(sleepers);
            TakeParts(work, parts);
            var spin = new SpinWait();
            while (Volatile.Read(ref _pending) > 0) spin.SpinOnce(sleep1Threshold: -1);
            _work = null;
            if (_failure is { } failure) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose()
    {
        _stop = true;
        Interlocked.Increment(ref _generation);
        _wake.Release(_threads.Length + 1);
        foreach (var thread in _threads) thread.Join();
        _wake.Dispose();
    }

    private void TakeParts(IParallelWork work, int parts)
    {
        for (int part; (part = Interlocked.Increment(ref _next) - 1) < parts;)
        {
            try { work.Execute(part); }
            catch (Exception failure) { Interlocked.CompareExchange(ref _failure, failure, null); }
            finally { Interlocked.Decrement(ref _pending); }
        }
    }

    private void Loop() => throw new NotSupportedException();
}
