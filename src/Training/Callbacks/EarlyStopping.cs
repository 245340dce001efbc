using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Stops training when a monitored value no longer improves.</summary>
/// <remarks>https://keras.io/api/callbacks/early_stopping/</remarks>
/// <param name="monitor">The name of the monitored value.</param>
/// <param name="minDelta">The smallest change that counts as improvement.</param>
/// <param name="patience">The number of epochs without improvement to wait for.</param>
/// <param name="verbose">1 to print when training is stopped and which weights are restored, 0 to be silent.</param>
/// <param name="mode">Whether larger or smaller values are better.</param>
/// <param name="baseline">A value that must be beaten for an epoch to count as improvement; default: none.</param>
/// <param name="restoreBestWeights">Whether the weights of the best epoch are restored at the end.</param>
/// <param name="startFromEpoch">The number of epochs before monitoring starts.</param>
/// <exception cref="ModelException">The smallest change or the baseline is not finite.</exception>
/// <example><code>
/// trainer.Fit(x, y, epochs: 100, validationSplit: 0.2, callbacks: [new EarlyStopping(patience: 5, restoreBestWeights: true)]);
/// </code></example>
public sealed class EarlyStopping(
    string monitor = "val_loss",
    double minDelta = 0,
    int patience = 0,
    int verbose = 0,
    MonitorMode mode = MonitorMode.Auto,
    double? baseline = null,
    bool restoreBestWeights = false,
    int startFromEpoch = 0)
    : Callback
{
    private readonly MetricMonitor _monitor = new(monitor, mode, minDelta, nameof(EarlyStopping));
    private readonly double? _baseline = baseline is { } level ? Check.Finite(level, nameof(EarlyStopping), nameof(baseline)) : null;
    private bool _holdsBest;
    private int _wait;

    /// <summary>The epoch after which training was stopped, counted from 0; null if it ran to its end.</summary>
    public int? StoppedEpoch { get; private set; }

    /// <summary>The best epoch, counted from 0.</summary>
    public int BestEpoch { get; private set; }

    internal override bool NeedsWholeEpochs => true;

    internal override double[] State
    {
        get => [_monitor.Best, _wait, BestEpoch];
        set
        {
            (_monitor.Best, _wait, BestEpoch) = (value[0], (int)value[1], (int)value[2]);

            // The best weights are slots beside the optimizer's, so the file with this state holds them.
            _holdsBest = restoreBestWeights
                && Weights().All(named => Trainer.Compiled.State.Find(named.Slot) is not null);
        }
    }

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        (_wait, StoppedEpoch, BestEpoch, _holdsBest) = (0, null, 0, false);
        _monitor.Best = double.NaN;
        _monitor.Begin(Trainer);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (_monitor.Read(Trainer, epoch, logs) is not { } value || epoch < startFromEpoch) return;
        _wait++;
        if (_monitor.Improves(value))
        {
            // Waiting starts again only if the baseline is beaten too.
            (_monitor.Best, BestEpoch) = (value, epoch);
            if (_baseline is not { } least || _monitor.Improves(value, least)) _wait = 0;
            if (restoreBestWeights) KeepBest();
            return;
        }

        // The first weights are the best until others are better, even if their value is NaN.
        if (restoreBestWeights && !_holdsBest)
        {
            BestEpoch = epoch;
            KeepBest();
        }

        if (_wait >= patience && epoch > 0)
        {
            StoppedEpoch = epoch;
            Trainer.StopTraining = true;
            CallbackNote.Write(verbose, epoch, $"EarlyStopping stops training: no improvement for {_wait} epochs.");
        }
    }

    /// <inheritdoc/>
    public override void OnTrainEnd()
    {
        // After a cancellation both the weights of the last step and the best ones are kept, so that training can be resumed.
        if (Trainer.IsUnderWay || !restoreBestWeights) return;
        if (_holdsBest) CallbackNote.Write(verbose, StoppedEpoch ?? BestEpoch, $"EarlyStopping restores the weights of epoch {BestEpoch + 1}, the best.");
        using var held = WeightGate.Hold(Trainer.Model.Weights);
        foreach (var (weight, slot) in Weights())
        {
            if (_holdsBest && Trainer.Compiled.State.Find(slot) is { } best) best.Storage.CopyTo(weight.Storage, 0);
            Trainer.Compiled.State.Remove(slot);
        }
    }

    private void KeepBest()
    {
        foreach (var (weight, slot) in Weights())
            weight.Storage.CopyTo(Trainer.Compiled.State.Slot(slot, weight.Shape, Initializer.Zeros).Storage, 0);
        _holdsBest = true;
    }

    private IEnumerable<(Weight Weight, string Slot)> Weights() =>
        Trainer.Model.WeightPaths().Select(named => (named.Weight, named.Path + "/best_" + _monitor.Name));
}
