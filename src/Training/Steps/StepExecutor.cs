using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>Makes the steps of a trainer: finds or prepares what computes them for the shapes of a batch, and runs it.</summary>
internal abstract class StepExecutor
{
    /// <summary>The metrics of the last batch with their names in logs and the numbers of sums that are theirs, in order.</summary>
    public abstract IReadOnlyList<(string Name, Metric Metric, int Sums)> Metrics { get; }

    /// <summary>The weights that the last step set.</summary>
    public abstract IEnumerable<Weight> Updated { get; }

    /// <summary>
    /// After the last run the total loss, the loss of each output, the sums of metrics. Their lengths are known once a batch was prepared, and stay.
    /// </summary>
    public float[][] Results { get; protected set; } = [];

    /// <summary>
    /// The number of steps whose gradients are not yet in the state of the optimizer: it accumulates, and processes add theirs once for several steps.
    /// </summary>
    public virtual int WaitingSteps => 0;

    /// <summary>Makes ready for batches of the current one's shapes.</summary>
    public abstract void Prepare(BatchSource batch);

    /// <summary>Computes the results of the current batch, and the next values of weights.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="step">The number of the step, for random numbers.</param>
    /// <returns>False if the loss of a training step is not finite: no weight was changed then.</returns>
    public abstract bool Run(BatchSource batch, ulong step);

    /// <summary>Brings gradients that wait into the state of the optimizer; all processes call it at the same step.</summary>
    public virtual void Settle()
    {
    }

    /// <summary>Drops gradients that wait, because another state takes the place of this one.</summary>
    public virtual void Forget()
    {
    }
}
