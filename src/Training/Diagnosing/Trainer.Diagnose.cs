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
}
