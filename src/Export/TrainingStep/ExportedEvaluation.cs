using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Evaluations where the weights are: on the device for data with targets as those of a step that was made there, by the engine for others.</summary>
/// <param name="steps">The training steps.</param>
/// <param name="engine">Evaluates by the engine.</param>
internal sealed class ExportedEvaluation(ExportedSteps steps, StepExecutor engine) : StepExecutor
{
    private IReadOnlyList<(string Name, Metric Metric, int Sums)> _metrics = [];

    public override IReadOnlyList<(string Name, Metric Metric, int Sums)> Metrics => _metrics;

    public override IEnumerable<Weight> Updated => [];

    public override void Prepare(BatchSource batch) => engine.Prepare(batch);

    public override bool Run(BatchSource batch, ulong step)
    {
        if (steps.Find(batch) is { } device && device.Evaluates)
        {
            _metrics = device.Step.Check.Metrics;
            if (Results.Length == 0) Results = Array.ConvertAll(steps.Results, result => new float[result.Length]);
            device.Evaluate(batch, Results);
            return true;
        }

        var isFinite = engine.Run(batch, step);
        (_metrics, Results) = (engine.Metrics, engine.Results);
        return isFinite;
    }
}
