namespace OnnxFunctional.Training.Callbacks;

/// <summary>Monitors one logged value for improvement.</summary>
internal sealed class MetricMonitor(string name, MonitorMode mode, double minDelta, string callback)
{
    private static readonly string[] s_largerIsBetter =
    [
        "acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "correlation", "cosine", "sensitivity", "specificity", "true_positives",
        "true_negatives",
    ];

    public string Name => name;

    public double Best { get; set; } = double.NaN;

    public bool LargerIsBetter =>
        mode == MonitorMode.Max || (mode == MonitorMode.Auto && s_largerIsBetter.Any(part => name.Contains(part, StringComparison.Ordinal)));

    /// <summary>The monitored value of this epoch.</summary>
    /// <exception cref="ModelException">It is not logged; the message lists what is.</exception>
    public double Read(IDictionary<string, double> logs) =>
        logs.TryGetValue(name, out var value)
            ? value
            : throw new ModelException(
                $"{callback} monitors '{name}', which is not logged. Logged: {string.Join(", ", logs.Keys)}. Pass validation data, or monitor one of these.");

    /// <summary>Whether the value is better than another by more than the smallest change.</summary>
    public bool Improves(double value, double other) => double.IsNaN(other) || (LargerIsBetter ? value - minDelta > other : value + minDelta < other);
}
