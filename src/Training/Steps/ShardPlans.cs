using System.Numerics.Tensors;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>The plans of the shards of batches whose targets have one shape, and of the update that follows from their sums.</summary>
internal sealed class ShardPlans
{
    // The names of the plans among the keys of the cache.
    private const string OfShards = "shard";
    private const string OfStopping = "shard ";
    private const string OfDivisors = "divisors";
    private const string OfSums = "sums";
    private const string OfWaiting = "waiting";

    private readonly CompiledTraining _compiled;
    private readonly ModelEngine _engine;
    private readonly ulong _seed;
    private readonly bool _training;
    private readonly PlanCache _plans;
    private readonly TensorSpec[] _behind;
    private readonly int[] _lengths;
    private readonly int _losses;
    private readonly int _metrics;
    private readonly double[] _divisors;
    private readonly float[] _shares;
    private readonly int _firstGradient;
    private readonly WaitingGradients? _waiting;
    private readonly ShardSums _updating;
    private readonly ShardSums? _gathering;
    private readonly ShardStops? _stops;
    private readonly Dictionary<(int Samples, int Arrays), TensorSpec[]> _specs = [];

    /// <param name="compiled">Model, losses, metrics, optimizer.</param>
    /// <param name="engine">The engine of the model.</param>
    /// <param name="seed">The seed of random layers.</param>
    /// <param name="training">Whether weights move.</param>
    /// <param name="batch">A batch whose targets have the shape.</param>
    /// <param name="waiting">Finds the gradients that wait for an update, by their lengths; null if each step updates.</param>
    public ShardPlans(
        CompiledTraining compiled, ModelEngine engine, ulong seed, bool training, BatchSource batch, Func<IReadOnlyList<int>, WaitingGradients>? waiting)
    {
        (_compiled, _engine, _seed, _training) = (compiled, engine, seed, training);
        var distribution = compiled.Distribution;
        _plans = new PlanCache(engine.Arenas);
        TensorSpec[] arrays = [.. Enumerable.Range(0, batch.Arrays).Select(batch.SpecOf)];
        _behind = [.. arrays.Skip(compiled.Model.Inputs.Count).Select(Open)];
        Shard = ShardGraph.For(compiled, arrays, training);
        Joined = new JoinedGraph(compiled, Shard, training);
        _losses = Shard.Terms.Losses.Count;
        _metrics = Shard.Terms.MetricSums.Count;
        _lengths = [.. Shard.Outputs.Select(output => checked((int)output.Spec.Shape.ElementCount))];
        _firstGradient = _losses + 1 + _metrics;
        var gradients = Shard.Gradients.Count;
        _waiting = waiting?.Invoke(_lengths[_firstGradient..(_firstGradient + gradients)]);
        _updating = new ShardSums(distribution, _lengths, _firstGradient, gradients, _waiting);
        if (_waiting is not null) _gathering = new ShardSums(distribution, _lengths, _firstGradient, gradients, _waiting, gathers: true);
        if (training && Shard.IsStopping) _stops = new ShardStops(distribution, _updating.Own.Count, OfStopping);
        _divisors = new double[distribution.Shards * Shard.Divisors.Count];
        _shares = new float[distribution.Shards * _losses];
    }

    /// <summary>What is computed of a shard.</summary>
    public ShardGraph Shard { get; }

    /// <summary>What is computed of the sums.</summary>
    public JoinedGraph Joined { get; }

    /// <summary>Whether the gradients of the step wait for a later one, which updates.</summary>
    public bool Gathers { get; set; }

    /// <summary>Adds what the shards give.</summary>
    public ShardSums Sums => Gathers ? _gathering! : _updating;

    /// <summary>Whether targets and sample weights have the shapes of these.</summary>
    public bool Fits(BatchSource batch)
    {
        var inputs = batch.Arrays - _behind.Length;
        var fits = inputs == _compiled.Model.Inputs.Count;
        for (var i = 0; i < _behind.Length && fits; i++)
        {
            var (own, given) = (_behind[i], batch.SpecOf(inputs + i));
            fits = own.Type == given.Type && own.Shape.Rank == given.Shape.Rank;
            for (var axis = 1; axis < own.Shape.Rank && fits; axis++) fits = own.Shape[axis] == given.Shape[axis];
        }

        return fits;
    }

    /// <summary>The total loss, the losses, the sums of metrics.</summary>
    public float[][] NewResults() => [new float[1], .. Enumerable.Range(0, _losses + _metrics).Select(i => new float[_lengths[i < _losses ? i : i + 1]])];

