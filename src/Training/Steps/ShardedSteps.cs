using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training;

/// <summary>
/// Steps that several processes make together: each computes its shards of the batch, the numbers of all shards are added, and all make the same update.
/// </summary>
/// <param name="compiled">Model, losses, metrics, optimizer.</param>
/// <param name="engine">The engine of the model.</param>
/// <param name="seed">The seed of random layers.</param>
/// <param name="training">Whether weights move.</param>
internal sealed class ShardedSteps(CompiledTraining compiled, ModelEngine engine, ulong seed, bool training) : StepExecutor
{
    private readonly bool _gathers = training && Gathers(compiled);
    private readonly List<ShardPlans> _known = [];
    private WaitingGradients? _waiting;
    private ShardPlans? _last;

    public override int WaitingSteps => _waiting?.Steps ?? 0;

    public override IReadOnlyList<(string Name, Metric Metric, int Sums)> Metrics => Last.Shard.Terms.Metrics;

    public override IEnumerable<Weight> Updated => Last.Joined.Updates.Select(update => update.Weight);

    private ShardPlans Last => _last ?? throw new InvalidOperationException("No step was run.");

    /// <summary>Whether gradients wait for the step that updates. Those scaled by float16's factor do not: it may change from step to step.</summary>
    public static bool Gathers(CompiledTraining compiled) => compiled.Optimizer.GradientAccumulationSteps is not null && compiled.LossScaling is null;

    public override void Prepare(BatchSource batch) => _last = Choose(batch);

    public override bool Run(BatchSource batch, ulong step)
    {
        var plans = _last = Choose(batch);
        var clock = training ? compiled.Distribution.Clock : null;
        clock?.Begin();
        plans.Gathers = _gathers && compiled.Optimizer.PhaseOf(step) == AccumulationPhase.Waiting;
        plans.FindShares(batch, step);
        plans.Compute(batch, step);
        clock?.EndShards();
        plans.Sums.Wait();
        clock?.EndSums();
        var isFinite = plans.Join(Results, step);
        clock?.End();
        return isFinite;
    }

    public override void Settle()
    {
        if (WaitingSteps > 0) Last.Settle();
    }

    public override void Forget() => _waiting?.Clear();

    private ShardPlans Choose(BatchSource batch) => _last is { } last && last.Fits(batch) ? last : Find(batch);

    // A separate method: what its lambda captures would be allocated in every step.
    private ShardPlans Find(BatchSource batch)
    {
        var plans = _known.Find(known => known.Fits(batch));
        if (plans is not null) return plans;
        plans = new ShardPlans(compiled, engine, seed, training, batch, _gathers ? Waiting : null);
        _known.Add(plans);
        if (Results.Length == 0) Results = plans.NewResults();
        return plans;
    }

    private WaitingGradients Waiting(IReadOnlyList<int> lengths) => _waiting ??=
        new(EvenRange.Of(compiled.Distribution.Rank, compiled.Distribution.Size, compiled.Distribution.Shards).Count, lengths);
}
