using System.Diagnostics;

namespace OnnxFunctional.Training.Data;

/// <summary>Counts how long a reader and the threads that make its elements wait for each other.</summary>
internal sealed class AheadTimes
{
    private long _waited;
    private long _idle;

    /// <summary>The time of the reader.</summary>
    public TimeSpan Waited => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _waited));

    /// <summary>The time of all threads.</summary>
    public TimeSpan Idle => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _idle));

    public void AddWaited(long begun) => Interlocked.Add(ref _waited, Stopwatch.GetTimestamp() - begun);

    public void AddIdle(long begun) => Interlocked.Add(ref _idle, Stopwatch.GetTimestamp() - begun);
}
