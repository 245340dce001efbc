using System.ComponentModel;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Looks inside models: what their layers compute, and where two of them part.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ModelInspection
{
    /// <summary>
    /// Computes every layer's output, in models inside the model too: shape, least, greatest, mean, standard deviation, share of zeros, and what is not finite.
    /// </summary>
    /// <param name="model">The model; states of stateful layers move on as in a prediction.</param>
    /// <param name="x">The data of the inputs, at least one sample.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <exception cref="ModelException">There is no sample, or the data does not fit the inputs.</exception>
    /// <example><code>Console.WriteLine(model.Debug(x));</code></example>
    public static DebugReport Debug(this Model model, NDArrays x, int batchSize = 32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        DataChecks.Build(model, x);
        var layers = InspectedLayers.Of(model);
        var sums = layers.Select(_ => new StatisticsSum()).ToArray();
        using var held = WeightGate.Hold(model.Weights);
        foreach (var (batch, samples) in InspectedLayers.Batches(model, x, batchSize))
            InspectedLayers.Compute(model, layers, batch, (i, buffer) => sums[i].Add(buffer, samples));
        return new DebugReport([.. layers.Zip(sums, (layer, sum) => sum.Result(layer))]);
    }

    /// <summary>
    /// Compares two models on the same data: layers of the same name, or all layers in their order if the two have the same classes in it, and the outputs.
    /// </summary>
    /// <remarks>A model and its file are compared by <c>OnnxFile.Verify</c>, with <c>Samples</c> for data of yours.</remarks>
    /// <param name="model">The model.</param>
    /// <param name="other">Another model, which takes the same data.</param>
    /// <param name="x">The data of the inputs, at least one sample.</param>
    /// <param name="tolerance">The difference that is allowed, as a share of the output's largest absolute number.</param>
    /// <param name="batchSize">The number of samples per batch; the outputs of all layers for one batch are in memory at a time.</param>
    /// <exception cref="ModelException">
    /// There is no sample, the data does not fit the inputs of both, they have different numbers of outputs, or the tolerance is negative.
    /// </exception>
    /// <example><code>Console.WriteLine(student.Compare(teacher, x));</code></example>
    public static ComparisonReport Compare(this Model model, Model other, NDArrays x, double tolerance = 1e-4, int batchSize = 32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(x);
        if (!(tolerance >= 0)) throw new ModelException($"tolerance is {tolerance}; expected 0 or more.");
        DataChecks.Build(model, x);
        DataChecks.Build(other, x);
        return ModelComparison.Run(model, other, x, tolerance, batchSize);
    }
}
