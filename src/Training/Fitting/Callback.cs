namespace OnnxFunctional.Training;

/// <summary>Receives the progress of training and may act on it (https://keras.io/api/callbacks/).</summary>
/// <example><code>
/// sealed class StopWhenGood(double wanted) : Callback
/// {
///     public override void OnEpochEnd(int epoch, IDictionary&lt;string, double> logs)
///     {
///         if (logs["accuracy"] > wanted) Trainer.StopTraining = true;
///     }
/// }
/// </code></example>
public abstract class Callback
{
    private Trainer? _trainer;

    /// <summary>The trainer that runs Fit.</summary>
    /// <exception cref="InvalidOperationException">Training has not started.</exception>
    public Trainer Trainer =>
        _trainer ?? throw new InvalidOperationException("The trainer of a callback is known once training starts. Use it in OnTrainBegin or later.");

    /// <summary>Whether this callback handles a loss that is not finite.</summary>
    internal virtual bool HandlesNaN => false;

    /// <summary>Whether one process of several runs it: it writes a file.</summary>
    internal virtual bool IsForOneProcess => false;

    /// <summary>Whether stopping takes effect within an epoch.</summary>
    internal virtual bool StopsAtOnce => false;

    /// <summary>Whether it ignores the incomplete epoch that a cancellation leaves.</summary>
    internal virtual bool NeedsWholeEpochs => false;

    /// <summary>What it remembers from epoch to epoch, so that resumed training continues the same way.</summary>
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

    /// <summary>Called instead of <see cref="OnTrainEnd"/> if training ends with an exception, which is then rethrown: close files here.</summary>
    /// <param name="error">What ended training.</param>
    public virtual void OnTrainFailed(Exception error)
    {
    }

    /// <summary>Before an epoch, counted from 0.</summary>
    /// <param name="epoch">The epoch, counted from 0.</param>
    public virtual void OnEpochBegin(int epoch)
    {
    }

    /// <summary>After an epoch, with losses and metrics by name; entries added to them are logged too.</summary>
    /// <param name="epoch">The epoch, counted from 0.</param>
    /// <param name="logs">Losses and metrics by name.</param>
    public virtual void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
    }

    /// <summary>Before a step, counted from 0 in each epoch.</summary>
    /// <param name="batch">The step in the epoch, counted from 0.</param>
    public virtual void OnBatchBegin(int batch)
    {
    }

    /// <summary>After a step, with its loss.</summary>
    /// <param name="batch">The step in the epoch, counted from 0.</param>
    /// <param name="loss">The loss of the step.</param>
    public virtual void OnBatchEnd(int batch, float loss)
    {
    }

    /// <summary>After OnEpochEnd of all callbacks, also for an incomplete epoch: the time to save the position of training.</summary>
    /// <param name="epoch">The epoch, counted from 0.</param>
    internal virtual void OnEpochDone(int epoch)
    {
    }

    /// <summary>Passes on the exception that ended training. An exception thrown meanwhile is noted in the data of the first.</summary>
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

    internal virtual void Attach(Trainer trainer) => _trainer = trainer;

    internal virtual void OnBatchEnd(int batch, StepRunner runner) => OnBatchEnd(batch, runner.LastLoss);
}
