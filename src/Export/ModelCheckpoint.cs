using System.Globalization;
using System.Text.RegularExpressions;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Export;

/// <summary>
/// Writes the model after every epoch, or only if it is the best so far: as an ONNX file, or with its trainer as a .keras file, by the name. Each file is
/// written completely or not at all.
/// </summary>
/// <remarks>https://keras.io/api/callbacks/model_checkpoint/</remarks>
/// <param name="filepath">
/// The file, in a folder that exists; <c>{epoch:00}</c> and <c>{val_loss:F2}</c> are replaced by the number of the epoch, from 1, and by logged values, or by
/// NA in an epoch without evaluation.
/// </param>
/// <param name="monitor">The logged value to compare.</param>
/// <param name="verbose">1 to print each file that is written, 0 to be silent.</param>
/// <param name="saveBestOnly">Whether only improvements are written; an epoch without the monitored value, or where it is NaN, is none.</param>
/// <param name="mode">Whether lower or higher is better.</param>
/// <param name="saveFreq">Writes the file after each time this many steps of training were made, at least 1, instead of after every epoch.</param>
/// <param name="initialValueThreshold">A value that the first file must beat already, with <paramref name="saveBestOnly"/>; default: none.</param>
/// <param name="verify">Whether each file is verified before it is renamed to its target.</param>
/// <exception cref="ModelException">saveFreq is below 1, or given with saveBestOnly: steps log no values to compare.</exception>
/// <example><code>
/// trainer.Fit(x, y, epochs: 50, validationSplit: 0.2, callbacks: [new ModelCheckpoint("best.onnx", saveBestOnly: true)]);
/// </code></example>
public sealed partial class ModelCheckpoint(
    string filepath,
    string monitor = "val_loss",
    int verbose = 0,
    bool saveBestOnly = false,
    MonitorMode mode = MonitorMode.Auto,
    int? saveFreq = null,
    double? initialValueThreshold = null,
    bool verify = false)
    : Callback
{
    private readonly string _path = filepath ?? throw new ArgumentNullException(nameof(filepath));
    private readonly MetricMonitor _monitor = new(monitor, mode, 0, nameof(ModelCheckpoint));
    private readonly int? _saveFreq = saveFreq switch
    {
        < 1 => throw new ModelException($"ModelCheckpoint has saveFreq {saveFreq}; expected at least 1, or null for every epoch."),
        not null when saveBestOnly => throw new ModelException("ModelCheckpoint with saveBestOnly compares epochs; leave saveFreq out."),
        _ => saveFreq,
    };

    private int _epoch;
    private bool _isDue;

    /// <summary>The last file written; null if there is none yet.</summary>
    public string? LastPath { get; private set; }

    internal override bool IsForOneProcess => true;

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
    public override void OnEpochBegin(int epoch) => _epoch = epoch;

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss)
    {
        _isDue |= _saveFreq is { } steps && Trainer.Iterations % steps == 0;
        if (_isDue && !Trainer.HoldsGradients) Write(_epoch, new Dictionary<string, double> { ["loss"] = loss });
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (_saveFreq is not null && !_isDue) return;
        if (saveBestOnly)
        {
            if (_monitor.Read(Trainer, epoch, logs) is not { } value || !_monitor.Improves(value)) return;
            if (initialValueThreshold is { } least && !_monitor.Improves(value, least)) return;
            _monitor.Best = value;
        }

        Write(epoch, logs);
    }

    private void Write(int epoch, IDictionary<string, double> logs)
    {
        _isDue = false;
        LastPath = Filled(epoch, logs);
        if (KerasFile.IsNamed(LastPath)) Trainer.SaveKeras(LastPath);
        else Trainer.Model.ExportOnnx(LastPath, new ExportOptions { Verify = verify });
        CallbackNote.Write(verbose, epoch, $"ModelCheckpoint wrote {LastPath}.");
    }

    /// <summary>A folder whose name holds values is known only later, so the one around it is checked.</summary>
    private void CheckFolder()
    {
        var target = _path;
        while (Path.GetDirectoryName(target) is { Length: > 0 } folder && Placeholder().IsMatch(folder)) target = folder;
        AtomicFile.Check(target);
    }

    [GeneratedRegex(@"\{(\w+)(?::([^}]*))?\}")]
    private static partial Regex Placeholder();

    private string Filled(int epoch, IDictionary<string, double> logs) => Placeholder().Replace(_path, match =>
    {
        var (name, format) = (match.Groups[1].Value, match.Groups[2].Value);
        if (name == "epoch") return (epoch + 1).ToString(format, CultureInfo.InvariantCulture);
        if (logs.TryGetValue(name, out var value)) return value.ToString(format, CultureInfo.InvariantCulture);
        return MetricMonitor.Skips(Trainer, epoch, name)
            ? "NA"
            : throw new ModelException($"ModelCheckpoint's path contains {{{name}}}, which is not logged. Logged: epoch, {string.Join(", ", logs.Keys)}.");
    });
}
