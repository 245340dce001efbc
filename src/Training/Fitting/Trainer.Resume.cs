using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <content>The position of training, and resuming from it.</content>
public sealed partial class Trainer
{
    private FitPosition? _resume;
    private IReadOnlyList<Callback> _callbacks = [];
    private History _history = new();
    private bool _underWay;
    private int _epoch;
    private int _step;
    private int? _batchesPerEpoch;
    private int _validationFreq = 1;
    private bool _validates;

    /// <summary>Whether a Fit is running, or was cancelled before its end, in this process or in another one of its distribution.</summary>
    public bool IsUnderWay => _underWay;

    /// <summary>Whether Fit has data to evaluate on, but its validationFreq leaves this epoch out.</summary>
    internal bool SkipsValidation(int epoch) => _validates && (epoch + 1) % _validationFreq != 0;

    /// <summary>
    /// Whether gradients wait for an update that processes make of several steps: the state of training cannot be saved before it, or before the epoch ends.
    /// </summary>
    internal bool HoldsGradients => TrainingSteps.WaitingSteps > 0;

    /// <summary>All state of training beside the weights: what a file needs to resume.</summary>
    /// <exception cref="ModelException">Gradients wait for an update.</exception>
    internal SavedState State => HoldsGradients ? throw Holds() : new(
        Iterations,
        _compiled.State.LearningRate.Storage[0],
        [.. _compiled.State.Slots.Select(slot => (slot.Name, slot.Shape, slot.Storage))],
        _underWay
            ? new FitPosition(
                _epoch,
                _step,
                _batchesPerEpoch,
                _training.Sums,
                [.. _callbacks.Where(callback => callback.State.Length > 0).Select(callback => (callback.GetType().Name, callback.State))],
                _history.Before(_epoch))
            : _resume);

    /// <summary>Replaces the current state by a saved one; the next Fit resumes at its position.</summary>
    internal void Restore(SavedState state)
    {
        TrainingSteps.Forget();
        _compiled.State.Restore(state.Slots);
        _compiled.State.Steps = state.Iterations;
        _compiled.State.LearningRate.Storage[0] = state.LearningRate;
        _resume = state.Position;
    }

    private ModelException Holds() => new(
        $"The gradients of {_training.WaitingSteps} step(s) wait for an update, which processes of a distribution make once in gradientAccumulationSteps "
        + $"({_compiled.Optimizer.GradientAccumulationSteps}) steps, and are not part of what is saved. Save at the end of an epoch, or when "
        + $"Trainer.Iterations is a multiple of {_compiled.Optimizer.GradientAccumulationSteps}.");

    /// <summary>Takes the restored position, unless the caller gives an initial epoch, and restores the state of the callbacks.</summary>
    private FitPosition? TakePosition(int initialEpoch, BatchSource batches, IReadOnlyList<Callback> callbacks)
    {
        var position = initialEpoch == 0 ? _resume : null;
        if (position is { Step: > 0, BatchesPerEpoch: { } saved } && batches.BatchesPerEpoch is { } given && saved != given)
        {
            throw new ModelException(
                $"Training was saved after step {position.Step} of an epoch of {saved} batches, but this data has {given}, so that step is another position. "
                + $"Resume with the same data and batch size, or pass initialEpoch: {position.Epoch + 1} to continue with the next epoch.");
        }

        _resume = null;
        if (position is null) return null;
        var saves = position.Callbacks.ToList();
        foreach (var callback in callbacks)
        {
            var found = saves.FindIndex(entry => entry.Class == callback.GetType().Name && entry.State.Length == callback.State.Length);
            if (found < 0) continue;
            callback.State = saves[found].State;
            saves.RemoveAt(found);
        }

        return position;
    }

    /// <summary>
    /// Skips to the step at which the epoch was left. The learning rate is the saved one, even if callbacks changed it at the second start of the epoch.
    /// </summary>
    private void Skip(FitPosition position, BatchSource batches, float rate)
    {
        _compiled.State.LearningRate.Storage[0] = rate;
        for (var i = 0; i < position.Step; i++)
        {
            if (batches.MoveNext()) continue;
            throw new ModelException(
                $"Training was saved after step {position.Step} of an epoch, but this data ends after {i}. Resume with the same data and batch size.");
        }

        _training.Restore(position.Sums, batches);
    }
}
