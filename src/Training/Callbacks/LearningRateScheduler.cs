namespace OnnxFunctional.Training;

/// <summary>Sets the learning rate before every epoch; logs <c>learning_rate</c>.</summary>
/// <remarks>https://keras.io/api/callbacks/learning_rate_scheduler/</remarks>
/// <example><c>new LearningRateScheduler(epoch => 0.001f * MathF.Pow(0.1f, epoch / 10))</c></example>
public sealed class LearningRateScheduler : Callback
{
    private readonly Func<int, float, float> _schedule;

    /// <summary>Creates the callback.</summary>
    /// <param name="schedule">Returns the rate of an epoch, counted from 0.</param>
    public LearningRateScheduler(Func<int, float> schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _schedule = (epoch, _) => schedule(epoch);
    }

    /// <summary>Creates the callback.</summary>
    /// <param name="schedule">Returns the rate of an epoch, counted from 0, given the current rate.</param>
    public LearningRateScheduler(Func<int, float, float> schedule) => _schedule = schedule ?? throw new ArgumentNullException(nameof(schedule));

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch)
    {
        var rate = _schedule(epoch, Trainer.LearningRate);
        Trainer.LearningRate = float.IsFinite(rate) && rate >= 0
            ? rate
            : throw new ModelException($"The function of LearningRateScheduler returned {rate} for epoch {epoch}; expected a finite rate of at least 0.");
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        logs["learning_rate"] = Trainer.LearningRate;
    }
}
