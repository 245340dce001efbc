namespace OnnxFunctional.Training.Execution;

/// <summary>A place where one thread sleeps until another wakes it. A wake-up that comes before the sleep is not lost.</summary>
/// <remarks>
/// The sleeper announces itself, then looks once more for what it waits for; the waker publishes its work, then looks for a sleeper. Both are full fences,
/// so at least one of them sees the other.
/// </remarks>
internal sealed class Parking
{
    private readonly SemaphoreSlim _gate = new(0);
    private int _announced;

    /// <summary>Announces that the calling thread is about to sleep. It must then look for work and call <see cref="Sleep"/> or <see cref="Leave"/>.</summary>
    public void Announce() => Interlocked.Exchange(ref _announced, 1);

    /// <summary>Sleeps until <see cref="Wake"/> is called.</summary>
    public void Sleep() => _gate.Wait();

    /// <summary>Takes the announcement back.</summary>
    public void Leave()
    {
        // Whoever took the announcement has released the gate or is about to.
        if (Interlocked.CompareExchange(ref _announced, 0, 1) == 0) _gate.Wait();
    }

    /// <summary>Wakes the thread that announced itself, if any.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Wake()
    {
        if (Volatile.Read(ref _announced) == 0 || Interlocked.CompareExchange(ref _announced, 0, 1) == 0) return false;
        _gate.Release();
        return true;
    }
}
