namespace OnnxFunctional.Training.Execution;

/// <summary>The engine's own threads. They persist, wake in about a microsecond while they spin, and are never more than requested.</summary>
/// <remarks>
/// Shape alone decides how work is cut, and any thread may take any part, so results do not depend on the number of threads.
/// A pool that nobody references any more ends its threads: they reference <see cref="WorkerThreads"/>, not the pool.
/// </remarks>
internal sealed class WorkerPool(int threads) : IDisposable
{
    private const int Most = 4096;

    private static readonly Lazy<WorkerPool> s_shared = new(() => new WorkerPool(Useful(Environment.ProcessorCount)));
    private readonly WorkerThreads _threads = new(threads);

    /// <summary>Ends the threads of a pool that was not disposed. A pool whose constructor threw has none.</summary>
    ~WorkerPool() => _threads?.Stop();

    /// <summary>
    /// The pool of the process: one thread per processor. Models use it unless another number is asked for, so models that work at the same time share the
    /// processors instead of bringing one thread per processor each.
    /// </summary>
    public static WorkerPool Shared => s_shared.Value;

    /// <summary>The number of threads that take part in <see cref="Run"/>, including the caller's.</summary>
    public int Threads => _threads.Threads;

    /// <summary>How many of them <see cref="Run"/> uses at most.</summary>
    public int Limit { get => _threads.Limit; set => _threads.Limit = value; }

    /// <summary>Stopwatch ticks that callers waited for the last parts for longer than they had worked themselves, added up.</summary>
    public long LostTicks => _threads.LostTicks;

    /// <summary>
    /// As many of these threads as there are processors to run them: more stop each other inside their parts. The results are the same.
    /// </summary>
    /// <exception cref="ModelException">The number is below 1, or more than any machine has processors.</exception>
    public static int Useful(int threads) => Math.Min(Checked(threads), Placement.Processors() ?? Environment.ProcessorCount);

    /// <summary>A number of threads that can be meant.</summary>
    /// <exception cref="ModelException">It cannot.</exception>
    public static int Checked(int threads) =>
        threads is >= 1 and <= Most
            ? threads
            : throw new ModelException($"threads is {threads}; expected 1 to {Most}. At most one per processor is used, whatever the number.");

    /// <summary>The pool of the process if it has the useful part of this number of threads, else a new one.</summary>
    public static WorkerPool Of(int threads)
    {
        var useful = Useful(threads);
        return useful == Shared.Threads ? Shared : new WorkerPool(useful);
    }

    /// <summary>Runs all parts and returns when the last has finished. Throws the first exception of a part.</summary>
    public void Run(IParallelWork work, int parts)
    {
        _threads.Run(work, parts);
        GC.KeepAlive(this);
    }

    /// <summary>Ends the threads and waits until they have ended.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _threads.Stop();
        _threads.Join();
    }
}