    /// <summary>Finds the share of each shard in each loss: in proportion to its samples, or to what the loss is divided by.</summary>
    public void FindShares(BatchSource batch, ulong step)
    {
        var (samples, shards, own, counted) = (batch.Samples, _compiled.Distribution.Shards, Sums.Own, Shard.Divisors.Count);
        for (var shard = 0; shard < shards; shard++)
        {
            var count = EvenRange.Of(shard, shards, samples).Count;
            _shares.AsSpan(shard * _losses, _losses).Fill((float)((double)count / samples));
        }

        if (counted == 0) return;
        Array.Clear(_divisors);
        for (var shard = own.First; shard < own.End; shard++)
        {
            var range = EvenRange.Of(shard, shards, samples);
            if (range.Count == 0) continue;
            using var run = Begin(OfDivisors, batch, range.Count);
            Fill(run.Plan, batch, range);
            run.Plan.Run(_engine.Pool, step);
            for (var i = 0; i < counted; i++) _divisors[(shard * counted) + i] = run.Plan.Outputs[i].Floats[0];
        }

        // Each number is of one rank, to which the others add zeros.
        _compiled.Distribution.Communicator.AllReduce(_divisors);
        for (var i = 0; i < counted; i++)
        {
            var whole = 0.0;
            for (var shard = 0; shard < shards; shard++) whole += _divisors[(shard * counted) + i];
            for (var shard = 0; shard < shards; shard++)
                _shares[(shard * _losses) + Shard.Divisors[i].Loss] = whole == 0 ? 0 : (float)(_divisors[(shard * counted) + i] / whole);
        }
    }

    /// <summary>Computes the shards of this process one after the other, and adds them.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="step">The number of the step.</param>
    public void Compute(BatchSource batch, ulong step)
    {
        Sums.Begin();
        if (_stops is not null)
        {
            ComputeTogether(batch, step, _stops);
            return;
        }

        for (var shard = Sums.Own.First; shard < Sums.Own.End; shard++)
        {
            var range = EvenRange.Of(shard, _compiled.Distribution.Shards, batch.Samples);
            if (range.Count == 0)
            {
                Sums.Skip();
                continue;
            }

            using var run = Begin(OfShards, batch, range.Count);
            Fill(run.Plan, batch, range, shard);
            run.Plan.Run(_engine.Pool, Drawing(step, shard), Sums.Next(run.Plan));
        }
    }

    /// <summary>Computes the shards up to each sum over all shards, which all then read.</summary>
    private void ComputeTogether(BatchSource batch, ulong step, ShardStops stops)
    {
        var (own, shards) = (Sums.Own, _compiled.Distribution.Shards);
        try
        {
            for (var shard = own.First; shard < own.End; shard++)
            {
                var range = EvenRange.Of(shard, shards, batch.Samples);
                if (range.Count == 0) continue;
                var run = Begin(stops.NameOf(shard - own.First), batch, range.Count);
                stops.Add(shard - own.First, run);
                Fill(run.Plan, batch, range, shard);
            }

            // A process without samples takes part in the sums.
            if (stops.Lengths is null) stops.Lengths = LengthsOfStops(batch);
            for (var part = 0; part <= stops.Lengths.Count; part++)
            {
                for (var shard = own.First; shard < own.End; shard++)
                    stops.PlanOf(shard - own.First)?.RunPart(_engine.Pool, Drawing(step, shard), part);
                if (part < stops.Lengths.Count) stops.Sum(part);
            }

            for (var shard = 0; shard < own.Count; shard++)
            {
                if (stops.PlanOf(shard) is { } plan) Sums.Add(plan);
                else Sums.Skip();
            }
        }
        finally
        {
            stops.Leave();
        }
    }

    private IReadOnlyList<int> LengthsOfStops(BatchSource batch)
    {
        using var run = Begin(OfStopping, batch, 1);
        return ShardStops.LengthsOf(run.Plan);
    }

    /// <summary>The number of the step for random numbers: each shard draws its own, whoever computes it.</summary>
    private ulong Drawing(ulong step, int shard) => (step * (ulong)_compiled.Distribution.Shards) + (ulong)shard;

    /// <summary>Makes the update that follows from the sums.</summary>
    /// <param name="results">Receives the losses and metrics.</param>
    /// <param name="step">The number of the step.</param>
    /// <returns>False if the loss is not finite: no weight was changed then.</returns>
    public bool Join(float[][] results, ulong step)
    {
        using var run = Begin(Gathers ? OfWaiting : OfSums, null, 0);
        var (plan, input) = (run.Plan, 0);
        for (var i = 0; i < _lengths.Length; i++)
        {
            var part = Sums.Of(i);
            if (i < _losses) part.Span.CopyTo(results[1 + i]);

            // The sums of metrics lie behind the losses and the penalty, and nothing follows from them.
            if (i > _losses && i <= _losses + _metrics) part.Span.CopyTo(results[i]);
            else plan.Inputs[input++].Storage.Memory = part;
        }

        var isFinite = plan.Run(_engine.Pool, step);
        results[0][0] = plan.Outputs[0].Floats[0];
        if (isFinite && Gathers) _waiting!.Add();
        else if (isFinite) _waiting?.Clear();
        return isFinite;
    }

