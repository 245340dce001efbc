using System.ComponentModel;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Profiling;

namespace OnnxFunctional.Training;

/// <summary>Measures where predictions spend their time; <see cref="Trainer.Profile"/> measures training steps.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ModelProfiling
{
    /// <summary>
    /// Measures predictions of a batch: time, operations, bytes and share of the roofline of each layer and each kernel. The model is not changed.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="x">The data of the inputs, at least one sample; the first batch of it is used.</param>
    /// <param name="batchSize">The number of samples of the batch.</param>
    /// <param name="steps">The number of predictions that are measured.</param>
    /// <param name="cancellationToken">Ends the profile.</param>
    /// <exception cref="ModelException">There is no sample, the data does not fit the inputs, or a number is out of range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <example><code>Console.WriteLine(model.Profile(x, batchSize: 1));</code></example>
    public static ProfileReport Profile(
        this Model model, NDArrays x, int batchSize = 32, int steps = 30, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        if (steps < 1) throw new ModelException($"steps is {steps}; expected at least 1.");
        DataChecks.Build(model, x);
        var (data, samples) = InspectedLayers.Batches(model, x, batchSize).First();
        var operators = model.Steps.Where(step => step.Node is not null).SelectMany(step => step.Outputs.Select(value => (Step: step, Value: value))).ToList();
        var outputs = model.Outputs.Select(output => output.Value).ToArray();
        var inputs = model.Inputs.Select(input => input.Value).ToArray();
        var map = Specialization.Of(inputs, [.. outputs, .. operators.Select(entry => entry.Value)], training: false, rule: Preparation.Of);
        var graph = Graph.Between(inputs, [.. outputs.Select(output => map[output])]);
        var trace = new PlanTrace();
        var request = new PlanRequest(PlanOptions.Of(model, model.Seed), inputs, graph.Outputs, []) { Trace = trace };
        using var held = WeightGate.Hold(model.Weights);
        using var plan = Planner.Plan(request, [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
        var owners = Owners.Of(model, graph, operators.Select(entry => (entry.Step, map[entry.Value])));
        var pool = ModelEngine.Of(model).Pool;
        return new StepProfiler(plan, trace, owners, pool, Fill).Run(samples, steps, cancellationToken);

        void Fill()
        {
            for (var i = 0; i < data.Count; i++) data[i].CopyTo(plan.Inputs[i]);
        }
    }
}
