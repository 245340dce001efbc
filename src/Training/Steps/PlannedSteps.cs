using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Steps by plans of the engine, one per shape of a batch. A warm step allocates nothing.</summary>
internal sealed class PlannedSteps(CompiledTraining compiled, ModelEngine engine, ulong seed, bool training) : StepExecutor
{
    private readonly PlanCache _plans = new(engine.Arenas);
    private TensorSpec[] _specs = [];
    private KeptStep? _last;

    // Steps that only accumulate do not compute an update that they would not make.
    private AccumulationPhase _phase;

    public override IReadOnlyList<(string Name, Metric Metric, int Sums)> Metrics => Last.Graph.Metrics;

    public override IEnumerable<Weight> Updated => Last.Graph.Updates.Select(update => update.Weight);

    /// <summary>The plan of the last step.</summary>
    public ExecutionPlan Plan => Last.Plan;

    private KeptStep Last => _last ?? throw new InvalidOperationException("No step was run.");

    public override void Prepare(BatchSource batch) => Choose(batch).Dispose();

    public override bool Run(BatchSource batch, ulong step)
    {
        if (training) _phase = compiled.Optimizer.PhaseOf(step);
        using var run = Choose(batch);
        var plan = run.Plan;
        for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, plan.Inputs[i]);
        var isFinite = plan.Run(engine.Pool, step);
        for (var i = 0; i < Results.Length; i++) plan.Outputs[i].Floats.CopyTo(Results[i]);
        return isFinite;
    }

    /// <summary>Begins a run of the plan for the current batch.</summary>
    private PlanRun Choose(BatchSource batch)
    {
        if (_last is { } last && last.Phase == _phase && Fits(last, batch) && _plans.TryEnter(last, out var run)) return run;
        if (_specs.Length != batch.Arrays) _specs = new TensorSpec[batch.Arrays];
        for (var i = 0; i < _specs.Length; i++) _specs[i] = batch.SpecOf(i);
        if (!_plans.TryEnter(new PlanKey(Name(_phase), _specs), out run)) return Prepare();
        _last = (KeptStep)run.Kept;
        return run;
    }

    private static string Name(AccumulationPhase phase) => phase switch
    {
        AccumulationPhase.Waiting => "waiting",
        AccumulationPhase.Updating => "updating",
        _ => "",
    };

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
        var key = new PlanKey(Name(_phase), _specs).ToKeep();
        return MemoryShortage.Guard($"to plan a step on {string.Join(", ", key.Specs)}", compiled.Model, () => Prepare(key));
    }

    private PlanRun Prepare(PlanKey key)
    {
        var inputs = compiled.Model.Inputs.Count;
        var known = _plans.ToArray().Append(_last).OfType<KeptStep>().FirstOrDefault(kept => kept.Phase == _phase && HasTargetsOf(kept.Key.Specs));
        var graph = known?.Graph ?? StepGraph.For(compiled, key.Specs, training, phase: _phase);
        var request = new PlanRequest(PlanOptions.Of(engine.Model, seed), graph.Inputs, graph.Outputs, graph.Updates)
        {
            Memory = PlanMemory.Arena,

            // A step whose loss is not finite would make all weights NaN.
            MustBeFinite = training ? [0] : [],
        };
        var step = new KeptStep(Planner.Plan(request, key.Specs), graph, _phase, known is null);
        if (Results.Length == 0) Results = [.. step.Plan.Outputs.Select(output => new float[output.Length])];
        var run = _plans.Enter(key, step);
        _last = step;
        return run;

        // A graph is built for the shapes of targets and sample weights, whatever their number of samples.
        bool HasTargetsOf(TensorSpec[] specs) =>
            specs.Length == key.Specs.Length && specs.Skip(inputs).Zip(key.Specs.Skip(inputs)).All(pair => Open(pair.First) == Open(pair.Second));

        static TensorSpec Open(TensorSpec spec) => spec with { Shape = spec.Shape.With(0, Shape.Unknown) };
    }

    /// <summary>A plan with the graph that it computes.</summary>
    private sealed class KeptStep(ExecutionPlan plan, StepGraph graph, AccumulationPhase phase, bool isFirst) : KeptPlan(plan)
    {
        // Node, value, operator and shape, measured roughly.
        private const long BytesPerNode = 400;

        public StepGraph Graph => graph;

        public AccumulationPhase Phase => phase;

        // The graph counts once, with the plan it was built for.
        public override long Bytes { get; } = plan.KeptBytes + (isFirst ? BytesPerNode * graph.NodeCount : 0);
    }
}
