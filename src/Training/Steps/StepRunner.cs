using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Runs steps: finds the plan for a batch, copies the data into it, adds up losses and metrics. A warm step allocates nothing.</summary>
internal sealed class StepRunner(CompiledTraining compiled, ModelEngine engine, ulong seed, bool training)
{
    private readonly List<(TensorSpec[] Specs, StepGraph Graph, ExecutionPlan Plan)> _plans = [];
    private StepGraph? _graph;
    private ExecutionPlan? _plan;
    private double[] _losses = [];
    private double[][] _sums = [];
    private double _samples;

    /// <summary>The graph of the last step.</summary>
    public StepGraph Graph => _graph ?? throw new InvalidOperationException("No step was run.");

    /// <summary>The loss of the last step.</summary>
    public float LastLoss { get; private set; }

    /// <summary>The plan of the last step.</summary>
    public ExecutionPlan Plan => _plan ?? throw new InvalidOperationException("No step was run.");

    /// <summary>Losses and metrics added up so far.</summary>
    public StepSums Sums => new(_samples, [.. _losses], [.. _sums.Select(sum => (double[])sum.Clone())]);

    /// <summary>Continues from saved sums, as if the batches up to the current one had been run.</summary>
    public void Restore(StepSums sums, BatchSource batch)
    {
        Choose(batch);

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
        Choose(batch);
        var plan = _plan!;
        for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, plan.Inputs[i]);
        if (training) compiled.State.CheckCount(compiled.Optimizer);
        plan.Run(engine.Pool, step);
        if (training) compiled.State.Count((long)step);
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
        logs[prefix + "loss"] = _samples == 0 ? 0 : _losses[0] / _samples;
        var trained = 0;
        for (var i = 0; i < compiled.Losses.Count; i++)
        {
            if (compiled.Losses[i] is null) continue;
            trained++;
            if (compiled.Losses.Count > 1) logs[prefix + compiled.Model.OutputNames[i] + "_loss"] = _samples == 0 ? 0 : _losses[trained] / _samples;
        }

        var next = 0;
        foreach (var (name, metric, count) in _graph?.Metrics ?? [])
        {
            metric.Report(logs, prefix + name, _sums[next..(next + count)]);
            next += count;
        }
    }

    private void Choose(BatchSource batch)
    {
        foreach (var (specs, graph, plan) in _plans)
        {
            var fits = specs.Length == batch.Arrays;
            for (var i = 0; i < specs.Length && fits; i++) fits = specs[i] == batch.SpecOf(i);
            if (!fits) continue;
            (_graph, _plan) = (graph, plan);
            return;
        }

        // A separate method: what its lambdas capture would be allocated on every call of this one.
        Prepare(batch);
    }

    private void Prepare(BatchSource batch)
    {
        var wanted = new TensorSpec[batch.Arrays];
        for (var i = 0; i < wanted.Length; i++) wanted[i] = batch.SpecOf(i);
        var inputs = compiled.Model.Inputs.Count;
        var known = _plans.Find(entry =>
            entry.Specs.Length == wanted.Length && entry.Specs.Skip(inputs).Zip(wanted.Skip(inputs)).All(pair => Open(pair.First) == Open(pair.Second)));
        _graph = known.Graph ?? StepGraph.For(compiled, wanted, training);
        _plan = Planner.Plan(new PlanRequest(PlanOptions.Of(engine.Model, seed), _graph.Inputs, _graph.Outputs, _graph.Updates), wanted);
        _plans.Add((wanted, _graph, _plan));
        if (_losses.Length == 0)
        {
            _losses = new double[1 + compiled.Losses.Count(loss => loss is not null)];
            _sums = [.. _plan.Outputs.Skip(_losses.Length).Select(output => new double[output.Length])];
        }

        static TensorSpec Open(TensorSpec spec) => spec with { Shape = spec.Shape.With(0, Shape.Unknown) };
    }
}
