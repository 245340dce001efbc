using System.ComponentModel;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Exports training steps as ONNX files.</summary>
/// <example><code>
/// trainer.ExportTraining("training");
/// using var other = OnnxTrainer.Load("training");
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TrainingExporter
{
    /// <summary>
    /// Writes the complete training step in standard ONNX operators, so that any ONNX Runtime
    /// host can train: init.onnx, train.onnx, evaluate.onnx, predict.onnx and training.json.
    /// A state of 2 GiB and more lies in a second file, <c>init.onnx.0123456789abcdef.data</c>.
    /// </summary>
    /// <param name="trainer">The trainer; exported training resumes from its current state.</param>
    /// <param name="folder">The folder, created if it does not exist; an older export in it is replaced as a whole, other files stay.</param>
    /// <param name="options">Opset, batch, targets, verification.</param>
    /// <returns>The files and the differences between ONNX Runtime and the engine.</returns>
    /// <exception cref="ExportException">A layer cannot be exported or ONNX Runtime differs
    /// from the engine, and nothing was written; or a file cannot be written.</exception>
    /// <exception cref="ModelException">Targets or samples do not fit the model.</exception>
    public static TrainingExportReport ExportTraining(this Trainer trainer, string folder, TrainingExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        options ??= new TrainingExportOptions();
        RefuseText(trainer.Model);
        return MemoryShortage.Guard($"to export the training to '{folder}'", trainer.Model, () =>
        {
            var files = TrainingFiles.Of(trainer, options);
            IReadOnlyList<StepDifference> differences = [];
            if (files.LargeState is null) Verify();
            TrainingStage.Write(folder, stage =>
            {
                if (files.LargeState is not null)
                {
                    files = files.WithState(stage);

                    // ONNX Runtime takes its memory where the collector does not see it.
                    EngineMemory.ReleasePlans();
                    GC.Collect();
                    Verify();
                    GC.Collect();
                }

                return [.. TrainingFolder.Graphs.Select(name => (name, files.Graphs[name])), (TrainingFolder.ManifestFile, files.Manifest.ToJson())];
            });
            return new TrainingExportReport(folder, options, files.Manifest, differences);

            void Verify()
            {
                if (options.Verify) differences = Warnings.Silently(() => TrainingVerifier.Run(trainer, files, options));
            }
        });
    }

    /// <summary>Hosts pass batches of numbers from step to step.</summary>
    private static void RefuseText(Model model)
    {
        foreach (var (name, input) in model.InputNames.Zip(model.Inputs))
        {
            if (input.DType != DType.String) continue;
            throw new ExportException(
                $"Input '{name}' takes text, which an exported training step does not. Train a model of token ids, as TextVectorization.Apply returns them, "
                + "and export the model with text by ExportOnnx.");
        }
    }
}
