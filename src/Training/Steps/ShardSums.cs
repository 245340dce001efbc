using System.Numerics.Tensors;
using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>
/// Adds what the shards of a batch give over all ranks, in buckets: while a rank still computes its last shard, the buckets that are complete are under way.
/// </summary>
internal sealed class ShardSums : IOutputReader
{
    // The place of an output that is in no bucket.
    private const int Nowhere = -1;

    private readonly Bucket[] _buckets;
    private readonly (int Bucket, int Offset, int Length)[] _places;
    private readonly int _firstGradient;
    private readonly int _endGradient;
    private readonly WaitingGradients? _waiting;
    private ExecutionPlan? _plan;
    private int _left;
    private int _started;

    /// <param name="distribution">The ranks and how they add.</param>
    /// <param name="lengths">The numbers of each output, in the order in which outputs are computed.</param>
    /// <param name="firstGradient">The first output that is a gradient.</param>
    /// <param name="gradients">How many are.</param>
    /// <param name="waiting">Takes the gradients of steps without an update; null if each step updates.</param>
    /// <param name="gathers">Whether this step is one without.</param>
    public ShardSums(
        Distribution distribution, IReadOnlyList<int> lengths, int firstGradient = 0, int gradients = 0, WaitingGradients? waiting = null, bool gathers = false)
    {
        (_firstGradient, _endGradient, _waiting) = (firstGradient, firstGradient + gradients, waiting);
        var buckets = new List<Bucket>();
        _places = new (int, int, int)[lengths.Count];
        for (var (output, outputs, floats) = (0, 0, 0); output < lengths.Count; output++)
        {
            if (gathers && IsGradient(output))
            {
                _places[output] = (Nowhere, 0, lengths[output]);
            }
            else
            {
                _places[output] = (buckets.Count, floats, lengths[output]);
                floats += (int)ArenaLayout.Aligned(lengths[output]);
                outputs++;
            }

            if (outputs == 0 || (floats < distribution.BucketFloats && output < lengths.Count - 1)) continue;
            var sum = GradientSum.Create(distribution.Communicator, floats, distribution.Shards, distribution.Reduction, distribution.Compression);
            buckets.Add(new(sum, outputs));
            (outputs, floats) = (0, 0);
        }

        _buckets = [.. buckets];
    }

    /// <summary>The shards of this rank.</summary>
    public EvenRange Own => _buckets[0].Sum.Own;

    private int Shard => Own.Count - _left - 1;

    /// <summary>Whether the gradients of a step are added to others that wait.</summary>
    private bool Waits => _waiting is { Steps: > 0 };

    /// <summary>The sum of an output over all shards, once <see cref="Wait"/> has returned and until the next batch; zeros for a gradient that waits.</summary>
    public Memory<float> Of(int output)
    {
        var (bucket, offset, length) = _places[output];
        return bucket == Nowhere ? _waiting!.Zeros(output - _firstGradient) : _buckets[bucket].Sum.Sum.Slice(offset, length);
    }

    /// <summary>Makes ready for the shards of a batch.</summary>
    public void Begin() => (_left, _started) = (Own.Count, 0);

    /// <summary>Computes the next shard.</summary>
    /// <returns>The reader for the run of its plan.</returns>
    public IOutputReader Next(ExecutionPlan plan)
    {
        _plan = plan;
        _left--;
        _waiting?.Set(Shard, isComputed: true);
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
        _waiting?.Set(Shard, isComputed: false);
        foreach (var bucket in _buckets)
        {
            bucket.Missing = 0;
            bucket.Sum.Next.Span.Clear();
        }

        for (var output = _firstGradient; output < _endGradient; output++)
        {
            if (Waits && _places[output].Bucket != Nowhere) Waited(output).CopyTo(Next(output).Span);
        }

        foreach (var bucket in _buckets) bucket.Sum.Push();
        StartComplete();
    }

    public void IsThere(int output)
    {
        var place = Next(output).Span;
        if (!_plan!.IsBrought[output]) _plan.Outputs[output].Floats.CopyTo(place);
        if (_places[output].Bucket == Nowhere) return;
        if (Waits && IsGradient(output)) TensorPrimitives.Add(Waited(output), place, place);
        var bucket = _buckets[_places[output].Bucket];
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

    private bool IsGradient(int output) => output >= _firstGradient && output < _endGradient;

    private ReadOnlySpan<float> Waited(int output) => _waiting!.Sum(Shard, output - _firstGradient);

    /// <summary>Where an output of the current shard goes.</summary>
    private Memory<float> Next(int output)
    {
        var (bucket, offset, length) = _places[output];
        return bucket == Nowhere ? _waiting!.Next(Shard, output - _firstGradient) : _buckets[bucket].Sum.Next.Slice(offset, length);
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
