using System.ComponentModel;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Export.Resume;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>
/// Saves and loads the state of training: <c>trainer.Save("run.onnx")</c> and <c>Trainer.Load("run.onnx")</c>.
/// Any ONNX host runs such a file; this library can also resume training from it.
/// </summary>
/// <example><code>
/// trainer.Save("run.onnx");                                        // runs in any ONNX Runtime, too
/// var resumed = Trainer.Load("run.onnx");
/// resumed.Fit(x, y, epochs: 10);
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TrainerFile
{
    extension(Trainer trainer)
    {
        /// <summary>Writes the model, the optimizer's state and the position of training as one ONNX file, completely or not at all.</summary>
        /// <param name="path">The file; an older one of that name is replaced once the new one is complete and verified.</param>
        /// <param name="options">Opset, verification, metadata.</param>
        /// <returns>The file and the differences between ONNX Runtime and the engine.</returns>
        /// <exception cref="ExportException">The model cannot be exported or differs in ONNX
        /// Runtime, or the file cannot be written. Then an older file is untouched.</exception>
        public ExportReport Save(string path, ExportOptions? options = null)
        {
            ArgumentNullException.ThrowIfNull(trainer);
            if (KerasFile.IsNamed(path)) throw new ExportException($"trainer.Save writes an ONNX file, but got '{path}'. Use SaveKeras, or a name in .onnx.");
            using var held = WeightGate.Hold(trainer.Model.Weights);
            options ??= new();
            return MemoryShortage.Guard($"to save '{path}'", trainer.Model, () =>
            {
                var (emitted, rebuildProblem) = OnnxExporter.Emit(trainer.Model, options, options.ForEmission() with { Adapters = AdapterForm.Weights });
                TrainingState.Add(trainer, emitted.Proto);
                return OnnxExporter.Write(emitted, path, options, rebuildProblem);
            });
        }

        /// <summary>Replaces the weights and the state of this trainer by those of a file; the next Fit resumes the saved one if that was unfinished.</summary>
        /// <remarks>A training that ran with vectors of another width goes on, with a warning (<see cref="WarningKind.InstructionSet"/>).</remarks>
        /// <param name="path">A file that <c>Save</c> or <see cref="BackupAndRestore"/> wrote for the same model and optimizer.</param>
        /// <exception cref="OnnxFileException">The file is missing, damaged or does not fit; nothing is changed then.</exception>
        public void Restore(string path)
        {
            ArgumentNullException.ThrowIfNull(trainer);
            var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
            var (metadata, state) = TrainingState.Read(file);
            if (metadata.Seed != trainer.Seed)
                throw OtherSeed(file, metadata, trainer);
            TrainingState.Restore(trainer, file, state);
            metadata.WarnOfOtherBits(trainer, file.Source);
        }

        /// <summary>Rebuilds a model and its trainer from a file; resumed training gives the same bits as uninterrupted training.</summary>
        /// <remarks>
        /// <para>
        /// A file of Keras, .keras or .h5, is compiled as it was there, with the state of its optimizer unless Keras 2 wrote it.
        /// </para>
        /// <para>
        /// The same bits hold for the same width of vectors: AVX-512, AVX2 and 128-bit instructions add in other orders. A training that ran with others goes
        /// on, with a warning (<see cref="WarningKind.InstructionSet"/>).
        /// </para>
        /// </remarks>
        /// <param name="path">A file that <c>Save</c> or <see cref="BackupAndRestore"/> wrote, or a compiled model of Keras.</param>
        /// <param name="customObjects">Custom layers and activations that the model uses.</param>
        /// <param name="compile">Compiles the model; needed only if optimizer, loss or
        /// metrics are custom classes or functions, which a file does not hold.</param>
        /// <param name="threads">Threads of the engine; results do not depend on it.</param>
        /// <param name="distribution">How the work is shared by several processes; with <paramref name="compile"/>, that passes it.</param>
        /// <returns>A trainer whose next Fit, given the same data and epochs, resumes the saved one if that was unfinished.</returns>
        /// <exception cref="OnnxFileException">The file is missing, damaged, or holds no state of training.</exception>
        /// <exception cref="ModelException">
        /// The file names classes that are neither built in nor in <paramref name="customObjects"/>, or is one of Keras that is damaged or was not compiled.
        /// </exception>
        public static Trainer Load(
            string path,
            CustomObjects? customObjects = null,
            Func<Model, Trainer>? compile = null,
            int? threads = null,
            Distribution? distribution = null)
        {
            if (KerasTrainer.IsOfKeras(path)) return KerasTrainer.Load(path, () => Model.Load(path, customObjects), compile, threads, distribution);
            var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
            var (metadata, state) = TrainingState.Read(file);
            var model = metadata.IsOpened ? OnnxFile.Reopen(file) : OnnxFile.Rebuild(file, customObjects, metadata.ModelSeed);
            metadata.Freeze(model);
            var loaded = compile is not null ? compile(model)
                : metadata.Compile is { } config ? CompileConfig.Compile(config, model, metadata.Seed, threads, distribution)
                : throw new OnnxFileException(
                    $"{file.Source} does not hold the arguments of Compile: {metadata.NotStored}. Pass compile: "
                    + "model => model.Compile(optimizer, loss) with those of the training.");
            if (loaded.Seed != metadata.Seed)
                throw OtherSeed(file, metadata, loaded);
            TrainingState.Restore(loaded, file, state);
            metadata.WarnOfOtherBits(loaded, file.Source);
            return loaded;
        }
    }

    private static OnnxFileException OtherSeed(CheckedModel file, TrainingMetadata metadata, Trainer trainer) => new(
        $"{file.Source} was trained with seed {metadata.Seed}, but this trainer has seed {trainer.Seed}, so order and dropout would differ. "
        + $"Pass seed: {metadata.Seed} to Compile.");
}
