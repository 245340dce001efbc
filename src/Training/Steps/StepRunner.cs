using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Runs steps of a backend, counts them, and adds up losses and metrics. A warm step allocates nothing.</summary>
internal sealed class StepRunner(CompiledTraining compiled, StepExecutor steps, bool training)
{
    private double[] _losses = [];
    private double[][] _sums = [];
    private double _samples;

    /// <summary>The weights that the last step set.</summary>
    public IEnumerable<Weight> Updated => steps.Updated;

    /// <summary>The loss of the last step.</summary>
    public float LastLoss { get; private set; }

    /// <summary>The plan of the last step, which the engine made.</summary>
    public ExecutionPlan Plan => ((PlannedSteps)steps).Plan;

    /// <inheritdoc cref="StepExecutor.WaitingSteps"/>
    public int WaitingSteps => steps.WaitingSteps;

    /// <summary>Losses and metrics added up so far.</summary>
    public StepSums Sums => new(_samples, [.. _losses], [.. _sums.Select(sum => (double[])sum.Clone())]);

    /// <summary>Continues from saved sums, as if the batches up to the current one had been run.</summary>
    public void Restore(StepSums sums, BatchSource batch)
    {
        steps.Prepare(batch);
        MakeSums();

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
        if (training) compiled.State.CheckCount(compiled.Optimizer);
        if (steps.Run(batch, step) && training) compiled.State.Count((long)step);
        MakeSums();
        var results = steps.Results;
        LastLoss = results[0][0];
        var samples = batch.Samples;
        _samples += samples;
        for (var i = 0; i < _losses.Length; i++) _losses[i] += results[i][0] * (double)samples;
        for (var i = 0; i < _sums.Length; i++)
        {
            var values = results[_losses.Length + i];
            for (var j = 0; j < values.Length; j++) _sums[i][j] += values[j];
        }
    }

    /// <inheritdoc cref="StepExecutor.Settle"/>
    public void Settle() => steps.Settle();

    /// <inheritdoc cref="StepExecutor.Forget"/>
    public void Forget() => steps.Forget();

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
        foreach (var (name, metric, count) in _losses.Length == 0 ? [] : steps.Metrics)
        {
            metric.Report(logs, prefix + name, _sums[next..(next + count)]);
            next += count;
        }

        // Without samples there is no loss; it is not zero.
        double Mean(int loss) => _samples == 0 ? double.NaN : _losses[loss] / _samples;
    }

    private void MakeSums()
    {
        if (_losses.Length > 0) return;
        if (training) compiled.Model.OptimizerParams = compiled.State.Params;
        _losses = new double[1 + compiled.Losses.Count(loss => loss is not null)];
        _sums = [.. steps.Results.Skip(_losses.Length).Select(result => new double[result.Length])];
    }
}
