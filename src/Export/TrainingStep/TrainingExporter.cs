using System.ComponentModel;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>Training steps as ONNX files.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TrainingExporter
{
    /// <summary>Writes the whole training step in ONNX's own operators, so that any ONNX Runtime trains: init.onnx, train.onnx, evaluate.onnx, predict.onnx and training.json.</summary>
    /// <param name="trainer">The trainer; training goes on from its present state.</param>
    /// <param name="folder">The folder, made where it is missing; older files of these names are replaced.</param>
    /// <param name="options">Opset, batch, targets, verification.</param>
    /// <returns>What was written, and how far ONNX Runtime was from the engine.</returns>
    /// <exception cref="ExportException">A layer cannot be written, ONNX Runtime differs from the engine, or a file cannot be written. Before the last nothing is touched.</exception>
    /// <exception cref="ModelException">Targets or samples do not fit the model.</exception>
    public static TrainingExportReport ExportTraining(this Trainer trainer, string folder, TrainingExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        options ??= new TrainingExportOptions();
        var files = TrainingFiles.Of(trainer, options);
        var differences = options.Verify ? TrainingVerifier.Run(trainer, files, options) : [];
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new ExportException($"The folder '{folder}' cannot be made: {failed.Message} Choose another.", failed);
        }

        // The description last: a folder with it is complete.
        foreach (var name in TrainingFolder.Graphs) AtomicFile.Write(Path.Combine(folder, name), files.Graphs[name]);
        AtomicFile.Write(Path.Combine(folder, TrainingFolder.ManifestFile), files.Manifest.ToJson());
        return new TrainingExportReport(folder, options, files.Manifest, differences);
    }
}
