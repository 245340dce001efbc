using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Training;

/// <summary>Sets the learning rate before every epoch; logs <c>learning_rate</c>.</summary>
/// <remarks>https://keras.io/api/callbacks/learning_rate_scheduler/</remarks>
/// <example><c>new LearningRateScheduler(epoch => 0.001 * Math.Pow(0.1, epoch / 10))</c></example>
public sealed class LearningRateScheduler : Callback
{
    private readonly Func<int, double, double> _schedule;
    private readonly int _verbose;

    /// <summary>Creates the callback.</summary>
    /// <param name="schedule">Returns the rate of an epoch, counted from 0.</param>
    /// <param name="verbose">1 to print the rate of every epoch, 0 to be silent.</param>
    public LearningRateScheduler(Func<int, double> schedule, int verbose = 0)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        (_schedule, _verbose) = ((epoch, _) => schedule(epoch), verbose);
    }

    /// <summary>Creates the callback.</summary>
    /// <param name="schedule">Returns the rate of an epoch, counted from 0, given the current rate.</param>
    /// <param name="verbose">1 to print the rate of every epoch, 0 to be silent.</param>
    public LearningRateScheduler(Func<int, double, double> schedule, int verbose = 0)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        (_schedule, _verbose) = (schedule, verbose);
    }

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch)
    {
        var rate = _schedule(epoch, Trainer.LearningRate);
        Trainer.LearningRate = float.IsFinite((float)rate) && rate >= 0
            ? rate
            : throw new ModelException($"The function of LearningRateScheduler returned {rate} for epoch {epoch}; expected a finite rate of at least 0.");
        CallbackNote.Write(_verbose, epoch, $"LearningRateScheduler sets the learning rate to {rate:G6}.");
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        logs["learning_rate"] = Trainer.LearningRate;
    }
}
