using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Runs steps: finds the plan for a batch, copies the data into it, adds up losses and metrics. A warm step allocates nothing.</summary>
internal sealed class StepRunner(CompiledTraining compiled, ModelEngine engine, ulong seed, bool training)
{
    private readonly PlanCache _plans = new(engine.Arenas);
    private TensorSpec[] _specs = [];
    private KeptStep? _last;
    private double[] _losses = [];
    private double[][] _sums = [];
    private double _samples;

    /// <summary>The graph of the last step.</summary>
    public StepGraph Graph => Last.Graph;

    /// <summary>The loss of the last step.</summary>
    public float LastLoss { get; private set; }

    /// <summary>The plan of the last step.</summary>
    public ExecutionPlan Plan => Last.Plan;

    /// <summary>Losses and metrics added up so far.</summary>
    public StepSums Sums => new(_samples, [.. _losses], [.. _sums.Select(sum => (double[])sum.Clone())]);

    /// <summary>Continues from saved sums, as if the batches up to the current one had been run.</summary>
    public void Restore(StepSums sums, BatchSource batch)
    {
        Choose(batch).Dispose();

        // With other metrics than when saved, only the rest of the epoch is counted.
        if (sums.Losses.Length != _losses.Length || sums.Metrics.Length != _sums.Length) return;
        if (sums.Metrics.Zip(_sums).Any(pair => pair.First.Length != pair.Second.Length)) return;
        _samples = sums.Samples;
        sums.Losses.CopyTo(_losses, 0);
        for (var i = 0; i < _sums.Length; i++) sums.Metrics[i].CopyTo(_sums[i], 0);
    }

    /// <summary>Resets all losses and metrics.</summary>
    public void Reset()
    {
        _samples = 0;
        Array.Clear(_losses);
        foreach (var sum in _sums) Array.Clear(sum);
    }

    /// <summary>Runs the current batch.</summary>
    public void Run(BatchSource batch, ulong step)
    {
        using var run = Choose(batch);
        var plan = run.Plan;
        for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, plan.Inputs[i]);
        if (training) compiled.State.CheckCount(compiled.Optimizer);
        if (plan.Run(engine.Pool, step) && training) compiled.State.Count((long)step);
        LastLoss = plan.Outputs[0].Floats[0];
        var samples = batch.Samples;
        _samples += samples;
        for (var i = 0; i < _losses.Length; i++) _losses[i] += plan.Outputs[i].Floats[0] * (double)samples;
        for (var i = 0; i < _sums.Length; i++)
        {
            var values = plan.Outputs[_losses.Length + i].Floats;
            for (var j = 0; j < values.Length; j++) _sums[i][j] += values[j];
        }
    }

    /// <summary>Writes losses and metrics so far into logs.</summary>
    public void Report(Dictionary<string, double> logs, string prefix)
    {
        logs[prefix + "loss"] = Mean(0);
        var trained = 0;
        for (var i = 0; i < compiled.Losses.Count; i++)
        {
            if (compiled.Losses[i] is null) continue;
            trained++;
            if (compiled.Losses.Count > 1) logs[prefix + compiled.Model.OutputNames[i] + "_loss"] = Mean(trained);
        }

        var next = 0;
        foreach (var (name, metric, count) in _last?.Graph.Metrics ?? [])
        {
            metric.Report(logs, prefix + name, _sums[next..(next + count)]);
            next += count;
        }

        // Without samples there is no loss; it is not zero.
        double Mean(int loss) => _samples == 0 ? double.NaN : _losses[loss] / _samples;
    }

    private KeptStep Last => _last ?? throw new InvalidOperationException("No step was run.");

    /// <summary>Begins a run of the plan for the current batch.</summary>
    private PlanRun Choose(BatchSource batch)
    {
        if (_last is { } last && Fits(last, batch) && _plans.TryEnter(last, out var run)) return run;
        if (_specs.Length != batch.Arrays) _specs = new TensorSpec[batch.Arrays];
        for (var i = 0; i < _specs.Length; i++) _specs[i] = batch.SpecOf(i);
        if (!_plans.TryEnter(new PlanKey("", _specs), out run)) return Prepare();
        _last = (KeptStep)run.Kept;
        return run;
    }

    private static bool Fits(KeptStep step, BatchSource batch)
    {
        var specs = step.Key.Specs;
        var fits = specs.Length == batch.Arrays;
        for (var i = 0; i < specs.Length && fits; i++) fits = specs[i] == batch.SpecOf(i);
        return fits;
    }

    // A separate method: what its lambdas capture would be allocated on every call of Choose.
    private PlanRun Prepare()
    {
        var key = new PlanKey("", _specs).ToKeep();
        return MemoryShortage.Guard($"to plan a step on {string.Join(", ", key.Specs)}", compiled.Model, () => Prepare(key));
    }

    private PlanRun Prepare(PlanKey key)
    {
        var inputs = compiled.Model.Inputs.Count;
        var known = _plans.ToArray().Append(_last).OfType<KeptStep>().FirstOrDefault(kept => HasTargetsOf(kept.Key.Specs));
        var graph = known?.Graph ?? StepGraph.For(compiled, key.Specs, training);
        if (training) compiled.Model.OptimizerParams = compiled.State.Params;
        var request = new PlanRequest(PlanOptions.Of(engine.Model, seed), graph.Inputs, graph.Outputs, graph.Updates)
        {
            Memory = PlanMemory.Arena,

            // A step whose loss is not finite would make all weights NaN.
            MustBeFinite = training ? [0] : [],
        };
        var step = new KeptStep(Planner.Plan(request, key.Specs), graph, known is null);
        if (_losses.Length == 0)
        {
            _losses = new double[1 + compiled.Losses.Count(loss => loss is not null)];
            _sums = [.. step.Plan.Outputs.Skip(_losses.Length).Select(output => new double[output.Length])];
        }

        var run = _plans.Enter(key, step);
        _last = step;
        return run;

        // A graph is built for the shapes of targets and sample weights, whatever their number of samples.
        bool HasTargetsOf(TensorSpec[] specs) =>
            specs.Length == key.Specs.Length && specs.Skip(inputs).Zip(key.Specs.Skip(inputs)).All(pair => Open(pair.First) == Open(pair.Second));

        static TensorSpec Open(TensorSpec spec) => spec with { Shape = spec.Shape.With(0, Shape.Unknown) };
    }

    /// <summary>A plan with the graph that it computes.</summary>
    private sealed class KeptStep(ExecutionPlan plan, StepGraph graph, bool isFirst) : KeptPlan(plan)
    {
        // Node, value, operator and shape, measured roughly.
        private const long BytesPerNode = 400;

        public StepGraph Graph => graph;

        // The graph counts once, with the plan it was built for.
        public override long Bytes { get; } = plan.KeptBytes + (isFirst ? BytesPerNode * graph.NodeCount : 0);
    }
}
