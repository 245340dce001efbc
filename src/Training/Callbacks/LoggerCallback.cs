using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>
/// Writes training to an <see cref="ILogger"/>: its start, each epoch with losses and metrics, its end or failure. Messages are structured: <c>Epoch</c> and
/// each name in the logs are properties of the event.
/// </summary>
/// <param name="logger">Where to.</param>
/// <param name="logLevel">The level of start, epochs and end; a failure is an error.</param>
/// <example><c>trainer.Fit(x, y, epochs: 10, verbose: 0, callbacks: [new LoggerCallback(logger)]);</c></example>
public sealed class LoggerCallback(ILogger logger, LogLevel logLevel = LogLevel.Information) : Callback
{
    private readonly ILogger _logger = logger ?? throw new ArgumentNullException(nameof(logger));

    internal override bool IsForOneProcess => true;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        var (name, step) = (Trainer.Model.Name, Trainer.Iterations);
        Log(logLevel, $"Training of {name} begins at step {Text(step)}", [("Model", name), ("Step", step)]);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        var values = string.Join(", ", logs.Select(entry => $"{entry.Key} {entry.Value.ToString("G4", CultureInfo.InvariantCulture)}"));
        Log(logLevel, $"Epoch {Text(epoch + 1)}: {values}", [("Epoch", epoch + 1), .. logs.Select(entry => (entry.Key, (object?)entry.Value))]);
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => Log(logLevel, $"Training ends at step {Text(Trainer.Iterations)}", [("Step", Trainer.Iterations)]);

    /// <inheritdoc/>
    public override void OnTrainFailed(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Log(LogLevel.Error, $"Training failed: {error.Message}", [], error);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void Log(LogLevel level, string message, IReadOnlyList<(string Name, object? Value)> properties, Exception? error = null)
    {
        if (!_logger.IsEnabled(level)) return;
        KeyValuePair<string, object?>[] state = [.. properties.Select(entry => KeyValuePair.Create(entry.Name, entry.Value))];
        _logger.Log(level, default, state, error, (_, _) => message);
    }
}
