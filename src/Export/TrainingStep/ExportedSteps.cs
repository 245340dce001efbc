using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Steps in ONNX Runtime, one graph per shape of targets and sample weights; it takes any number of samples.</summary>
/// <param name="compiled">Model, losses, metrics, optimizer.</param>
/// <param name="seed">The seed of random layers.</param>
/// <param name="provider">The device.</param>
/// <param name="options">Threads and optimization.</param>
internal sealed class ExportedSteps(CompiledTraining compiled, ulong seed, ExecutionProvider provider, OnnxModelOptions options) : StepExecutor
{
    private readonly List<DeviceStep> _steps = [];
    private DeviceStep? _last;

    public override IReadOnlyList<(string Name, Metric Metric, int Sums)> Metrics => Graph.Metrics;

    public override IEnumerable<Weight> Updated => Graph.Updates.Select(update => update.Weight);

    private StepGraph Graph => _last?.Step.Step ?? throw new InvalidOperationException("No step was run.");

    public override void Prepare(BatchSource batch) => Choose(batch);

    public override bool Run(BatchSource batch, ulong step) => Choose(batch).Run(batch, Results);

    /// <summary>The step that was made on such a batch; null if there is none.</summary>
    public DeviceStep? Find(BatchSource batch)
    {
        if (_last is { } last && last.Step.Fits(batch)) return last;
        lock (_steps) return _steps.Find(known => known.Step.Fits(batch));
    }

    private DeviceStep Choose(BatchSource batch) => _last = Find(batch) ?? Open(batch);

    private DeviceStep Open(BatchSource batch)
    {
        var opened = new DeviceStep(Write(batch), provider, options);
        if (Results.Length == 0) Results = [.. opened.Step.Step.Outputs.Select(output => new float[output.Spec.Shape.ElementCount])];
        lock (_steps) _steps.Add(opened);
        return opened;
    }

    private ExportedStep Write(BatchSource batch)
    {
        var problems = new List<string>();
        var (inputs, outputs) = (compiled.Model.Inputs.Count, compiled.Model.Outputs.Count);
        TensorSpec[] behind = [.. Enumerable.Range(inputs, batch.Arrays - inputs).Select(batch.SpecOf).Select(Open)];
        var result = ExportedStep.Write(compiled, seed, behind[..outputs], behind[outputs..], problems);
        OnnxBackend.Refuse(problems, compiled.Model, provider);
        return result;

        static TensorSpec Open(TensorSpec spec) => spec with { Shape = spec.Shape.With(0, Shape.Unknown) };
    }
}
