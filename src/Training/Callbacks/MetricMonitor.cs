namespace OnnxFunctional.Training.Callbacks;

/// <summary>Monitors one logged value for improvement, as Keras' callbacks do: NaN never improves, nor does the worst infinity.</summary>
internal sealed class MetricMonitor(string name, MonitorMode mode, double minDelta, string callback)
{
    private const string Validation = "val_";

    // Values that no metric of the trainer logs, but a custom callback may.
    private static readonly string[] s_larger =
        ["acc", "accuracy", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "correlation", "sensitivity", "specificity", "bleu", "dice"];

    private static readonly string[] s_smaller = ["loss", "error", "mse", "mae", "mape", "msle", "rmse", "perplexity", "crossentropy", "divergence"];

    private bool? _larger = mode switch
    {
        MonitorMode.Max => true,
        MonitorMode.Min => false,
        _ => null,
    };

    private readonly double _minDelta = double.IsFinite(minDelta)
        ? Math.Abs(minDelta)
        : throw new ModelException($"{callback} has minDelta {minDelta}; expected a finite number.");

    private bool _seen;

    public string Name => name;

    /// <summary>The best value so far; NaN before the first improvement.</summary>
    public double Best { get; set; } = double.NaN;

    /// <summary>Before the first step: decides whether larger values are better.</summary>
    /// <exception cref="ModelException">The mode is Auto and nothing decides it.</exception>
    public void Begin(Trainer trainer)
    {
        _seen = false;
        _larger ??= Direction(trainer.Compiled);
    }

    /// <summary>The monitored value of this epoch; null in an epoch that does not log it because the model is not evaluated in it.</summary>
    /// <exception cref="ModelException">It is not logged at all; the message lists what is.</exception>
    public double? Read(Trainer trainer, int epoch, IDictionary<string, double> logs)
    {
        if (logs.TryGetValue(name, out var value))
        {
            _seen = true;
            return value;
        }

        if (_seen || !double.IsNaN(Best) || Skips(trainer, epoch, name)) return null;
        throw new ModelException(
            $"{callback} monitors '{name}', which is not logged. Logged: {string.Join(", ", logs.Keys)}. Pass validation data, or monitor one of these.");
    }

    /// <summary>Whether a name belongs to the evaluation that validationFreq leaves out in this epoch.</summary>
    public static bool Skips(Trainer trainer, int epoch, string name) =>
        name.StartsWith(Validation, StringComparison.Ordinal) && trainer.SkipsValidation(epoch);

    /// <summary>Whether the value is better than the best so far by more than the smallest change.</summary>
    public bool Improves(double value)
    {
        var worst = _larger == true ? double.NegativeInfinity : double.PositiveInfinity;
        return Improves(value, double.IsNaN(Best) ? worst : Best);
    }

    /// <summary>Whether the value is better than another by more than the smallest change.</summary>
    public bool Improves(double value, double best)
    {
        var larger = _larger ?? throw new InvalidOperationException("Monitoring has not begun.");
        return larger ? value - _minDelta > best : value + _minDelta < best;
    }

    private bool Direction(CompiledTraining compiled)
    {
        var plain = name.StartsWith(Validation, StringComparison.Ordinal) ? name[Validation.Length..] : name;
        if (plain == "loss" || plain.EndsWith("_loss", StringComparison.Ordinal)) return false;
        if (compiled.LargerIsBetter(plain) is { } known) return known;
        var words = plain.Split('_', '-', ' ');
        if (s_smaller.Any(words.Contains)) return false;
        if (s_larger.Any(words.Contains)) return true;
        throw new ModelException(
            $"{callback} monitors '{name}' with mode Auto, but its name does not tell whether larger or smaller values are better. "
            + "Pass MonitorMode.Max or MonitorMode.Min.");
    }
}
