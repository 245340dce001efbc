using System.Globalization;
using System.Text.RegularExpressions;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Export;

/// <summary>Writes the model as an ONNX file after every epoch, or only if it is the best so far. Each file is written completely or not at all.</summary>
/// <remarks>https://keras.io/api/callbacks/model_checkpoint/</remarks>
/// <param name="path">The file; <c>{epoch:00}</c> and <c>{val_loss:F2}</c> are replaced by the number of the epoch, from 1, and by logged values.</param>
/// <param name="monitor">The logged value to compare.</param>
/// <param name="saveBestOnly">Whether only improvements are written.</param>
/// <param name="mode">Whether lower or higher is better.</param>
/// <param name="verify">Whether each file is verified before it is renamed to its target.</param>
public sealed partial class ModelCheckpoint(
    string path,
    string monitor = "val_loss",
    bool saveBestOnly = false,
    MonitorMode mode = MonitorMode.Auto,
    bool verify = false) : Callback
{
    private readonly MetricMonitor _monitor = new(monitor, mode, 0, nameof(ModelCheckpoint));

    /// <summary>The last file written; null if there is none yet.</summary>
    public string? LastPath { get; private set; }

    internal override bool NeedsWholeEpochs => true;

    internal override double[] State
    {
        get => [_monitor.Best];
        set => _monitor.Best = value[0];
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (saveBestOnly)
        {
            var value = _monitor.Read(logs);
            if (!_monitor.Improves(value, _monitor.Best)) return;
            _monitor.Best = value;
        }

        LastPath = Filled(epoch, logs);
        Trainer.Model.ExportOnnx(LastPath, new ExportOptions { Verify = verify });
    }

    [GeneratedRegex(@"\{(\w+)(?::([^}]*))?\}")]
    private static partial Regex Placeholder();

    private string Filled(int epoch, IDictionary<string, double> logs) => Placeholder().Replace(path, match =>
    {
        var (name, format) = (match.Groups[1].Value, match.Groups[2].Value);
        if (name == "epoch") return (epoch + 1).ToString(format, CultureInfo.InvariantCulture);
        return logs.TryGetValue(name, out var value)
            ? value.ToString(format, CultureInfo.InvariantCulture)
            : throw new ModelException($"ModelCheckpoint's path contains {{{name}}}, which is not logged. Logged: epoch, {string.Join(", ", logs.Keys)}.");
    });
}
