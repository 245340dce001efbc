using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Evaluations where the weights are: on the device for data with targets as those of a step that was made there, by the engine for others.</summary>
/// <param name="steps">The training steps.</param>
/// <param name="engine">Evaluates by the engine.</param>
internal sealed class ExportedEvaluation(ExportedSteps steps, StepExecutor engine) : StepExecutor
{
    private StepGraph? _graph;

    public override StepGraph Graph => _graph ?? throw new InvalidOperationException("No batch was evaluated.");

    public override void Prepare(BatchSource batch) => engine.Prepare(batch);

    public override bool Run(BatchSource batch, ulong step)
    {
        if (steps.Find(batch) is { } device && device.Evaluates)
        {
            _graph = device.Step.Check;
            if (Results.Length == 0) Results = Array.ConvertAll(steps.Results, result => new float[result.Length]);
            device.Evaluate(batch, Results);
            return true;
        }

        var isFinite = engine.Run(batch, step);
        (_graph, Results) = (engine.Graph, engine.Results);
        return isFinite;
    }
}
