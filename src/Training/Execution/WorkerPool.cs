namespace OnnxFunctional.Training.Execution;

/// <summary>Work cut into parts that may run in any order, on any thread, each writing its own piece of the result.</summary>
internal interface IParallelWork
{
    /// <summary>Runs one part. It must not start other parallel work.</summary>
    void Execute(int part);
}

/// <summary>The engine's own threads: persistent, woken in about a microsecond while they spin, and never more than asked for.</summary>
/// <remarks>
/// How work is cut is decided by its shape alone; which thread takes a part is left open, so results do not depend on the number of threads.
/// A pool that nobody holds any more ends its threads: they know the <see cref="WorkerThreads"/> but not the pool.
/// </remarks>
internal sealed class WorkerPool(int threads) : IDisposable
{
    private readonly WorkerThreads _threads = new(threads);

    /// <summary>Ends the threads of a pool that was forgotten; one whose making was refused has none.</summary>
    ~WorkerPool() => _threads?.Stop();

    /// <summary>Threads that take part in <see cref="Run"/>, the caller's included.</summary>
    public int Threads => _threads.Threads;

    /// <summary>Runs all parts and returns when the last has ended; the first exception of a part is thrown here.</summary>
    public void Run(IParallelWork work, int parts)
    {
        _threads.Run(work, parts);
        GC.KeepAlive(this);
    }

    /// <summary>Ends the threads and waits for it.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _threads.Stop();
        _threads.Join();
    }
}
