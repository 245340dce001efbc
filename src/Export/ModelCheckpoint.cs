using System.Globalization;
using System.Text.RegularExpressions;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Export;

/// <summary>Writes the model as an ONNX file after every epoch, or only if it is the best so far. Each file is written completely or not at all.</summary>
/// <remarks>https://keras.io/api/callbacks/model_checkpoint/</remarks>
/// <param name="path">
/// The file, in a folder that exists; <c>{epoch:00}</c> and <c>{val_loss:F2}</c> are replaced by the number of the epoch, from 1, and by logged values, or by
/// NA in an epoch without evaluation.
/// </param>
/// <param name="monitor">The logged value to compare.</param>
/// <param name="saveBestOnly">Whether only improvements are written; an epoch without the monitored value, or where it is NaN, is none.</param>
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
    /// <exception cref="ExportException">The folder of the file is missing.</exception>
    public override void OnTrainBegin()
    {
        if (saveBestOnly) _monitor.Begin(Trainer);
        CheckFolder();
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (saveBestOnly)
        {
            if (_monitor.Read(Trainer, epoch, logs) is not { } value || !_monitor.Improves(value)) return;
            _monitor.Best = value;
        }

        LastPath = Filled(epoch, logs);
        Trainer.Model.ExportOnnx(LastPath, new ExportOptions { Verify = verify });
    }

    /// <summary>A folder whose name holds values is known only later, so the one around it is checked.</summary>
    private void CheckFolder()
    {
        var target = path;
        while (Path.GetDirectoryName(target) is { Length: > 0 } folder && Placeholder().IsMatch(folder)) target = folder;
        AtomicFile.Check(target);
    }

    [GeneratedRegex(@"\{(\w+)(?::([^}]*))?\}")]
    private static partial Regex Placeholder();

    private string Filled(int epoch, IDictionary<string, double> logs) => Placeholder().Replace(path, match =>
    {
        var (name, format) = (match.Groups[1].Value, match.Groups[2].Value);
        if (name == "epoch") return (epoch + 1).ToString(format, CultureInfo.InvariantCulture);
        if (logs.TryGetValue(name, out var value)) return value.ToString(format, CultureInfo.InvariantCulture);
        return MetricMonitor.Skips(Trainer, epoch, name)
            ? "NA"
            : throw new ModelException($"ModelCheckpoint's path contains {{{name}}}, which is not logged. Logged: epoch, {string.Join(", ", logs.Keys)}.");
    });
}
