using OnnxFunctional.Export.Files;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>
/// Backs up training to a file: written after every epoch, optionally after a number of
/// steps, and on cancellation; read when training begins; deleted when training is completed.
/// </summary>
/// <remarks>
/// https://keras.io/api/callbacks/backup_and_restore/. However the process ends, the old or the new
/// file is there, complete. Resumed training ends with the same bits as uninterrupted training
/// if the processor has vectors of the same width; otherwise there is a warning (<see cref="WarningKind.InstructionSet"/>).
/// </remarks>
/// <param name="path">The file, which any ONNX host runs and <c>Trainer.Load</c> reads.</param>
/// <param name="saveFreq">
/// Also save after this number of steps, at least 1; only after epochs by default. Processes of a distribution that accumulate gradients save with the next
/// update of weights.
/// </param>
/// <param name="deleteCheckpoint">Whether the file is deleted when training is completed.</param>
/// <param name="restores">Whether training resumes from a file that exists when it begins; otherwise training starts over and replaces the file.</param>
/// <exception cref="ModelException"><paramref name="saveFreq"/> is below 1.</exception>
/// <example><code>
/// trainer.Fit(x, y, epochs: 100, callbacks: [new BackupAndRestore("backup.onnx")]);   // started again, it resumes
/// </code></example>
public sealed class BackupAndRestore(string path, int? saveFreq = null, bool deleteCheckpoint = true, bool restores = true) : Callback
{
    // Backups are frequent, and the final file of a training is verified anyway.
    private static readonly ExportOptions s_options = new() { Verify = false };

    private readonly int? _saveFreq = saveFreq is not < 1
        ? saveFreq
        : throw new ModelException($"BackupAndRestore has saveFreq {saveFreq}; expected at least 1.");

    private bool _isDue;

    /// <summary>Whether training resumes from a file that exists when it begins; otherwise training starts over and replaces the file.</summary>
    public bool Restores { get; } = restores;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        var target = AtomicFile.Resolve(path);
        if (Restores && File.Exists(target)) Trainer.Restore(target);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss)
    {
        _isDue |= _saveFreq is { } every && (batch + 1) % every == 0;
        if (_isDue && !Trainer.HoldsGradients) Save();
    }

    /// <inheritdoc/>
    public override void OnTrainEnd()
    {
        if (deleteCheckpoint && !Trainer.IsUnderWay && Trainer.Distribution.Rank == 0) AtomicFile.Delete(path);
    }

    internal override void OnEpochDone(int epoch) => Save();

    // All processes resume from the file, and one writes it.
    private void Save()
    {
        _isDue = false;
        if (Trainer.Distribution.Rank == 0) Trainer.Save(path, s_options);
    }
}
