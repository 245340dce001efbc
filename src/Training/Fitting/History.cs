using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>Losses and metrics of every epoch: what Fit returns.</summary>
/// <example><code>
/// var history = trainer.Fit(x, y, epochs: 10, validationSplit: 0.2);
/// Console.WriteLine(history["val_loss"][^1]);
/// </code></example>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed partial class History : Callback, IHtml
{
    private readonly Dictionary<string, List<double>> _values = [];
    private readonly List<int> _epochs = [];
    private readonly List<EpochLogs> _logs = [];

    /// <summary>The indices of the epochs, counted from 0.</summary>
    public IReadOnlyList<int> Epochs => _epochs;

    /// <summary>The names of what was logged: <c>loss</c>, <c>val_accuracy</c>.</summary>
    public IReadOnlyCollection<string> Names => _values.Keys;

    /// <summary>One value per epoch.</summary>
    /// <param name="name">The name: <c>loss</c>, <c>val_accuracy</c>.</param>
    /// <exception cref="ModelException">Nothing was logged under that name; the message lists the names.</exception>
    public IReadOnlyList<double> this[string name] =>
        _values.TryGetValue(name, out var values)
            ? values
            : throw new ModelException(
                $"Nothing was logged as '{name}'." + (Naming.Nearest(name, _values.Keys) is { } nearest ? $" Did you mean '{nearest}'?" : "")
                + $" Logged: {string.Join(", ", _values.Keys)}.");

    /// <summary>A table with one row per epoch, counted from 1 as in the lines that Fit prints; of more than 60 epochs, the first and last 30.</summary>
    public override string ToString() => HistoryTable.Of(_logs, [.. _values.Keys]);

    void IHtml.WriteHtml(HtmlWriter html) => HistoryTable.WriteHtml(_logs, [.. _values.Keys], html);

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        _epochs.Add(epoch);
        _logs.Add(new EpochLogs(epoch, [.. logs.Select(entry => (entry.Key, entry.Value))]));
        foreach (var (name, value) in logs)
        {
            if (!_values.TryGetValue(name, out var values)) _values[name] = values = [];
            values.Add(value);
        }
    }

    /// <summary>The epochs before the current one.</summary>
    internal IReadOnlyList<EpochLogs> Before(int epoch) => [.. _logs.Where(logs => logs.Epoch < epoch)];

    /// <summary>Starts with the epochs of the training that is resumed.</summary>
    internal void Restore(IReadOnlyList<EpochLogs> epochs)
    {
        foreach (var (epoch, logs) in epochs) OnEpochEnd(epoch, logs.ToDictionary(entry => entry.Name, entry => entry.Value));
    }
}
