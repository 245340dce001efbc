namespace OnnxFunctional.Training.Data;

/// <summary>What is counted of the stages of a dataset, from the source on.</summary>
internal sealed class StageCounts
{
    /// <summary>No stages.</summary>
    public static readonly StageCounts None = new([], []);

    private readonly IReadOnlyList<StageTimes> _stages;
    private readonly IReadOnlyList<AheadTimes> _threads;

    private StageCounts(IReadOnlyList<StageTimes> stages, IReadOnlyList<AheadTimes> threads) => (_stages, _threads) = (stages, threads);

    /// <summary>The counts so far.</summary>
    public DatasetProfile Profile => new(
        [.. _stages.Select(times => times.Stage)],
        _threads.Aggregate(TimeSpan.Zero, (sum, times) => sum + times.Waited),
        _threads.Aggregate(TimeSpan.Zero, (sum, times) => sum + times.Idle));

    public StageCounts With(StageTimes stage) => new([.. _stages, stage], _threads);

    public StageCounts With(AheadTimes threads) => new(_stages, [.. _threads, threads]);

    public StageCounts With(StageCounts other) => new([.. _stages, .. other._stages], [.. _threads, .. other._threads]);
}
