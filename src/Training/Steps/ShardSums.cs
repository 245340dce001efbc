using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>
/// Adds what the shards of a batch give over all ranks, in buckets: while a rank still computes its last shard, the buckets that are complete are under way.
/// </summary>
internal sealed class ShardSums : IOutputReader
{
    private readonly Bucket[] _buckets;
    private readonly (int Bucket, int Offset, int Length)[] _places;
    private ExecutionPlan? _plan;
    private int _left;
    private int _started;

    /// <param name="distribution">The ranks and how they add.</param>
    /// <param name="lengths">The numbers of each output, in the order in which outputs are computed.</param>
    public ShardSums(Distribution distribution, IReadOnlyList<int> lengths)
    {
        var buckets = new List<Bucket>();
        _places = new (int, int, int)[lengths.Count];
        for (var (output, first, floats) = (0, 0, 0); output < lengths.Count; output++)
        {
            _places[output] = (buckets.Count, floats, lengths[output]);
            floats += (int)ArenaLayout.Aligned(lengths[output]);
            if (floats < distribution.BucketFloats && output < lengths.Count - 1) continue;
            var sum = GradientSum.Create(distribution.Communicator, floats, distribution.Shards, distribution.Reduction, distribution.Compression);
            buckets.Add(new(sum, output + 1 - first));
            (first, floats) = (output + 1, 0);
        }

        _buckets = [.. buckets];
    }

    /// <summary>The shards of this rank.</summary>
    public EvenRange Own => _buckets[0].Sum.Own;

    /// <summary>The sum of an output over all shards, once <see cref="Wait"/> has returned and until the next batch.</summary>
    public Memory<float> Of(int output)
    {
        var (bucket, offset, length) = _places[output];
        return _buckets[bucket].Sum.Sum.Slice(offset, length);
    }

    /// <summary>Makes ready for the shards of a batch.</summary>
    public void Begin() => (_left, _started) = (Own.Count, 0);

    /// <summary>Computes the next shard.</summary>
    /// <returns>The reader for the run of its plan.</returns>
    public IOutputReader Next(ExecutionPlan plan)
    {
        _plan = plan;
        _left--;
        foreach (var bucket in _buckets) bucket.Missing = bucket.Outputs;
        for (var output = 0; output < _places.Length; output++)
        {
            if (plan.IsBrought[output]) plan.Outputs[output].Storage.Memory = Next(output);
        }

        return this;
    }

    /// <summary>Adds the next shard, whose plan has run.</summary>
    public void Add(ExecutionPlan plan)
    {
        Next(plan);
        for (var output = 0; output < _places.Length; output++) IsThere(output);
    }

    /// <summary>The next shard has no samples, and adds nothing.</summary>
    public void Skip()
    {
        _left--;
        foreach (var bucket in _buckets)
        {
            bucket.Missing = 0;
            bucket.Sum.Next.Span.Clear();
            bucket.Sum.Push();
        }

        StartComplete();
    }

    public void IsThere(int output)
    {
        var bucket = _buckets[_places[output].Bucket];
        if (!_plan!.IsBrought[output]) _plan.Outputs[output].Floats.CopyTo(Next(output).Span);
        if (--bucket.Missing > 0) return;
        bucket.Sum.Push();
        StartComplete();
    }

    /// <summary>Waits for the sums over all ranks.</summary>
    /// <exception cref="DistributionException">The library reported an error, or another rank has ended.</exception>
    public void Wait()
    {
        foreach (var bucket in _buckets) bucket.Sum.Wait();
    }

    /// <summary>Where an output of the current shard goes.</summary>
    private Memory<float> Next(int output)
    {
        var (bucket, offset, length) = _places[output];
        return _buckets[bucket].Sum.Next.Slice(offset, length);
    }

    /// <summary>All ranks start their buckets in one order, though a rank may compute them in another.</summary>
    private void StartComplete()
    {
        if (_left > 0) return;
        while (_started < _buckets.Length && _buckets[_started].Missing == 0) _buckets[_started++].Sum.Start();
    }

    private sealed class Bucket(GradientSum sum, int outputs)
    {
        public GradientSum Sum => sum;

        public int Outputs => outputs;

        /// <summary>How many outputs of the current shard are not yet there.</summary>
        public int Missing { get; set; }
    }
}
