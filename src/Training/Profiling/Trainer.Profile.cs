using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Profiling;

namespace OnnxFunctional.Training;

/// <content>Where the time of a step goes.</content>
public sealed partial class Trainer
{
    /// <summary>
    /// Measures training steps on a batch: time, operations, bytes and share of the roofline of each layer and each kernel, forward, backward and update. The
    /// trainer and its model are not changed: steps are made on copies of the weights.
    /// </summary>
    /// <param name="x">The data of the inputs, as for Fit; the first batch of it is used.</param>
    /// <param name="y">The targets of the outputs, as for Fit.</param>
    /// <param name="batchSize">The number of samples of the batch.</param>
    /// <param name="steps">The number of steps that are measured.</param>
    /// <param name="sampleWeight">The weights of the samples, as for Fit.</param>
    /// <param name="cancellationToken">Ends the profile.</param>
    /// <exception cref="ModelException">Data and model do not fit, the loss is not finite, or a number is out of range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <example><code>
    /// var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy);
    /// var profile = trainer.Profile(x, y);
    /// Console.WriteLine(profile);
    /// profile.SaveTrace("profile.json");
    /// </code></example>
    public ProfileReport Profile(
        NDArrays x,
        NDArrays? y = null,
        int batchSize = 32,
        int steps = 30,
        NDArrays? sampleWeight = null,
        CancellationToken cancellationToken = default)
    {
        if (steps < 1) throw new ModelException($"steps is {steps}; expected at least 1.");
        var batch = Batches(Checked(x, y, sampleWeight), batchSize, shuffle: false);
        batch.Start(0);
        batch.MoveNext();
        _compiled.CheckTrainable();
        var compiled = _compiled.In(_compiled.Precision);
        TensorSpec[] specs = [.. Enumerable.Range(0, batch.Arrays).Select(batch.SpecOf)];
        var graph = StepGraph.For(compiled, specs, training: true, examines: true);
        compiled.State.LearningRate.Storage[0] = _compiled.State.LearningRate.Storage[0];
        var trace = new PlanTrace();
        using var plan = new WeightCopies(Model).Plan(
            PlanOptions.Of(Model, Seed), graph.Inputs, graph.Outputs, graph.Updates, [], specs, mustBeFinite: [0], trace);
        return new StepProfiler(plan, trace, Owners.Of(Model, graph), Engine.Pool, Fill).Run(batch.Samples, steps, cancellationToken);

        void Fill()
        {
            for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, plan.Inputs[i]);
        }
    }
}
