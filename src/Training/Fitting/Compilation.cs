using System.ComponentModel;

namespace OnnxFunctional.Training;

/// <summary>Makes trainers of models.</summary>
/// <example><code>
/// var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
/// trainer.Fit(x, y, epochs: 10);
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Compilation
{
    /// <summary>Configures training and returns the trainer that fits the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">Updates the weights.</param>
    /// <param name="loss">
    /// What is minimized: one loss for every output, a list with one for each, or losses by the names of the outputs, <c>new() { ["class"] = loss }</c>. An
    /// output without one is not trained, and a warning. Without any, the losses that layers add by AddLoss are minimized.
    /// </param>
    /// <param name="lossWeights">Factors on the losses, in the order of the outputs or by their names; default: 1.</param>
    /// <param name="metrics">What is reported in addition, without sample weights: for every output, or by the names of the outputs.</param>
    /// <param name="weightedMetrics">What is reported in addition, with sample weights.</param>
    /// <param name="seed">The seed of shuffling and random layers; default: the model's seed.</param>
    /// <param name="threads">Threads of the engine, at most one per processor; default: all that the process may use. Results do not depend on it.</param>
    /// <param name="precision">The type in which a step computes and stores activations.</param>
    /// <param name="backend">What computes the training steps; default: <see cref="Backend.Engine"/>.</param>
    /// <param name="distribution">
    /// The processes that share the work, each of which runs the same program; default: <see cref="Distribution.None"/>. Batch sizes are those of all together.
    /// </param>
    /// <exception cref="ModelException">
    /// A name is not one of the model's outputs, a list has another length, an option of the optimizer is out of range, or the backend or the distribution
    /// cannot make the steps of this model; it then says all reasons.
    /// </exception>
    public static Trainer Compile(
        this Model model,
        Optimizer optimizer,
        LossList? loss = null,
        LossWeightList? lossWeights = null,
        MetricList? metrics = null,
        MetricList? weightedMetrics = null,
        ulong? seed = null,
        int? threads = null,
        MixedPrecision precision = MixedPrecision.Float32,
        Backend? backend = null,
        Distribution? distribution = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        optimizer.CheckOptions();
        var shared = distribution ?? Distribution.None;
        return new Trainer(model, optimizer, Compiled, seed ?? model.Seed, threads, backend ?? Backend.Engine, shared);

        // Names and shapes of outputs are known when the model is built.
        CompiledTraining Compiled()
        {
            var losses = loss?.InOrder(model.OutputNames) ?? new Loss?[model.Outputs.Count];
            var factors = lossWeights?.InOrder(model.OutputNames) ?? [.. model.OutputNames.Select(_ => 1f)];
            var chosen = metrics ?? [];
            chosen.Check(model.OutputNames);
            var weighted = weightedMetrics ?? [];
            weighted.Check(model.OutputNames);
            var compiled = new CompiledTraining(model, optimizer, losses, factors, chosen, weighted, precision) { Distribution = shared };
            CompileWarnings.Give(compiled);

            // What the optimizer before kept is no longer the model's.
            model.OptimizerParams = null;
            return compiled;
        }
    }
}
