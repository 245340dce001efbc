using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training;

/// <summary>
/// Steps that several processes make together: each computes its shards of the batch, the numbers of all shards are added, and all make the same update.
/// </summary>
/// <param name="compiled">Model, losses, metrics, optimizer.</param>
/// <param name="engine">The engine of the model.</param>
/// <param name="seed">The seed of random layers.</param>
/// <param name="distribution">The processes and the number of shards.</param>
/// <param name="training">Whether weights move.</param>
internal sealed class ShardedSteps(CompiledTraining compiled, ModelEngine engine, ulong seed, Distribution distribution, bool training) : StepExecutor
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
        var (samples, shards, sum) = (batch.Samples, distribution.Shards, plans.Sum);
        plans.FindShares(batch, step);
        for (var shard = sum.Own.First; shard < sum.Own.End; shard++)
        {
            var (first, end) = (Start(shard, samples, shards), Start(shard + 1, samples, shards));

            // Each shard draws its own random numbers, whoever computes it.
            if (first == end) sum.Next.Clear();
            else plans.Compute(batch, first, end - first, shard, (step * (ulong)shards) + (ulong)shard, sum.Next);
            sum.Push();
        }

        sum.Start();
        sum.Wait();
        return plans.Join(Results, step);
    }

    /// <summary>The first sample of a shard.</summary>
    internal static int Start(int shard, int samples, int shards) => (int)((long)samples * shard / shards);

    private ShardPlans Choose(BatchSource batch)
    {
        if (_last is { } last && last.Fits(batch)) return last;
        var plans = _known.Find(known => known.Fits(batch));
        if (plans is not null) return plans;
        plans = new ShardPlans(compiled, engine, seed, distribution, training, batch);
        _known.Add(plans);
        if (Results.Length == 0) Results = plans.NewResults();
        return plans;
    }
}
