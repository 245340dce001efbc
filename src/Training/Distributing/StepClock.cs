using System.Diagnostics;

namespace OnnxFunctional.Training.Distributing;

/// <summary>Measures the parts of steps that several processes make together. It allocates nothing but reports.</summary>
/// <param name="communicator">What the steps wait for.</param>
internal sealed class StepClock(Communicator communicator)
{
    private long _steps;
    private Reading _sum;
    private Reading _begun;
    private long _computed;
    private long _added;
    private TimeSpan _waited;

    /// <summary>Forgets all steps, and leaves out the next one, in which plans are made.</summary>
    public void Restart() => (_steps, _sum) = (-1, default);

    /// <summary>A step begins.</summary>
    public void Begin() => _begun = Read();

    /// <summary>The shards of this process are computed.</summary>
    public void EndShards() => (_computed, _waited) = (Stopwatch.GetTimestamp(), communicator.Waited);

    /// <summary>The sums are there.</summary>
    public void EndSums() => _added = Stopwatch.GetTimestamp();

    /// <summary>The weights are updated, the step ends.</summary>
    public void End()
    {
        if (++_steps <= 0) return;
        var now = Read();
        _sum = new Reading(
            _sum.Time + now.Time - _begun.Time,
            _sum.Compute + Stopwatch.GetElapsedTime(_begun.Time, _computed) - (_waited - _begun.Waited),
            _sum.Update + Stopwatch.GetElapsedTime(_added, now.Time),
            _sum.Waited + now.Waited - _begun.Waited,
            _sum.Communicated + now.Communicated - _begun.Communicated,
            _sum.Bytes + now.Bytes - _begun.Bytes);
    }

    /// <summary>The means so far; null before the second step.</summary>
    /// <param name="shards">The parts of a batch.</param>
    public DistributionReport? Report(int shards) => _steps < 1 ? null : new(
        communicator.Size,
        shards,
        EvenRange.Of(communicator.Rank, communicator.Size, shards).Count,
        _steps,
        Stopwatch.GetElapsedTime(0, _sum.Time) / _steps,
        _sum.Compute / _steps,
        _sum.Update / _steps,
        _sum.Waited / _steps,
        _sum.Communicated / _steps,
        _sum.Bytes / _steps);

    private Reading Read() => new(
        Stopwatch.GetTimestamp(), default, default, communicator.Waited, communicator.Communicated, communicator.BytesSent);

    // The time is in ticks of the stopwatch.
    private readonly record struct Reading(long Time, TimeSpan Compute, TimeSpan Update, TimeSpan Waited, TimeSpan Communicated, long Bytes);
}
