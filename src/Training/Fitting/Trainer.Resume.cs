using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <content>Where training stands, and going on from there.</content>
public sealed partial class Trainer
{
    private FitPosition? _resume;
    private IReadOnlyList<Callback> _callbacks = [];
    private History _history = new();
    private bool _underWay;
    private int _epoch;
    private int _step;
    private int? _batchesPerEpoch;

    /// <summary>Whether a Fit is under way, or was stopped before its end.</summary>
    internal bool IsUnderWay => _underWay;

    /// <summary>All that training changed beside the weights; what a file needs to go on.</summary>
    internal SavedState State => new(
        Iterations,
        _compiled.State.LearningRate.Storage[0],
        [.. _compiled.State.Slots.Select(slot => (slot.Name, slot.Shape, slot.Storage))],
        _underWay
            ? new FitPosition(_epoch, _step, _batchesPerEpoch, _training.Sums, [.. _callbacks.Where(callback => callback.State.Length > 0).Select(callback => (callback.GetType().Name, callback.State))], _history.Before(_epoch))
            : _resume);

    /// <summary>Puts a saved state in the place of the present one; the next Fit goes on at its position.</summary>
    internal void Restore(SavedState state)
    {
        _compiled.State.Restore(state.Slots);
        _compiled.State.Steps = state.Iterations;
        _compiled.State.LearningRate.Storage[0] = state.LearningRate;
        _resume = state.Position;
    }

    /// <summary>Takes the position that was restored, unless the caller says himself where to begin; gives callbacks back what they remembered.</summary>
    private FitPosition? TakePosition(int initialEpoch, BatchSource batches, IReadOnlyList<Callback> callbacks)
    {
        var position = initialEpoch == 0 ? _resume : null;
        if (position is { Step: > 0, BatchesPerEpoch: { } saved } && batches.BatchesPerEpoch is { } given && saved != given)
        {
            throw new ModelException(
                $"Training was saved after step {position.Step} of an epoch of {saved} batches, but this data makes {given}, so that step is another place. Go on with the same data and batch size, or pass initialEpoch: {position.Epoch + 1} to go on with the next epoch.");
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

    /// <summary>Goes to the step where the epoch was left; the learning rate is the saved one, whatever callbacks made of it when told of the epoch a second time.</summary>
    private void Skip(FitPosition position, BatchSource batches, float rate)
    {
        _compiled.State.LearningRate.Storage[0] = rate;
        for (var i = 0; i < position.Step; i++)
        {
            if (!batches.MoveNext()) throw new ModelException($"Training was saved after step {position.Step} of an epoch, but this data ends after {i}. Go on with the same data and batch size.");
        }

        _training.Restore(position.Sums, batches);
    }
}
