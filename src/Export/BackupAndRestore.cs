using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>Keeps a file to go on from: written after every epoch, every so many steps and on cancellation, read when training begins, deleted when it ends as planned.</summary>
/// <remarks>https://keras.io/api/callbacks/backup_and_restore/. Whatever ends the process leaves the old or the new file, whole. A resumed training ends with the bits of one that never stopped.</remarks>
/// <param name="path">The file, which any ONNX host runs and <c>Trainer.Load</c> reads.</param>
/// <param name="everySteps">Also written after so many steps; only after epochs if none are given.</param>
/// <param name="deleteCheckpoint">Whether the file is deleted when training ends as planned.</param>
public sealed class BackupAndRestore(string path, int? everySteps = null, bool deleteCheckpoint = true) : Callback
{
    // Backups are many and the last file of a training is what is proved.
    private static readonly ExportOptions _options = new() { Verify = false };

    private readonly int? _everySteps = everySteps is not < 1 ? everySteps : throw new ModelException($"BackupAndRestore has everySteps {everySteps}; expected at least 1.");

    /// <summary>Whether a file that is found when training begins is gone on from; otherwise training begins anew and replaces it.</summary>
    public bool Restores { get; init; } = true;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        if (Restores && File.Exists(path)) Trainer.Restore(path);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss)
    {
        if (_everySteps is { } every && (batch + 1) % every == 0) Trainer.Save(path, _options);
    }

    /// <inheritdoc/>
    public override void OnTrainEnd()
    {
        if (deleteCheckpoint && !Trainer.IsUnderWay) File.Delete(path);
    }

    internal override void OnEpochDone(int epoch) => Trainer.Save(path, _options);
}
