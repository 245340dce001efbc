namespace OnnxFunctional.Training.Callbacks;

/// <summary>Watches one logged value for improvement.</summary>
internal sealed class MetricMonitor(string name, MonitorMode mode, double minDelta, string callback)
{
    private static readonly string[] _larger = ["acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "correlation", "cosine", "sensitivity", "specificity", "true_positives", "true_negatives"];

    public string Name => name;

    public double Best { get; set; } = double.NaN;

    public bool LargerIsBetter => mode == MonitorMode.Max || (mode == MonitorMode.Auto && _larger.Any(part => name.Contains(part, StringComparison.Ordinal)));

    /// <summary>The value of this epoch.</summary>
    /// <exception cref="ModelException">It is not logged; the message lists what is.</exception>
    public double Read(IDictionary<string, double> logs) =>
        logs.TryGetValue(name, out var value)
            ? value
            : throw new ModelException($"{callback} watches '{name}', which is not logged. Logged: {string.Join(", ", logs.Keys)}. Pass validation data, or watch one of these.");

    /// <summary>Whether the value improves on another by at least the margin.</summary>
    public bool Improves(double value, double on) => double.IsNaN(on) || (LargerIsBetter ? value - minDelta > on : value + minDelta < on);
}
