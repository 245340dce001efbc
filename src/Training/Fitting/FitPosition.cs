namespace OnnxFunctional.Training;

/// <summary>
/// The position of an unfinished Fit: all that resuming needs beside weights and optimizer state, because shuffling and random numbers follow from seed, epoch
/// and step.
/// </summary>
/// <param name="Epoch">The current or next epoch, counted from 0.</param>
/// <param name="Step">The number of steps made in that epoch.</param>
/// <param name="BatchesPerEpoch">The number of batches of an epoch, if known: with another batch size the same step is another position in the data.</param>
/// <param name="Sums">Losses and metrics of the epoch so far.</param>
/// <param name="Callbacks">The state of the callbacks, by class and in order.</param>
/// <param name="History">The epochs so far.</param>
internal sealed record FitPosition(
    int Epoch,
    int Step,
    int? BatchesPerEpoch,
    StepSums Sums,
    IReadOnlyList<(string Class, double[] State)> Callbacks,
    IReadOnlyList<EpochLogs> History);

/// <summary>The logs of one epoch.</summary>
internal sealed record EpochLogs(int Epoch, IReadOnlyList<(string Name, double Value)> Logs);

/// <summary>All state of training beside the model's weights, as a file holds it.</summary>
/// <param name="Iterations">The number of steps made.</param>
/// <param name="LearningRate">The learning rate of the next step, or of the last one if a schedule computes it.</param>
/// <param name="Slots">The optimizer's slots in the order in which they were created.</param>
/// <param name="Position">The position of an unfinished Fit; null if there is none.</param>
internal sealed record SavedState(
    long Iterations, float LearningRate, IReadOnlyList<(string Name, Shape Shape, float[] Values)> Slots, FitPosition? Position);
