using System.Diagnostics;

namespace OnnxFunctional.Training.Data;

/// <summary>Counts what a stage of a dataset made, and how long it took, on whatever threads.</summary>
internal sealed class StageTimes(string name)
{
    private long _elements;
    private long _ticks;

    /// <summary>A point in time for <see cref="Add"/>.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>What was counted so far.</summary>
    public DatasetStage Stage => new(name, Interlocked.Read(ref _elements), Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _ticks)));

    /// <summary>Counts an element.</summary>
    /// <param name="begun">When the stage began to make it.</param>
    public void Add(long begun)
    {
        Interlocked.Increment(ref _elements);
        Interlocked.Add(ref _ticks, Stopwatch.GetTimestamp() - begun);
    }
}
