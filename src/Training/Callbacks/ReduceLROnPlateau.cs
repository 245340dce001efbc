using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Training;

/// <summary>Reduces the learning rate when a monitored value no longer improves; logs <c>learning_rate</c>.</summary>
/// <remarks>https://keras.io/api/callbacks/reduce_lr_on_plateau/</remarks>
/// <param name="monitor">The name of the monitored value.</param>
/// <param name="factor">The factor on the learning rate, below 1.</param>
/// <param name="patience">The number of epochs without improvement to wait for.</param>
/// <param name="verbose">1 to print each reduction, 0 to be silent.</param>
/// <param name="mode">Whether larger or smaller values are better.</param>
/// <param name="minDelta">The smallest change that counts as improvement.</param>
/// <param name="cooldown">The number of epochs after a reduction during which epochs without improvement are not counted.</param>
/// <param name="minLr">The lower bound of the learning rate; at least 0.</param>
/// <exception cref="ModelException">The factor is not between 0 and 1, the smallest change is not finite, or the lower bound is negative.</exception>
/// <example><code>
/// trainer.Fit(x, y, epochs: 100, validationSplit: 0.2, callbacks: [new ReduceLROnPlateau(factor: 0.2, patience: 5)]);
/// </code></example>
public sealed class ReduceLROnPlateau(
    string monitor = "val_loss",
    double factor = 0.1,
    int patience = 10,
    int verbose = 0,
    MonitorMode mode = MonitorMode.Auto,
    double minDelta = 1e-4,
    int cooldown = 0,
    double minLr = 0)
    : Callback
{
    private readonly MetricMonitor _monitor = new(monitor, mode, minDelta, nameof(ReduceLROnPlateau));
    private readonly float _factor = factor is > 0 and < 1
        ? (float)factor
        : throw new ModelException($"ReduceLROnPlateau has factor {factor}; expected a number between 0 and 1.");
    private readonly float _minLr = (float)Check.NotNegative(minLr, nameof(ReduceLROnPlateau), nameof(minLr));
    private int _wait;
    private int _cooling;

    internal override bool NeedsWholeEpochs => true;

    internal override double[] State
    {
        get => [_monitor.Best, _wait, _cooling];
        set => (_monitor.Best, _wait, _cooling) = (value[0], (int)value[1], (int)value[2]);
    }

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        (_wait, _cooling) = (0, 0);
        _monitor.Best = double.NaN;
        _monitor.Begin(Trainer);
        if (!Trainer.Compiled.Optimizer.LearningRate.IsConstant)
        {
            throw new ModelException(
                "ReduceLROnPlateau cannot change the learning rate, because the optimizer follows a schedule. "
                + "Give the optimizer a plain number, or leave the callback out.");
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        logs["learning_rate"] = Trainer.LearningRate;
        if (_monitor.Read(Trainer, epoch, logs) is not { } value) return;
        if (_cooling > 0)
        {
            _cooling--;
            _wait = 0;
        }

        if (_monitor.Improves(value))
        {
            (_monitor.Best, _wait) = (value, 0);
        }
        else if (_cooling == 0 && ++_wait >= patience && (float)Trainer.LearningRate > _minLr)
        {
            var rate = Math.Max((float)Trainer.LearningRate * _factor, _minLr);
            Trainer.LearningRate = rate;
            CallbackNote.Write(verbose, epoch, $"ReduceLROnPlateau reduces the learning rate to {rate:G6}.");
            (_cooling, _wait) = (cooldown, 0);
        }
    }
}
