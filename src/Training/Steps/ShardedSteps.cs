using OnnxFunctional.Training.Data;
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
    private readonly List<ShardPlans> _known = [];
    private ShardPlans? _last;

    public override IReadOnlyList<(string Name, Metric Metric, int Sums)> Metrics => Last.Shard.Terms.Metrics;

    public override IEnumerable<Weight> Updated => Last.Joined.Updates.Select(update => update.Weight);

    private ShardPlans Last => _last ?? throw new InvalidOperationException("No step was run.");

    public override void Prepare(BatchSource batch) => _last = Choose(batch);

    public override bool Run(BatchSource batch, ulong step)
    {
        var plans = _last = Choose(batch);
        var clock = training ? compiled.Distribution.Clock : null;
        clock?.Begin();
        plans.FindShares(batch, step);
        plans.Compute(batch, step);
        clock?.EndShards();
        plans.Sums.Wait();
        clock?.EndSums();
        var isFinite = plans.Join(Results, step);
        clock?.End();
        return isFinite;
    }

    private ShardPlans Choose(BatchSource batch) => _last is { } last && last.Fits(batch) ? last : Find(batch);

    // A separate method: what its lambda captures would be allocated in every step.
    private ShardPlans Find(BatchSource batch)
    {
        var plans = _known.Find(known => known.Fits(batch));
        if (plans is not null) return plans;
        plans = new ShardPlans(compiled, engine, seed, training, batch);
        _known.Add(plans);
        if (Results.Length == 0) Results = plans.NewResults();
        return plans;
    }
}
