using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Diagnosing;

namespace OnnxFunctional.Training;

/// <content>The usual faults of a training.</content>
public sealed partial class Trainer
{
    /// <summary>
    /// Looks for the usual faults of a training and says each in a sentence with numbers and a remedy. Before Fit it sees faults of the data, the model and the
    /// learning rate; after Fit, also whether the model is worse than a simple guess. The trainer and its model are not changed: what is tried is tried on
    /// copies of the weights.
    /// </summary>
    /// <param name="x">The data of the inputs, as for Fit.</param>
    /// <param name="y">The targets of the outputs, as for Fit.</param>
    /// <param name="batchSize">The number of samples per step that Fit is to make.</param>
    /// <param name="validationData">The data on which Fit evaluates; without, what is compared with validation data is not checked.</param>
    /// <param name="sampleWeight">The weights of the samples, as for Fit.</param>
    /// <param name="classWeight">The weights of the classes, as for Fit.</param>
    /// <param name="cancellationToken">Ends the checks.</param>
    /// <returns>The faults, what was checked, and what was not and why.</returns>
    /// <remarks>It takes about as long as 200 to 1000 steps; checks of the data read all of it once.</remarks>
    /// <example><code>
    /// var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy);
    /// Console.WriteLine(trainer.Diagnose(x, y, validationData: (x, y)));
    /// </code></example>
    /// <exception cref="ModelException">Data and model do not fit, values are not finite, or class indices are out of range: what Fit refuses too.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    [OverloadResolutionPriority(1)]
    public Diagnosis Diagnose(
        NDArrays x,
        NDArrays? y = null,
        int batchSize = 32,
        (NDArrays X, NDArrays Y)? validationData = null,
        NDArrays? sampleWeight = null,
        Dictionary<int, double>? classWeight = null,
        CancellationToken cancellationToken = default)
    {
        var arrays = Checked(x, y, sampleWeight);
        var validation = validationData is { } given ? Checked(given.X, given.Y, null) : null;
        if (classWeight is not null) arrays = Weighted(arrays, classWeight);
        DataChecks.BatchesFit(Model, arrays[0].Count, Size(batchSize));
        _compiled.CheckTrainable();
        using var examination = new Examination(this, arrays, validation, batchSize, cancellationToken);
        return FaultChecks.Run(examination);
    }

    /// <summary>Looks for the usual faults of a training on batches that are created on the fly; see the other overload.</summary>
    /// <param name="batches">The batches that Fit is to take, all of samples of one shape; the first of them are put together in memory.</param>
    /// <param name="steps">The number of batches to examine.</param>
    /// <param name="validationData">The batches on which Fit evaluates.</param>
    /// <param name="validationSteps">The number of those to examine.</param>
    /// <param name="classWeight">The weights of the classes, as for Fit.</param>
    /// <param name="cancellationToken">Ends the checks.</param>
    /// <returns>The faults, what was checked, and what was not and why.</returns>
    /// <exception cref="ModelException">
    /// There is no batch, batches differ in the shapes of their samples, data and model do not fit, values are not finite, or a number is out of range.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Diagnosis Diagnose(
        IEnumerable<Batch> batches,
        int steps = 100,
        IEnumerable<Batch>? validationData = null,
        int validationSteps = 100,
        Dictionary<int, double>? classWeight = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        var first = Gathered(batches, steps, nameof(steps));
        var held = validationData is null ? null : Gathered(validationData, validationSteps, nameof(validationSteps));
        return Diagnose(
            first.X, first.Y, first.Size, held is null ? null : (held.X, held.Y), first.SampleWeight, classWeight, cancellationToken);
    }

    /// <summary>The first batches as one, and the number of samples of the first.</summary>
    private static GatheredBatches Gathered(IEnumerable<Batch> batches, int steps, string name)
    {
        if (steps < 1) throw new ModelException($"{name} is {steps}; expected at least 1.");
        var taken = batches.Take(steps).ToList();
        if (taken.Count == 0) throw new ModelException("There is no batch to examine; expected at least one.");
        if (taken.Contains(null!)) throw new ModelException("A batch of the data is null.");
        var weights = taken.Select(batch => batch.SampleWeight).OfType<NDArrays>().ToList();
        if (weights.Count != 0 && weights.Count != taken.Count)
            throw new ModelException($"{weights.Count} of {taken.Count} batches have sample weights; expected all of them or none.");
        return new(
            NDArrays.Concatenate([.. taken.Select(batch => batch.X)]),
            NDArrays.Concatenate([.. taken.Select(batch => batch.Y)]),
            weights.Count == 0 ? null : NDArrays.Concatenate(weights),
            taken[0].X[0].Count);
    }

    private sealed record GatheredBatches(NDArrays X, NDArrays Y, NDArrays? SampleWeight, int Size);
}
