namespace OnnxFunctional.Training;

/// <summary>Is told of the progress of training and may act on it (https://keras.io/api/callbacks/).</summary>
public abstract class Callback
{
    private Trainer? _trainer;

    /// <summary>The trainer that runs.</summary>
    /// <exception cref="InvalidOperationException">No training has begun.</exception>
    public Trainer Trainer => _trainer ?? throw new InvalidOperationException("A callback knows its trainer from the beginning of training on.");

    /// <summary>Whether a loss that is no number is left to this callback.</summary>
    internal virtual bool HandlesNaN => false;

    /// <summary>Whether stopping takes effect within the epoch.</summary>
    internal virtual bool StopsAtOnce => false;

    /// <summary>Whether a part of an epoch, which a cancellation leaves, tells it nothing.</summary>
    internal virtual bool NeedsWholeEpochs => false;

    /// <summary>What it remembers from epoch to epoch, so that a resumed training goes on alike.</summary>
    internal virtual double[] State
    {
        get => [];
        set
        {
        }
    }

    /// <summary>Before the first epoch.</summary>
    public virtual void OnTrainBegin()
    {
    }

    /// <summary>After the last epoch.</summary>
    public virtual void OnTrainEnd()
    {
    }

    /// <summary>Instead of <see cref="OnTrainEnd"/> where training ends by an exception, which goes on to the caller: the time to close files.</summary>
    public virtual void OnTrainFailed(Exception error)
    {
    }

    /// <summary>Before an epoch, counted from 0.</summary>
    public virtual void OnEpochBegin(int epoch)
    {
    }

    /// <summary>After an epoch, with losses and metrics by name; what is added to them is logged too.</summary>
    public virtual void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
    }

    /// <summary>Before a step, counted from 0 in each epoch.</summary>
    public virtual void OnBatchBegin(int batch)
    {
    }

    /// <summary>After a step, with its loss.</summary>
    public virtual void OnBatchEnd(int batch, float loss)
    {
    }

    /// <summary>After all callbacks were told of the end of an epoch, or of the part of it that was run; the time to write down where training stands.</summary>
    /// <param name="epoch">The epoch, counted from 0.</param>
    internal virtual void OnEpochDone(int epoch)
    {
    }

    /// <summary>Tells of the exception that ended training. Another one here is noted on the first and does not take its place.</summary>
    internal void Fail(Exception error)
    {
        try
        {
            OnTrainFailed(error);
        }
        catch (Exception second)
        {
            error.Data[GetType().Name] = second.ToString();
        }
    }

    internal void Attach(Trainer trainer) => _trainer = trainer;

    internal virtual void OnBatchEnd(int batch, StepRunner runner) => OnBatchEnd(batch, runner.LastLoss);
}