    /// <summary>Adds the gradients that wait over all processes, to what the optimizer has accumulated.</summary>
    public void Settle()
    {
        _updating.Begin();
        for (var shard = 0; shard < _updating.Own.Count; shard++) _updating.Skip();
        _updating.Wait();
        for (var i = 0; i < Shard.Gradients.Count; i++)
        {
            var slot = _compiled.State.Find(OptimizerState.AccumulatedOf(Shard.Gradients[i].Path))!.Storage;
            TensorPrimitives.Add(slot, _updating.Of(_firstGradient + i).Span, slot);
        }

        _waiting!.Clear();
    }

    private static void Fill(ExecutionPlan plan, BatchSource batch, EvenRange range)
    {
        for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, range.First, range.Count, plan.Inputs[i]);
    }

    private void Fill(ExecutionPlan plan, BatchSource batch, EvenRange range, int shard)
    {
        Fill(plan, batch, range);
        for (var i = 0; i < _losses; i++) plan.Inputs[batch.Arrays + i].Floats[0] = _shares[(shard * _losses) + i];
        plan.Inputs[batch.Arrays + _losses].Floats[0] = (float)((double)range.Count / batch.Samples);
    }

    private PlanRun Begin(string which, BatchSource? batch, int count)
    {
        var key = new PlanKey(which, batch is null ? [] : SpecsFor(batch, count));
        return _plans.TryEnter(key, out var run) ? run : Prepare(key.ToKeep());
    }

    /// <summary>The arrays of a shard; sequences of a batch may have other lengths than those of the last one.</summary>
    private TensorSpec[] SpecsFor(BatchSource batch, int count)
    {
        var known = _specs.GetValueOrDefault((count, batch.Arrays));
        var fits = known is not null;
        for (var i = 0; i < batch.Arrays && fits; i++)
        {
            var (own, given) = (known![i].Shape, batch.SpecOf(i).Shape);
            for (var axis = 1; axis < given.Rank && fits; axis++) fits = own[axis] == given[axis];
        }

        return fits ? known! : _specs[(count, batch.Arrays)] = Specs(batch, count);
    }

    // Separate methods: what their lambdas capture would be allocated on every call.
    private static TensorSpec[] Specs(BatchSource batch, int count) =>
        [.. Enumerable.Range(0, batch.Arrays).Select(i => batch.SpecOf(i) with { Shape = batch.SpecOf(i).Shape.With(0, count) })];

    private PlanRun Prepare(PlanKey key) => MemoryShortage.Guard($"to plan a step on {string.Join(", ", key.Specs)}", _compiled.Model, () =>
    {
        var request = key.What switch
        {
            OfShards => Request(Shard.Inputs, Shard.Outputs, []) with { BringsOutputs = true },
            _ when key.What.StartsWith(OfStopping, StringComparison.Ordinal) => Request(Shard.Inputs, Shard.Outputs, []) with { StopsForShards = true },
            OfDivisors => Request(Shard.Terms.Inputs, [.. Shard.Divisors.Select(entry => entry.Divisor)], []),
            _ => Request(Joined.Inputs, [Joined.Total], key.What == OfWaiting ? Joined.UpdatesWhileWaiting : Joined.Updates) with
            {
                BringsInputs = true,
                MustBeFinite = _training ? [0] : [],
            },
        };
        TensorSpec[] specs = key.What switch
        {
            OfDivisors => key.Specs,
            OfSums or OfWaiting => [.. Joined.Inputs.Select(input => input.Spec)],
            _ => [.. key.Specs, .. Enumerable.Repeat(new TensorSpec(Shape.Of(), DType.Float32), _losses + 1)],
        };
        return _plans.Enter(key, new KeptPlan(Planner.Plan(request, specs)));
    });

    private PlanRequest Request(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs, IReadOnlyList<(Weight, Value)> updates) =>
        new(PlanOptions.Of(_engine.Model, _seed), inputs, outputs, updates) { Memory = PlanMemory.Arena };

    private static TensorSpec Open(TensorSpec spec) => spec with { Shape = spec.Shape.With(0, Shape.Unknown) };
}
