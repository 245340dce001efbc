namespace OnnxFunctional.Training;

/// <summary>Ends training when a value no longer improves.</summary>
/// <remarks>https://keras.io/api/callbacks/early_stopping/</remarks>
/// <param name="monitor">The value that is watched.</param>
/// <param name="minDelta">What counts as improvement.</param>
/// <param name="patience">Epochs without improvement that are borne.</param>
/// <param name="mode">Which way is better.</param>
/// <param name="restoreBestWeights">Whether the weights of the best epoch come back at the end.</param>
/// <param name="startFromEpoch">Epochs before watching begins.</param>
public sealed class EarlyStopping(string monitor = "val_loss", double minDelta = 0, int patience = 0, MonitorMode mode = MonitorMode.Auto, bool restoreBestWeights = false, int startFromEpoch = 0) : Callback
{
    private readonly MetricMonitor _monitor = new(monitor, mode, Math.Abs(minDelta), nameof(EarlyStopping));
    private float[][]? _best;
    private int _wait;

    /// <summary>The epoch at which training ended, counted from 0; nothing where it ran to its end.</summary>
    public int? StoppedEpoch { get; private set; }

    /// <summary>The best epoch, counted from 0.</summary>
    public int BestEpoch { get; private set; }

    internal override bool NeedsWholeEpochs => true;

    internal override double[] State
    {
        get => [_monitor.Best, _wait, BestEpoch];
        set => (_monitor.Best, _wait, BestEpoch) = (value[0], (int)value[1], (int)value[2]);
    }

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        (_wait, StoppedEpoch, BestEpoch, _best) = (0, null, 0, null);
        _monitor.Best = double.NaN;
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (epoch < startFromEpoch) return;
        var value = _monitor.Read(logs);
        _wait++;
        if (_monitor.Improves(value, _monitor.Best))
        {
            (_monitor.Best, BestEpoch, _wait) = (value, epoch, 0);
            if (restoreBestWeights) _best = [.. Trainer.Model.WeightPaths().Select(named => (float[])named.Weight.Storage.Clone())];
        }
        else if (_wait >= patience && epoch > 0)
        {
            StoppedEpoch = epoch;
            Trainer.StopTraining = true;
        }
    }

    /// <inheritdoc/>
    public override void OnTrainEnd()
    {
        if (_best is null) return;
        foreach (var (named, values) in Trainer.Model.WeightPaths().Zip(_best)) values.CopyTo(named.Weight.Storage, 0);
    }
}
