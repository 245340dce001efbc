namespace OnnxFunctional.Training;

/// <summary>Where an unfinished Fit stands: all that going on needs beside weights and the optimizer's state, since order and dropout follow from seed, epoch and step.</summary>
/// <param name="Epoch">The epoch that runs next or is under way, counted from 0.</param>
/// <param name="Step">Steps of that epoch that were made.</param>
/// <param name="BatchesPerEpoch">Batches of an epoch where known: with another batch size the same step is another place in the data.</param>
/// <param name="Sums">Losses and metrics of the epoch so far.</param>
/// <param name="Callbacks">What callbacks remember, by class and in order.</param>
/// <param name="History">The epochs so far.</param>
internal sealed record FitPosition(int Epoch, int Step, int? BatchesPerEpoch, StepSums Sums, IReadOnlyList<(string Class, double[] State)> Callbacks, IReadOnlyList<EpochLogs> History);

/// <summary>What was logged of a whole epoch.</summary>
internal sealed record EpochLogs(int Epoch, IReadOnlyList<(string Name, double Value)> Logs);

/// <summary>All numbers that training changed beside the model's weights, as a file holds them.</summary>
/// <param name="Iterations">Steps made so far.</param>
/// <param name="LearningRate">The learning rate of the next step, or of the last where a schedule gives it.</param>
/// <param name="Slots">The optimizer's slots in the order they were made.</param>
/// <param name="Position">Where an unfinished Fit stands; nothing where none is.</param>
internal sealed record SavedState(long Iterations, float LearningRate, IReadOnlyList<(string Name, Shape Shape, float[] Values)> Slots, FitPosition? Position);
