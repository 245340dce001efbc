using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>
/// The runs of the shards of this process that are under way together, because they wait for sums over all shards: those of synchronized normalization.
/// </summary>
internal sealed class ShardStops
{
    private readonly Distribution _distribution;
    private readonly string[] _names;
    private readonly PlanRun?[] _runs;
    private IReadOnlyList<int>? _lengths;
    private GradientSum[] _sums = [];

    /// <param name="distribution">The ranks and how they add.</param>
    /// <param name="own">How many shards this process has.</param>
    /// <param name="name">What the names of their plans begin with.</param>
    public ShardStops(Distribution distribution, int own, string name)
    {
        _distribution = distribution;
        _names = [.. Enumerable.Range(0, own).Select(shard => $"{name}{shard}")];
        _runs = new PlanRun?[own];
    }

    /// <summary>How many numbers each sum has, in order; null before the first plan.</summary>
    public IReadOnlyList<int>? Lengths
    {
        get => _lengths;
        set => Know(value!);
    }

    public static IReadOnlyList<int> LengthsOf(ExecutionPlan plan) => [.. plan.Stops.Select(entry => entry.Stop.Own.Length)];

    /// <summary>The name of the plan of a shard, which no other shares: their runs are under way at the same time.</summary>
    public string NameOf(int shard) => _names[shard];

    public ExecutionPlan? PlanOf(int shard) => _runs[shard] is { } run ? run.Plan : null;

    /// <summary>Adds the run of a shard.</summary>
    public void Add(int shard, PlanRun run)
    {
        _runs[shard] = run;
        if (_lengths is null) Know(LengthsOf(run.Plan));
        if (run.Plan.Stops.Count == _lengths!.Count) return;
        throw new InvalidOperationException($"The plan of a shard stops {run.Plan.Stops.Count} times, others {_lengths.Count} times.");
    }

    /// <summary>Takes a sum over all shards, and gives it to those of this process.</summary>
    public void Sum(int part)
    {
        var sum = _sums[part];
        foreach (var run in _runs)
        {
            if (run is { } own) own.Plan.Stops[part].Stop.Own.CopyTo(sum.Next.Span);
            else sum.Next.Span.Clear();
            sum.Push();
        }

        sum.Start();
        sum.Wait();
        foreach (var run in _runs)
        {
            if (run is { } own) sum.Sum.Span.CopyTo(own.Plan.Stops[part].Stop.Sum);
        }
    }

    /// <summary>Ends the runs.</summary>
    public void Leave()
    {
        for (var shard = 0; shard < _runs.Length; shard++)
        {
            if (_runs[shard] is { } run) run.Dispose();
            _runs[shard] = null;
        }
    }

    private void Know(IReadOnlyList<int> lengths)
    {
        _lengths = lengths;

        // Statistics are few numbers, and travel as they are.
        _sums =
        [
            .. lengths.Select(length => GradientSum.Create(
                _distribution.Communicator, length, _distribution.Shards, _distribution.Reduction, GradientCompression.None)),
        ];
    }
}
